/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnftables: see netiso/nft.h. */
#include "netiso/nft.h"

#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first line of what libnftables says: the rest points into the command. */
static void first_line(const char *s, char *buf, size_t size)
{
	size_t n = s ? strcspn(s, "\n") : 0;

	if (n >= size)
		n = size - 1;
	memcpy(buf, s ? s : "", n);
	buf[n] = '\0';
}

static int failed(struct nft_ctx *ctx, int saved, struct err *e)
{
	char line[512];

	first_line(nft_ctx_get_error_buffer(ctx), line, sizeof(line));
	if (saved == EPERM || strstr(line, "Operation not permitted"))
		return err_set(e, EX_CORDON_NOPERM, EPERM, "nftables: %s", line);
	if (strstr(line, "not supported"))
		return err_set(e, EX_CORDON_UNAVAILABLE, EOPNOTSUPP, "nftables: %s", line);
	return err_set(e, EX_CORDON_OS, EIO, "nftables: %s", line[0] ? line : "no reason given");
}

static struct nft_ctx *context(struct err *e)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx)) {
		if (ctx)
			nft_ctx_free(ctx);
		(void)err_os(e, ENOMEM, "libnftables");
		return NULL;
	}
	return ctx;
}

int iso_nft_apply(const char *text, struct err *e)
{
	static struct nft_ctx *ctx; /* never freed */

	if (!ctx)
		ctx = context(e);
	if (!ctx)
		return -ENOMEM;
	/* Again: what the last command said is dropped. */
	if (nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx))
		return err_os(e, ENOMEM, "libnftables");
	errno = 0;
	return nft_run_cmd_from_buffer(ctx, text) != 0 ? failed(ctx, errno, e) : 0;
}

static bool is_netfilter_socket(int fd)
{
	int domain, protocol;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_NETLINK)
		return false;
	len = sizeof(protocol);
	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_NETFILTER;
}

/* Descriptors above are closed too, sockets or not; a run of netiso has less than ten. */
#define LEAVE_FDS 64

void iso_nft_leave(void)
{
	auto_close int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct pollfd parent = {.fd = self, .events = POLLIN};

	if (self < 0 || fork() != 0)
		return;
	(void)close_range(LEAVE_FDS, UINT_MAX, 0);
	for (int fd = 0; fd < LEAVE_FDS; fd++)
		if (fd != self && !is_netfilter_socket(fd))
			(void)close(fd);
	/* Ours must be the last descriptors of the sockets. */
	while (poll(&parent, 1, -1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int list(const char *command, unsigned int flags, char **ret, struct err *e)
{
	struct nft_ctx *ctx = context(e);
	int r = 0;

	if (!ctx)
		return -ENOMEM;
	nft_ctx_output_set_flags(ctx, flags);
	errno = 0;
	if (nft_run_cmd_from_buffer(ctx, command) != 0)
		r = failed(ctx, errno, e);
	else if (!(*ret = strdup(nft_ctx_get_output_buffer(ctx))))
		r = err_os(e, ENOMEM, "libnftables");
	nft_ctx_free(ctx);
	return r;
}

int iso_nft_list(const char *command, char **ret, struct err *e)
{
	return list(command, NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_ALL, ret, e);
}

int iso_nft_list_state(const char *command, char **ret, struct err *e)
{
	return list(command, NFT_CTX_OUTPUT_NUMERIC_ALL, ret, e);
}

int iso_nft_json(const char *command, char **ret, struct err *e)
{
	return list(command, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL, ret, e);
}
