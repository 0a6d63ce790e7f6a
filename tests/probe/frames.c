// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames built by hand, and waiting for a frame that holds a token. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

enum {
	TYPE_LLDP = 0x88cc,
	TYPE_QINQ = 0x88a8,
	TYPE_TEST = 0x88b5, /* IEEE 802 local experimental */
	MIN_FRAME = 60,	    /* Ethernet's minimum without the checksum */
};

static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* A frame that grows; put() beyond the end is a bug of the probe. */
struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
};

static void put(struct frame *f, const void *data, size_t len)
{
	if (len > sizeof(f->data) - f->len)
		return;
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void put16(struct frame *f, unsigned long v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(f, b, sizeof(b));
}

/* Pads to Ethernet's minimum, as a real NIC would. */
static void pad(struct frame *f)
{
	while (f->len < MIN_FRAME)
		f->data[f->len++] = 0;
}

/**
 * packet_socket - open a packet socket on one link
 * @protocol: an ethertype: such a socket gets a frame only when no ingress hook dropped it.
 *	ETH_P_ALL sees even what is dropped right after, and what goes out.
 *
 * Return: the socket, or -1 with errno set.
 */
int packet_socket(const char *ifname, uint16_t protocol)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(protocol),
				 .sll_ifindex = link_index(ifname)};
	auto_close int fd = -1;

	if (ll.sll_ifindex < 0)
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&ll, sizeof(ll)) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* Sends one frame as it is. Return: 0, or -1 with errno set. */
int frame_send(const char *ifname, const void *frame, size_t len)
{
	/* protocol 0: this socket receives nothing */
	auto_close int fd = packet_socket(ifname, 0);

	if (fd < 0)
		return -1;
	return send(fd, frame, len, 0) == (ssize_t)len ? 0 : -1;
}

static int send_as_is(const char *ifname, const struct frame *f)
{
	if (frame_send(ifname, f->data, f->len) < 0)
		return broken(ifname);
	return say(THROUGH, "sent %zu bytes", f->len);
}

static int send_it(const char *ifname, struct frame *f)
{
	pad(f);
	return send_as_is(ifname, f);
}

/* Begins a frame with both MACs: dst=, src= or the given default and the link's own. */
static bool frame_begin(struct frame *f, int argc, char **argv, const uint8_t *to)
{
	const char *dst = option(argc, argv, "dst"), *src = option(argc, argv, "src");
	uint8_t d[ETH_ALEN], s[ETH_ALEN];

	memset(f, 0, sizeof(*f));
	memcpy(d, to, sizeof(d));
	if ((dst && !mac_parse(dst, d)) || (src && !mac_parse(src, s)) ||
	    (!src && !link_mac(argv[1], s)))
		return false;
	put(f, d, sizeof(d));
	put(f, s, sizeof(s));
	return true;
}

int order_frame(int argc, char **argv)
{
	struct frame f = {.len = 0};

	if (argc > 2)
		f.len = hex_parse(argv[2], f.data, sizeof(f.data));
	if (f.len < ETH_HLEN)
		return say(BROKEN, "usage: frame IFACE HEX [short], 14 bytes or more");
	/* a tap takes frames below Ethernet's minimum */
	return flag(argc, argv, "short") ? send_as_is(argv[1], &f) : send_it(argv[1], &f);
}

int order_ether(int argc, char **argv)
{
	unsigned long type;
	struct frame f;

	if (argc < 4 || !number(argv[2], 0, 0xffff, &type) ||
	    !frame_begin(&f, argc, argv, broadcast))
		return say(BROKEN, "usage: ether IFACE TYPE TOKEN [dst=MAC] [src=MAC]");
	put16(&f, type);
	put(&f, argv[3], strlen(argv[3]));
	return send_it(argv[1], &f);
}

int order_vlan(int argc, char **argv)
{
	unsigned long vid;
	struct frame f;

	if (argc < 4 || !number(argv[2], 0, 4095, &vid) || !frame_begin(&f, argc, argv, broadcast))
		return say(BROKEN, "usage: vlan IFACE VID TOKEN [dst=MAC] [src=MAC]");
	put16(&f, ETHERTYPE_VLAN);
	put16(&f, vid);
	put16(&f, TYPE_TEST);
	put(&f, argv[3], strlen(argv[3]));
	return send_it(argv[1], &f);
}

int order_qinq(int argc, char **argv)
{
	unsigned long outer, inner;
	struct frame f;

	if (argc < 5 || !number(argv[2], 0, 4095, &outer) || !number(argv[3], 0, 4095, &inner) ||
	    !frame_begin(&f, argc, argv, broadcast))
		return say(BROKEN, "usage: qinq IFACE OUTER INNER TOKEN [dst=MAC] [src=MAC]");
	put16(&f, TYPE_QINQ);
	put16(&f, outer);
	put16(&f, ETHERTYPE_VLAN);
	put16(&f, inner);
	put16(&f, TYPE_TEST);
	put(&f, argv[4], strlen(argv[4]));
	return send_it(argv[1], &f);
}

/* An 802.3 frame: a length instead of a type, then DSAP, SSAP, control (unnumbered). */
static int send_llc(int argc, char **argv, const uint8_t *dst, unsigned int sap)
{
	const uint8_t llc[3] = {(uint8_t)sap, (uint8_t)sap, 0x03};
	static const uint8_t bpdu[35] = {0}; /* a configuration BPDU that claims to be root */
	struct frame f;
	size_t len;

	if (argc < 3 || !frame_begin(&f, argc, argv, dst))
		return say(BROKEN, "usage: %s IFACE TOKEN [dst=MAC] [src=MAC]", argv[0]);
	len = strlen(argv[2]);
	put16(&f, sizeof(llc) + sizeof(bpdu) + len);
	put(&f, llc, sizeof(llc));
	put(&f, bpdu, sizeof(bpdu));
	put(&f, argv[2], len);
	return send_it(argv[1], &f);
}

int order_llc(int argc, char **argv)
{
	return send_llc(argc, argv, broadcast, 0xe0);
}

int order_stp(int argc, char **argv)
{
	static const uint8_t group[ETH_ALEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};

	return send_llc(argc, argv, group, 0x42);
}

/* LLDP (IEEE 802.1AB): chassis, port, TTL, then the token as the system's name. */
int order_lldp(int argc, char **argv)
{
	static const uint8_t group[ETH_ALEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e};
	static const uint8_t head[] = {0x02, 0x02, 0x07, 'p',  0x04, 0x02,
				       0x07, 'p',  0x06, 0x02, 0,    120};
	struct frame f;

	if (argc < 3 || strlen(argv[2]) >= TOKEN_MAX || !frame_begin(&f, argc, argv, group))
		return say(BROKEN, "usage: lldp IFACE TOKEN [dst=MAC] [src=MAC]");
	put16(&f, TYPE_LLDP);
	put(&f, head, sizeof(head));
	put16(&f, 5U << 9 | strlen(argv[2]));
	put(&f, argv[2], strlen(argv[2]));
	put16(&f, 0);
	return send_it(argv[1], &f);
}

struct arp_request {
	struct in_addr target, sender;
	uint8_t sender_mac[ETH_ALEN];
};

static bool arp_args(int argc, char **argv, struct arp_request *r)
{
	const char *ip = option(argc, argv, "senderip"), *mac = option(argc, argv, "sendermac");
	union endpoint self = {0};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	socklen_t len = sizeof(self);
	auto_close int fd = -1;

	if (argc < 3 || inet_pton(AF_INET, argv[2], &r->target) != 1)
		return false;
	if (mac ? !mac_parse(mac, r->sender_mac) : !link_mac(argv[1], r->sender_mac))
		return false;
	if (ip)
		return inet_pton(AF_INET, ip, &r->sender) == 1;
	/* the address that the kernel would choose; none is fine, that is an ARP probe */
	to.sin_addr = r->target;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r->sender.s_addr = 0;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	    getsockname(fd, &self.sa, &len) == 0)
		r->sender = self.v4.sin_addr;
	return true;
}

static int arp_answer(int fd, const struct arp_request *r, int64_t deadline)
{
	while (wait_readable(fd, deadline)) {
		uint8_t b[FRAME_MAX];
		ssize_t n = recv(fd, b, sizeof(b), 0);
		const uint8_t *m = b + ETH_HLEN + 8;

		/* operation 2 is a reply; its sender is at 8 (MAC) and 14 (IP) of the ARP packet */
		if (n >= ETH_HLEN + 28 && b[ETH_HLEN + 7] == ARPOP_REPLY &&
		    !memcmp(m + 6, &r->target, 4))
			return say(THROUGH, "is at %02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
				   m[3], m[4], m[5]);
	}
	return say(DENIED, "timeout");
}

/*
 * Asks who has TARGET and waits for the answer. A token goes into the frame's padding, for
 * listeners elsewhere: with one, having sent is all that this order reports.
 */
int order_arp(int argc, char **argv)
{
	static const uint8_t head[] = {0, 1, 8, 0, ETH_ALEN, 4, 0, ARPOP_REQUEST};
	static const uint8_t nobody[ETH_ALEN];
	const char *timeout = option(argc, argv, "timeout"), *token = option(argc, argv, "token");
	unsigned long ms = TIMEOUT_MS;
	auto_close int fd = -1;
	struct arp_request r;
	struct frame f;

	if (!arp_args(argc, argv, &r) || !frame_begin(&f, argc, argv, broadcast) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN,
			   "usage: arp IFACE TARGET [senderip=] [sendermac=] [src=] [token=]");
	put16(&f, ETHERTYPE_ARP);
	put(&f, head, sizeof(head));
	put(&f, r.sender_mac, ETH_ALEN);
	put(&f, &r.sender, 4);
	put(&f, nobody, ETH_ALEN);
	put(&f, &r.target, 4);
	if (token) {
		put(&f, token, strlen(token));
		return send_it(argv[1], &f);
	}
	pad(&f);
	fd = packet_socket(argv[1], ETHERTYPE_ARP);
	if (fd < 0 || send(fd, f.data, f.len, 0) < 0)
		return broken(argv[1]);
	return arp_answer(fd, &r, now_ms() + (int64_t)ms);
}

/* Says which frame it was; a VLAN tag was taken out of it by the kernel and is told apart. */
static int heard(const uint8_t *b, const struct msghdr *msg)
{
	unsigned int vid = 0;
	bool tagged = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		tagged = aux.tp_status & TP_STATUS_VLAN_VALID;
		vid = aux.tp_vlan_tci & 0xfff;
	}
	return say(THROUGH, "heard type=0x%02x%02x from=%02x:%02x:%02x:%02x:%02x:%02x%s%.0u", b[12],
		   b[13], b[6], b[7], b[8], b[9], b[10], b[11], tagged ? " vlan=" : "",
		   tagged ? vid : 0);
}

/* Waits for an incoming frame that holds the token. */
static int sniff_wait(int fd, const char *token, int64_t deadline)
{
	while (wait_readable(fd, deadline)) {
		uint8_t b[FRAME_MAX], control[256];
		struct sockaddr_ll from = {0};
		struct iovec iov = {.iov_base = b, .iov_len = sizeof(b)};
		struct msghdr msg = {.msg_name = &from,
				     .msg_namelen = sizeof(from),
				     .msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(fd, &msg, 0);

		if (n >= ETH_HLEN && from.sll_pkttype != PACKET_OUTGOING &&
		    memmem(b, (size_t)n, token, strlen(token)))
			return heard(b, &msg);
	}
	return say(DENIED, "timeout");
}

int order_sniff(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	unsigned long type = ETH_P_ALL, ms = TIMEOUT_MS;
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
	auto_close int fd = -1;
	int one = 1;

	if (argc < 4 || (strcmp(argv[2], "any") != 0 && !number(argv[2], 1, 0xffff, &type)) ||
	    (timeout && !number(timeout, 1, 60000, &ms)))
		return say(BROKEN, "usage: sniff IFACE TYPE|any TOKEN [timeout=MS]");
	fd = packet_socket(argv[1], (uint16_t)type);
	if (fd < 0)
		return broken(argv[1]);
	promisc.mr_ifindex = link_index(argv[1]);
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0)
		return broken("setsockopt");
	now_ready();
	return sniff_wait(fd, argv[3], now_ms() + (int64_t)ms);
}
