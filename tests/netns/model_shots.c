// SPDX-License-Identifier: GPL-2.0-or-later
/* What is sent under one policy. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

enum {
	CHUNK = 50,	 /* packets between two lessons */
	INWARD = 24,	 /* packets to the guest, of each kind */
	DHCP_BURST = 15, /* below what the isolator lets through at once */
	ARP_BURST = 150,
};

void shoot_as(struct round *r, struct packet *p, struct verdict v)
{
	wire_stamp(p);
	if (r->n == ARRAY_SIZE(r->shots))
		bail("more than %zu packets under one policy", r->n);
	r->shots[r->n++] = (struct shot){*p, v};
	wire_send(p);
}

void shoot(struct round *r, struct packet *p)
{
	shoot_as(r, p, judge(&r->s, p));
}

static uint32_t own_or_any(struct round *r)
{
	const struct situation *s = &r->s;

	return s->n_own ? s->own[rng_below(&r->rng, (uint32_t)s->n_own)] : IP4(192, 168, 122, 7);
}

/* An acknowledgement of the host's, or a forged one: only the first may teach, and only with
 * dhcp. */
static void lesson(struct round *r)
{
	static const enum place teachers[] = {AT_HOST, AT_HOST, AT_HOST, AT_N, AT_H, AT_G};
	const enum place from = PICK(&r->rng, teachers);
	const uint32_t address = IP4(192, 168, 122, 20) + rng_below(&r->rng, 10);
	const bool own = rng_chance(&r->rng, 70), wide = rng_chance(&r->rng, 30);
	struct packet p;

	packet_plain(&p, from, GATEWAY, wide ? 0xffffffffu : address);
	packet_dhcp(&p, place_mac[own ? AT_G : AT_N]);
	p.sport = 67;
	p.dport = 68;
	p.dhcp.op = 2;
	p.dhcp.type = 5;
	p.dhcp.yiaddr = address;
	memcpy(p.dmac, place_mac[AT_G], 6);
	if (wide)
		memset(p.dmac, 0xff, 6);
	/* Two of these on one pair of ports are one connection to the host. */
	wire_drain(QUIET_MS);
	shoot(r, &p);
	wire_drain(QUIET_MS);
	if (from == AT_HOST && own && !r->s.n_addresses && r->s.n_own < MAX_OWN)
		situation_own(&r->s, address);
}

void shots_outward(struct round *r)
{
	struct budget budget = {DHCP_BURST, ARP_BURST};

	for (size_t i = 0; i < PER_POLICY; i++) {
		struct packet p;

		if (i % CHUNK == CHUNK - 1)
			lesson(r);
		packet_generate(&r->rng, &r->s, &budget, &p);
		shoot(r, &p);
	}
}

/* The host reaches the guest, whose answer reaches the host. */
void shots_from_host(struct round *r)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP};
	static const uint32_t sources[] = {GATEWAY, GATEWAY2, IP4(192, 168, 50, 2)};
	const struct verdict back = {.why = WHY_REPLY, .at = AT_HOST};

	if (!r->s.n_own)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(protocols) * ARRAY_SIZE(sources); i++) {
		struct packet p, q;

		packet_plain(&p, AT_HOST, sources[i / ARRAY_SIZE(protocols)], own_or_any(r));
		p.proto = protocols[i % ARRAY_SIZE(protocols)];
		p.dport = 22;
		shoot(r, &p);
		packet_plain(&q, AT_G, p.dst, p.src);
		q.proto = p.proto;
		q.sport = p.proto == IPPROTO_ICMP ? packet_sport(&p) : p.dport;
		q.dport = packet_sport(&p);
		q.tcp_flags = FLAG_SYN | FLAG_ACK;
		q.icmp_type = 0;
		shoot_as(r, &q, back);
	}
}

/* A neighbour's frame to the guest: through the bridge, or by way of the gateway. */
static void address_frame(struct round *r, struct packet *p)
{
	static const uint8_t wan0_mac[6] = {0x52, 0x54, 0, 0, 2, 1};

	if (p->from == AT_X || p->from == AT_Y)
		memcpy(p->dmac, other_bridge_mac, 6);
	if (p->from == AT_WAN)
		memcpy(p->dmac, wan0_mac, 6);
	else if (rng_chance(&r->rng, 30))
		memcpy(p->dmac, place_mac[AT_G], 6);
	else if (rng_chance(&r->rng, 15))
		memset(p->dmac, 0xff, 6);
}

static void from_neighbour(struct round *r, enum place from)
{
	static const uint32_t sources[] = {
		GATEWAY,
		IP4(192, 168, 122, 8),
		IP4(192, 168, 122, 9),
		IP4(203, 0, 113, 10),
		IP4(10, 8, 0, 7),
		IP4(10, 8, 0, 9),
		IP4(192, 168, 50, 50),
	};
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP, 99};
	struct packet p;

	packet_plain(&p, from, PICK(&r->rng, sources), own_or_any(r));
	p.proto = PICK(&r->rng, protocols);
	/* Without ports, it may well be the answer to what the guest sent; see also
	 * forged_answer(). */
	if (from == AT_WAN || (r->s.alone && from >= AT_X))
		p.proto = p.proto == 99 ? IPPROTO_UDP : p.proto;
	address_frame(r, &p);
	if (from != AT_WAN && rng_chance(&r->rng, 20)) {
		p.kind = FRAME_ARP;
		p.arp = (struct arp_fields){.htype = 1,
					    .ptype = 0x0800,
					    .hlen = 6,
					    .plen = 4,
					    .op = (uint16_t)(1 + rng_below(&r->rng, 2)),
					    .spa = p.src,
					    .tpa = p.dst};
		memcpy(p.arp.sha, p.smac, 6);
	}
	shoot(r, &p);
}

/* A neighbour's frame that looks like the answer to what the guest sent into the world. */
static void forged_answer(struct round *r, enum place from)
{
	const struct shot *s = &r->shots[rng_below(&r->rng, (uint32_t)r->n)];
	struct packet p;

	if (s->packet.from != AT_G || s->verdict.at < AT_WAN || s->verdict.at > AT_PUB)
		return;
	packet_plain(&p, from, s->verdict.dst, s->packet.src);
	p.proto = s->packet.proto;
	p.sport = p.proto == IPPROTO_ICMP ? packet_sport(&s->packet) : s->verdict.dport;
	p.dport = packet_sport(&s->packet);
	p.tcp_flags = FLAG_SYN | FLAG_ACK;
	p.icmp_type = 0;
	address_frame(r, &p);
	shoot(r, &p);
}

void shots_from_others(struct round *r)
{
	static const enum place places[] = {AT_N, AT_H, AT_X, AT_Y, AT_WAN};

	for (size_t i = 0; i < INWARD; i++)
		from_neighbour(r, PICK(&r->rng, places));
	/* A bridge on which no guest has a policy is an uplink for all that the isolator knows:
	 * what looks like an answer is taken for one from there. */
	for (size_t i = 0; i < INWARD; i++)
		forged_answer(r, places[rng_below(&r->rng, r->s.alone ? 2 : 4)]);
}

/* The bridges learn where the guests are; else they would give what is for one to all of them. */
void shots_first(struct round *r)
{
	static const struct {
		enum place from;
		uint32_t address;
	} others[] = {
		{AT_H, IP4(192, 168, 122, 8)},
		{AT_N, IP4(192, 168, 122, 9)},
		{AT_X, IP4(10, 8, 0, 9)},
		{AT_Y, IP4(10, 8, 0, 7)},
	};
	struct packet p;

	packet_plain(&p, AT_G, 0, 0xffffffffu);
	packet_dhcp(&p, place_mac[AT_G]);
	memset(p.dmac, 0xff, 6);
	shoot(r, &p);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		packet_plain(&p, others[i].from, others[i].address, IP4(8, 8, 8, 8));
		if (p.from >= AT_X)
			memcpy(p.dmac, other_bridge_mac, 6);
		shoot(r, &p);
	}
}
