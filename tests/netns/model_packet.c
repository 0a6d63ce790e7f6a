// SPDX-License-Identifier: GPL-2.0-or-later
/* Random packets: most are right but for one thing, so that each rule decides alone. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

/* --- pools ------------------------------------------------------------------------------------ */

static const uint32_t neighbour_pool[] = {
	IP4(192, 168, 122, 8), IP4(192, 168, 122, 9),	IP4(192, 168, 122, 99),
	IP4(10, 8, 0, 7),      IP4(10, 8, 0, 9),	IP4(192, 168, 122, 254),
	IP4(10, 8, 0, 254),    IP4(192, 168, 122, 128),
};
/* Each refused range: its edges, and one step beyond. */
static const uint32_t edge_pool[] = {
	IP4(0, 0, 0, 1),	 IP4(0, 255, 255, 255),	  IP4(1, 0, 0, 0),
	IP4(9, 255, 255, 255),	 IP4(10, 0, 0, 0),	  IP4(10, 255, 255, 255),
	IP4(11, 0, 0, 0),	 IP4(100, 63, 255, 255),  IP4(100, 64, 0, 0),
	IP4(100, 127, 255, 255), IP4(100, 128, 0, 0),	  IP4(126, 255, 255, 255),
	IP4(127, 0, 0, 0),	 IP4(127, 255, 255, 254), IP4(128, 0, 0, 0),
	IP4(169, 253, 255, 255), IP4(169, 254, 0, 0),	  IP4(169, 254, 169, 254),
	IP4(169, 254, 255, 255), IP4(169, 255, 0, 0),	  IP4(172, 15, 255, 255),
	IP4(172, 16, 0, 0),	 IP4(172, 31, 255, 255),  IP4(172, 32, 0, 0),
	IP4(191, 255, 255, 255), IP4(192, 0, 0, 0),	  IP4(192, 0, 0, 255),
	IP4(192, 0, 1, 0),	 IP4(192, 167, 255, 255), IP4(192, 168, 0, 0),
	IP4(192, 168, 255, 255), IP4(192, 169, 0, 0),	  IP4(198, 17, 255, 255),
	IP4(198, 18, 0, 0),	 IP4(198, 19, 255, 255),  IP4(198, 20, 0, 0),
	IP4(223, 255, 255, 255), IP4(224, 0, 0, 1),	  IP4(239, 255, 255, 250),
	IP4(240, 0, 0, 1),	 IP4(255, 255, 255, 254), IP4(255, 255, 255, 255),
};
/* The same of the prefixes that the host is attached to. */
static const uint32_t attached_pool[] = {
	IP4(192, 168, 50, 0),	 IP4(192, 168, 50, 50),	 IP4(192, 168, 50, 255),
	IP4(192, 168, 49, 255),	 IP4(192, 168, 51, 0),	 IP4(198, 51, 100, 0),
	IP4(198, 51, 100, 50),	 IP4(198, 51, 100, 255), IP4(198, 51, 99, 255),
	IP4(198, 51, 101, 0),	 IP4(192, 0, 2, 0),	 IP4(192, 0, 2, 2),
	IP4(192, 0, 2, 3),	 IP4(192, 0, 2, 4),	 IP4(192, 0, 1, 255),
	IP4(192, 168, 122, 255), IP4(192, 168, 122, 0),	 IP4(192, 168, 121, 255),
	IP4(192, 168, 123, 0),	 IP4(10, 8, 0, 255),	 IP4(10, 8, 1, 0),
	IP4(10, 7, 255, 255),
};
static const uint32_t public_pool[] = {
	IP4(8, 8, 8, 8),       IP4(1, 1, 1, 1),	     IP4(203, 0, 113, 10),
	IP4(93, 184, 216, 34), IP4(203, 0, 113, 11), IP4(142, 250, 0, 1),
};
static const uint8_t proto_pool[] = {IPPROTO_IGMP, 4, 41, IPPROTO_GRE, IPPROTO_ESP, 99, 132, 136};

/* --- packets ---------------------------------------------------------------------------------- */

static void copy_mac(uint8_t to[static 6], const uint8_t from[static 6])
{
	memcpy(to, from, 6);
}

void packet_plain(struct packet *p, enum place from, uint32_t src, uint32_t dst)
{
	*p = (struct packet){
		.from = from,
		.src = src,
		.dst = dst,
		.proto = IPPROTO_UDP,
		.ttl = 64,
		.dport = 7777,
		.tcp_flags = FLAG_SYN,
		.icmp_type = 8,
	};
	copy_mac(p->dmac, bridge_mac);
	copy_mac(p->smac, place_mac[from]);
}

void packet_dhcp(struct packet *p, const uint8_t chaddr[static 6])
{
	p->proto = IPPROTO_UDP;
	p->sport = 68;
	p->dport = 67;
	p->is_dhcp = true;
	p->dhcp = (struct dhcp_fields){.op = 1, .htype = 1, .hlen = 6, .type = 3};
	copy_mac(p->dhcp.chaddr, chaddr);
}

static uint32_t any_address(struct rng *r)
{
	switch (rng_below(r, 7)) {
	case 0:
		return PICK(r, edge_pool);
	case 1:
		return PICK(r, attached_pool);
	case 2:
		return PICK(r, public_pool);
	case 3:
		return PICK(r, neighbour_pool);
	case 4:
		return host_addresses[rng_below(r, (uint32_t)n_host_addresses)];
	case 5:
		return PICK(r, guest_addresses);
	default:
		return (uint32_t)rng_next(r);
	}
}

void any_mac(struct rng *r, uint8_t mac[static 6])
{
	static const uint8_t others[][6] = {
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb},
		{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}, {0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e},
		{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}, {0x52, 0x54, 0x00, 0x99, 0x99, 0x99},
		{0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, {0x52, 0x54, 0x00, 0x00, 0x00, 0x06},
	};
	const uint8_t *const known[] = {place_mac[AT_G], place_mac[AT_N],  place_mac[AT_H],
					place_mac[AT_Y], bridge_mac,	   other_bridge_mac,
					tap_mac,	 neighbour_tap_mac};

	if (rng_chance(r, 50))
		copy_mac(mac, PICK(r, others));
	else
		copy_mac(mac, PICK(r, known));
}

/* One of the guest's, or what it might take for its own when it has none. */
static uint32_t own_address(struct rng *r, const struct situation *s)
{
	return s->n_own ? s->own[rng_below(r, (uint32_t)s->n_own)] : guest_addresses[0];
}

static void any_flow(struct rng *r, struct packet *p)
{
	const uint32_t kind = rng_below(r, 100);

	p->dport = any_port(r);
	if (kind < 40)
		p->proto = IPPROTO_UDP;
	else if (kind < 80)
		p->proto = IPPROTO_TCP;
	else if (kind < 90)
		p->proto = IPPROTO_ICMP;
	else
		p->proto = PICK(r, proto_pool);
}

void spoil_flags(struct rng *r, struct packet *p)
{
	static const uint8_t flags[] = {
		0,
		FLAG_FIN,
		FLAG_ACK,
		FLAG_RST,
		FLAG_SYN | FLAG_ACK,
		FLAG_FIN | FLAG_ACK,
		FLAG_FIN | FLAG_PSH | FLAG_URG,
		FLAG_SYN | FLAG_FIN,
		FLAG_SYN | FLAG_RST,
		FLAG_SYN | FLAG_ECE | FLAG_CWR,
		FLAG_SYN | FLAG_PSH,
		FLAG_SYN | FLAG_URG,
		FLAG_PSH | FLAG_ACK,
		FLAG_RST | FLAG_ACK,
		255,
	};
	static const uint8_t types[] = {0, 3, 5, 8, 11, 13, 17, 9, 10};

	p->tcp_flags = PICK(r, flags);
	p->icmp_type = PICK(r, types);
}

/* To a port that the policy says something about, or the one next to it. */
static void aim_port(struct rng *r, const struct situation *s, struct packet *p)
{
	const size_t n = s->n_ports + s->n_forwards;
	const uint32_t i = n ? rng_below(r, (uint32_t)n) : 0;
	struct port_entry e = {tcp_or_udp(r), open_port(r)};

	if (n)
		e = i < s->n_ports ? s->ports[i] : s->forwards[i - s->n_ports].at;
	p->proto = e.proto;
	p->dport = e.port;
	if (rng_chance(r, 20))
		p->dport = (uint16_t)(rng_chance(r, 50) ? p->dport + 1 : p->dport - 1);
	if (rng_chance(r, 15))
		p->proto = p->proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
	if (rng_chance(r, 15))
		spoil_flags(r, p);
	p->dst = GATEWAY;
	if (rng_chance(r, 30))
		p->dst = host_addresses[rng_below(r, (uint32_t)n_host_addresses)];
}

/* Inside, at the edges of, or next to what allow_lan and forward_port name. */
static void aim_lan(struct rng *r, const struct situation *s, struct packet *p)
{
	any_flow(r, p);
	if (s->n_lan) {
		const struct lan_entry *e = &s->lan[rng_below(r, (uint32_t)s->n_lan)];
		const uint32_t size = e->to.len ? 1u << (32 - e->to.len) : 0;

		p->dst = e->to.addr + (rng_chance(r, 60) ? rng_below(r, size) : size - 1);
		if (rng_chance(r, 25))
			p->dst = rng_chance(r, 50) ? e->to.addr - 1 : e->to.addr + size;
		if (e->at.port && rng_chance(r, 70)) {
			p->proto = e->at.proto;
			p->dport = e->at.port;
		}
	} else if (s->n_forwards) {
		const struct forward_entry *f = &s->forwards[rng_below(r, (uint32_t)s->n_forwards)];

		p->dst = f->to;
		p->proto = f->at.proto;
		p->dport = f->to_port;
	} else {
		p->dst = PICK(r, attached_pool);
	}
}

static void aim_dns(struct rng *r, struct packet *p)
{
	p->proto = tcp_or_udp(r);
	p->dport = 53;
	if (rng_chance(r, 50))
		p->dst = GATEWAY;
}

static void aim_dhcp(struct rng *r, const struct situation *s, struct packet *p)
{
	const uint32_t foreign = any_address(r);

	packet_dhcp(p, place_mac[AT_G]);
	p->src = rng_chance(r, 40) ? 0 : rng_chance(r, 50) ? own_address(r, s) : foreign;
	p->dst = rng_chance(r, 40) ? 0xffffffffu : rng_chance(r, 60) ? GATEWAY : any_address(r);
	if (p->dst == 0xffffffffu && rng_chance(r, 80))
		memset(p->dmac, 0xff, 6);
	switch (rng_below(r, 12)) {
	case 0:
	case 1:
		any_mac(r, p->dhcp.chaddr);
		break;
	case 2:
		p->dhcp.op = 2;
		break;
	case 3:
		p->dhcp.giaddr = GATEWAY;
		break;
	case 4:
		p->dhcp.hlen = 16;
		break;
	case 5:
		p->is_dhcp = false;
		break;
	case 6:
		p->sport = rng_chance(r, 50) ? 67 : 0;
		break;
	default:
		break;
	}
}

static void aim_arp(struct rng *r, const struct situation *s, struct packet *p)
{
	struct arp_fields *a = &p->arp;

	p->kind = FRAME_ARP;
	*a = (struct arp_fields){.htype = 1, .ptype = 0x0800, .hlen = 6, .plen = 4, .op = 1};
	copy_mac(a->sha, place_mac[AT_G]);
	a->spa = own_address(r, s);
	a->tpa = rng_chance(r, 45) ? GATEWAY : rng_chance(r, 30) ? a->spa : any_address(r);
	if (rng_chance(r, 70))
		memset(p->dmac, 0xff, 6);
	if (rng_chance(r, 20))
		a->op = 2;
	switch (rng_below(r, 12)) {
	case 0:
		any_mac(r, a->sha);
		break;
	case 1:
		a->spa = any_address(r);
		break;
	case 2:
		a->spa = 0;
		break;
	case 3:
		a->op = (uint16_t)rng_below(r, 10);
		break;
	case 4:
		a->htype = 6;
		break;
	case 5:
		a->ptype = 0x86dd;
		break;
	case 6:
		a->hlen = 8;
		break;
	case 7:
		a->plen = 16;
		break;
	default:
		break;
	}
}

static void aim_redirection(struct rng *r, struct packet *p)
{
	const struct redirection *to = &redirections[rng_below(r, N_REDIRECTIONS)];

	p->proto = rng_chance(r, 85) ? IPPROTO_TCP : IPPROTO_UDP;
	p->dst = to->from;
	p->dport = to->port;
}

static void aim_other(struct rng *r, struct packet *p)
{
	static const uint16_t types[] = {0x86dd, 0x8035, 0x88cc, 0x88b5, 0x8863, 0x888e,
					 0x88f7, 0x0801, 0x9000, 51,	 0x88e5, 0x8847};

	p->kind = FRAME_OTHER;
	p->type = PICK(r, types);
	any_mac(r, p->dmac);
	if (p->type == 51 && rng_chance(r, 50))
		memcpy(p->dmac, "\x01\x80\xc2\x00\x00\x00", 6);
	if (rng_chance(r, 40))
		copy_mac(p->dmac, bridge_mac);
}

static void spoil_transport(struct rng *r, struct packet *p)
{
	static const uint16_t sports[] = {53, 67, 68, 80, 7777};
	static const uint8_t ttls[] = {0, 1, 2, 255};

	switch (rng_below(r, 7)) {
	case 0:
		p->ttl = PICK(r, ttls);
		break;
	case 1:
		p->fragments = (enum fragments)rng_below(r, N_FRAGMENTS);
		break;
	case 2:
		p->flaw = (enum flaw)rng_below(r, N_FLAWS);
		break;
	case 3:
		if (p->proto == IPPROTO_UDP && !p->sport)
			p->sport = PICK(r, sports);
		break;
	default:
		spoil_flags(r, p);
		break;
	}
}

/* Changes one thing about a packet that may have been right. */
static void spoil(struct rng *r, struct packet *p)
{
	switch (rng_below(r, 8)) {
	case 0:
		any_mac(r, p->smac);
		break;
	case 1:
		any_mac(r, p->dmac);
		break;
	case 2:
		p->tag = (enum tag)rng_below(r, N_TAGS);
		break;
	case 3:
		p->src = any_address(r);
		break;
	case 4:
		p->options = (enum options)rng_below(r, N_OPTIONS);
		break;
	default:
		spoil_transport(r, p);
		break;
	}
}

static void aim(struct rng *r, const struct situation *s, struct budget *budget, struct packet *p)
{
	const uint32_t kind = rng_below(r, 100);

	any_flow(r, p);
	p->dst = any_address(r);
	if (kind < 22) {
		aim_port(r, s, p);
	} else if (kind < 40) {
		aim_lan(r, s, p);
	} else if (kind < 50) {
		aim_dns(r, p);
	} else if (kind < 60 && budget->arp) {
		budget->arp--;
		aim_arp(r, s, p);
	} else if (kind < 66) {
		aim_other(r, p);
	} else if (kind < 72 && budget->dhcp) {
		budget->dhcp--;
		aim_dhcp(r, s, p);
	} else if (kind < 80) {
		p->dst = PICK(r, public_pool);
	} else if (kind < 84) {
		aim_redirection(r, p);
	}
}

void packet_generate(struct rng *r, const struct situation *s, struct budget *budget,
		     struct packet *p)
{
	packet_plain(p, AT_G, own_address(r, s), 0);
	aim(r, s, budget, p);
	if (rng_chance(r, 35))
		spoil(r, p);
	if (rng_chance(r, 10))
		spoil(r, p);
}
