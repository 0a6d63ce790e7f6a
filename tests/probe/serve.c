// SPDX-License-Identifier: GPL-2.0-or-later
/* Echo servers: any number of TCP and UDP sockets in one process. */
#include "probe.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

enum { LISTENERS_MAX = 48, CLIENTS_MAX = 64, PAYLOAD_MAX = 128 };

enum kind { UDP, LISTENER, CLIENT };

struct server {
	const char *name;
	struct pollfd poll[LISTENERS_MAX + CLIENTS_MAX];
	enum kind kind[LISTENERS_MAX + CLIENTS_MAX];
	size_t count;
};

/* An answer names the server and the source it saw, then repeats what was sent. */
static size_t reply(const struct server *s, const union endpoint *from, const char *data,
		    size_t len, char *buf, size_t size)
{
	char text[ADDR_TEXT];
	int n = snprintf(buf, size, "%s saw %s: ", s->name, endpoint_text(from, text));

	if (n < 0 || (size_t)n + len > size)
		return 0;
	memcpy(buf + n, data, len);
	return (size_t)n + len;
}

/*
 * Answers one datagram from the very address it was sent to: the control message received with
 * it is handed back to the kernel as it came.
 */
static void serve_udp(const struct server *s, int fd)
{
	char data[PAYLOAD_MAX], out[PAYLOAD_MAX + ADDR_TEXT + 64];
	union endpoint from = {0};
	uint8_t control[128];
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, 0);
	struct cmsghdr *c;

	if (n < 0)
		return;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		/* the route decides on the link, not the link it came in by */
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
	iov.iov_base = out;
	iov.iov_len = reply(s, &from, data, (size_t)n, out, sizeof(out));
	msg.msg_flags = 0;
	(void)sendmsg(fd, &msg, MSG_DONTWAIT);
}

static void serve_client(const struct server *s, int fd)
{
	char data[PAYLOAD_MAX], out[PAYLOAD_MAX + ADDR_TEXT + 64];
	union endpoint from = {0};
	socklen_t len = sizeof(from);
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n > 0 && getpeername(fd, &from.sa, &len) == 0)
		(void)send(fd, out, reply(s, &from, data, (size_t)n, out, sizeof(out)),
			   MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool watch(struct server *s, int fd, enum kind kind)
{
	if (fd < 0 || s->count == ARRAY_SIZE(s->poll))
		return false;
	s->poll[s->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	s->kind[s->count++] = kind;
	return true;
}

static void unwatch(struct server *s, size_t i)
{
	close(s->poll[i].fd);
	s->count--;
	s->poll[i] = s->poll[s->count];
	s->kind[i] = s->kind[s->count];
}

/* Return: a bound socket, or -1 with errno set. */
static int bound(const union endpoint *at, bool tcp)
{
	auto_close int fd =
		socket(at->sa.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	bool v6 = at->sa.sa_family == AF_INET6;
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -1;
	if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -1;
	if (!tcp && setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			       v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &one, sizeof(one)) < 0)
		return -1;
	if (bind(fd, &at->sa, endpoint_len(at)) < 0 || (tcp && listen(fd, 64) < 0))
		return -1;
	return TAKE_FD(fd);
}

/* Opens what one argument asks for: [tcp:|udp:]PORT[@ADDR]; by default both, on all addresses. */
static bool open_spec(struct server *s, const char *spec)
{
	bool tcp = strncmp(spec, "udp:", 4) != 0, udp = strncmp(spec, "tcp:", 4) != 0;
	char port[8], addr[ADDR_TEXT] = "";
	const char *all[] = {"0.0.0.0", "::"};
	union endpoint e;

	if (!tcp || !udp)
		spec += 4;
	if (sscanf(spec, "%7[0-9]@%79s", port, addr) < 1)
		return false;
	for (size_t i = 0; i < (addr[0] ? 1 : ARRAY_SIZE(all)); i++) {
		if (!endpoint_parse(addr[0] ? addr : all[i], port, &e))
			return false;
		if (tcp && !watch(s, bound(&e, true), LISTENER))
			return false;
		if (udp && !watch(s, bound(&e, false), UDP))
			return false;
	}
	return s->count <= LISTENERS_MAX;
}

/* Never returns but on an error: whoever started it ends it. */
int order_serve(int argc, char **argv)
{
	struct server s = {.name = argc > 1 ? argv[1] : ""};

	if (argc < 3)
		return say(BROKEN, "usage: serve NAME [tcp:|udp:]PORT[@ADDR] …");
	for (int i = 2; i < argc; i++)
		if (!open_spec(&s, argv[i]))
			return broken(argv[i]);
	now_ready();
	for (;;) {
		if (poll(s.poll, s.count, -1) < 0 && errno != EINTR)
			return broken("poll");
		for (size_t i = s.count; i-- > 0;) {
			if (!s.poll[i].revents)
				continue;
			if (s.kind[i] == UDP) {
				serve_udp(&s, s.poll[i].fd);
			} else if (s.kind[i] == CLIENT) {
				serve_client(&s, s.poll[i].fd);
				unwatch(&s, i);
			} else {
				int fd = accept4(s.poll[i].fd, NULL, NULL, SOCK_CLOEXEC);

				if (fd >= 0 && !watch(&s, fd, CLIENT))
					close(fd);
			}
		}
	}
}
