// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes of whole flows: ping, TCP and UDP echo, one-way UDP. */
#include "probe.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

/*
 * Refusals come as errors of the socket. When connect() or send() itself says "unreachable" it was
 * this host's own routing table: nothing was sent, so nothing was denied.
 */
static int refused(int err, bool at_once)
{
	switch (err) {
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EINVAL:
		if (at_once)
			return say(BROKEN, "no route or address here: %s", strerror(err));
		return say(DENIED, "unreachable");
	case ECONNREFUSED:
	case ECONNRESET:
		return say(DENIED, "refused");
	case EHOSTUNREACH:
		return say(DENIED, "unreachable");
	case EACCES:
	case EPERM:
		return at_once ? say(BROKEN, "not permitted here") : say(DENIED, "prohibited");
	case ETIMEDOUT:
		return say(DENIED, "timeout");
	default:
		return say(BROKEN, "%s", strerror(err));
	}
}

/* Reads ADDR PORT [timeout=MS] from the arguments 1 and 2. Return: false after saying why. */
static bool flow_args(int argc, char **argv, union endpoint *to, int64_t *deadline)
{
	const char *timeout = option(argc, argv, "timeout");
	unsigned long ms = TIMEOUT_MS;

	if (argc < 3 || !endpoint_parse(argv[1], argv[2], to) ||
	    (timeout && !number(timeout, 1, 60000, &ms))) {
		(void)say(BROKEN, "usage: %s ADDR PORT [timeout=MS]", argv[0]);
		return false;
	}
	*deadline = now_ms() + (int64_t)ms;
	return true;
}

/* Waits for the connect() under way. Return: 0, or a positive errno. */
static int connected(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left = deadline - now_ms();
	socklen_t len = sizeof(int);
	int err = 0;

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ? errno : err;
}

/* Waits for an answer that ends with the token; anything else proves a broken lab. */
static int echo_answer(int fd, const char *token, int64_t deadline, bool stream)
{
	char reply[256];
	ssize_t n;

	if (!wait_readable(fd, deadline))
		return stream ? say(BROKEN, "connected, but no echo") : say(DENIED, "timeout");
	n = recv(fd, reply, sizeof(reply) - 1, 0);
	if (n < 0)
		return stream ? say(BROKEN, "connected, then %s", strerror(errno))
			      : refused(errno, false);
	reply[n] = '\0';
	if (!strstr(reply, token))
		return say(BROKEN, "connected, but answered with %zd other bytes", n);
	return say(THROUGH, "%.*s", (int)(strstr(reply, token) - reply), reply);
}

int order_tcp(int argc, char **argv)
{
	auto_close int fd = -1;
	char token[TOKEN_MAX];
	union endpoint to;
	int64_t deadline;
	int err;

	if (!flow_args(argc, argv, &to, &deadline))
		return BROKEN;
	fd = socket(to.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return broken("socket");
	if (connect(fd, &to.sa, endpoint_len(&to)) < 0) {
		if (errno != EINPROGRESS)
			return refused(errno, errno != ECONNREFUSED);
		err = connected(fd, deadline);
		if (err)
			return refused(err, false);
	}
	make_token(token);
	if (send(fd, token, strlen(token), MSG_NOSIGNAL) < 0)
		return say(BROKEN, "connected, then %s", strerror(errno));
	return echo_answer(fd, token, deadline, true);
}

int order_udp(int argc, char **argv)
{
	auto_close int fd = -1;
	char token[TOKEN_MAX];
	union endpoint to;
	int64_t deadline;

	if (!flow_args(argc, argv, &to, &deadline))
		return BROKEN;
	fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return broken("socket");
	make_token(token);
	/* connected, so that ICMP errors come back as errors of the socket */
	if (connect(fd, &to.sa, endpoint_len(&to)) < 0 || send(fd, token, strlen(token), 0) < 0)
		return refused(errno, true);
	return echo_answer(fd, token, deadline, false);
}

/* Opens the flow of `hold`; for UDP that is an echo of its own. Return: 0, or a verdict. */
static int hold_open(int fd, const union endpoint *to, bool tcp)
{
	int64_t deadline = now_ms() + TIMEOUT_MS;
	char token[TOKEN_MAX];
	int ret;

	if (connect(fd, &to->sa, endpoint_len(to)) < 0)
		return refused(errno, errno != ECONNREFUSED);
	if (tcp)
		return 0;
	make_token(token);
	if (send(fd, token, strlen(token), 0) < 0)
		return refused(errno, true);
	say_nothing(true);
	ret = echo_answer(fd, token, deadline, false);
	say_nothing(false);
	return ret ? say(ret, "no echo at the start") : 0;
}

/*
 * A flow that is open before its verdict is asked for: opened at once, then silent until `go`,
 * then an echo over it. A background order is ready when the flow is open.
 */
int order_hold(int argc, char **argv)
{
	const char *from = option(argc, argv, "from"), *timeout = option(argc, argv, "timeout");
	bool tcp = argc > 1 && !strcmp(argv[1], "tcp");
	unsigned long port = 0, ms = TIMEOUT_MS;
	auto_close int fd = -1;
	char token[TOKEN_MAX];
	union endpoint to, self = {0};
	sigset_t go;
	int ret;

	if (argc < 4 || (!tcp && strcmp(argv[1], "udp") != 0) ||
	    !endpoint_parse(argv[2], argv[3], &to) || (from && !number(from, 1, 65535, &port)) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: hold tcp|udp ADDR PORT [from=PORT] [timeout=MS]");
	(void)sigemptyset(&go);
	(void)sigaddset(&go, SIGUSR1);
	self.v4.sin_port = htons((uint16_t)port); /* at the same place in both */
	self.sa.sa_family = to.sa.sa_family;
	fd = socket(to.sa.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &go, NULL) < 0 || bind(fd, &self.sa, sizeof(self)) < 0)
		return broken("socket");
	ret = hold_open(fd, &to, tcp);
	if (ret)
		return ret;
	now_ready();
	if (sigtimedwait(&go, NULL, &(struct timespec){.tv_sec = 60}) < 0)
		return say(BROKEN, "open, but never told to go on");
	make_token(token);
	if (send(fd, token, strlen(token), MSG_NOSIGNAL) < 0)
		return refused(errno, false);
	return echo_answer(fd, token, now_ms() + (int64_t)ms, false);
}

/* Sends one datagram and expects nothing: `udplisten` or `sniff` elsewhere gives the verdict. */
int order_udponeway(int argc, char **argv)
{
	auto_close int fd = -1;
	union endpoint to;
	int one = 1;

	if (argc != 4 || !endpoint_parse(argv[1], argv[2], &to))
		return say(BROKEN, "usage: udponeway ADDR PORT TOKEN");
	fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0)
		return broken("socket");
	if (sendto(fd, argv[3], strlen(argv[3]), 0, &to.sa, endpoint_len(&to)) < 0)
		return broken("sendto");
	return say(THROUGH, "sent");
}

int order_udplisten(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	auto_close int fd = -1;
	unsigned long port, ms = TIMEOUT_MS;
	int64_t deadline;
	int off = 0;

	if (argc < 3 || !number(argv[1], 1, 65535, &port) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: udplisten PORT TOKEN [timeout=MS]");
	any.sin6_port = htons((uint16_t)port);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return broken("bind");
	now_ready();
	deadline = now_ms() + (int64_t)ms;
	while (wait_readable(fd, deadline)) {
		union endpoint from = {0};
		socklen_t len = sizeof(from);
		char buf[256], text[ADDR_TEXT];
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, &from.sa, &len);

		if (n > 0 && memmem(buf, (size_t)n, argv[2], strlen(argv[2])))
			return say(THROUGH, "heard from %s", endpoint_text(&from, text));
	}
	return say(DENIED, "timeout");
}

/* Waits for a packet of an IP protocol that the host's stack delivers, whatever it holds. */
int order_iplisten(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	unsigned long proto, ms = TIMEOUT_MS;
	auto_close int fd = -1;
	int64_t deadline;

	if (argc < 3 || !number(argv[1], 1, 255, &proto) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: iplisten PROTOCOL TOKEN [v6] [timeout=MS]");
	fd = socket(flag(argc, argv, "v6") ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
		    (int)proto);
	if (fd < 0)
		return broken("socket");
	now_ready();
	deadline = now_ms() + (int64_t)ms;
	while (wait_readable(fd, deadline)) {
		char buf[FRAME_MAX];
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n > 0 && memmem(buf, (size_t)n, argv[2], strlen(argv[2])))
			return say(THROUGH, "heard");
	}
	return say(DENIED, "timeout");
}

/* Whether the packet from a raw ICMP socket is the reply to our request. */
static bool is_reply(int family, const uint8_t *p, size_t n, uint16_t id)
{
	uint16_t got;

	if (family == AF_INET) {
		size_t ihl = n ? (size_t)(p[0] & 0xf) * 4 : 0;

		if (n < ihl + 8 || p[ihl] != ICMP_ECHOREPLY)
			return false;
		p += ihl;
	} else if (n < 8 || p[0] != ICMP6_ECHO_REPLY) {
		return false;
	}
	memcpy(&got, p + 4, sizeof(got));
	return got == id;
}

static int ping_answer(int fd, const union endpoint *to, uint16_t id, int64_t deadline)
{
	while (wait_readable(fd, deadline)) {
		uint8_t buf[512];
		union endpoint from = {0};
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, &from.sa, &len);

		if (n > 0 && endpoint_same_host(&from, to) &&
		    is_reply(to->sa.sa_family, buf, (size_t)n, id))
			return say(THROUGH, "reply");
	}
	return say(DENIED, "timeout");
}

int order_ping(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	unsigned long ms = TIMEOUT_MS;
	uint8_t req[16] = {0};
	auto_close int fd = -1;
	union endpoint to;
	uint16_t id, sum;
	bool v4;

	if (argc < 2 || !endpoint_parse(argv[1], NULL, &to) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: ping ADDR [timeout=MS]");
	v4 = to.sa.sa_family == AF_INET;
	fd = socket(to.sa.sa_family, SOCK_RAW | SOCK_CLOEXEC, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return broken("socket");
	random_bytes(&id, sizeof(id));
	req[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	memcpy(req + 4, &id, sizeof(id));
	sum = checksum(req, sizeof(req), 0); /* for ICMPv6 the kernel fills it in */
	memcpy(req + 2, &sum, sizeof(sum));
	if (sendto(fd, req, sizeof(req), 0, &to.sa, endpoint_len(&to)) < 0)
		return refused(errno, true);
	return ping_answer(fd, &to, id, now_ms() + (int64_t)ms);
}
