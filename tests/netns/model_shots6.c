// SPDX-License-Identifier: GPL-2.0-or-later
/* What is sent by IPv6 under one policy. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

enum {
	INWARD = 24,	 /* packets to the guest */
	WITHOUT = 40,	 /* from a guest without IPv6 */
	DHCP_BURST = 12, /* all below what the isolator lets through at once */
	ND_BURST = 120,
	ROUTER_BURST = 7,
	CLAIMS_BURST = 10,
};

void shots6_outward(struct round *r)
{
	struct budget6 budget = {ND_BURST, ROUTER_BURST, DHCP_BURST, CLAIMS_BURST};
	const size_t n = r->s.ipv6 ? PER_POLICY6 : WITHOUT;

	for (size_t i = 0; i < n; i++) {
		const size_t owned = r->s.n_own6;
		struct packet p;

		packet6_generate(&r->rng, &r->s, &budget, &p);
		shoot(r, &p);
		/* What comes after a claim must not overtake it, on another processor. */
		if (r->s.n_own6 != owned)
			wire_drain(QUIET_MS);
	}
}

/* An address that the host's neighbour table has as the guest's. */
static struct in6_addr own_reachable(struct round *r)
{
	const struct situation *s = &r->s;
	struct in6_addr ip = s->own6[rng_below(&r->rng, (uint32_t)s->n_own6)];

	return ip6_in(&ip, GUEST_NET6) ? ip : s->own6[0];
}

/* The host reaches the guest, whose answer reaches the host. */
void shots6_from_host(struct round *r)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMPV6};
	const struct verdict back = {.why = WHY_REPLY, .at = AT_HOST};

	if (!r->s.ipv6)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(protocols) * 2; i++) {
		const struct in6_addr src = ip6(host6[i / ARRAY_SIZE(protocols) ? 5 : 0]);
		const struct in6_addr dst = own_reachable(r);
		struct packet p, q;

		packet6_plain(&p, AT_HOST, &src, &dst);
		p.proto = protocols[i % ARRAY_SIZE(protocols)];
		p.dport = 22;
		shoot(r, &p);
		packet6_plain(&q, AT_G, &dst, &src);
		q.proto = p.proto;
		q.sport = p.proto == IPPROTO_ICMPV6 ? packet_sport(&p) : p.dport;
		q.dport = packet_sport(&p);
		q.tcp_flags = FLAG_SYN | FLAG_ACK;
		q.icmp_type = 129;
		shoot_as(r, &q, back);
	}
}

void shots6_from_others(struct round *r)
{
	static const enum place places[] = {AT_N, AT_H, AT_X, AT_Y, AT_WAN};
	static const char *const sources[] = {
		GATEWAY6,
		GATEWAY6_LINK,
		"fd12:3456:789a:1:5054:ff:fe00:8",
		"fd12:3456:789a:1:5054:ff:fe00:9",
		"2a0e:8::5054:ff:fe00:107",
		"2a0e:113::10",
		"fd50::50",
	};
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMPV6};
	static const uint8_t wan0_mac[6] = {0x52, 0x54, 0, 0, 2, 1};

	for (size_t i = 0; i < INWARD; i++) {
		const struct in6_addr src = ip6(PICK(&r->rng, sources)), dst = own_reachable(r);
		struct packet p;

		packet6_plain(&p, PICK(&r->rng, places), &src, &dst);
		p.proto = PICK(&r->rng, protocols);
		if (p.from == AT_X || p.from == AT_Y)
			memcpy(p.dmac, other_bridge_mac, 6);
		if (p.from == AT_WAN)
			memcpy(p.dmac, wan0_mac, 6);
		else if (rng_chance(&r->rng, 30))
			memcpy(p.dmac, place_mac[AT_G], 6);
		else if (rng_chance(&r->rng, 15))
			memcpy(p.dmac, "\x33\x33\x00\x00\x00\x01", 6);
		/* an advertisement of the gateway's address, as a neighbour's */
		if (p.from != AT_WAN && rng_chance(&r->rng, 25)) {
			p.proto = IPPROTO_ICMPV6;
			p.icmp_type = rng_chance(&r->rng, 50) ? ND_ADVERT : ND_ROUTER_ADVERT;
			p.ttl = 255;
			p.six.is_nd = true;
			p.six.target = ip6(GATEWAY6);
			p.six.options[0].type = 2;
			memcpy(p.six.options[0].mac, p.smac, 6);
		}
		shoot(r, &p);
	}
}
