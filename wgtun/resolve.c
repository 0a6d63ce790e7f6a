/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of endpoints to addresses: see wgtun/resolve.h. */
#include "wgtun/resolve.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What the child tells of one name. */
struct answer {
	int error; /* of getaddrinfo */
	struct ip_addr ip;
};

/* In the child: one record per name, in order. Nothing secret is in what it does. */
static _Noreturn void ask_all(const struct wgt_conf *c, int fd)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};

	for (size_t i = 0; i < c->n_peers; i++) {
		struct addrinfo *list = NULL;
		struct answer a = {0};

		if (!c->peers[i].host || c->peers[i].where.family)
			continue;
		a.error = getaddrinfo(c->peers[i].host, NULL, &hints, &list);
		if (a.error == 0 && list->ai_family == AF_INET) {
			a.ip.family = AF_INET;
			a.ip.v4 =
				((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_addr;
		} else if (a.error == 0 && list->ai_family == AF_INET6) {
			a.ip.family = AF_INET6;
			a.ip.v6 = ((const struct sockaddr_in6 *)(const void *)list->ai_addr)
					  ->sin6_addr;
		}
		if (write(fd, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

/* One record, or false when the time is up or the child is gone. A record is written whole. */
static bool read_answer(int fd, int64_t end, struct answer *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;

	while ((left = end - now_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			return read(fd, ret, sizeof(*ret)) == sizeof(*ret);
	return false;
}

static int take_answers(struct wgt_conf *c, int fd, struct err *e)
{
	const int64_t end = now_ms() + WGT_RESOLVE_MS;

	for (size_t i = 0; i < c->n_peers; i++) {
		struct wgt_peer *p = &c->peers[i];
		struct answer a = {0};

		if (!p->host || p->where.family)
			continue;
		if (!read_answer(fd, end, &a))
			return err_set(e, EX_CORDON_DATA, ETIMEDOUT,
				       "%s:%u: [Peer] Endpoint: '%s' was not resolved within %d "
				       "ms; write an address, or look at the host's DNS",
				       c->path, p->endpoint_line, p->host, WGT_RESOLVE_MS);
		if (a.error || !a.ip.family)
			return err_set(e, EX_CORDON_DATA, EHOSTUNREACH,
				       "%s:%u: [Peer] Endpoint: '%s' does not resolve: %s; write "
				       "an address, or look at the host's DNS",
				       c->path, p->endpoint_line, p->host,
				       a.error ? gai_strerror(a.error) : "no address");
		p->where = a.ip;
	}
	return 0;
}

static bool has_names(const struct wgt_conf *c)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].host && !c->peers[i].where.family)
			return true;
	return false;
}

int wgt_resolve(struct wgt_conf *c, struct err *e)
{
	int fds[2], r;
	pid_t pid;

	if (!has_names(c))
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		/* The keys are of no use to a resolver's plugins. */
		wgt_wipe(&c->private_key, sizeof(c->private_key));
		for (size_t i = 0; i < c->n_peers; i++)
			wgt_wipe(&c->peers[i].preshared_key, sizeof(struct wgt_key));
		ask_all(c, fds[1]);
	}
	r = -errno;
	(void)close(fds[1]);
	if (pid < 0)
		err_os(e, -r, "cannot make a process");
	else
		r = take_answers(c, fds[0], e);
	(void)close(fds[0]);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return r;
}
