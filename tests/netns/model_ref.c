// SPDX-License-Identifier: GPL-2.0-or-later
/* The reference: what the design promises about one packet, in plain C. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

/*
 * Theory of operation
 * ===================
 *
 * This is written from the guarantees, in their order and words, not from the rules: where both
 * say the same in a different way, a mistake in one shows. The numbers are those of the guarantees.
 *
 * A verdict is a place, or nowhere. `may` is for packets that the policy allows but that nothing
 * promises to arrive: odd flags, a lone fragment, a wrong checksum. What is denied is never `may`.
 */

static struct verdict deny(enum reason why)
{
	return (struct verdict){.why = why, .at = AT_NOWHERE};
}

static struct verdict to_host(enum reason why, bool may)
{
	return (struct verdict){.why = why, .at = AT_HOST, .may = may};
}

static bool same_mac(const uint8_t a[static 6], const uint8_t b[static 6])
{
	return memcmp(a, b, 6) == 0;
}

static bool is_group(const uint8_t mac[static 6])
{
	return mac[0] & 1;
}

static bool is_broadcast_mac(const uint8_t mac[static 6])
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return same_mac(mac, all);
}

/* --- the world, as the host's routing table has it -------------------------------------------- */

static struct verdict to_world(const struct packet *p, uint32_t dst, uint16_t dport,
			       enum reason why)
{
	static const struct prefix lan = {IP4(192, 168, 50, 0), 24};
	static const struct prefix pub = {IP4(198, 51, 100, 0), 24};
	struct verdict v = {.why = why, .at = AT_WAN, .dst = dst};

	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		v.dport = dport;
	if (prefix_has(lan, dst))
		v.at = AT_LAN;
	if (prefix_has(pub, dst))
		v.at = AT_PUB;
	/* Only where the host does not know of guests there: see is_guest(). */
	if (prefix_has(other_net, dst))
		v.at = dst == IP4(10, 8, 0, 7) ? AT_Y : AT_X;
	/* A router takes no packet that is at its end; nor one that came as a broadcast. */
	v.may = p->ttl < 2 || !same_mac(p->dmac, bridge_mac) || v.at >= AT_X;
	/* The first address of a network is a broadcast one in older kernels. */
	for (size_t i = 0; i < n_attached; i++)
		v.may = v.may || dst == attached[i].addr;
	return v;
}

/* 3: these and the broadcast addresses of attached networks. */
static bool is_broadcast(uint32_t ip)
{
	static const struct prefix multicast = {IP4(224, 0, 0, 0), 4};

	for (size_t i = 0; i < n_attached; i++)
		if (ip == (attached[i].addr | 0xffffffffu >> attached[i].len))
			return true;
	return prefix_has(multicast, ip) || ip == 0xffffffffu || ip == 0;
}

/* 3: the list of the guarantee. */
static bool is_refused_range(uint32_t ip)
{
	static const struct prefix ranges[] = {
		{IP4(0, 0, 0, 0), 8},	 {IP4(10, 0, 0, 0), 8},	    {IP4(100, 64, 0, 0), 10},
		{IP4(127, 0, 0, 0), 8},	 {IP4(169, 254, 0, 0), 16}, {IP4(172, 16, 0, 0), 12},
		{IP4(192, 0, 0, 0), 24}, {IP4(192, 168, 0, 0), 16}, {IP4(198, 18, 0, 0), 15},
		{IP4(224, 0, 0, 0), 4},	 {IP4(240, 0, 0, 0), 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (prefix_has(ranges[i], ip))
			return true;
	return false;
}

/* What routers take for a mistake wherever they see it. */
static bool is_martian(uint32_t ip)
{
	return ip >> 24 == 0 || ip >> 24 == 127 || ip >> 28 >= 14;
}

static bool is_attached(uint32_t ip)
{
	for (size_t i = 0; i < n_attached; i++)
		if (prefix_has(attached[i], ip))
			return true;
	return false;
}

static bool has_port(const struct port_entry *e, const struct packet *p)
{
	return e->proto == p->proto && e->port == p->dport;
}

/* --- certainty -------------------------------------------------------------------------------- */

/* RFC 9293: a connection begins with SYN, without ACK. */
static bool begins(const struct packet *p)
{
	return (p->tcp_flags & (FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_ACK)) == FLAG_SYN;
}

/* A protocol whose first packet this is, by what connection tracking knows of it. */
static bool opens_flow(const struct packet *p)
{
	const uint8_t harmless = FLAG_PSH | FLAG_ECE | FLAG_CWR;

	switch (p->proto) {
	case IPPROTO_TCP:
		return (p->tcp_flags & ~harmless) == FLAG_SYN;
	case IPPROTO_ICMP:
		return p->icmp_type == 8;
	case IPPROTO_UDP:
	case IPPROTO_ESP:
	case 99: /* any private encryption scheme: nothing knows it */
		return true;
	default:
		return false;
	}
}

/* Whether a host that allows all would surely take the packet in. What has no ports cannot be told
 * apart behind one address: of two such connections, NAT drops the second. */
static bool is_sound(const struct situation *s, const struct packet *p)
{
	const bool told = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ||
			  p->proto == IPPROTO_ICMP || !s->masquerade;

	return told && (p->flaw == FLAW_NONE || p->flaw == FLAW_PADDED) &&
	       (p->fragments == FRAGMENTS_NONE || p->fragments == FRAGMENTS_BOTH) &&
	       same_mac(p->dmac, bridge_mac) && opens_flow(p);
}

/* --- frames and ARP --------------------------------------------------------------------------- */

/* 2: ARP only for the gateway and the guest's own addresses. 5: no foreign sender. */
static struct verdict judge_arp(const struct situation *s, const struct packet *p)
{
	const struct arp_fields *a = &p->arp;
	const bool sure = same_mac(p->dmac, bridge_mac) || is_broadcast_mac(p->dmac);

	if (a->htype != 1 || a->ptype != 0x0800 || a->hlen != 6 || a->plen != 4 ||
	    (a->op != 1 && a->op != 2))
		return deny(WHY_ARP_FORM);
	if (!same_mac(a->sha, place_mac[AT_G]))
		return deny(WHY_ARP_SENDER);
	/* RFC 5227: who asks whether an address is free does not claim one. */
	if (a->spa == 0 && a->op == 1) {
		if (situation_owns(s, a->tpa))
			return to_host(WHY_ARP, !sure);
		return is_gateway(a->tpa) ? to_host(WHY_ARP, true) : deny(WHY_ARP_TARGET);
	}
	if (!situation_owns(s, a->spa))
		return deny(WHY_ARP_SENDER);
	if (a->op == 2)
		return to_host(WHY_ARP, !sure || !is_gateway(a->tpa));
	if (!is_gateway(a->tpa) && !situation_owns(s, a->tpa))
		return deny(WHY_ARP_TARGET);
	return to_host(WHY_ARP, !sure);
}

/* --- IPv4 ------------------------------------------------------------------------------------- */

/* 4: where guests are. Of the other bridge the host knows that once a guest there has a policy. */
static bool is_guest(const struct situation *s, uint32_t ip)
{
	return prefix_has(guest_net, ip) || (!s->alone && prefix_has(other_net, ip));
}

/* 2, 5: a request of the guest's own, from whatever address it has or believes to have: after it
 * was restored, it renews one that the host no longer knows. */
static struct verdict judge_dhcp(const struct situation *s, const struct packet *p)
{
	const struct dhcp_fields *d = &p->dhcp;
	const bool expected = p->src == 0 || situation_owns(s, p->src);
	const bool sure = same_mac(p->dmac, bridge_mac) || is_broadcast_mac(p->dmac);

	if (!p->is_dhcp || p->sport != 68 || d->op != 1 || d->htype != 1 || d->hlen != 6 ||
	    d->giaddr || !same_mac(d->chaddr, place_mac[AT_G]))
		return deny(WHY_CHADDR);
	if (!expected && !is_guest(s, p->src))
		return deny(WHY_SOURCE);
	/* RFC 1122: no address as the source is for broadcasts only. */
	if (p->dst == 0xffffffffu || is_gateway(p->dst))
		return to_host(WHY_DHCP, !sure || !expected || p->flaw > FLAW_PADDED ||
						 p->fragments != FRAGMENTS_NONE ||
						 (p->src == 0 && is_gateway(p->dst)));
	return deny(is_host_address(p->dst) ? WHY_HOST : WHY_BROADCAST);
}

static enum dns dns_of(const struct situation *s)
{
	if (s->dns == DNSKEY_AUTO)
		return s->egress_none ? DNSKEY_NONE : DNSKEY_HOST;
	return s->dns;
}

/* Port 53; false when that is like any other port. */
static bool judge_dns(const struct situation *s, const struct packet *p, struct verdict *ret)
{
	switch (dns_of(s)) {
	case DNSKEY_NONE:
		*ret = deny(WHY_NO_DNS);
		return true;
	case DNSKEY_ADDRESS:
		if (!s->dns_addr) {
			*ret = deny(WHY_NO_DNS);
			return true;
		}
		*ret = to_world(p, s->dns_addr, 53, WHY_DNS_ADDRESS);
		ret->may = ret->may || is_broadcast(p->dst) || is_martian(p->dst);
		if (is_guest(s, s->dns_addr))
			*ret = deny(WHY_GUEST);
		return true;
	default:
		if (!is_gateway(p->dst))
			return false;
		*ret = to_host(WHY_DNS_HOST, false);
		return true;
	}
}

/* 2: the gateway's own address. */
static struct verdict judge_gateway(const struct situation *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (has_port(&s->ports[i], p))
			return to_host(WHY_HOST_PORT, false);
	for (size_t i = 0; i < s->n_forwards; i++) {
		const struct forward_entry *f = &s->forwards[i];

		if (has_port(&f->at, p))
			return is_guest(s, f->to) ? deny(WHY_GUEST)
						  : to_world(p, f->to, f->to_port, WHY_FORWARD);
	}
	return deny(WHY_HOST);
}

static bool lan_allows(const struct situation *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n_lan; i++)
		if (prefix_has(s->lan[i].to, p->dst) &&
		    (!s->lan[i].at.port || has_port(&s->lan[i].at, p)))
			return true;
	return false;
}

/* 2, 3, 4, in this order: allow_lan leads neither to the host nor to guests. */
static struct verdict judge_address(const struct situation *s, const struct packet *p)
{
	if (is_host_address(p->dst))
		return deny(WHY_HOST);
	if (is_broadcast(p->dst))
		return deny(WHY_BROADCAST);
	if (is_guest(s, p->dst))
		return deny(WHY_GUEST);
	if (lan_allows(s, p))
		return to_world(p, p->dst, p->dport, WHY_LAN);
	if (is_refused_range(p->dst))
		return deny(WHY_RANGE);
	if (is_attached(p->dst))
		return deny(WHY_ATTACHED);
	return to_world(p, p->dst, p->dport, WHY_INTERNET);
}

/* What another program makes of it must be allowed, too. */
static struct verdict judge_redirected(const struct situation *s, const struct packet *p)
{
	for (size_t i = 0; s->published && p->proto == IPPROTO_TCP && i < N_REDIRECTIONS; i++) {
		const struct redirection *r = &redirections[i];
		struct packet q = *p;
		struct verdict v;

		if (p->dst != r->from || p->dport != r->port)
			continue;
		q.dst = r->to;
		q.dport = r->to_port;
		v = judge_address(s, &q);
		return v.at == AT_NOWHERE ? deny(WHY_REDIRECTED) : v;
	}
	return judge_address(s, p);
}

static struct verdict judge_destination(const struct situation *s, const struct packet *p)
{
	const bool ports = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
	struct verdict v;

	if (ports && p->dport == 53 && judge_dns(s, p, &v))
		return v;
	if (is_gateway(p->dst) && ports)
		return judge_gateway(s, p);
	v = judge_address(s, p);
	return v.at == AT_NOWHERE ? v : judge_redirected(s, p);
}

static bool for_dhcp_server(const struct packet *p)
{
	return p->proto == IPPROTO_UDP && p->dport == 67 &&
	       (is_host_address(p->dst) || is_broadcast(p->dst));
}

static struct verdict judge_ip(const struct situation *s, const struct packet *p)
{
	struct verdict v;

	if (p->options || p->flaw == FLAW_SMALL_IHL || p->flaw == FLAW_BIG_IHL)
		return deny(WHY_OPTIONS);
	if (for_dhcp_server(p))
		return judge_dhcp(s, p);
	if (!situation_owns(s, p->src))
		return deny(WHY_SOURCE);
	/* 7 */
	if (s->egress_none)
		return deny(WHY_EGRESS_NONE);
	v = judge_destination(s, p);
	if (v.at == AT_NOWHERE)
		return v;
	/* 2: to the host nothing that neither opens nor answers: it would map its ports. */
	if (v.at == AT_HOST && p->proto == IPPROTO_TCP && !begins(p))
		return deny(WHY_NO_SYN);
	v.may = v.may || !is_sound(s, p);
	/* What looks like DHCP and goes elsewhere has no use. */
	v.may = v.may || (p->proto == IPPROTO_UDP && p->dport == 67);
	return v;
}

/* 4: nothing to other guests. But br_netfilter takes what a NAT rule redirects out of the bridge
 * and to its new destination, whomever the frame was addressed to. */
static struct verdict judge_neighbour(const struct situation *s, const struct packet *p)
{
	struct verdict v;

	if (!s->bridge_nf || p->kind != FRAME_IP)
		return deny(WHY_NEIGHBOUR);
	v = judge_ip(s, p);
	if (v.at < AT_WAN || v.dst == p->dst)
		return deny(WHY_NEIGHBOUR);
	v.may = true;
	return v;
}

/* To the guest: 4 for other guests; the host reaches it, and no one else. What the DHCP server says
 * to others is none of its business. */
static struct verdict judge_inward(const struct packet *p)
{
	const bool foreign = p->is_dhcp && !same_mac(p->dhcp.chaddr, place_mac[AT_G]);

	if (p->from == AT_HOST && !foreign)
		return (struct verdict){.why = WHY_FROM_HOST, .at = AT_G};
	return deny(WHY_TO_GUEST);
}

struct verdict judge(struct situation *s, const struct packet *p)
{
	if (p->from != AT_G)
		return judge_inward(p);
	/* 5, 6 */
	if (!same_mac(p->smac, place_mac[AT_G]))
		return deny(WHY_SOURCE_MAC);
	if (p->tag != TAG_NONE)
		return deny(WHY_TAG);
	if (p->kind == FRAME_OTHER)
		return deny(WHY_ETHERTYPE);
	if (p->kind == FRAME_IP6)
		return judge6(s, p);
	/* 4: the host has the bridge's address and those of its ports, all others are not its
	 * own. */
	if (!is_group(p->dmac) && !same_mac(p->dmac, bridge_mac) && !same_mac(p->dmac, tap_mac) &&
	    !same_mac(p->dmac, neighbour_tap_mac))
		return judge_neighbour(s, p);
	return p->kind == FRAME_ARP ? judge_arp(s, p) : judge_ip(s, p);
}

bool agrees(const struct verdict *v, const struct seen *s)
{
	const bool world = v->at >= AT_WAN && v->at <= AT_PUB;

	if (!s->places)
		return v->at == AT_NOWHERE || v->may;
	if (s->places != 1u << v->at)
		return false;
	return !world || (s->dst == v->dst && ip6_same(&s->dst6, &v->dst6) && s->dport == v->dport);
}
