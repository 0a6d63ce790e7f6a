/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain has in nftables besides when all it sends goes through a tunnel. */
#include "netiso/build.h"

#include "lib/util.h"

#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>

#define TBL LAYOUT_TABLE

/* As many as layout.c has maps for: each new query takes one of them by chance. Who has more than
 * four has sixteen elements in a map of its own. */
#define RESOLVERS 4
#define RESOLVERS_MANY 16

/* A prefix that the file names and that is not of the Internet as a whole: meant to be reached,
 * inside the tunnel. Wider ones are only the Internet in pieces. */
static bool is_private(const struct ip_prefix *p)
{
	const struct ip_range r = ip_range_of(&p->addr, p->len);

	return p->addr.family == AF_INET6 ? ip_range_holds(layout_refused6, layout_n_refused6, &r)
					  : ip_range_holds(layout_refused, layout_n_refused, &r);
}

bool iso_tunnel_names(const struct tunnel *t, const struct ip_addr *ip)
{
	for (size_t i = 0; i < t->n_routes; i++)
		if (is_private(&t->routes[i]) && ip_prefix_contains(&t->routes[i], ip))
			return true;
	return false;
}

static void private_chain(struct build *b)
{
	const struct tunnel *t = &b->f->tunnel;
	char prefix[PREFIX_STRLEN], chain[ISO_CHAIN_MAX];
	struct strbuf *make;
	bool any = false;

	for (size_t i = 0; i < t->n_routes; i++)
		any = any || is_private(&t->routes[i]);
	if (!any)
		return;
	make = build_own_chain(b, ISO_OWN_INSIDE, "tunnel_private");
	iso_own_chain(ISO_OWN_INSIDE, b->f->slot, chain);
	for (size_t i = 0; make && i < t->n_routes; i++)
		if (is_private(&t->routes[i]))
			sb_addf(make, "add rule inet " TBL " %s %s daddr %s goto opened\n", chain,
				t->routes[i].addr.family == AF_INET6 ? "ip6" : "ip",
				ip_prefix_str(&t->routes[i], prefix));
}

/* Where there are more of one family, those of the other are in the larger map, too. */
static void family_elements(struct build *b, const struct ip_addr *list, size_t n, bool many)
{
	static const char *const maps[2][RESOLVERS] = {
		{"tunnel_dns_0", "tunnel_dns_1", "tunnel_dns_2", "tunnel_dns_3"},
		{"tunnel_dns6_0", "tunnel_dns6_1", "tunnel_dns6_2", "tunnel_dns6_3"}};
	const struct term mark = term_mark(b->mark);
	const bool v6 = n && list[0].family == AF_INET6;

	for (size_t i = 0; n && many && i < RESOLVERS_MANY; i++)
		build_map(b, "inet", v6 ? "tunnel_dns6_16" : "tunnel_dns_16",
			  term_join(mark, term_priority((uint32_t)i)), term_ip(&list[i % n]));
	for (size_t i = 0; n && !many && i < RESOLVERS; i++)
		build_map(b, "inet", maps[v6][i], mark, term_ip(&list[i % n]));
}

static void resolver_elements(struct build *b, const struct ip_addr *list, size_t n)
{
	const struct term mark = term_mark(b->mark);
	struct ip_addr v4[RESOLVERS_MANY], v6[RESOLVERS_MANY];
	size_t n4 = 0, n6 = 0;
	bool many;

	for (size_t i = 0; i < n && i < RESOLVERS_MANY; i++)
		if (list[i].family == AF_INET)
			v4[n4++] = list[i];
		else if (iso_wants_ipv6(b->p, &b->f->tunnel))
			v6[n6++] = list[i];
	many = n4 > RESOLVERS || n6 > RESOLVERS;
	build_verdict(b, "inet", "dns", mark, "goto", "opened");
	if (many)
		build_set(b, "inet", "tunnel_dns_many", mark);
	family_elements(b, v4, n4, many);
	family_elements(b, v6, n6, many);
}

void build_tunnel_dns(struct build *b)
{
	if (b->p->dns == DNS_REDIRECT)
		resolver_elements(b, &b->p->dns_addr, 1);
	else
		resolver_elements(b, b->f->tunnel.dns, b->f->tunnel.n_dns);
}

void build_tunnel(struct build *b)
{
	const struct term mark = term_mark(b->mark), link = term_link(b->f->tunnel.link);
	const struct term zone = term_zone(b->f->slot);

	build_set(b, "inet", "tunnelled", mark);
	/* Another domain may have the same one. */
	build_shared(b, "inet", "tunnels", link);
	build_set(b, "inet", "tunnel_in", term_join(link, zone));
	build_map(b, "inet", "tunnel_mark", term_join(link, zone), mark);
	build_set(b, "inet", "tunnel_out", term_join(mark, link));
	build_map(b, "inet", "tunnel_source", mark, term_ip(&b->f->tunnel.address));
	private_chain(b);
}

void build_tunnel6(struct build *b)
{
	build_map(b, "inet", "tunnel_source6", term_mark(b->mark), term_ip(&b->f->tunnel.address6));
	build_shared_verdict(b, "inet", "tunnel_errors6",
			     term_icmp6(ICMP6_PARAM_PROB, "parameter-problem"), "jump",
			     "error_options6");
	build_shared_verdict(b, "inet", "tunnel_errors6",
			     term_icmp6(ICMP6_TIME_EXCEEDED, "time-exceeded"), "jump",
			     "error_fragment6");
}

/* --- beside the tunnel ------------------------------------------------------------------------ */

static uint32_t beside_mark(const struct build *b)
{
	return b->mark | LAYOUT_BESIDE;
}

/* To the host itself no packet is routed; into the tunnel it goes by the domain's own mark. */
static bool goes_beside(const struct build *b, const struct policy_forward *fw)
{
	return b->p->egress == EGRESS_TUNNEL && !fw->via_tunnel && !iso_is_loopback(&fw->to);
}

uint32_t build_forward_mark(const struct build *b, const struct policy_forward *fw)
{
	return goes_beside(b, fw) ? beside_mark(b) : b->mark;
}

static void beside_entry(struct strbuf *out, const char *chain, const struct policy_lan *lan)
{
	char prefix[PREFIX_STRLEN];

	ip_prefix_str(&lan->prefix, prefix);
	sb_addf(out, "add rule inet " TBL " %s ip daddr %s ", chain, prefix);
	if (lan->port)
		sb_addf(out, "%s dport %u ", proto_str(lan->proto), lan->port);
	else if (lan->proto)
		sb_addf(out, "meta l4proto %s ", proto_str(lan->proto));
	sb_adds(out, "goto beside_open\n");
}

/* All queries are the tunnel's resolvers'. An ICMP error has no port: it goes where all to its
 * target goes, or, where that is only some of it, nowhere. */
static void beside_chain(struct build *b)
{
	struct strbuf *make = build_own_chain(b, ISO_OWN_BESIDE, "beside");
	char chain[ISO_CHAIN_MAX], prefix[PREFIX_STRLEN];
	const struct policy *p = b->p;

	iso_own_chain(ISO_OWN_BESIDE, b->f->slot, chain);
	if (!make)
		return;
	sb_addf(make,
		"add rule inet " TBL " %s udp dport 53 return\n"
		"add rule inet " TBL " %s tcp dport 53 return\n",
		chain, chain);
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->lan[i].prefix.addr.family == AF_INET)
			beside_entry(make, chain, &p->lan[i]);
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->lan[i].prefix.addr.family == AF_INET && p->lan[i].proto)
			sb_addf(make,
				"add rule inet " TBL " %s ip daddr %s ct state related drop\n",
				chain, ip_prefix_str(&p->lan[i].prefix, prefix));
}

/* The links that the ways lead by, each once. */
static void beside_links(struct build *b)
{
	const struct tunnel *t = &b->f->tunnel;

	for (size_t i = 0; i < t->n_ways; i++) {
		bool known = !t->ways[i].link[0];

		for (size_t k = 0; k < i && !known; k++)
			known = strcmp(t->ways[i].link, t->ways[k].link) == 0;
		if (!known)
			build_set(b, "inet", "tunnel_out",
				  term_join(term_mark(beside_mark(b)), term_link(t->ways[i].link)));
	}
}

void build_beside(struct build *b, const char *flows)
{
	const struct term mark = term_mark(b->mark), beside = term_mark(beside_mark(b));
	const struct policy *p = b->p;
	char chain[ISO_CHAIN_MAX];
	bool any = p->n_lan > 0;

	for (size_t i = 0; i < p->n_forwards; i++) {
		const struct policy_forward *fw = &p->forwards[i];

		if (!goes_beside(b, fw))
			continue;
		any = true;
		build_set(b, "inet", "beside_port",
			  term_join(term_join(mark, term_proto(fw->proto)), term_port(fw->port)));
	}
	if (!any)
		return;
	build_verdict(b, "inet", "flow_limit", beside, "goto", flows);
	build_set(b, "inet", "own_zone", term_join(beside, term_zone(b->f->slot)));
	if (p->log_denied)
		build_verdict(b, "inet", "logged", beside, "jump",
			      iso_own_chain(ISO_OWN_LOG, b->f->slot, chain));
	beside_links(b);
	if (p->n_lan)
		beside_chain(b);
}
