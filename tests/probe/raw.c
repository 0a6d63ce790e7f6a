// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets with headers of our own: odd TCP flags, foreign source addresses. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

/* The Internet checksum (RFC 1071) over @data, added to @sum; in network order. */
uint16_t checksum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The sum of a pseudo header's words, to start a TCP or UDP checksum with. */
static uint32_t pseudo_sum(struct in_addr src, struct in_addr dst, unsigned int proto, size_t len)
{
	uint32_t s = ntohl(src.s_addr), d = ntohl(dst.s_addr);

	return (s >> 16) + (s & 0xffff) + (d >> 16) + (d & 0xffff) + proto + (uint32_t)len;
}

static const struct {
	const char *name;
	uint8_t bits;
} flag_names[] = {
	{"null", 0},
	{"fin", TH_FIN},
	{"syn", TH_SYN},
	{"ack", TH_ACK},
	{"synack", TH_SYN | TH_ACK},
	{"xmas", TH_FIN | TH_PUSH | TH_URG},
};

/* The source address that the kernel would choose. Return: false when there is no route. */
static bool own_address(const union endpoint *to, struct in_addr *ret)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union endpoint self = {0};
	socklen_t len = sizeof(self);

	if (fd < 0 || connect(fd, &to->sa, endpoint_len(to)) < 0 ||
	    getsockname(fd, &self.sa, &len) < 0)
		return false;
	*ret = self.v4.sin_addr;
	return true;
}

static int tcp_answer(int fd, const union endpoint *to, uint16_t port, int64_t deadline)
{
	while (wait_readable(fd, deadline)) {
		uint8_t b[FRAME_MAX];
		union endpoint from = {0};
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, b, sizeof(b), 0, &from.sa, &len);
		size_t ihl = n > 0 ? (size_t)(b[0] & 0xf) * 4 : 0;
		struct tcphdr t;

		if (n < (ssize_t)(ihl + sizeof(t)) || !endpoint_same_host(&from, to))
			continue;
		memcpy(&t, b + ihl, sizeof(t));
		if (t.th_dport == port && t.th_sport == to->v4.sin_port)
			return say(THROUGH, "answered with%s%s%s",
				   t.th_flags & TH_RST ? " rst" : "",
				   t.th_flags & TH_SYN ? " syn" : "",
				   t.th_flags & TH_ACK ? " ack" : "");
	}
	return say(DENIED, "timeout");
}

/*
 * Sends one segment that belongs to no connection. A host answers some of them by its open ports,
 * some by its closed ones: any answer means that the packet got there and back.
 */
int order_tcpflags(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	struct tcphdr t = {.th_off = 5, .th_win = htons(1024)};
	unsigned long ms = TIMEOUT_MS;
	auto_close int fd = -1;
	struct in_addr self;
	union endpoint to;
	size_t i = 0;
	uint32_t r[2];

	while (argc > 3 && i < ARRAY_SIZE(flag_names) && strcmp(flag_names[i].name, argv[3]) != 0)
		i++;
	if (argc < 4 || i == ARRAY_SIZE(flag_names) || !endpoint_parse(argv[1], argv[2], &to) ||
	    to.sa.sa_family != AF_INET || (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: tcpflags ADDR PORT fin|null|xmas|ack|synack|syn");
	if (!own_address(&to, &self))
		return broken("no route here");
	random_bytes(r, sizeof(r));
	t.th_sport = htons((uint16_t)(20000 + r[0] % 40000));
	t.th_dport = to.v4.sin_port;
	t.th_seq = r[1];
	t.th_flags = flag_names[i].bits;
	t.th_sum =
		checksum(&t, sizeof(t), pseudo_sum(self, to.v4.sin_addr, IPPROTO_TCP, sizeof(t)));
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return broken("socket");
	if (sendto(fd, &t, sizeof(t), 0, &to.sa, endpoint_len(&to)) < 0)
		return broken("sendto");
	return tcp_answer(fd, &to, t.th_sport, now_ms() + (int64_t)ms);
}

/* One UDP datagram whose source is not ours; a listener elsewhere gives the verdict. */
int order_ipsrc(int argc, char **argv)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char token[TOKEN_MAX];
	} __attribute__((packed)) p = {.ip = {.version = 4, .ihl = 5, .ttl = 64}};
	auto_close int fd = -1;
	union endpoint src, to;
	size_t len;

	if (argc != 5 || !endpoint_parse(argv[1], NULL, &src) || src.sa.sa_family != AF_INET ||
	    !endpoint_parse(argv[2], argv[3], &to) || to.sa.sa_family != AF_INET ||
	    strlen(argv[4]) >= TOKEN_MAX)
		return say(BROKEN, "usage: ipsrc SRC DST PORT TOKEN");
	len = sizeof(p) - sizeof(p.token) + strlen(argv[4]);
	p.ip.protocol = IPPROTO_UDP;
	p.ip.saddr = src.v4.sin_addr.s_addr;
	p.ip.daddr = to.v4.sin_addr.s_addr;
	p.ip.tot_len = htons((uint16_t)len);
	p.udp.source = htons(20000);
	p.udp.dest = to.v4.sin_port;
	p.udp.len = htons((uint16_t)(len - sizeof(p.ip)));
	memcpy(p.token, argv[4], strlen(argv[4]));
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return broken("socket");
	if (sendto(fd, &p, len, 0, &to.sa, endpoint_len(&to)) < 0)
		return broken("sendto");
	return say(THROUGH, "sent");
}

/* One whole IPv4 packet through this host's stack, as a program here would send it. */
int order_ippacket(int argc, char **argv)
{
	const char *dev = option(argc, argv, "dev");
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint8_t p[FRAME_MAX];
	auto_close int fd = -1;
	size_t len = 0;
	int one = 1;

	if (argc > 1)
		len = hex_parse(argv[1], p, sizeof(p));
	if (len < sizeof(struct iphdr))
		return say(BROKEN, "usage: ippacket HEX [dev=IFACE], 20 bytes or more");
	memcpy(&to.sin_addr, p + offsetof(struct iphdr, daddr), sizeof(to.sin_addr));
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
	    (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, (socklen_t)strlen(dev)) < 0))
		return broken("socket");
	if (sendto(fd, p, len, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return broken("sendto");
	return say(THROUGH, "sent");
}
