// SPDX-License-Identifier: GPL-2.0-or-later
/* The reference of IPv6: what the guarantees V1 to V7 promise about one packet. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

/*
 * Theory of operation
 * ===================
 *
 * As model_ref.c: from the guarantees and the RFCs, not from the rules. But here a packet may
 * change what is true of the next ones: an address that no one owns belongs to who first speaks
 * for it by Neighbour Discovery (V4), so judge6() adds it to what the guest owns. Packets are
 * judged in the order in which they are sent.
 */

static struct verdict deny(enum reason why)
{
	return (struct verdict){.why = why, .at = AT_NOWHERE};
}

static struct verdict to_host(enum reason why, bool may)
{
	return (struct verdict){.why = why, .at = AT_HOST, .may = may};
}

static bool is_all(const struct in6_addr *ip, const char *text)
{
	const struct in6_addr other = ip6(text);

	return ip6_same(ip, &other);
}

bool situation_owns6(const struct situation *s, const struct in6_addr *ip)
{
	for (size_t i = 0; i < s->n_own6; i++)
		if (ip6_same(&s->own6[i], ip))
			return true;
	return false;
}

void situation_own6(struct situation *s, const struct in6_addr *ip)
{
	if (situation_owns6(s, ip))
		return;
	if (s->n_own6 == MAX_OWN6)
		bail("more than %d addresses of the guest", MAX_OWN6);
	s->own6[s->n_own6++] = *ip;
}

/* --- who owns an address ---------------------------------------------------------------------- */

/* What is made of the MAC of a neighbour with a policy is that one's from the start. */
static bool is_neighbours(const struct situation *s, const struct in6_addr *ip)
{
	const struct in6_addr global = eui64("fd12:3456:789a:1::", place_mac[AT_H]);
	const struct in6_addr link = eui64("fe80::", place_mac[AT_H]);

	return !s->alone && (ip6_same(ip, &global) || ip6_same(ip, &link));
}

/* V4: in the /64 of its network or link-local, no one's yet. The one that ends in zeros is all
 * routers' (RFC 4291, 2.6.1). */
static bool may_claim(const struct situation *s, const struct in6_addr *ip)
{
	static const uint8_t zeros[8];

	return (ip6_in(ip, GUEST_NET6) || ip6_in(ip, "fe80::/64")) && !is_gateway6(ip) &&
	       !is_neighbours(s, ip) && memcmp(&ip->s6_addr[8], zeros, 8) != 0;
}

/* Whether it speaks for an own address; from now on it is its own. */
static bool speaks_for(struct situation *s, const struct in6_addr *ip)
{
	if (!situation_owns6(s, ip) && !may_claim(s, ip))
		return false;
	situation_own6(s, ip);
	return true;
}

/* --- Neighbour Discovery ---------------------------------------------------------------------- */

/* No option, or one: @type, with the NIC's own MAC. */
static bool names_itself(const struct packet *p, uint8_t type)
{
	const struct nd_option *o = p->six.options;

	if (o[1].type || (o[0].type && o[0].type != type))
		return false;
	return !o[0].type || memcmp(o[0].mac, place_mac[AT_G], 6) == 0;
}

/* RFC 4861, 7.1: what a receiver must drop, anyway. */
static bool is_valid_nd(const struct packet *p)
{
	return p->ttl == 255 && p->six.code == 0 && p->six.ext == EXT_NONE &&
	       p->fragments == FRAGMENTS_NONE &&
	       (p->flaw == FLAW_NONE || p->flaw == FLAW_PADDED || p->flaw == FLAW_CHECKSUM4);
}

/* All routers; and the solicited nodes of its addresses (RFC 4291, 2.7.1). */
static bool is_hosts_group(const struct packet *p)
{
	struct in6_addr group = ip6("ff02::1:ff00:0");

	memcpy(&group.s6_addr[13], &p->six.target.s6_addr[13], 3);
	return is_all(&p->six.dst, "ff02::2") ||
	       (is_gateway6(&p->six.target) && ip6_same(&group, &p->six.dst));
}

/* Where it may be sent: to groups of the link, and to the host's addresses on it. */
static struct verdict nd_arrives(const struct packet *p)
{
	const bool group = p->six.dst.s6_addr[0] == 0xff;

	if (group && p->six.dst.s6_addr[1] != 2)
		return deny(WHY_GROUP6);
	if (!group && !is_gateway6(&p->six.dst))
		return deny(WHY_ND_TARGET);
	/* Of the host's own groups; to others it may or may not listen. */
	return to_host(WHY_ND, p->flaw == FLAW_CHECKSUM4 || (group && !is_hosts_group(p)));
}

static struct verdict judge_solicitation(struct situation *s, const struct packet *p)
{
	const struct in6_addr *target = &p->six.target;

	/* RFC 4862, 5.4.2; RFC 7527: a nonce, and never a MAC. */
	if (is_all(&p->six.src, "::")) {
		if (p->six.options[1].type ||
		    (p->six.options[0].type && p->six.options[0].type != 14))
			return deny(WHY_ND_MAC);
		return speaks_for(s, target) ? nd_arrives(p) : deny(WHY_ND_TARGET);
	}
	if (!is_gateway6(target))
		return deny(WHY_ND_TARGET);
	if (!names_itself(p, 1))
		return deny(WHY_ND_MAC);
	return speaks_for(s, &p->six.src) ? nd_arrives(p) : deny(WHY_SOURCE6);
}

static struct verdict judge_advertisement(struct situation *s, const struct packet *p)
{
	if (!names_itself(p, 2))
		return deny(WHY_ND_MAC);
	if (!speaks_for(s, &p->six.target))
		return deny(WHY_ND_TARGET);
	return speaks_for(s, &p->six.src) ? nd_arrives(p) : deny(WHY_SOURCE6);
}

static struct verdict judge_router_solicitation(struct situation *s, const struct packet *p)
{
	if (!is_all(&p->six.dst, "ff02::2"))
		return deny(WHY_ND_TARGET);
	if (is_all(&p->six.src, "::"))
		return p->six.options[0].type ? deny(WHY_ND_MAC) : nd_arrives(p);
	if (!names_itself(p, 1))
		return deny(WHY_ND_MAC);
	return speaks_for(s, &p->six.src) ? nd_arrives(p) : deny(WHY_SOURCE6);
}

/* V5 */
static struct verdict judge_nd(struct situation *s, const struct packet *p)
{
	if (!is_valid_nd(p))
		return deny(WHY_ND_FORM);
	switch (p->icmp_type) {
	case ND_SOLICIT:
		return judge_solicitation(s, p);
	case ND_ADVERT:
		return judge_advertisement(s, p);
	case ND_ROUTER_SOLICIT:
		return judge_router_solicitation(s, p);
	default:
		return deny(WHY_ROUTER);
	}
}

/* --- addresses -------------------------------------------------------------------------------- */

/* V2: all but the Internet, 2000::/3 without what its list takes from it. */
static bool is_refused(const struct in6_addr *ip)
{
	static const char *const ranges[] = {
		"2001::/23",
		"2001:db8::/32",
		"2002::/16",
		"3fff::/20",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ip6_in(ip, ranges[i]))
			return true;
	return !ip6_in(ip, "2000::/3");
}

/* V2: a /64 around each of the host's addresses. */
static bool is_attached6(const struct in6_addr *ip)
{
	static const char *const nets[] = {
		GUEST_NET6, OTHER_NET6, "fd50::/64", "2a0e:50::/64", "2a0e:2::/64", "2a0e:77::/64",
	};

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if (ip6_in(ip, nets[i]))
			return true;
	return false;
}

static bool opens(const struct port_entry *e, const struct packet *p)
{
	return e->proto == p->proto && e->port == p->dport;
}

static struct verdict judge_gateway(const struct situation *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (opens(&s->ports[i], p))
			return to_host(WHY_HOST_PORT, false);
	return deny(WHY_HOST6);
}

/* RFC 4291, 2.6.1: the first address of each of its networks is the router's, too. */
static bool is_routers(const struct in6_addr *ip)
{
	static const char *const nets[] = {
		"fd12:3456:789a:1::", "2a0e:8::", "fd50::", "2a0e:50::", "2a0e:2::",
	};

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if (is_all(ip, nets[i]))
			return true;
	return false;
}

/* V3: of the other bridge the host knows that once a guest there has a policy. */
static bool is_guest(const struct situation *s, const struct in6_addr *ip)
{
	return ip6_in(ip, GUEST_NET6) || (!s->alone && ip6_in(ip, OTHER_NET6));
}

static bool lan_allows(const struct situation *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n_lan6; i++)
		if (ip6_in(&p->six.dst, s->lan6[i].to) &&
		    (!s->lan6[i].at.port || opens(&s->lan6[i].at, p)))
			return true;
	return false;
}

/* Where the host's routes lead. */
static struct verdict to_world(const struct packet *p, const struct in6_addr *dst, uint16_t dport,
			       enum reason why)
{
	const struct in6_addr y = eui64("2a0e:8::", place_mac[AT_Y]);
	struct verdict v = {.why = why, .at = AT_WAN, .dst6 = *dst};

	if (ip6_in(dst, "fd50::/64"))
		v.at = AT_LAN;
	if (ip6_in(dst, "2a0e:50::/64"))
		v.at = AT_PUB;
	if (ip6_in(dst, OTHER_NET6))
		v.at = ip6_same(dst, &y) ? AT_Y : AT_X;
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		v.dport = dport;
	/* No router passes on what has a link-local source (RFC 4291, 2.5.6). */
	v.may = p->ttl < 2 || v.at >= AT_X || ip6_in(&p->six.src, "fe80::/10");
	return v;
}

static struct verdict judge_address(const struct situation *s, const struct packet *p)
{
	const struct in6_addr *dst = &p->six.dst;

	if (is_host6(dst) || is_routers(dst))
		return deny(WHY_HOST6);
	if (is_guest(s, dst))
		return deny(WHY_GUEST6);
	if (lan_allows(s, p))
		return to_world(p, dst, p->dport, WHY_LAN);
	if (is_refused(dst))
		return deny(WHY_RANGE6);
	if (is_attached6(dst))
		return deny(WHY_ATTACHED6);
	return to_world(p, dst, p->dport, WHY_INTERNET6);
}

/* What goes to port 53: false when it is like any other port. */
static bool judge_dns(const struct situation *s, const struct packet *p, struct verdict *ret)
{
	const enum dns dns = s->dns == DNSKEY_AUTO ? DNSKEY_HOST : s->dns;

	if (dns == DNSKEY_ADDRESS && s->dns_addr6) {
		const struct in6_addr server = ip6(s->dns_addr6);

		*ret = to_world(p, &server, 53, WHY_DNS_ADDRESS);
		/* What hosts take for a mistake wherever they see it. */
		ret->may = ret->may || ip6_in(&p->six.dst, "::/8");
		return true;
	}
	if (dns == DNSKEY_HOST && !is_gateway6(&p->six.dst))
		return false;
	/* A server that IPv4 reaches is not asked by IPv6. */
	*ret = dns == DNSKEY_HOST ? to_host(WHY_DNS_HOST, false) : deny(WHY_NO_DNS);
	return true;
}

/* --- certainty -------------------------------------------------------------------------------- */

static bool begins(const struct packet *p)
{
	return (p->tcp_flags & (FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_ACK)) == FLAG_SYN;
}

/* Whether a host that allows all would surely take it in: what connection tracking knows. */
static bool is_sound(const struct packet *p)
{
	const uint8_t harmless = FLAG_PSH | FLAG_ECE | FLAG_CWR;
	const bool opens_flow =
		p->proto == IPPROTO_UDP ||
		(p->proto == IPPROTO_TCP && (p->tcp_flags & ~harmless) == FLAG_SYN) ||
		(p->proto == IPPROTO_ICMPV6 && p->icmp_type == 128);

	return opens_flow && (p->flaw == FLAW_NONE || p->flaw == FLAW_PADDED) &&
	       (p->fragments == FRAGMENTS_NONE || p->fragments == FRAGMENTS_BOTH) &&
	       memcmp(p->dmac, bridge_mac, 6) == 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* V6 */
static bool has_own_headers(const struct packet *p)
{
	if (p->six.ext != EXT_NONE || p->flaw == FLAW_VERSION)
		return false;
	if (p->fragments != FRAGMENTS_NONE)
		return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_ICMPV6 ||
	       p->proto == IPPROTO_ESP || p->proto == IPPROTO_SCTP;
}

/* RFC 4443, and no other message. */
static bool is_known_icmp(uint8_t type)
{
	return (type >= 1 && type <= 4) || type == 128 || type == 129;
}

/* V1; RFC 8415: what clients send, to all servers. */
static struct verdict judge_dhcp(const struct situation *s, const struct packet *p)
{
	static const uint8_t types[] = {1, 3, 4, 5, 6, 11};

	if (p->sport != 546 || !is_all(&p->six.dst, "ff02::1:2") ||
	    !memchr(types, p->six.dhcp, sizeof(types)) || !p->six.dhcp)
		return deny(WHY_DHCP6);
	if (!situation_owns6(s, &p->six.src))
		return deny(WHY_SOURCE6);
	return to_host(WHY_DHCPV6, p->flaw > FLAW_PADDED || p->fragments != FRAGMENTS_NONE);
}

static struct verdict judge_transport(const struct situation *s, const struct packet *p)
{
	const bool ports = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
	struct verdict v;

	if (p->proto == IPPROTO_ICMPV6 && !is_known_icmp(p->icmp_type))
		return deny(WHY_ROUTER);
	if (p->proto == IPPROTO_UDP && p->dport == 547 && p->fragments == FRAGMENTS_NONE)
		return judge_dhcp(s, p);
	if (p->six.dst.s6_addr[0] == 0xff)
		return deny(WHY_GROUP6);
	if (!situation_owns6(s, &p->six.src))
		return deny(WHY_SOURCE6);
	if (ip6_in(&p->six.src, "fe80::/10") && !is_gateway6(&p->six.dst))
		return deny(WHY_SOURCE6);
	if (!(ports && p->dport == 53 && judge_dns(s, p, &v)))
		v = ports && is_gateway6(&p->six.dst) ? judge_gateway(s, p) : judge_address(s, p);
	if (v.at == AT_HOST && p->proto == IPPROTO_TCP && !begins(p))
		return deny(WHY_NO_SYN);
	v.may = v.may || !is_sound(p);
	return v;
}

/* All routers, all DHCP servers, solicited nodes (RFC 2464). */
static bool is_needed_group(const uint8_t mac[static 6])
{
	static const uint8_t routers[6] = {0x33, 0x33, 0, 0, 0, 2},
			     servers[6] = {0x33, 0x33, 0, 1, 0, 2};

	return memcmp(mac, routers, 6) == 0 || memcmp(mac, servers, 6) == 0 ||
	       memcmp(mac, "\x33\x33\xff", 3) == 0;
}

struct verdict judge6(struct situation *s, const struct packet *p)
{
	const bool group = p->dmac[0] & 1;
	struct verdict v;

	if (!s->ipv6)
		return deny(WHY_NO_IPV6);
	if (group && !is_needed_group(p->dmac))
		return deny(WHY_GROUP);
	if (p->six.is_nd && p->six.ext == EXT_NONE && p->fragments == FRAGMENTS_NONE)
		v = judge_nd(s, p);
	else
		v = has_own_headers(p) ? judge_transport(s, p) : deny(WHY_HEADER);
	if (v.at == AT_NOWHERE)
		return v;
	/* V3: the host has the bridge's address and those of its ports, all others are not its. */
	if (!group && memcmp(p->dmac, bridge_mac, 6) != 0 && memcmp(p->dmac, tap_mac, 6) != 0 &&
	    memcmp(p->dmac, neighbour_tap_mac, 6) != 0) {
		/* As in IPv4, br_netfilter takes what a NAT rule redirects out of the bridge. */
		if (!s->bridge_nf || v.at < AT_WAN || ip6_same(&v.dst6, &p->six.dst))
			return deny(WHY_NEIGHBOUR);
		v.may = true;
	}
	/* A router takes in no packet to a group, nor one for another hardware address. */
	v.may = v.may || (memcmp(p->dmac, bridge_mac, 6) != 0 && !p->six.is_nd);
	return v;
}
