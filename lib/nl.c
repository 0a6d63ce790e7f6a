/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One netlink request and its answer, on libmnl. */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int nl_open(struct nl *nl, int bus, struct err *e)
{
	const struct timeval tv = {.tv_sec = NL_DEADLINE_MS / 1000};
	int one = 1;

	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sock)
		return err_os(e, errno, "cannot open a netlink socket");
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int saved = errno;

		nl_close(nl);
		return err_os(e, saved, "cannot bind a netlink socket");
	}
	/* A kernel that does not answer must not hang a hook. */
	(void)setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	/* Filters of dumps (a table's chains, a link's addresses) work only with strict checking.
	 */
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	nl->seq = 1;
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl && nl->sock) {
		(void)mnl_socket_close(nl->sock);
		nl->sock = NULL;
	}
}

/* What one message says: 1 goes on, 0 ends well, negative ends badly. */
static int handle(const struct nlmsghdr *nlh, bool dump,
		  int (*cb)(const struct nlmsghdr *nlh, void *data), void *data, bool *interrupted)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		*interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_DONE: {
		/* The end of a dump says how it ended (netlink_dump_done() of the kernel). */
		const int *error = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
			return 0;
		return *error < 0 ? *error : 0;
	}
	case NLMSG_ERROR: {
		const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*err)))
			return -EBADMSG;
		return err->error < 0 ? err->error : 0;
	}
	case NLMSG_NOOP:
		return 1;
	default:
		if (cb) {
			int r = cb(nlh, data);

			if (r < 0)
				return r;
		}
		/* Not a dump: the acknowledgement follows. */
		(void)dump;
		return 1;
	}
}

/* Reads into @buf until the answer to message @seq is whole. */
static int read_answer(struct nl *nl, char *buf, size_t size, unsigned int seq, bool dump,
		       int (*cb)(const struct nlmsghdr *nlh, void *data), void *data)
{
	const unsigned int portid = mnl_socket_get_portid(nl->sock);
	bool interrupted = false;

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nl->sock, buf, size);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buf;
		int len;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (len = (int)n; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			int r;

			if (nlh->nlmsg_seq != seq || nlh->nlmsg_pid != portid)
				continue;
			r = handle(nlh, dump, cb, data, &interrupted);
			if (r < 0)
				return r;
			if (r == 0)
				return interrupted ? -EINTR : 0;
		}
	}
}

int nl_talk(struct nl *nl, struct nlmsghdr *req, int (*cb)(const struct nlmsghdr *nlh, void *data),
	    void *data)
{
	const bool dump = (req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	_Alignas(struct nlmsghdr) char buf[32768];
	int r;

	req->nlmsg_seq = nl->seq++;
	req->nlmsg_flags |= NLM_F_REQUEST;
	if (!dump)
		req->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl->sock, req, req->nlmsg_len) < 0)
		return -errno;
	r = read_answer(nl, buf, sizeof(buf), req->nlmsg_seq, dump, cb, data);
	if (nl->secret)
		explicit_bzero(buf, sizeof(buf));
	return r;
}

bool nl_attr_str(const struct nlattr *attr, char *buf, size_t size)
{
	const char *s = mnl_attr_get_payload(attr);
	size_t len = strnlen(s, mnl_attr_get_payload_len(attr));

	if (len >= size)
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return true;
}
