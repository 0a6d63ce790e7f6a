// SPDX-License-Identifier: GPL-2.0-or-later
/* Random packets by IPv6: as in model_packet.c, most are right but for one thing. */
#include "tests/netns/model.h"

#include "lib/net.h"
#include "lib/util.h"

#include <stdio.h>
#include <string.h>

/* --- pools ------------------------------------------------------------------------------------ */

/* The edges of what is refused, and one step beyond. */
static const char *const edge_pool[] = {
	"::",
	"::1",
	"::ffff:8.8.8.8",
	"::8.8.8.8",
	"64:ff9b::808:808",
	"64:ff9b::a01:203",
	"64:ff9b:1::7f00:1",
	"100::1",
	"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2000::",
	"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2001::",
	"2001::5ef5:79fb",
	"2001:1:ffff::1",
	"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2001:200::",
	"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
	"2001:db8::",
	"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
	"2001:db9::",
	"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2002::",
	"2002:a01:203::1",
	"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2003::",
	"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"3fff::",
	"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
	"3fff:1000::",
	"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"4000::",
	"5f00::1",
	"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"fc00::",
	"fd00::1",
	"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"fe00::1",
	"fe80::",
	"fe80::1234",
	"fe80:0:0:1::1",
	"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"fec0::1",
	"ff01::1",
	"ff02::1",
	"ff02::2",
	"ff02::1:2",
	"ff05::2",
	"ff0e::1",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};
/* The same of the prefixes that the host is attached to; the first of each is its routers'. */
static const char *const attached_pool[] = {
	"fd50::",
	"fd50::50",
	"fd50::ffff:ffff:ffff:ffff",
	"fd50:0:0:1::1",
	"2a0e:50::",
	"2a0e:50::50",
	"2a0e:50::ffff:ffff:ffff:ffff",
	"2a0e:4f:ffff:ffff:ffff:ffff:ffff:ffff",
	"2a0e:50:0:1::",
	"2a0e:2::2",
	"2a0e:2::",
	"2a0e:1:ffff:ffff:ffff:ffff:ffff:ffff",
	"2a0e:2:0:1::",
	"2a0e:77::",
	"2a0e:77::6",
	"2a0e:77:0:1::",
	"2a0e:76:ffff:ffff:ffff:ffff:ffff:ffff",
};
static const char *const guest_pool[] = {
	"fd12:3456:789a:1::",
	"fd12:3456:789a:1::20",
	"fd12:3456:789a:1::24",
	"fd12:3456:789a:1::99",
	"fd12:3456:789a:1:5054:ff:fe00:8",
	"fd12:3456:789a:1:5054:ff:fe00:9",
	"fe80::5054:ff:fe00:8",
	"fe80::5054:ff:fe00:9",
	"2a0e:8::",
	"2a0e:8::9",
	"2a0e:8::5054:ff:fe00:107",
	"2a0e:8::5054:ff:fe00:109",
	"fd12:3456:789a::1",
	"fd12:3456:789a:2::1",
};
static const char *const public_pool[] = {
	"2a0e:113::10",
	"2606:4700:4700::1111",
	"2001:4860:4860::8888",
	"2600::1",
};
/* What it may claim, and its host's routing leads to it. */
static const char *const claim_pool[] = {
	"fd12:3456:789a:1::20",
	"fd12:3456:789a:1::21",
	"fd12:3456:789a:1::22",
	"fe80::20",
};

struct in6_addr any_address6(struct rng *r)
{
	struct in6_addr ip;

	switch (rng_below(r, 7)) {
	case 0:
		return ip6(PICK(r, edge_pool));
	case 1:
		return ip6(PICK(r, attached_pool));
	case 2:
		return ip6(PICK(r, public_pool));
	case 3:
		return ip6(PICK(r, guest_pool));
	case 4:
		return ip6(host6[rng_below(r, N_HOST6)]);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(ip.s6_addr); i++)
		ip.s6_addr[i] = (uint8_t)rng_next(r);
	/* Two of three are of the part that is the Internet. */
	if (!rng_chance(r, 33))
		ip.s6_addr[0] = (uint8_t)(0x20 | (ip.s6_addr[0] & 0x1f));
	return ip;
}

static struct in6_addr own_address(struct rng *r, const struct situation *s)
{
	return s->own6[rng_below(r, (uint32_t)s->n_own6)];
}

/* One that can be used beyond the link. */
static struct in6_addr own_global(struct rng *r, const struct situation *s)
{
	for (unsigned i = 0; i < 20; i++) {
		const struct in6_addr ip = own_address(r, s);

		if (!ip6_in(&ip, "fe80::/10"))
			return ip;
	}
	return s->own6[0];
}

/* --- packets ---------------------------------------------------------------------------------- */

void packet6_plain(struct packet *p, int from, const struct in6_addr *src,
		   const struct in6_addr *dst)
{
	packet_plain(p, (enum place)from, 0, 0);
	p->kind = FRAME_IP6;
	p->six.src = *src;
	p->six.dst = *dst;
	p->icmp_type = 128;
}

static void any_flow(struct rng *r, struct packet *p)
{
	static const uint8_t others[] = {IPPROTO_ESP, IPPROTO_SCTP, 2, 4, 41, 47, 99, 136, 254};
	const uint32_t kind = rng_below(r, 100);

	p->dport = any_port(r);
	p->proto = kind < 40   ? IPPROTO_UDP
		   : kind < 80 ? IPPROTO_TCP
		   : kind < 92 ? IPPROTO_ICMPV6
			       : PICK(r, others);
}

static void aim_port(struct rng *r, const struct situation *s, struct packet *p)
{
	struct port_entry e = {tcp_or_udp(r), open_port(r)};

	if (s->n_ports)
		e = s->ports[rng_below(r, (uint32_t)s->n_ports)];
	if (s->n_forwards && rng_chance(r, 25))
		e = s->forwards[rng_below(r, (uint32_t)s->n_forwards)].at;
	p->proto = e.proto;
	p->dport = (uint16_t)(e.port + (rng_chance(r, 15) ? 1 : 0));
	if (rng_chance(r, 15))
		spoil_flags(r, p);
	p->six.dst = ip6(host6[rng_chance(r, 70) ? rng_below(r, 3) : rng_below(r, N_HOST6)]);
	if (rng_chance(r, 25))
		p->six.src = own_address(r, s);
}

/* Inside of what allow_lan names, or anywhere. */
static void aim_lan(struct rng *r, const struct situation *s, struct packet *p)
{
	const struct lan6_entry *e;
	struct in6_addr random = any_address6(r);
	struct ip_prefix net;

	if (!s->n_lan6) {
		p->six.dst = ip6(PICK(r, attached_pool));
		return;
	}
	e = &s->lan6[rng_below(r, (uint32_t)s->n_lan6)];
	if (!ip_prefix_parse(e->to, &net))
		bail("%s is no prefix", e->to);
	for (unsigned bit = 0; bit < net.len; bit++) {
		const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		random.s6_addr[bit / 8] =
			(uint8_t)((random.s6_addr[bit / 8] & ~mask) | (net.addr.b[bit / 8] & mask));
	}
	p->six.dst = random;
	if (e->at.port && rng_chance(r, 70)) {
		p->proto = e->at.proto;
		p->dport = e->at.port;
	}
}

static void aim_dns(struct rng *r, struct packet *p)
{
	p->proto = tcp_or_udp(r);
	p->dport = 53;
	if (rng_chance(r, 60))
		p->six.dst = ip6(host6[rng_below(r, 4)]);
}

static void aim_dhcp(struct rng *r, const struct situation *s, struct packet *p)
{
	static const uint8_t types[] = {1, 3, 4, 5, 6, 11, 1, 3, 2, 7, 8, 9, 10, 12, 13};

	p->proto = IPPROTO_UDP;
	p->sport = rng_chance(r, 90) ? 546 : 547;
	p->dport = 547;
	p->six.dhcp = PICK(r, types);
	p->six.src = own_address(r, s);
	p->six.dst = ip6("ff02::1:2");
	memcpy(p->dmac, "\x33\x33\x00\x01\x00\x02", 6);
	if (rng_chance(r, 10)) {
		p->six.dst = any_address6(r);
		memcpy(p->dmac, bridge_mac, 6);
	}
	if (rng_chance(r, 10)) {
		/* as a server would, to a client */
		p->sport = 547;
		p->dport = 546;
		p->six.dhcp = 7;
	}
}

/* --- Neighbour Discovery ---------------------------------------------------------------------- */

/* An option as it belongs there, sometimes none, another's, another kind, or two. */
static void any_option(struct rng *r, struct packet *p, uint8_t type)
{
	static const uint8_t types[] = {1, 2, 3, 5, 14, 24};
	struct nd_option *o = p->six.options;

	if (rng_chance(r, 25))
		return;
	o[0].type = rng_chance(r, 90) ? type : PICK(r, types);
	memcpy(o[0].mac, place_mac[AT_G], 6);
	if (rng_chance(r, 12))
		any_mac(r, o[0].mac);
	if (rng_chance(r, 6))
		o[1] = (struct nd_option){.type = PICK(r, types)};
}

/* The group of solicited nodes, and its hardware address (RFC 4291, RFC 2464). */
static void to_solicited(struct packet *p)
{
	p->six.dst = ip6("ff02::1:ff00:0");
	memcpy(&p->six.dst.s6_addr[13], &p->six.target.s6_addr[13], 3);
	memcpy(p->dmac, "\x33\x33\xff", 3);
	memcpy(p->dmac + 3, &p->six.target.s6_addr[13], 3);
}

static struct in6_addr gateway(struct rng *r)
{
	return ip6(host6[rng_below(r, 3)]);
}

/* Each claim counts against the hour's: not more than a few under one policy. */
static struct in6_addr to_claim(struct rng *r, struct budget6 *budget)
{
	if (!budget->claims)
		return ip6(GATEWAY6);
	budget->claims--;
	return ip6(PICK(r, claim_pool));
}

static void aim_solicit(struct rng *r, struct budget6 *budget, struct packet *p)
{
	p->icmp_type = ND_SOLICIT;
	p->six.target = gateway(r);
	any_option(r, p, 1);
	if (rng_chance(r, 30)) {
		p->six.src = ip6("::");
		p->six.options[0].type = rng_chance(r, 60)   ? 0
					 : rng_chance(r, 60) ? 14
							     : p->six.options[0].type;
		p->six.target = to_claim(r, budget);
	} else if (rng_chance(r, 20)) {
		/* no one may claim these but the guest that has them */
		p->six.target = ip6(PICK(r, attached_pool));
	}
	if (!p->six.options[0].type)
		p->six.options[1].type = 0;
	to_solicited(p);
	if (rng_chance(r, 20)) {
		p->six.dst = rng_chance(r, 80) ? gateway(r) : ip6(PICK(r, public_pool));
		memcpy(p->dmac, bridge_mac, 6);
	}
}

static void aim_advert(struct rng *r, const struct situation *s, struct budget6 *budget,
		       struct packet *p)
{
	p->icmp_type = ND_ADVERT;
	p->six.target = rng_chance(r, 70)   ? own_address(r, s)
			: rng_chance(r, 50) ? gateway(r)
					    : to_claim(r, budget);
	any_option(r, p, 2);
	p->six.dst = gateway(r);
	if (rng_chance(r, 15)) {
		p->six.dst = ip6("ff02::1");
		memcpy(p->dmac, "\x33\x33\x00\x00\x00\x01", 6);
	}
}

static void aim_router(struct rng *r, struct packet *p)
{
	p->icmp_type = ND_ROUTER_SOLICIT;
	p->six.dst = ip6(rng_chance(r, 90) ? "ff02::2" : "ff02::1:2");
	memcpy(p->dmac, "\x33\x33\x00\x00\x00\x02", 6);
	any_option(r, p, 1);
	if (rng_chance(r, 25)) {
		p->six.src = ip6("::");
		p->six.options[0].type = rng_chance(r, 80) ? 0 : 1;
		p->six.options[1].type = 0;
	}
}

/* What only routers and the curious send. */
static void aim_foreign(struct rng *r, struct packet *p)
{
	static const uint8_t types[] = {
		ND_ROUTER_ADVERT, ND_REDIRECT_TO, 130, 131, 132, 143, 138, 139, 140, 148, 151, 200};

	p->icmp_type = PICK(r, types);
	p->six.target = ip6(PICK(r, guest_pool));
	p->six.dst = rng_chance(r, 50) ? ip6("ff02::1") : gateway(r);
	if (rng_chance(r, 50))
		memcpy(p->dmac, "\x33\x33\xff\x00\x00\x01", 6);
	any_option(r, p, 1);
}

static void spoil_nd(struct rng *r, struct packet *p)
{
	static const uint8_t hops[] = {0, 1, 64, 254};

	switch (rng_below(r, 6)) {
	case 0:
		p->ttl = PICK(r, hops);
		break;
	case 1:
		p->six.code = (uint8_t)(1 + rng_below(r, 255));
		break;
	case 2:
		p->six.ext = (enum extension)(1 + rng_below(r, N_EXTENSIONS - 1));
		break;
	case 3:
		/* none that it may claim: what else is wrong does not matter to a claim */
		p->six.src = ip6(rng_chance(r, 50) ? GATEWAY6 : PICK(r, public_pool));
		break;
	case 4:
		p->flaw = rng_chance(r, 50) ? FLAW_PADDED : FLAW_CHECKSUM4;
		break;
	default:
		any_mac(r, p->smac);
		break;
	}
}

static void aim_nd(struct rng *r, const struct situation *s, struct budget6 *budget,
		   struct packet *p)
{
	const uint32_t kind = rng_below(r, 100);

	p->proto = IPPROTO_ICMPV6;
	p->ttl = 255;
	p->six.is_nd = true;
	p->six.src = own_address(r, s);
	if (kind < 45) {
		aim_solicit(r, budget, p);
	} else if (kind < 70) {
		aim_advert(r, s, budget, p);
	} else if (kind < 80 && budget->router) {
		budget->router--;
		aim_router(r, p);
	} else {
		aim_foreign(r, p);
	}
	if (rng_chance(r, 35))
		spoil_nd(r, p);
}

/* --- one thing wrong -------------------------------------------------------------------------- */

static void spoil_headers(struct rng *r, struct packet *p)
{
	static const uint8_t hops[] = {0, 1, 2, 255};
	static const enum flaw flaws[] = {FLAW_PADDED, FLAW_VERSION,   FLAW_SHORT,  FLAW_LONG,
					  FLAW_CUT,    FLAW_CHECKSUM4, FLAW_LENGTH4};

	switch (rng_below(r, 6)) {
	case 0:
		p->ttl = PICK(r, hops);
		break;
	case 1:
		p->fragments = (enum fragments)rng_below(r, N_FRAGMENTS);
		break;
	case 2:
		p->flaw = PICK(r, flaws);
		break;
	case 3:
		spoil_flags(r, p);
		if (p->proto == IPPROTO_ICMPV6)
			p->icmp_type = (uint8_t)(1 + rng_below(r, 255));
		break;
	default:
		p->six.ext = (enum extension)(1 + rng_below(r, N_EXTENSIONS - 1));
		break;
	}
}

static void spoil(struct rng *r, const struct situation *s, struct packet *p)
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
	case 4:
		p->six.src = any_address6(r);
		break;
	case 5:
		p->six.src = own_address(r, s);
		break;
	default:
		spoil_headers(r, p);
		break;
	}
}

void packet6_generate(struct rng *r, const struct situation *s, struct budget6 *budget,
		      struct packet *p)
{
	const struct in6_addr src = own_global(r, s), dst = any_address6(r);
	const uint32_t kind = rng_below(r, 100);

	packet6_plain(p, AT_G, &src, &dst);
	any_flow(r, p);
	if (kind < 25 && budget->nd) {
		budget->nd--;
		aim_nd(r, s, budget, p);
		return;
	}
	if (kind < 35) {
		aim_port(r, s, p);
	} else if (kind < 45) {
		aim_dns(r, p);
	} else if (kind < 54 && kind >= 48) {
		aim_lan(r, s, p);
	} else if (kind < 48 && budget->dhcp) {
		budget->dhcp--;
		aim_dhcp(r, s, p);
	} else if (kind < 60) {
		p->six.dst = ip6(PICK(r, public_pool));
	} else if (kind < 70) {
		/* All right, but for what stands before the transport. */
		p->six.dst = ip6(PICK(r, public_pool));
		p->proto = tcp_or_udp(r);
		p->six.ext = (enum extension)(1 + rng_below(r, N_EXTENSIONS - 1));
		return;
	}
	/* An ordinary message that is like one of Neighbour Discovery would claim. */
	if (rng_chance(r, 40))
		spoil(r, s, p);
	if (p->proto == IPPROTO_ICMPV6 && p->icmp_type >= ND_ROUTER_SOLICIT &&
	    p->icmp_type <= ND_REDIRECT_TO)
		p->icmp_type = 129;
}

/* --- text ------------------------------------------------------------------------------------- */

void text_packet6(const struct packet *p, struct strbuf *out)
{
	static const char *const extensions[N_EXTENSIONS] = {"",
							     "hop-by-hop options",
							     "destination options",
							     "a routing header",
							     "an authentication header",
							     "a mobility header",
							     "an atomic fragment",
							     "options inside of a fragment",
							     "no next header",
							     "an experimental header"};
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	sb_addf(out, " %s", p->six.is_nd ? "nd" : "ip6");
	sb_addf(out, " next %u [%s]:%u > [%s]:%u", p->proto, ip6_text(&p->six.src, a),
		packet_sport(p), ip6_text(&p->six.dst, b), p->dport);
	if (p->proto == IPPROTO_ICMPV6)
		sb_addf(out, ", type %u", p->icmp_type);
	if (p->six.is_nd) {
		sb_addf(out, " code %u target %s", p->six.code, ip6_text(&p->six.target, a));
		for (size_t i = 0; i < 2; i++)
			if (p->six.options[i].type)
				sb_addf(out, " option %u …%02x", p->six.options[i].type,
					p->six.options[i].mac[5]);
	}
	if (p->six.dhcp)
		sb_addf(out, ", DHCPv6 type %u", p->six.dhcp);
	if (p->ttl != 64)
		sb_addf(out, ", hop limit %u", p->ttl);
	if (p->six.ext)
		sb_addf(out, ", %s", extensions[p->six.ext]);
}
