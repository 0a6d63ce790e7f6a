// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies, packets and verdicts as text. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <stdio.h>
#include <string.h>

const char *const reason_text[N_REASONS] = {
	[WHY_SOURCE_MAC] = "foreign source MAC",
	[WHY_TAG] = "tagged frame",
	[WHY_ETHERTYPE] = "neither IPv4 nor ARP",
	[WHY_NEIGHBOUR] = "a frame to another guest",
	[WHY_ARP_FORM] = "ARP that is neither request nor reply of IPv4 over Ethernet",
	[WHY_ARP_SENDER] = "foreign ARP sender",
	[WHY_ARP_TARGET] = "ARP for what is neither the gateway nor the guest",
	[WHY_OPTIONS] = "IP options",
	[WHY_CHADDR] = "DHCP that is no request of the guest's own",
	[WHY_SOURCE] = "foreign IPv4 source",
	[WHY_EGRESS_NONE] = "egress = none",
	[WHY_NO_DNS] = "dns = none",
	[WHY_HOST] = "an address of the host",
	[WHY_BROADCAST] = "broadcast or multicast",
	[WHY_GUEST] = "the address of another guest",
	[WHY_RANGE] = "a range that is not the Internet",
	[WHY_ATTACHED] = "a network that the host is attached to",
	[WHY_TO_GUEST] = "from elsewhere to the guest",
	[WHY_NO_SYN] = "TCP to the host that opens no connection",
	[WHY_REDIRECTED] = "redirected by another program to where it must not go",
	[WHY_ARP] = "ARP of the guest and its gateway",
	[WHY_DHCP] = "DHCP",
	[WHY_DNS_HOST] = "dns = host",
	[WHY_DNS_ADDRESS] = "dns = ADDRESS",
	[WHY_HOST_PORT] = "allow_host_port",
	[WHY_FORWARD] = "forward_port",
	[WHY_LAN] = "allow_lan",
	[WHY_INTERNET] = "egress = internet",
	[WHY_FROM_HOST] = "the host to the guest",
	[WHY_REPLY] = "the guest's answer to the host",
	[WHY_NO_IPV6] = "ipv6 = no",
	[WHY_GROUP] = "IPv6 to a group that no one needs",
	[WHY_HEADER] = "an extension header, or a protocol that is no transport",
	[WHY_ND_FORM] = "Neighbour Discovery that is not valid",
	[WHY_ND_TARGET] = "Neighbour Discovery of what is neither the gateway nor its own",
	[WHY_ND_MAC] = "Neighbour Discovery with an option that does not belong there",
	[WHY_ROUTER] = "ICMPv6 that only routers send, or no one",
	[WHY_DHCP6] = "DHCPv6 that is no client's",
	[WHY_SOURCE6] = "foreign IPv6 source",
	[WHY_HOST6] = "an IPv6 address of the host",
	[WHY_GROUP6] = "IPv6 multicast",
	[WHY_GUEST6] = "the IPv6 address of another guest",
	[WHY_RANGE6] = "an IPv6 range that is not the Internet",
	[WHY_ATTACHED6] = "an IPv6 prefix that the host is attached to",
	[WHY_ND] = "Neighbour Discovery",
	[WHY_DHCPV6] = "DHCPv6",
	[WHY_INTERNET6] = "egress = internet, by IPv6",
};

const char *ip_text(uint32_t ip, char buf[static 16])
{
	(void)snprintf(buf, 16, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	return buf;
}

static void add_ip(struct strbuf *out, const char *before, uint32_t ip)
{
	char buf[16];

	sb_addf(out, "%s%s", before, ip_text(ip, buf));
}

static void add_mac(struct strbuf *out, const char *before, const uint8_t m[static 6])
{
	sb_addf(out, "%s%02x:%02x:%02x:%02x:%02x:%02x", before, m[0], m[1], m[2], m[3], m[4], m[5]);
}

static const char *proto_name(uint8_t proto, char buf[static 8])
{
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP)
		return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "icmp";
	(void)snprintf(buf, 8, "ip-%u", proto);
	return buf;
}

/* A list, entry by entry on labelled lines: no line gets too long. */
static void text_lists(const struct situation *s, struct strbuf *out)
{
	char buf[16], name[8];

	for (size_t i = 0; i < s->n_ports; i++)
		sb_addf(out, "allow_host_port.%zu = %s/%u\n", i,
			proto_name(s->ports[i].proto, name), s->ports[i].port);
	for (size_t i = 0; i < s->n_lan; i++) {
		sb_addf(out, "allow_lan.%zu = %s", i, ip_text(s->lan[i].to.addr, buf));
		if (s->lan[i].to.len < 32)
			sb_addf(out, "/%u", s->lan[i].to.len);
		if (s->lan[i].at.port)
			sb_addf(out, ":%s/%u", proto_name(s->lan[i].at.proto, name),
				s->lan[i].at.port);
		sb_adds(out, "\n");
	}
	for (size_t i = 0; i < s->n_lan6; i++) {
		const struct lan6_entry *e = &s->lan6[i];
		const bool single = strstr(e->to, "/128");

		sb_addf(out, "allow_lan.six%zu = ", i);
		if (!e->at.port)
			sb_addf(out, "%s\n", e->to);
		else if (single)
			sb_addf(out, "[%.*s]:%s/%u\n", (int)strcspn(e->to, "/"), e->to,
				proto_name(e->at.proto, name), e->at.port);
		else
			sb_addf(out, "[%s]:%s/%u\n", e->to, proto_name(e->at.proto, name),
				e->at.port);
	}
	for (size_t i = 0; i < s->n_forwards; i++)
		sb_addf(out, "forward_port.%zu = %s/%u %s:%u\n", i,
			proto_name(s->forwards[i].at.proto, name), s->forwards[i].at.port,
			ip_text(s->forwards[i].to, buf), s->forwards[i].to_port);
	for (size_t i = 0; i < s->n_addresses; i++)
		sb_addf(out, "addresses.%zu = %s\n", i, ip_text(s->addresses[i], buf));
}

void text_policy(const struct situation *s, struct strbuf *out)
{
	static const char *const dns[] = {"auto", "host", "none", NULL};
	char buf[16];

	sb_adds(out, "[network]\n");
	if (s->egress_none)
		sb_adds(out, "egress = none\nallow_unguarded = yes\n");
	if (s->dns != DNSKEY_AUTO)
		sb_addf(out, "dns = %s%s%s\n",
			s->dns != DNSKEY_ADDRESS ? dns[s->dns]
			: s->dns_addr		 ? ip_text(s->dns_addr, buf)
						 : "",
			s->dns_addr && s->dns_addr6 ? ", " : "", s->dns_addr6 ? s->dns_addr6 : "");
	text_lists(s, out);
	if (s->ipv6)
		sb_adds(out, "ipv6 = nat\n");
	if (!s->log)
		sb_adds(out, "log_denied = no\n");
	if (s->rates)
		sb_adds(out, "rate_out = 100mbit\nrate_in = 100mbit\nmax_flows = 20000\n");
}

void text_surroundings(const struct situation *s, struct strbuf *out)
{
	static const char *const leases[N_LEASE_KINDS] = {"", " for ever", " expired",
							  " of another"};
	sb_adds(out, "own addresses:");
	for (size_t i = 0; i < s->n_own; i++)
		add_ip(out, " ", s->own[i]);
	for (size_t i = 0; i < s->n_leases; i++) {
		add_ip(out, i ? ", " : "; leases: ", s->leases[i].addr);
		sb_adds(out, leases[s->leases[i].kind]);
	}
	sb_addf(out, "%s%s%s%s%s\n", s->alone ? "; no other domain has a policy" : "",
		s->bridge_nf ? "; br_netfilter" : "", s->marks_lost ? "; UDP marks rewritten" : "",
		s->masquerade ? "; masquerading" : "",
		s->published ? "; public addresses redirected" : "");
}

static void text_dhcp(const struct dhcp_fields *d, struct strbuf *out)
{
	sb_addf(out, ", BOOTP op %u type %u htype %u hlen %u", d->op, d->type, d->htype, d->hlen);
	add_mac(out, " chaddr ", d->chaddr);
	add_ip(out, " yiaddr ", d->yiaddr);
	add_ip(out, " giaddr ", d->giaddr);
}

static void text_flags(uint8_t flags, struct strbuf *out)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

	sb_adds(out, ", flags");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags >> i & 1)
			sb_addf(out, " %s", names[i]);
}

static void text_ip(const struct packet *p, struct strbuf *out)
{
	static const char *const options[N_OPTIONS] = {
		"", "nop", "record route", "loose source route", "strict source route", "alert"};
	static const char *const fragments[N_FRAGMENTS] = {
		"", "in two fragments", "in two fragments, reversed", "its first fragment",
		"its last fragment"};
	static const char *const flaws[N_FLAWS] = {"",
						   "padded",
						   "IP version 6",
						   "header length 16",
						   "header length 60",
						   "total length too short",
						   "total length too long",
						   "cut off",
						   "bad IP checksum",
						   "bad checksum",
						   "bad length"};
	const bool ports = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
	char name[8];

	sb_addf(out, " %s", proto_name(p->proto, name));
	add_ip(out, " ", p->src);
	if (ports)
		sb_addf(out, ":%u", packet_sport(p));
	add_ip(out, " > ", p->dst);
	if (ports)
		sb_addf(out, ":%u", p->dport);
	if (p->proto == IPPROTO_TCP)
		text_flags(p->tcp_flags, out);
	if (p->proto == IPPROTO_ICMP)
		sb_addf(out, ", type %u", p->icmp_type);
	if (p->is_dhcp)
		text_dhcp(&p->dhcp, out);
	if (p->ttl != 64)
		sb_addf(out, ", ttl %u", p->ttl);
	if (p->options)
		sb_addf(out, ", options: %s", options[p->options]);
	if (p->fragments)
		sb_addf(out, ", %s", fragments[p->fragments]);
	if (p->flaw)
		sb_addf(out, ", %s", flaws[p->flaw]);
}

static void text_arp(const struct arp_fields *a, struct strbuf *out)
{
	sb_addf(out, " arp op %u", a->op);
	add_mac(out, " sender ", a->sha);
	add_ip(out, " ", a->spa);
	add_mac(out, " target ", a->tha);
	add_ip(out, " ", a->tpa);
	if (a->htype != 1 || a->ptype != 0x0800 || a->hlen != 6 || a->plen != 4)
		sb_addf(out, " htype %u ptype 0x%04x hlen %u plen %u", a->htype, a->ptype, a->hlen,
			a->plen);
}

void text_packet(const struct packet *p, struct strbuf *out)
{
	static const char *const tags[N_TAGS] = {"", " priority tag", " vlan 5", " qinq"};

	sb_addf(out, "from %s:", place_names[p->from]);
	if (p->from != AT_HOST) {
		add_mac(out, " ", p->smac);
		add_mac(out, " > ", p->dmac);
	}
	sb_adds(out, tags[p->tag]);
	if (p->kind == FRAME_OTHER)
		sb_addf(out, " type 0x%04x", p->type);
	else if (p->kind == FRAME_IP6)
		text_packet6(p, out);
	else if (p->kind == FRAME_ARP)
		text_arp(&p->arp, out);
	else
		text_ip(p, out);
	sb_adds(out, "\n");
}

static void add_destination(struct strbuf *out, uint32_t dst, const struct in6_addr *dst6,
			    uint16_t dport)
{
	char buf[INET6_ADDRSTRLEN];

	if (dst)
		add_ip(out, ", going to ", dst);
	else
		sb_addf(out, ", going to %s port", ip6_text(dst6, buf));
	if (dport)
		sb_addf(out, ":%u", dport);
}

void text_verdict(const struct verdict *v, struct strbuf *out)
{
	sb_addf(out, "%s%s", place_names[v->at], v->may ? " or nowhere" : "");
	if (v->at >= AT_WAN && v->at <= AT_PUB)
		add_destination(out, v->dst, &v->dst6, v->dport);
	sb_addf(out, " (%s)\n", reason_text[v->why]);
}

void text_seen(const struct seen *s, struct strbuf *out)
{
	const char *between = "";

	if (!s->places)
		sb_adds(out, "nowhere");
	for (unsigned i = 0; i < N_PLACES; i++) {
		if (!(s->places >> i & 1))
			continue;
		sb_addf(out, "%s%s", between, place_names[i]);
		between = ", ";
	}
	if (s->places & (1u << AT_WAN | 1u << AT_LAN | 1u << AT_PUB))
		add_destination(out, s->dst, &s->dst6, s->dport);
	sb_adds(out, "\n");
}
