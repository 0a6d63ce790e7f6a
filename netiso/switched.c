/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for a NIC on a switched bridge: see "Theory of operation" below. */
#include "netiso/switched.h"

#include "lib/util.h"
#include "netiso/denials.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Theory of operation
 * ===================
 *
 * The bridge has the host's uplink as a port, so what a guest sends goes to the LAN without meeting
 * the host's IP stack: no conntrack, no routing, no NAT. All there is is the tap, and the bridge.
 *
 * - netdev ingress of the tap (tap_X) decides what leaves the guest. It ends in a policy of drop.
 *   What it accepts has LAYOUT_PRIO_LEAVING in skb->priority.
 * - bridge forward lets frames with that priority go to an uplink only; bridge input keeps them
 *   from the host, to whatever address. Frames from an uplink to such a tap get LAYOUT_PRIO_COMING.
 * - netdev egress of the tap (to_X) decides what comes in, also with a policy of drop. What lacks
 *   LAYOUT_PRIO_COMING is not from an uplink: it is the host's, or has been routed by it, or is
 *   another guest's.
 *
 * No mark is used: programs that let bridged packets through the hooks of IP (br_netfilter) would
 * show our marks to the rules for routed guests.
 *
 * State is kept in two sets of each NIC, as large as max_flows. What the guest sends puts the flow
 * into flows_X (peer, protocol, own port, peer's port; of an echo request the identifier twice),
 * and only what is in there is let in. A set that is full takes no more: the packet is dropped. TCP
 * begins with SYN; FIN or RST moves a flow into ending_X, where it stays for minutes, not hours.
 * Whether the peer is allowed at all is looked at in each packet, in both directions, so a changed
 * policy holds at once for flows that stand.
 *
 * The keys are raw payload behind an IPv4 header of 20 bytes (others are dropped, and so are all
 * fragments), since nft 1.0.6 mixes no types in a key and knows the ports' offsets from the
 * transport header as typed: @nh,96,32 source, @nh,128,32 destination, @nh,72,8 protocol,
 * @nh,160,16 and @nh,176,16 the ports, @nh,192,16 identifier of ICMP echo. In ICMP errors (RFC 792)
 * the quoted header begins at @nh,224, its addresses are @nh,320,32 and @nh,352,32, its ports
 * @nh,384,16 and @nh,400,16. More than five fields, or five raw ones, nft cannot print.
 *
 * Names have the tap (chains) or slot and NIC (sets) in them. A set's size is in its name: the
 * kernel does not change it.
 */

#define TBL LAYOUT_TABLE

#define KEY_OUT "@nh,128,32 . @nh,72,8 . @nh,160,16 . @nh,176,16"
#define KEY_IN "@nh,96,32 . @nh,72,8 . @nh,176,16 . @nh,160,16"
#define KEY_ECHO_OUT "@nh,128,32 . @nh,72,8 . @nh,192,16 . @nh,192,16"
#define KEY_ECHO_IN "@nh,96,32 . @nh,72,8 . @nh,192,16 . @nh,192,16"
#define KEY_QUOTED "@nh,352,32 . @nh,296,8 . @nh,384,16 . @nh,400,16"

#define ICMP_ERRORS "icmp type { destination-unreachable, time-exceeded, parameter-problem }"
#define ARP_IPV4 "0x000108000604" /* Ethernet, IPv4, lengths 6 and 4 */

/* RFC 5382 wants established TCP kept for 124 minutes at least, RFC 4787 UDP for two. */
#define TCP_NEW "1m"
#define TCP_OPEN "125m"
#define TCP_ENDING "2m"
#define UDP_OPEN "2m"
#define DNS_OPEN "20s"
#define ECHO_OPEN "30s"
/* Longer than clients wait before they renew the leases that LANs have: at most half of it, and
 * eight days are the longest usual ones. The time itself stands at no fixed place in the answer. */
#define LEASE_MAX "7d"

/* Bytes of one rule: the ranges of a host with ISO_ATTACHED_MAX prefixes, of 32 each. */
#define RULE_MAX (ISO_ATTACHED_MAX * 40)
#define OWN_MAX 32 /* addresses learnt by one NIC */

/* --- one NIC under construction --------------------------------------------------------------- */

struct sw {
	const struct policy *p;
	const struct iso_facts *f;
	const struct iso_nic *nic;
	const struct switched_out *out;
	struct strbuf own;    /* what is its own address: "{ 0x…, … }" or "@own_…" */
	struct strbuf onlink; /* "{ NET, … }", or "" */
	struct strbuf ranges; /* "{ A-B, … }" */
	char flows[ISO_CHAIN_MAX], ending[ISO_CHAIN_MAX];
	char mac[MAC_STRLEN], raw_mac[16]; /* 52:54:…, 0x5254… */
	char router[MAC_STRLEN], raw_router[16];
	uint32_t router_ip; /* host order */
	uint32_t mark;
};

static void rule(const struct sw *s, const char *chain, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* @chain: "to_", completed by the tap. */
static void rule(const struct sw *s, const char *chain, const char *fmt, ...)
{
	char line[RULE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) >= (int)sizeof(line))
		s->out->apply->failed = true;
	va_end(ap);
	sb_addf(s->out->apply, "add rule netdev " TBL " %s%s %s\n", chain, s->nic->tap, line);
}

static uint32_t host_order(const struct ip_addr *ip)
{
	return ntohl(ip->v4.s_addr);
}

static uint32_t mask_of(uint8_t len)
{
	return len ? UINT32_MAX << (32 - len) : 0;
}

static void raw_mac(const struct mac *m, char buf[static 16])
{
	(void)snprintf(buf, 16, "0x%02x%02x%02x%02x%02x%02x", m->b[0], m->b[1], m->b[2], m->b[3],
		       m->b[4], m->b[5]);
}

/* Whether part of @p lies on the bridge's own networks. */
static bool reaches_onlink(const struct sw *s, const struct ip_prefix *p)
{
	for (size_t i = 0; i < s->nic->n_gateways; i++)
		if (ip_prefix_overlap(&s->nic->gateways[i].net, p))
			return true;
	return false;
}

static struct ip_prefix host_prefix(const struct ip_addr *ip)
{
	return (struct ip_prefix){.addr = *ip, .len = 32};
}

/* Addresses in @p that stay closed: the host's own, and broadcasts of the bridge's networks. */
static void closed_in(const struct sw *s, const struct ip_prefix *p, struct strbuf *out)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < s->f->n_local; i++)
		if (ip_prefix_contains(p, &s->f->local[i]))
			sb_addf(out, "%s%s", out->len ? ", " : "", ip_str(&s->f->local[i], text));
	for (size_t i = 0; i < s->nic->n_gateways; i++) {
		struct ip_prefix net = s->nic->gateways[i].net;

		net.addr.v4.s_addr |= htonl(~mask_of(net.len));
		if (net.len < 31 && ip_prefix_contains(p, &net.addr))
			sb_addf(out, "%s%s", out->len ? ", " : "", ip_str(&net.addr, text));
	}
}

/* --- sets and chains -------------------------------------------------------------------------- */

static void make_set(const struct sw *s, const char *name, const char *type, unsigned size)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "add set netdev " TBL " %s { typeof %s; size %u; flags dynamic,timeout; }\n",
		       name, type, size);
	sb_adds(s->out->apply, text);
	sb_adds(s->out->undo_objects, text);
	sb_addf(s->out->undo_objects, "delete set netdev " TBL " %s\n", name);
}

static void make_sets(struct sw *s)
{
	const unsigned slot = s->f->slot, nic = s->nic->index, n = s->p->max_flows;
	char name[ISO_CHAIN_MAX];

	(void)snprintf(s->flows, sizeof(s->flows), "flows_%u_%u_%u", slot, nic, n);
	(void)snprintf(s->ending, sizeof(s->ending), "ending_%u_%u_%u", slot, nic, n);
	make_set(s, s->flows, KEY_OUT, n);
	make_set(s, s->ending, KEY_OUT, n);
	if (!s->p->n_addresses) {
		(void)snprintf(name, sizeof(name), "own_%u_%u", slot, nic);
		make_set(s, name, "@nh,96,32", OWN_MAX);
		sb_addf(&s->own, "@%s", name);
		return;
	}
	for (size_t i = 0; i < s->p->n_addresses; i++)
		if (iso_on_network(s->nic, &s->p->addresses[i].addr))
			sb_addf(&s->own, "%s0x%08x", s->own.len ? ", " : "{ ",
				host_order(&s->p->addresses[i].addr));
	sb_adds(&s->own, " }");
}

/* All of the tap's chains, whatever stands of them, are taken away: emptied first, since they jump
 * to each other. */
static void remove_chains(const struct sw *s, struct strbuf *out)
{
	static const char *const verbs[] = {"add", "flush", "delete"};
	char name[ISO_CHAIN_MAX];

	for (size_t v = 0; v < ARRAY_SIZE(verbs); v++)
		for (size_t i = 0; i < ISO_TAP_CHAINS_MAX; i++)
			sb_addf(out, "%s chain netdev " TBL " %s\n", verbs[v],
				iso_tap_chain_n(s->nic->tap, i, name));
}

static void make_chains(const struct sw *s)
{
	static const char *const hooks[] = {"ingress", "egress"};
	const char *tap = s->nic->tap;
	char name[ISO_CHAIN_MAX];

	for (size_t i = 0; i < ISO_TAP_CHAINS_MAX; i++) {
		sb_addf(s->out->apply, "add chain netdev " TBL " %s",
			iso_tap_chain_n(tap, i, name));
		if (i <= ISO_TAP_TO)
			sb_addf(s->out->apply,
				" { type filter hook %s device \"%s\" priority " LAYOUT_PRI_TAP
				"; policy drop; }",
				hooks[i], tap);
		sb_adds(s->out->apply, "\n");
	}
}

static void count(const struct sw *s, const char *chain, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What meets the conditions is dropped and counted for @reason. What has the mark goes no further.
 */
static void count(const struct sw *s, const char *chain, const char *reason, const char *fmt, ...)
{
	auto_sb struct strbuf end = {0};
	char conditions[RULE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(conditions, sizeof(conditions), fmt, ap) >= (int)sizeof(conditions))
		s->out->apply->failed = true;
	va_end(ap);
	denials_rule(reason, &end);
	rule(s, chain, "%smeta mark set 0x%08x %s", conditions, s->mark, sb_str(&end));
}

/* The same, and told by `virt-cordon log`; see netiso/denials.c. */
static void deny(const struct sw *s, const char *chain, const char *conditions, const char *reason)
{
	static const char limit[] = "limit rate 10/second burst 20 packets";
	char prefix[DENIALS_PREFIX_MAX];

	denials_log_prefix(&s->f->uuid, reason, prefix);
	if (s->p->log_denied)
		rule(s, chain, "%s%s meta mark set 0x%08x log prefix \"%s\" group %u", conditions,
		     limit, s->mark, prefix, s->f->layout.log_group);
	count(s, chain, reason, "%s", conditions);
}

/* --- what leaves ------------------------------------------------------------------------------ */

static void tap_rules(const struct sw *s)
{
	const char *tap = s->nic->tap;

	count(s, "tap_", "source", "ether saddr != %s ", s->mac);
	if (s->p->rate_out)
		count(s, "tap_", "rate", "limit name \"out_%u\" ", s->f->slot);
	rule(s, "tap_", "meta priority set " LAYOUT_PRIO_LEAVING);
	rule(s, "tap_", "ether type ip goto ip_%s", tap);
	rule(s, "tap_", "ether type arp goto arp_%s", tap);
	count(s, "tap_", "ipv6", "ether type ip6 ");
	count(s, "tap_", "frame", "%s", "");
}

/* ARP about what allow_lan or dns names on the bridge itself. @field: sender or target. */
static void arp_peer(const struct sw *s, const char *chain, const char *conditions,
		     const char *field, const struct ip_prefix *peer)
{
	if (reaches_onlink(s, peer))
		rule(s, chain, "%s %s & 0x%08x == 0x%08x accept", conditions, field,
		     mask_of(peer->len), host_order(&peer->addr));
}

static void arp_peers(const struct sw *s, const char *chain, const char *conditions,
		      const char *field)
{
	if (s->p->egress == EGRESS_NONE)
		return;
	for (size_t i = 0; i < s->p->n_lan; i++)
		arp_peer(s, chain, conditions, field, &s->p->lan[i].prefix);
	if (s->p->dns == DNS_REDIRECT) {
		const struct ip_prefix dns = host_prefix(&s->p->dns_addr);

		arp_peer(s, chain, conditions, field, &dns);
	}
}

static void arp_rules(const struct sw *s)
{
	const char *own = sb_str(&s->own);

	count(s, "arp_", "rate", "limit rate over 50/second burst 100 packets ");
	/* The bridge hands some multicast addresses to the host past all of its hooks. */
	rule(s, "arp_",
	     "ether daddr & 01:00:00:00:00:00 != 00:00:00:00:00:00 ether daddr != "
	     "ff:ff:ff:ff:ff:ff drop");
	count(s, "arp_", "frame", "@nh,0,48 != " ARP_IPV4 " ");
	count(s, "arp_", "source", "@nh,64,48 != %s ", s->raw_mac);
	/* RFC 5227: a probe has no sender address; it may ask for its own. */
	rule(s, "arp_", "@nh,48,16 0x0001 @nh,112,32 0x00000000 @nh,192,32 %s accept", own);
	count(s, "arp_", "source", "@nh,112,32 != %s ", own);
	rule(s, "arp_", "@nh,192,32 %s accept", own);
	rule(s, "arp_",
	     "@nh,48,16 0x0002 ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 accept");
	if (s->nic->has_router)
		rule(s, "arp_", "@nh,48,16 0x0001 @nh,192,32 0x%08x accept", s->router_ip);
	arp_peers(s, "arp_", "@nh,48,16 0x0001", "@nh,192,32");
	count(s, "arp_", "range", "%s", "");
}

/* A request of its own hardware address, not relayed, to all or to the router. From an address that
 * nothing here has learnt, too: after a restore the guest renews one. */
static void dhcp_rules(const struct sw *s)
{
	char request[128];
	char ip[PREFIX_STRLEN];

	(void)snprintf(request, sizeof(request),
		       "udp sport 68 udp dport 67 @th,64,24 0x010106 @th,256,32 0x00000000 "
		       "@th,288,48 %s",
		       s->raw_mac);
	rule(s, "ip_",
	     "%s ether daddr ff:ff:ff:ff:ff:ff ip daddr 255.255.255.255 ip saddr 0.0.0.0 goto "
	     "dhcp_%s",
	     request, s->nic->tap);
	if (s->onlink.len)
		rule(s, "ip_",
		     "%s ether daddr ff:ff:ff:ff:ff:ff ip daddr 255.255.255.255 ip saddr %s goto "
		     "dhcp_%s",
		     request, sb_str(&s->onlink), s->nic->tap);
	if (s->nic->has_router && s->onlink.len)
		rule(s, "ip_", "%s ether daddr %s ip daddr %s ip saddr %s goto dhcp_%s", request,
		     s->router, ip_str(&s->nic->router, ip), sb_str(&s->onlink), s->nic->tap);
	count(s, "ip_", "source", "udp dport 67 ");
	/* Enough for a guest that boots a few times, too little to lease a LAN's pool away. */
	rule(s, "dhcp_", "limit rate 40/hour burst 40 packets accept");
	count(s, "dhcp_", "rate", "%s", "");
}

/* One entry of allow_lan, in one direction. */
static void lan_rule(const struct sw *s, const struct policy_lan *lan, bool out)
{
	const char *chain = out ? "ip_" : "toip_", *field = out ? "daddr" : "saddr";
	const char *to = out ? "flow_" : "back_", *tap = s->nic->tap;
	auto_sb struct strbuf text = {0}, closed = {0};
	char prefix[PREFIX_STRLEN];

	closed_in(s, &lan->prefix, &closed);
	sb_addf(&text, "ip %s %s ", field, ip_prefix_str(&lan->prefix, prefix));
	if (closed.len)
		sb_addf(&text, "ip %s != { %s } ", field, sb_str(&closed));
	if (lan->port)
		rule(s, chain, "%s%s %s %u goto %s%s", sb_str(&text), proto_str(lan->proto),
		     out ? "dport" : "sport", lan->port, to, tap);
	else if (lan->proto)
		rule(s, chain, "%smeta l4proto %s goto %s%s", sb_str(&text), proto_str(lan->proto),
		     to, tap);
	else
		rule(s, chain, "%sgoto %s%s", sb_str(&text), to, tap);
	if (!out && lan->proto)
		rule(s, chain, "%s" ICMP_ERRORS " goto %s%s", sb_str(&text), to, tap);
}

/* Who may be talked to. The same in both directions, but for the names of fields. */
static void peer_rules(const struct sw *s, bool out)
{
	const char *chain = out ? "ip_" : "toip_", *field = out ? "daddr" : "saddr";
	const char *port = out ? "dport" : "sport", *to = out ? "flow_" : "back_";
	const char *tap = s->nic->tap;
	char ip[PREFIX_STRLEN];

	/* What is not on the bridge itself is reached by the router alone. */
	rule(s, chain, "ether %s != %s ip %s != %s drop", field, s->router, field,
	     sb_str(&s->onlink));
	if (s->p->dns == DNS_REDIRECT)
		for (int tcp = 0; tcp < 2; tcp++)
			rule(s, chain, "ip %s %s %s %s 53 goto %s%s", field,
			     ip_str(&s->p->dns_addr, ip), tcp ? "tcp" : "udp", port, to, tap);
	for (int tcp = 0; out && tcp < 2; tcp++)
		deny(s, chain, tcp ? "tcp dport 53 " : "udp dport 53 ", "dns");
	for (size_t i = 0; i < s->p->n_lan; i++)
		lan_rule(s, &s->p->lan[i], out);
	rule(s, chain, "ether %s %s ip %s %s goto %s%s", field, s->router, field,
	     sb_str(&s->ranges), to, tap);
}

static void ip_rules(const struct sw *s)
{
	count(s, "ip_", "frame", "ip hdrlength != 5 ");
	count(s, "ip_", "frame", "ip frag-off & 0x3fff != 0 ");
	dhcp_rules(s);
	count(s, "ip_", "source", "@nh,96,32 != %s ", sb_str(&s->own));
	if (s->p->egress != EGRESS_NONE) {
		rule(s, "ip_", "ether daddr & 01:00:00:00:00:00 != 00:00:00:00:00:00 drop");
		peer_rules(s, true);
	}
	deny(s, "ip_", "", s->p->egress == EGRESS_NONE ? "egress" : "range");
}

static void flow_rules(const struct sw *s)
{
	const char *fl = s->flows, *en = s->ending;

	rule(s, "flow_",
	     "tcp flags & (fin | syn | rst | ack) == syn update @%s { " KEY_OUT " timeout " TCP_NEW
	     " } accept",
	     fl);
	rule(s, "flow_",
	     "tcp flags & (fin | rst) != 0 " KEY_OUT " @%s update @%s { " KEY_OUT
	     " timeout " TCP_ENDING " } delete @%s { " KEY_OUT " } accept",
	     fl, en, fl);
	rule(s, "flow_",
	     "tcp flags & (fin | syn | rst) == 0 " KEY_OUT " @%s update @%s { " KEY_OUT
	     " timeout " TCP_OPEN " } accept",
	     fl, fl);
	rule(s, "flow_",
	     "tcp flags & syn == 0 " KEY_OUT " @%s update @%s { " KEY_OUT " timeout " TCP_ENDING
	     " } accept",
	     en, en);
	rule(s, "flow_", "udp dport 53 update @%s { " KEY_OUT " timeout " DNS_OPEN " } accept", fl);
	rule(s, "flow_", "udp dport != 53 update @%s { " KEY_OUT " timeout " UDP_OPEN " } accept",
	     fl);
	rule(s, "flow_",
	     "icmp type echo-request update @%s { " KEY_ECHO_OUT " timeout " ECHO_OPEN " } accept",
	     fl);
	deny(s, "flow_", "", "flows");
}

/* --- what comes in ---------------------------------------------------------------------------- */

static void to_rules(const struct sw *s)
{
	const char *tap = s->nic->tap;

	rule(s, "to_", "meta priority != " LAYOUT_PRIO_COMING " drop");
	if (s->p->rate_in)
		rule(s, "to_", "limit name \"in_%u\" drop", s->f->slot);
	/* A bridge floods what is for addresses that it does not know. */
	rule(s, "to_", "ether daddr != { %s, ff:ff:ff:ff:ff:ff } drop", s->mac);
	rule(s, "to_", "ether type ip goto toip_%s", tap);
	rule(s, "to_", "ether type arp goto toarp_%s", tap);
}

/* The router about itself; whom the policy names, in answer; and who asks for the guest: a DHCP
 * server must, before it can send to it. */
static void toarp_rules(const struct sw *s)
{
	const char *own = sb_str(&s->own);
	char answer[256];

	rule(s, "toarp_", "limit rate over 50/second burst 100 packets drop");
	rule(s, "toarp_", "@nh,0,48 != " ARP_IPV4 " drop");
	if (s->nic->has_router) {
		rule(s, "toarp_",
		     "ether saddr %s @nh,64,48 %s @nh,112,32 0x%08x @nh,192,32 %s accept",
		     s->router, s->raw_router, s->router_ip, own);
		rule(s, "toarp_",
		     "ether saddr %s @nh,64,48 %s @nh,112,32 0x%08x @nh,192,32 0x%08x accept",
		     s->router, s->raw_router, s->router_ip, s->router_ip);
		rule(s, "toarp_", "@nh,112,32 0x%08x drop", s->router_ip);
	}
	rule(s, "toarp_", "@nh,192,32 != %s drop", own);
	rule(s, "toarp_", "@nh,48,16 0x0001 accept");
	(void)snprintf(answer, sizeof(answer), "@nh,48,16 0x0002 ether daddr %s", s->mac);
	arp_peers(s, "toarp_", answer, "@nh,112,32");
	rule(s, "toarp_", "drop");
}

/* An acknowledgement to this NIC teaches its address: one of the bridge's networks, neither the
 * router's nor the host's. RFC 2132: option 53 of length 1, value 5, right behind the magic
 * cookie. */
static void learn_rules(const struct sw *s, const char *answer)
{
	const struct iso_nic *nic = s->nic;
	auto_sb struct strbuf not = {0};

	sb_adds(&not, "0x00000000");
	if (nic->has_router)
		sb_addf(&not, ", 0x%08x", s->router_ip);
	for (size_t i = 0; i < s->f->n_local; i++)
		if (iso_on_network(nic, &s->f->local[i]))
			sb_addf(&not, ", 0x%08x", host_order(&s->f->local[i]));
	for (size_t i = 0; i < nic->n_gateways; i++)
		rule(s, "toip_",
		     "%s @th,1984,24 0x350105 @th,192,32 & 0x%08x == 0x%08x @th,192,32 != { %s } "
		     "update %s { @th,192,32 timeout " LEASE_MAX " }",
		     answer, mask_of(nic->gateways[i].net.len),
		     host_order(&nic->gateways[i].net.addr), sb_str(&not ), sb_str(&s->own));
	if (!nic->n_gateways)
		rule(s, "toip_",
		     "%s @th,1984,24 0x350105 @th,192,32 != { %s } update %s { @th,192,32 "
		     "timeout " LEASE_MAX " }",
		     answer, sb_str(&not ), sb_str(&s->own));
}

static void toip_rules(const struct sw *s)
{
	char answer[128], ip[PREFIX_STRLEN];

	(void)snprintf(answer, sizeof(answer),
		       "udp sport 67 udp dport 68 @th,64,24 0x020106 @th,288,48 %s", s->raw_mac);
	rule(s, "toip_", "ip hdrlength != 5 drop");
	rule(s, "toip_", "ip frag-off & 0x3fff != 0 drop");
	if (!s->p->n_addresses)
		learn_rules(s, answer);
	rule(s, "toip_", "%s limit rate 20/second burst 40 packets accept", answer);
	rule(s, "toip_", "udp dport 68 drop");
	rule(s, "toip_", "ether daddr != %s drop", s->mac);
	rule(s, "toip_", "@nh,128,32 != %s drop", sb_str(&s->own));
	if (s->p->egress != EGRESS_NONE) {
		rule(s, "toip_", "ether saddr %s ip saddr %s " ICMP_ERRORS " goto back_%s",
		     s->router, ip_str(&s->nic->router, ip), s->nic->tap);
		peer_rules(s, false);
	}
	rule(s, "toip_", "drop");
}

static void back_rules(const struct sw *s)
{
	const char *own = sb_str(&s->own), *fl = s->flows, *en = s->ending;

	rule(s, "back_", ICMP_ERRORS " @nh,224,8 0x45 @nh,320,32 %s " KEY_QUOTED " @%s accept", own,
	     fl);
	rule(s, "back_", ICMP_ERRORS " @nh,224,8 0x45 @nh,320,32 %s " KEY_QUOTED " @%s accept", own,
	     en);
	rule(s, "back_", "icmp type echo-reply " KEY_ECHO_IN " @%s accept", fl);
	rule(s, "back_", "tcp flags & (syn | ack) == syn drop");
	rule(s, "back_",
	     "tcp flags & (fin | rst) != 0 " KEY_IN " @%s update @%s { " KEY_IN
	     " timeout " TCP_ENDING " } delete @%s { " KEY_IN " } accept",
	     fl, en, fl);
	rule(s, "back_",
	     "tcp flags & (fin | rst) == 0 " KEY_IN " @%s update @%s { " KEY_IN " timeout " TCP_OPEN
	     " } accept",
	     fl, fl);
	rule(s, "back_",
	     "meta l4proto tcp " KEY_IN " @%s update @%s { " KEY_IN " timeout " TCP_ENDING
	     " } accept",
	     en, en);
	rule(s, "back_", "udp sport 53 " KEY_IN " @%s accept", fl);
	rule(s, "back_",
	     "udp sport != 53 " KEY_IN " @%s update @%s { " KEY_IN " timeout " UDP_OPEN " } accept",
	     fl, fl);
	rule(s, "back_", "drop");
}

/* --- the whole -------------------------------------------------------------------------------- */

static void fill_texts(struct sw *s, const struct ip_range *ranges, size_t n_ranges)
{
	char first[PREFIX_STRLEN], last[PREFIX_STRLEN], prefix[PREFIX_STRLEN];
	const struct iso_nic *nic = s->nic;

	for (size_t i = 0; i < nic->n_gateways; i++)
		sb_addf(&s->onlink, "%s%s", i ? ", " : "{ ",
			ip_prefix_str(&nic->gateways[i].net, prefix));
	if (s->onlink.len)
		sb_adds(&s->onlink, " }");
	for (size_t i = 0; i < n_ranges; i++)
		sb_addf(&s->ranges, "%s%s-%s", i ? ", " : "{ ", ip_str(&ranges[i].first, first),
			ip_str(&ranges[i].last, last));
	sb_adds(&s->ranges, " }");
	(void)mac_str(&nic->mac, s->mac);
	raw_mac(&nic->mac, s->raw_mac);
	(void)mac_str(&nic->router_mac, s->router);
	raw_mac(&nic->router_mac, s->raw_router);
	s->router_ip = nic->has_router ? host_order(&nic->router) : 0;
}

void iso_switched_nic(const struct policy *p, const struct iso_facts *f, const struct iso_nic *nic,
		      const struct ip_range *ranges, size_t n_ranges,
		      const struct switched_out *out)
{
	struct sw s = {p, f, nic, out, .mark = iso_mark(&f->layout, f->slot, p)};

	fill_texts(&s, ranges, n_ranges);
	remove_chains(&s, out->clear);
	remove_chains(&s, out->undo_chains);
	make_sets(&s);
	make_chains(&s);
	tap_rules(&s);
	arp_rules(&s);
	ip_rules(&s);
	flow_rules(&s);
	to_rules(&s);
	toarp_rules(&s);
	toip_rules(&s);
	back_rules(&s);
	out->apply->failed =
		out->apply->failed || s.own.failed || s.onlink.failed || s.ranges.failed;
	sb_free(&s.own);
	sb_free(&s.onlink);
	sb_free(&s.ranges);
}
