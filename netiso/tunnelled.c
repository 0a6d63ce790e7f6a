/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain has in nftables besides when all it sends goes through a tunnel. */
#include "netiso/build.h"

#include "lib/util.h"

#include <stdio.h>
#include <string.h>

#define TBL LAYOUT_TABLE

/* As many as layout.c has maps for: each new query takes one of them by chance. */
#define RESOLVERS 4

/* A prefix that the file names and that is not of the Internet as a whole: meant to be reached,
 * inside the tunnel. Wider ones are only the Internet in pieces. */
static bool is_private(const struct ip_prefix *p)
{
	const uint32_t first = ntohl(p->addr.v4.s_addr);
	const uint32_t last = first | (p->len < 32 ? UINT32_MAX >> p->len : 0);

	for (size_t i = 0; i < layout_n_refused; i++)
		if (first >= layout_refused[i].first && last <= layout_refused[i].last)
			return true;
	return false;
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
	bool any = false;

	for (size_t i = 0; i < t->n_routes; i++)
		any = any || is_private(&t->routes[i]);
	if (!any)
		return;
	(void)snprintf(chain, sizeof(chain), "inside_%u", b->f->slot);
	sb_addf(&b->apply, "add chain inet " TBL " %s\nflush chain inet " TBL " %s\n", chain,
		chain);
	for (size_t i = 0; i < t->n_routes; i++)
		if (is_private(&t->routes[i]))
			sb_addf(&b->apply, "add rule inet " TBL " %s ip daddr %s goto opened\n",
				chain, ip_prefix_str(&t->routes[i], prefix));
	/* The element needs its chain, also when undo adds it first. */
	sb_addf(&b->undo_elements, "add chain inet " TBL " %s\n", chain);
	build_verdict(b, "inet", "tunnel_private", term_mark(b->mark), "jump", chain);
	sb_addf(&b->undo_chains, "flush chain inet " TBL " %s\ndelete chain inet " TBL " %s\n",
		chain, chain);
}

static void resolver_elements(struct build *b, const struct ip_addr *list, size_t n)
{
	static const char *const maps[RESOLVERS] = {"tunnel_dns_0", "tunnel_dns_1", "tunnel_dns_2",
						    "tunnel_dns_3"};

	build_verdict(b, "inet", "dns", term_mark(b->mark), "goto", "opened");
	for (size_t i = 0; i < RESOLVERS; i++)
		build_map(b, "inet", maps[i], term_mark(b->mark), term_ip(&list[i % n]));
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

	build_set(b, "inet", "tunnelled", mark);
	build_set(b, "inet", "tunnels", link);
	build_set(b, "inet", "tunnel_in", term_join(link, term_zone(b->f->slot)));
	build_map(b, "inet", "tunnel_mark", link, mark);
	build_set(b, "inet", "tunnel_out", term_join(mark, link));
	build_map(b, "inet", "tunnel_source", mark, term_ip(&b->f->tunnel.address));
	private_chain(b);
}
