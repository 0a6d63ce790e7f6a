// SPDX-License-Identifier: GPL-2.0-or-later
/* Sending and seeing: packet sockets at the far ends, raw sockets behind the host's filters. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	MAX_EARS = 60,
	RECEIVE_BUFFER = 8 << 20,
	MAX_TOKENS = 20000, /* between two wire_forget() */
	FIRST_PORT = 20000, /* of the range that fresh ports are from */
};

/* How an ear tells what it hears. */
enum ear_kind {
	EAR_FAR,    /* a far end: any frame that comes in there */
	EAR_LOCAL,  /* a raw socket: IPv4 packets that the host took in */
	EAR_LOCAL6, /* the same of IPv6, from the transport on */
	EAR_BRIDGE, /* the bridge's own device: what is not untagged IPv4 */
	EAR_LINK,   /* any device of the host, one ethertype, behind the ingress hooks */
};

struct ear {
	int fd;
	enum ear_kind kind;
	enum place place;
};

static struct ear ears[MAX_EARS];
static size_t n_ears;
static int far_ns = -1, host_ns = -1;
static int mouth[N_PLACES]; /* sockets to send with */
static int mouth6;
/* Above all that messages of Neighbour Discovery have in the place of a token. */
static uint32_t first_token = 0x4d0d0001, next_token = 0x4d0d0001;
static bool strict6;
static struct seen table[MAX_TOKENS];

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET) < 0)
		bail("setns: %s", strerror(errno));
}

static int open_socket(int family, int type, int protocol)
{
	const int size = RECEIVE_BUFFER;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		bail("socket: %s", strerror(errno));
	return fd;
}

static int packet_socket(const char *ifname, uint16_t protocol)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
	const int one = 1;
	int fd;

	ll.sll_ifindex = ifname ? (int)if_nametoindex(ifname) : 0;
	if (ifname && !ll.sll_ifindex)
		bail("no interface %s", ifname);
	fd = open_socket(AF_PACKET, SOCK_RAW, 0);
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&ll, sizeof(ll)) < 0)
		bail("packet socket: %s", strerror(errno));
	return fd;
}

static void add_ear(int fd, enum ear_kind kind, enum place place)
{
	if (n_ears == MAX_EARS)
		bail("more than %d sockets", MAX_EARS);
	ears[n_ears++] = (struct ear){fd, kind, place};
}

static void open_far(enum place place)
{
	enter(far_ns);
	mouth[place] = packet_socket(place_names[place], ETH_P_ALL);
	enter(host_ns);
	add_ear(mouth[place], EAR_FAR, place);
}

/* Someone listens, as on any network with DHCP: else the host answers with errors, which go to
 * whatever address a request came from. */
static void open_dhcp_server(void)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(67)};
	static int fd;

	fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		bail("port 67: %s", strerror(errno));
}

/* The host listens to that group, as a DHCPv6 server does. */
static void open_dhcp6_server(void)
{
	struct ipv6_mreq group = {.ipv6mr_multiaddr = ip6("ff02::1:2"),
				  .ipv6mr_interface = if_nametoindex("virbr0")};
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(547)};
	static int fd;

	fd = open_socket(AF_INET6, SOCK_DGRAM, 0);
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)) < 0)
		bail("port 547: %s", strerror(errno));
}

static void open_host6(void)
{
	static const int protocols[] = {IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ESP,
					IPPROTO_SCTP,	99,	     136,	  254};

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		add_ear(open_socket(AF_INET6, SOCK_RAW, protocols[i]), EAR_LOCAL6, AT_HOST);
	open_dhcp6_server();
	mouth6 = open_socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
}

/* A raw socket gets a copy of what passed all hooks of local input. */
static void open_host(void)
{
	static const int protocols[] = {IPPROTO_ICMP, IPPROTO_IGMP, IPPROTO_TCP, IPPROTO_UDP, 4,
					41,	      IPPROTO_GRE,  IPPROTO_ESP, 99,	      132,
					136};
	static const uint16_t types[] = {ETH_P_ARP, ETH_P_IPV6, ETH_P_802_2, 0x88cc, 0x88b5,
					 0x8863,    0x888e,	0x88f7,	     0x8035};
	const int one = 1;

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		add_ear(open_socket(AF_INET, SOCK_RAW, protocols[i]), EAR_LOCAL, AT_HOST);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		add_ear(packet_socket(NULL, types[i]), EAR_LINK, AT_HOST);
	add_ear(packet_socket("virbr0", ETH_P_ALL), EAR_BRIDGE, AT_HOST);
	open_dhcp_server();
	mouth[AT_HOST] = open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (setsockopt(mouth[AT_HOST], SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0)
		bail("SO_BROADCAST: %s", strerror(errno));
	open_host6();
}

void wire_open(void)
{
	host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	far_ns = open("/run/netns/far", O_RDONLY | O_CLOEXEC);
	if (host_ns < 0 || far_ns < 0)
		bail("namespaces: %s", strerror(errno));
	for (enum place p = AT_WAN; p < N_PLACES; p++)
		open_far(p);
	open_host();
}

void wire_new_tap(void)
{
	for (size_t i = 0; i < n_ears; i++)
		if (ears[i].place == AT_G) {
			(void)close(ears[i].fd);
			ears[i] = ears[--n_ears];
			break;
		}
	open_far(AT_G);
}

void wire_stamp(struct packet *p)
{
	const uint32_t n = next_token - first_token;

	if (n >= MAX_TOKENS)
		bail("more than %d packets at a time", MAX_TOKENS);
	p->token = next_token++;
	p->fresh_port = (uint16_t)(FIRST_PORT + n);
	table[n] = (struct seen){0};
}

/* Flushes the host's connections; ctnetlink's delete without a tuple means all of them. */
static void forget_connections(void)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg gen;
	} m = {
		.head = {.nlmsg_len = sizeof(m),
			 .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.gen = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0},
	};
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} answer;

	if (fd < 0 || send(fd, &m, sizeof(m), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), MSG_TRUNC) < (ssize_t)sizeof(answer))
		bail("conntrack: %s", strerror(errno));
	if (answer.head.nlmsg_type != NLMSG_ERROR || answer.error.error)
		bail("conntrack: %s", strerror(-answer.error.error));
}

void wire_forget(void)
{
	forget_connections();
	first_token = next_token;
}

static void send_as_host(const struct packet *p, const struct frame *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(p->dst)};
	static const char bridge[] = "virbr0";
	const char *dev = p->dst == 0xffffffffu ? bridge : "";

	if (setsockopt(mouth[AT_HOST], SOL_SOCKET, SO_BINDTODEVICE, dev, (socklen_t)strlen(dev)) <
		    0 ||
	    sendto(mouth[AT_HOST], f->data, f->len, 0, (const struct sockaddr *)&to, sizeof(to)) <
		    0)
		bail("sendto: %s", strerror(errno));
}

static void send_as_host6(const struct packet *p, const struct frame *f)
{
	const struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = p->six.dst};

	if (sendto(mouth6, f->data, f->len, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		bail("sendto: %s", strerror(errno));
}

void wire_send(const struct packet *p)
{
	struct frame f[2];
	const size_t n = frame_build(p, f);

	for (size_t i = 0; i < n; i++) {
		if (p->from == AT_HOST && p->kind == FRAME_IP6)
			send_as_host6(p, &f[i]);
		else if (p->from == AT_HOST)
			send_as_host(p, &f[i]);
		else if (send(mouth[p->from], f[i].data, f[i].len, 0) < 0)
			bail("send at %s: %s", place_names[p->from], strerror(errno));
	}
}

/* Whether a tag was taken out of the frame on its way up. */
static bool was_tagged(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			return true;
	}
	return false;
}

static bool is_ipv4_frame(const uint8_t *b, size_t len)
{
	return len >= ETH_HLEN + 20 && b[12] == 0x08 && b[13] == 0x00 && b[ETH_HLEN] >> 4 == 4;
}

static void note_destination(const uint8_t *b, size_t len, struct seen *s)
{
	const uint8_t *ip = b + ETH_HLEN;
	const size_t head = (size_t)(ip[0] & 15) * 4;

	s->dst = IP4(ip[16], ip[17], ip[18], ip[19]);
	/* A later fragment has none, but the first one tells. */
	if (ip[6] & 0x1f || ip[7])
		return;
	s->dport = 0;
	if ((ip[9] == IPPROTO_TCP || ip[9] == IPPROTO_UDP) && len >= ETH_HLEN + head + 4)
		s->dport = (uint16_t)(ip[head + 2] << 8 | ip[head + 3]);
}

static bool is_ipv6_frame(const uint8_t *b, size_t len)
{
	return len >= ETH_HLEN + 40 && b[12] == 0x86 && b[13] == 0xdd && b[ETH_HLEN] >> 4 == 6;
}

static void note_destination6(const uint8_t *b, size_t len, struct seen *s)
{
	const uint8_t *ip = b + ETH_HLEN, *transport = ip + 40;
	uint8_t next = ip[6];

	memcpy(&s->dst6, ip + 24, 16);
	if (next == IPPROTO_FRAGMENT && len >= ETH_HLEN + 48) {
		if (transport[2] || transport[3] & 0xf8)
			return;
		next = transport[0];
		transport += 8;
	}
	s->dport = 0;
	if ((next == IPPROTO_TCP || next == IPPROTO_UDP) && b + len >= transport + 4)
		s->dport = (uint16_t)(transport[2] << 8 | transport[3]);
}

/* Behind the checksum of ICMPv6, where Neighbour Discovery has it: see put_nd(). */
static uint32_t nd_token(const struct ear *e, const uint8_t *b, size_t len)
{
	if (e->kind != EAR_LOCAL6) {
		if (!is_ipv6_frame(b, len) || b[ETH_HLEN + 6] != IPPROTO_ICMPV6)
			return 0;
		b += ETH_HLEN + 40;
		len -= ETH_HLEN + 40;
	}
	if (len < 8 || b[0] < 130)
		return 0;
	return (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7];
}

/* The bridge's device has it before the host's filters decide; but to a group, Neighbour Discovery
 * is decided on before, and the host may not be one of the group. */
static bool too_early6(const struct ear *e, const uint8_t *b, bool nd)
{
	if (strict6)
		return false;
	return e->kind == EAR_LINK || (e->kind == EAR_BRIDGE && !(nd && b[ETH_HLEN + 24] == 0xff));
}

static void hear(const struct ear *e, const uint8_t *b, size_t len, bool tagged)
{
	uint32_t token = token_find(b, len);
	const bool nd = !token && e->kind != EAR_LOCAL;
	struct seen *s;

	if (nd)
		token = nd_token(e, b, len);
	if (token < first_token || token >= next_token)
		return;
	/* The bridge's device has untagged IPv4 before the host's filters decide on it. */
	if (e->kind == EAR_BRIDGE && len >= ETH_HLEN && b[12] == 0x08 && b[13] == 0x00 && !tagged)
		return;
	if (e->kind != EAR_LOCAL && e->kind != EAR_LOCAL6 && !tagged && is_ipv6_frame(b, len) &&
	    too_early6(e, b, nd))
		return;
	s = &table[token - first_token];
	s->places |= 1u << e->place;
	if (e->kind == EAR_FAR && is_ipv4_frame(b, len))
		note_destination(b, len, s);
	if (e->kind == EAR_FAR && is_ipv6_frame(b, len))
		note_destination6(b, len, s);
}

void wire_strict6(bool strict)
{
	strict6 = strict;
}

static void listen_to(const struct ear *e)
{
	uint8_t b[FRAME_BYTES], control[256];

	for (;;) {
		struct iovec iov = {.iov_base = b, .iov_len = sizeof(b)};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		const ssize_t n = recvmsg(e->fd, &msg, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != ENETDOWN)
			bail("recvmsg: %s", strerror(errno));
		if (n < 0)
			return;
		hear(e, b, (size_t)n, e->kind != EAR_LOCAL && was_tagged(&msg));
	}
}

void wire_drain(int quiet_ms)
{
	struct pollfd fds[MAX_EARS];

	for (size_t i = 0; i < n_ears; i++)
		fds[i] = (struct pollfd){.fd = ears[i].fd, .events = POLLIN};
	while (poll(fds, n_ears, quiet_ms) > 0)
		for (size_t i = 0; i < n_ears; i++)
			if (fds[i].revents)
				listen_to(&ears[i]);
}

struct seen wire_seen(const struct packet *p)
{
	struct seen s = table[p->token - first_token];

	s.places &= ~(1u << p->from);
	/* Whom else a neighbour or the host reaches is not at issue. */
	if (p->from != AT_G)
		s.places &= 1u << AT_G;
	return s;
}
