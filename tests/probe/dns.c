// SPDX-License-Identifier: GPL-2.0-or-later
/* A DNS query over UDP or TCP (RFC 1035): was it answered, and with what. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/util.h"

enum { DNS_PORT = 53, HEADER = 12, QTYPE_A = 1, CLASS_IN = 1, MESSAGE_MAX = 512, LABEL_MAX = 63 };

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/**
 * dns_query - build a query for the A record of @name
 *
 * Return: its length, 0 when the name is too long or has an empty label.
 */
size_t dns_query(uint8_t *buf, size_t size, uint16_t id, const char *name)
{
	size_t at = HEADER;

	if (strlen(name) + HEADER + 6 > size)
		return 0;
	memset(buf, 0, HEADER);
	put16(buf, id);
	put16(buf + 2, 0x0100); /* recursion desired */
	put16(buf + 4, 1);
	while (*name) {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX)
			return 0;
		buf[at++] = (uint8_t)len;
		memcpy(buf + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	buf[at++] = 0;
	put16(buf + at, QTYPE_A);
	put16(buf + at + 2, CLASS_IN);
	return at + 4;
}

/* Skips a name, which may end with a pointer. Return: the offset behind it, or @len. */
static size_t skip_name(const uint8_t *m, size_t len, size_t at)
{
	while (at < len && m[at] && (m[at] & 0xc0) != 0xc0)
		at += m[at] + 1U;
	if (at < len && m[at])
		at++;
	return at < len ? at + 1 : len;
}

/* Says what the answer holds: any answer at all means that the query got through. */
static int answer(const uint8_t *m, size_t len)
{
	unsigned int count = get16(m + 6), rcode = m[3] & 0xf;
	size_t at = skip_name(m, len, HEADER) + 4;
	char text[INET_ADDRSTRLEN] = "none";

	while (count-- > 0) {
		unsigned int type, size;

		at = skip_name(m, len, at);
		if (at + 10 > len)
			break;
		type = get16(m + at);
		size = get16(m + at + 8);
		at += 10;
		if (at + size > len)
			break;
		if (type == QTYPE_A && size == 4) {
			(void)inet_ntop(AF_INET, m + at, text, sizeof(text));
			break;
		}
		at += size;
	}
	return say(THROUGH, "rcode=%u a=%s", rcode, text);
}

/* Connects within the deadline. Return: a socket, or -1 with errno set. */
static int dns_connect(const union endpoint *to, bool tcp, unsigned long ms)
{
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000),
			     .tv_usec = (suseconds_t)(ms % 1000) * 1000};
	auto_close int fd =
		socket(to->sa.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	/* a send timeout also bounds connect() */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0 ||
	    connect(fd, &to->sa, endpoint_len(to)) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* Waits for the message with our id. Over TCP all of a small answer comes in one segment. */
static int dns_answer(int fd, bool tcp, uint16_t id, int64_t deadline)
{
	uint8_t buf[MESSAGE_MAX + 2];
	size_t skip = tcp ? 2 : 0;

	while (wait_readable(fd, deadline)) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0)
			return say(DENIED, "%s", strerror(errno));
		if (n == 0)
			break;
		if ((size_t)n >= skip + HEADER && get16(buf + skip) == id && buf[skip + 2] & 0x80)
			return answer(buf + skip, (size_t)n - skip);
	}
	return say(DENIED, "timeout");
}

int order_dns(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	bool tcp = flag(argc, argv, "tcp");
	uint8_t buf[MESSAGE_MAX + 2];
	unsigned long ms = TIMEOUT_MS;
	auto_close int fd = -1;
	union endpoint to;
	int64_t deadline;
	uint16_t id;
	size_t len;

	if (argc < 3 || !endpoint_parse(argv[1], "53", &to) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: dns SERVER NAME [tcp] [timeout=MS]");
	random_bytes(&id, sizeof(id));
	len = dns_query(buf + 2, MESSAGE_MAX, id, argv[2]);
	if (!len)
		return say(BROKEN, "%s: not a name", argv[2]);
	put16(buf, (unsigned int)len);
	deadline = now_ms() + (int64_t)ms;
	fd = dns_connect(&to, tcp, ms);
	if (fd < 0 && errno == ENETUNREACH)
		return broken("no route here");
	if (fd < 0)
		return say(DENIED, "%s", errno == EINPROGRESS ? "timeout" : strerror(errno));
	if (send(fd, tcp ? buf : buf + 2, tcp ? len + 2 : len, MSG_NOSIGNAL) < 0)
		return broken("send");
	return dns_answer(fd, tcp, id, deadline);
}
