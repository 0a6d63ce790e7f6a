// SPDX-License-Identifier: GPL-2.0-or-later
/* Bounded floods, for tests of the limits that keep one guest from exhausting what is shared. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

enum { SECONDS_MAX = 30, BATCH = 64, ORDER_WORDS = 8 };

/* Sends the next packet of a flood. Return: bytes sent, or -1 with errno set. */
typedef ssize_t (*flood_fn)(int fd, const union endpoint *to, uint32_t n);

/* A new source port each time: each datagram is a flow of its own. */
static ssize_t flood_udp(int fd, const union endpoint *to, uint32_t n)
{
	struct {
		struct udphdr udp;
		uint32_t n;
	} p = {.udp = {.source = htons((uint16_t)(1024 + n % 64000)),
		       .dest = htons((uint16_t)(ntohs(to->v4.sin_port) + n / 64000)),
		       .len = htons(sizeof(p))},
	       .n = n};

	return sendto(fd, &p, sizeof(p), 0, &to->sa, sizeof(to->v4));
}

/* Nobody on the way drops a SYN for its wrong checksum: what counts is the conntrack entry. */
static ssize_t flood_syn(int fd, const union endpoint *to, uint32_t n)
{
	struct tcphdr t = {.th_off = 5,
			   .th_flags = TH_SYN,
			   .th_sport = htons((uint16_t)(1024 + n % 64000)),
			   .th_dport = to->v4.sin_port,
			   .th_seq = n};

	return sendto(fd, &t, sizeof(t), 0, &to->sa, sizeof(to->v4));
}

/* First fragments of datagrams whose rest never comes (RFC 791): each fills memory for reassembly.
 * The kernel puts the source and the checksum in, raw(7). */
static ssize_t flood_fragment(int fd, const union endpoint *to, uint32_t n)
{
	struct {
		struct iphdr ip;
		uint8_t data[1400];
	} p = {.ip = {.version = 4,
		      .ihl = 5,
		      .tot_len = htons(sizeof(p)),
		      .id = htons((uint16_t)n),
		      .frag_off = htons(IP_MF),
		      .ttl = 64,
		      .protocol = IPPROTO_UDP,
		      .daddr = to->v4.sin_addr.s_addr}};

	return sendto(fd, &p, sizeof(p), 0, &to->sa, sizeof(to->v4));
}

/* A broadcast from an ever new hardware address: what a bridge learns fills its table. */
static ssize_t flood_mac(int fd, const union endpoint *to, uint32_t n)
{
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x66, [12] = 0x88, 0xb5};
	const uint32_t id = htonl(n);

	(void)to;
	memcpy(frame + 8, &id, sizeof(id));
	return send(fd, frame, sizeof(frame), 0);
}

static int flood_on(int fd, const union endpoint *to, flood_fn fn, int64_t deadline)
{
	uint32_t n = 0, failed = 0;

	while (now_ms() < deadline)
		for (int i = 0; i < BATCH; i++, n++)
			if (fn(fd, to, n) < 0)
				failed++;
	return say(THROUGH, "sent=%u failed=%u", n - failed, failed);
}

static int flood_ip(const union endpoint *to, int proto, flood_fn fn, int64_t deadline)
{
	auto_close int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, proto);

	return fd < 0 ? broken("socket") : flood_on(fd, to, fn, deadline);
}

static int flood_frames(const char *ifname, flood_fn fn, int64_t deadline)
{
	auto_close int fd = packet_socket(ifname, 0);

	return fd < 0 ? broken(ifname) : flood_on(fd, NULL, fn, deadline);
}

/* Repeats an order, whose last argument is a new client id each time, and counts its verdicts. */
static int flood_order(const char *const *words, int count, int64_t deadline)
{
	unsigned int verdicts[3] = {0};

	say_nothing(true);
	while (now_ms() < deadline) {
		char copy[ORDER_WORDS][ADDR_TEXT], *argv[ORDER_WORDS + 1] = {NULL};
		uint32_t r[2];

		for (int i = 0; i < count; i++) {
			(void)snprintf(copy[i], sizeof(copy[i]), "%s", words[i]);
			argv[i] = copy[i];
		}
		random_bytes(r, sizeof(r));
		(void)snprintf(copy[count], sizeof(copy[count]), "clientid=%08x%08x", r[0], r[1]);
		argv[count] = copy[count];
		verdicts[run_order(count + 1, argv)]++;
	}
	say_nothing(false);
	return say(THROUGH, "answered=%u denied=%u error=%u", verdicts[THROUGH], verdicts[DENIED],
		   verdicts[BROKEN]);
}

/* arp: who has ADDR, over and over. dhcp: leases for ever new client ids. mac: frames from ever new
 * hardware addresses. */
int order_flood(int argc, char **argv)
{
	unsigned long seconds;
	union endpoint to = {0};
	int64_t deadline;

	if (argc != 5 || !number(argv[4], 1, SECONDS_MAX, &seconds))
		return say(BROKEN, "usage: flood udp|syn|fragment ADDR PORT SECONDS, "
				   "arp|dhcp|mac IFACE ADDR SECONDS");
	deadline = now_ms() + (int64_t)seconds * 1000;
	if (!strcmp(argv[1], "dhcp"))
		return flood_order((const char *[]){"dhcp", argv[2], "noset", "timeout=300"}, 4,
				   deadline);
	if (!strcmp(argv[1], "mac"))
		return flood_frames(argv[2], flood_mac, deadline);
	if (!strcmp(argv[1], "arp"))
		return flood_order((const char *[]){"arp", argv[2], argv[3], "timeout=5"}, 4,
				   deadline);
	if (!endpoint_parse(argv[2], argv[3], &to) || to.sa.sa_family != AF_INET)
		return say(BROKEN, "%s %s: not an IPv4 address and port", argv[2], argv[3]);
	if (!strcmp(argv[1], "udp"))
		return flood_ip(&to, IPPROTO_UDP, flood_udp, deadline);
	if (!strcmp(argv[1], "syn"))
		return flood_ip(&to, IPPROTO_TCP, flood_syn, deadline);
	if (!strcmp(argv[1], "fragment"))
		return flood_ip(&to, IPPROTO_RAW, flood_fragment, deadline);
	return say(BROKEN, "%s: no such flood", argv[1]);
}
