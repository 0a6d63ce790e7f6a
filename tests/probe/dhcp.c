// SPDX-License-Identifier: GPL-2.0-or-later
/* A small DHCP client (RFC 2131, RFC 2132) that can also misbehave. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"

#define LEASE_DIR "/run/probe"

enum {
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_DNS = 6,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_PARAMS = 55,
	OPT_CLIENTID = 61,
	OPT_END = 255,
	DISCOVER = 1,
	OFFER = 2,
	REQUEST = 3,
	ACK = 5,
	NAK = 6,
	RESEND_MS = 1000,
	DHCP_TIMEOUT_MS = 6000, /* dnsmasq pings an address for 3 s before it offers it */
};

struct bootp {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	struct in_addr ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16], sname[64], file[128], cookie[4];
	uint8_t options[312];
} __attribute__((packed));

static const uint8_t cookie[4] = {99, 130, 83, 99};

/* What is asked for, and what came back. */
struct client {
	const char *ifname;
	uint8_t mac[ETH_ALEN], chaddr[ETH_ALEN], clientid[32];
	size_t clientid_len;
	uint32_t xid;
	struct in_addr requested, server, addr, mask, router, dns;
	uint32_t lease;
};

static size_t put_option(struct bootp *b, size_t at, unsigned int code, const void *data,
			 size_t len)
{
	b->options[at] = (uint8_t)code;
	b->options[at + 1] = (uint8_t)len;
	memcpy(b->options + at + 2, data, len);
	return at + 2 + len;
}

static void message(const struct client *c, unsigned int type, struct bootp *b)
{
	static const uint8_t params[] = {OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_LEASE};
	uint8_t t = (uint8_t)type;
	size_t at = 0;

	memset(b, 0, sizeof(*b));
	b->op = 1;
	b->htype = 1;
	b->hlen = ETH_ALEN;
	b->xid = c->xid;
	/* an answer for another chaddr would be sent to that MAC: have it broadcast */
	if (memcmp(c->mac, c->chaddr, ETH_ALEN) != 0)
		b->flags = htons(0x8000);
	memcpy(b->chaddr, c->chaddr, ETH_ALEN);
	memcpy(b->cookie, cookie, sizeof(cookie));
	at = put_option(b, at, OPT_TYPE, &t, 1);
	if (c->clientid_len)
		at = put_option(b, at, OPT_CLIENTID, c->clientid, c->clientid_len);
	if (c->requested.s_addr)
		at = put_option(b, at, OPT_REQUESTED, &c->requested, 4);
	if (c->server.s_addr)
		at = put_option(b, at, OPT_SERVER, &c->server, 4);
	at = put_option(b, at, OPT_PARAMS, params, sizeof(params));
	b->options[at] = OPT_END;
}

/* Broadcasts the message in a frame of its own: the link may have no address yet. */
static int broadcast(const struct client *c, const struct bootp *b)
{
	struct {
		struct ether_header eth;
		struct iphdr ip;
		struct udphdr udp;
		struct bootp bootp;
	} __attribute__((packed)) f = {.eth = {.ether_type = htons(ETHERTYPE_IP)}};
	uint16_t sum;

	memset(f.eth.ether_dhost, 0xff, ETH_ALEN);
	memcpy(f.eth.ether_shost, c->mac, ETH_ALEN);
	f.ip = (struct iphdr){.version = 4,
			      .ihl = 5,
			      .ttl = 64,
			      .protocol = IPPROTO_UDP,
			      .tot_len = htons(sizeof(f) - sizeof(f.eth)),
			      .daddr = INADDR_BROADCAST};
	sum = checksum(&f.ip, sizeof(f.ip), 0);
	f.ip.check = sum;
	f.udp.source = htons(CLIENT_PORT);
	f.udp.dest = htons(SERVER_PORT);
	f.udp.len = htons(sizeof(f.udp) + sizeof(f.bootp)); /* checksum 0: none */
	f.bootp = *b;
	return frame_send(c->ifname, &f, sizeof(f));
}

static void read_addr(const uint8_t *data, size_t len, struct in_addr *ret)
{
	if (len >= 4)
		memcpy(ret, data, 4);
}

/* Reads the options that matter into @c. Return: the message's type, 0 when it has none. */
static unsigned int read_options(struct client *c, const uint8_t *o, size_t len)
{
	unsigned int type = 0;

	for (size_t at = 0; at + 2 <= len && o[at] != OPT_END;) {
		size_t n = o[at + 1];
		const uint8_t *data = o + at + 2;

		if (o[at] == 0) { /* padding has no length */
			at++;
			continue;
		}
		if (at + 2 + n > len)
			break;
		if (o[at] == OPT_TYPE && n)
			type = data[0];
		else if (o[at] == OPT_MASK)
			read_addr(data, n, &c->mask);
		else if (o[at] == OPT_ROUTER)
			read_addr(data, n, &c->router);
		else if (o[at] == OPT_DNS)
			read_addr(data, n, &c->dns);
		else if (o[at] == OPT_SERVER)
			read_addr(data, n, &c->server);
		else if (o[at] == OPT_LEASE && n == 4)
			c->lease = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 |
				   (uint32_t)data[2] << 8 | data[3];
		at += 2 + n;
	}
	return type;
}

/* Reads a reply to us. Return: its type, 0 for anything else. */
static unsigned int read_reply(struct client *c, const uint8_t *p, size_t len)
{
	struct bootp b;
	size_t fixed = offsetof(struct bootp, options);

	if (len < fixed)
		return 0;
	memset(&b, 0, sizeof(b));
	memcpy(&b, p, len < sizeof(b) ? len : sizeof(b));
	if (b.op != 2 || b.xid != c->xid || memcmp(b.cookie, cookie, sizeof(cookie)) != 0)
		return 0;
	c->addr = b.yiaddr;
	return read_options(c, b.options, (len < sizeof(b) ? len : sizeof(b)) - fixed);
}

/* Finds the DHCP message in a frame. Return: the reply's type, 0 for anything else. */
static unsigned int read_frame(struct client *c, const uint8_t *f, size_t len)
{
	size_t ihl, at = ETH_HLEN;

	if (len < at + sizeof(struct iphdr) + sizeof(struct udphdr) || f[at + 9] != IPPROTO_UDP)
		return 0;
	ihl = (size_t)(f[at] & 0xf) * 4;
	at += ihl + sizeof(struct udphdr);
	if (len < at || f[at - 6] != 0 || f[at - 5] != CLIENT_PORT)
		return 0;
	return read_reply(c, f + at, len - at);
}

/* Sends @type, again each second, until the answer @want comes. Return: the answer's type or 0. */
static unsigned int exchange(struct client *c, int fd, unsigned int type, unsigned int want,
			     int64_t deadline)
{
	while (now_ms() < deadline) {
		int64_t round = now_ms() + RESEND_MS;
		struct bootp b;

		message(c, type, &b);
		if (broadcast(c, &b) < 0)
			return 0;
		while (wait_readable(fd, round < deadline ? round : deadline)) {
			uint8_t f[FRAME_MAX];
			ssize_t n = recv(fd, f, sizeof(f), 0);
			unsigned int got = n > 0 ? read_frame(c, f, (size_t)n) : 0;

			if (got == want || got == NAK)
				return got;
		}
	}
	return 0;
}

static void lease_path(const char *ifname, char *buf, size_t size)
{
	(void)snprintf(buf, size, LEASE_DIR "/lease.%s", ifname);
}

static int configure(const struct client *c)
{
	auto_fclose FILE *f = NULL;
	char path[64], addr[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
	unsigned int len = (unsigned int)__builtin_popcount(c->mask.s_addr);

	if (addr4_set(c->ifname, c->addr, len) < 0)
		return broken(c->ifname);
	if (c->router.s_addr && route4_default(c->ifname, c->router) < 0)
		return broken("default route");
	(void)mkdir(LEASE_DIR, 0700);
	lease_path(c->ifname, path, sizeof(path));
	f = fopen(path, "we");
	if (!f)
		return broken(path);
	(void)inet_ntop(AF_INET, &c->addr, addr, sizeof(addr));
	(void)inet_ntop(AF_INET, &c->server, server, sizeof(server));
	(void)fprintf(f, "%s %s\n", addr, server);
	return THROUGH;
}

static int leased(const struct client *c)
{
	char addr[INET_ADDRSTRLEN], router[INET_ADDRSTRLEN], dns[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &c->addr, addr, sizeof(addr));
	(void)inet_ntop(AF_INET, &c->router, router, sizeof(router));
	(void)inet_ntop(AF_INET, &c->dns, dns, sizeof(dns));
	return say(THROUGH, "addr=%s len=%d gw=%s dns=%s lease=%u", addr,
		   __builtin_popcount(c->mask.s_addr), router, dns, c->lease);
}

/* A renewal from the leased address: unicast to the server, as a client does at half time, or
 * broadcast, as it does when seven eighths are over and no answer came. */
static int renew(struct client *c, bool to_all, int64_t deadline)
{
	struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	auto_fclose FILE *f = NULL;
	char path[64], addr[16], server[16];
	struct bootp b;
	int one = 1;

	lease_path(c->ifname, path, sizeof(path));
	f = fopen(path, "re");
	if (!f || fscanf(f, "%15s %15s", addr, server) != 2 ||
	    inet_pton(AF_INET, addr, &self.sin_addr) != 1 ||
	    inet_pton(AF_INET, server, &to.sin_addr) != 1)
		return say(BROKEN, "%s: no lease to renew", c->ifname);
	if (to_all)
		to.sin_addr.s_addr = INADDR_BROADCAST;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, c->ifname, strlen(c->ifname)) < 0 ||
	    bind(fd, (const struct sockaddr *)&self, sizeof(self)) < 0)
		return broken("bind");
	message(c, REQUEST, &b);
	b.ciaddr = self.sin_addr;
	if (sendto(fd, &b, sizeof(b), 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return broken("sendto");
	while (wait_readable(fd, deadline)) {
		uint8_t buf[FRAME_MAX];
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		unsigned int got = n > 0 ? read_reply(c, buf, (size_t)n) : 0;

		if (got == ACK)
			return leased(c);
		if (got == NAK)
			return say(DENIED, "refused");
	}
	return say(DENIED, "timeout");
}

static bool dhcp_args(int argc, char **argv, struct client *c, unsigned long *ms)
{
	const char *chaddr = option(argc, argv, "chaddr"), *id = option(argc, argv, "clientid");
	const char *ask = option(argc, argv, "request"), *timeout = option(argc, argv, "timeout");

	if (argc < 2 || !link_mac(argv[1], c->mac) || (timeout && !number(timeout, 1, 60000, ms)))
		return false;
	c->ifname = argv[1];
	memcpy(c->chaddr, c->mac, ETH_ALEN);
	if (chaddr && !mac_parse(chaddr, c->chaddr))
		return false;
	if (ask && inet_pton(AF_INET, ask, &c->requested) != 1)
		return false;
	c->clientid_len = id ? hex_parse(id, c->clientid, sizeof(c->clientid)) : 0;
	if (id && !c->clientid_len)
		return false;
	random_bytes(&c->xid, sizeof(c->xid));
	return true;
}

/* With request= the client asks for that address at once, as one that has rebooted does. */
int order_dhcp(int argc, char **argv)
{
	struct client c = {0};
	unsigned long ms = DHCP_TIMEOUT_MS;
	auto_close int fd = -1;
	int64_t deadline;
	unsigned int got;
	int ret;

	if (!dhcp_args(argc, argv, &c, &ms))
		return say(BROKEN,
			   "usage: dhcp IFACE [chaddr=] [clientid=] [request=] [renew|rebind] "
			   "[noset]");
	if (link_up(c.ifname) < 0)
		return broken(c.ifname);
	deadline = now_ms() + (int64_t)ms;
	if (flag(argc, argv, "renew") || flag(argc, argv, "rebind"))
		return renew(&c, flag(argc, argv, "rebind"), deadline);
	fd = packet_socket(c.ifname, ETHERTYPE_IP);
	if (fd < 0)
		return broken(c.ifname);
	if (!c.requested.s_addr) {
		got = exchange(&c, fd, DISCOVER, OFFER, deadline);
		if (got != OFFER)
			return say(DENIED, got ? "refused" : "timeout: no offer");
		c.requested = c.addr;
	}
	got = exchange(&c, fd, REQUEST, ACK, deadline);
	if (got != ACK)
		return say(DENIED, got ? "refused" : "timeout: no acknowledgement");
	ret = flag(argc, argv, "noset") ? THROUGH : configure(&c);
	return ret ? ret : leased(&c);
}
