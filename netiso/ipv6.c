/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain with ipv6 = nat has in nftables besides, and what is refused of it. */
#include "netiso/build.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

/* fe80::/64, in which link-local addresses are (RFC 4291, 2.5.6). */
static const struct ip_prefix link_net = {.addr = {.family = AF_INET6, .v6.s6_addr = {0xfe, 0x80}},
					  .len = 64};

bool iso_wants_ipv6(const struct policy *p, const struct tunnel *t)
{
	return p->isolation && p->ipv6 == IPV6_NAT &&
	       (p->egress != EGRESS_TUNNEL || t->address6.family);
}

bool iso_is_link_local(const struct ip_addr *ip)
{
	return ip->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ip->v6);
}

bool iso_on_network6(const struct iso_nic *nic, const struct ip_addr *ip)
{
	for (size_t i = 0; i < nic->n_gateways6; i++)
		if (!iso_is_link_local(&nic->gateways6[i].addr) &&
		    ip_prefix_contains(&nic->gateways6[i].net, ip))
			return true;
	return false;
}

struct ip_addr iso_eui64(const struct ip_prefix *net, const struct mac *mac)
{
	struct ip_addr ip = net->addr;

	ip.b[8] = mac->b[0] ^ 2;
	ip.b[9] = mac->b[1];
	ip.b[10] = mac->b[2];
	ip.b[11] = 0xff;
	ip.b[12] = 0xfe;
	memcpy(&ip.b[13], &mac->b[3], 3);
	return ip;
}

/* --- elements --------------------------------------------------------------------------------- */

/* A network in which the NIC may claim addresses; that of its own MAC is its own. */
static void claimable(struct build *b, const struct iso_nic *nic, const struct ip_prefix *net)
{
	const struct ip_addr own = iso_eui64(net, &nic->mac);

	build_map(b, "bridge", "nic_net6",
		  term_join(term_link(nic->tap), term_raw_net6(&net->addr)), term_mark(nic->link));
	for (size_t i = 0; i < nic->n_gateways6; i++)
		if (ip_equal(&nic->gateways6[i].addr, &own))
			return;
	build_address(b, nic, &own, 0);
}

void build_ipv6_nic(struct build *b, const struct iso_nic *nic)
{
	const struct term tap = term_link(nic->tap);

	build_forget(b, "bridge", "claim_rate", tap);
	build_forget(b, "bridge", "dhcp6_rate", tap);
	build_set(b, "bridge", "nics_dual", tap);
	build_map(b, "bridge", "nic_mark", tap, term_mark(b->mark));
	claimable(b, nic, &link_net);
	for (size_t i = 0; i < nic->n_gateways6; i++) {
		const struct iso_gateway *gw = &nic->gateways6[i];

		build_set(b, "bridge", "nic_gateway6", term_join(tap, term_raw_ip6(&gw->addr)));
		if (!iso_is_link_local(&gw->addr))
			claimable(b, nic, &gw->net);
	}
}

/* Each network once, as in network_elements of compile.c; each is a /64. */
static void guests6(struct build *b)
{
	struct ip_prefix *seen = calloc(b->f->n_nics * ISO_GATEWAYS_MAX + 1, sizeof(*seen));
	size_t n = 0;

	if (!seen) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < b->f->n_nics; i++)
		for (size_t k = 0; k < b->f->nics[i].n_gateways6; k++) {
			const struct ip_prefix *net = &b->f->nics[i].gateways6[k].net;
			bool known = iso_is_link_local(&net->addr);

			for (size_t m = 0; m < n && !known; m++)
				known = ip_prefix_overlap(&seen[m], net);
			if (known)
				continue;
			seen[n++] = *net;
			build_network(b, "inet", "guests6", net);
			if (b->p->egress != EGRESS_TUNNEL)
				continue;
			build_network(b, "inet", "tunnel_guests6", net);
			build_raw_net6(b, "inet", "tunnel_quoted6", net);
		}
	free(seen);
}

void build_ipv6(struct build *b)
{
	const struct term mark = term_mark(b->mark);

	/* A server that only IPv4 reaches gets no questions by IPv6. */
	if (policy_dns_effective(b->p) == DNS_HOST) {
		build_verdict(b, "inet", "dns6", mark, "jump", "dns_host");
	} else if (b->p->egress == EGRESS_TUNNEL) {
		const bool asks = policy_dns_effective(b->p) == DNS_AUTO &&
				  tunnel_n_dns(&b->f->tunnel, AF_INET6);

		build_verdict(b, "inet", "dns6", mark, "goto", asks ? "dns_tunnel6" : "deny_dns");
	} else if (policy_dns_effective(b->p) == DNS_REDIRECT && b->p->dns_addr6.family) {
		build_verdict(b, "inet", "dns6", mark, "goto", "opened");
		build_map(b, "inet", "dns_to6", mark, term_ip(&b->p->dns_addr6));
		build_set(b, "inet", "dns_address6", term_join(mark, term_ip(&b->p->dns_addr6)));
	} else {
		build_verdict(b, "inet", "dns6", mark, "goto", "deny_dns");
	}
	guests6(b);
	if (b->p->egress == EGRESS_TUNNEL)
		build_tunnel6(b);
}

/* --- refusals --------------------------------------------------------------------------------- */

static int refuse(const struct policy *p, const char *what, const char *name, const char *then,
		  struct err *e)
{
	char where[512];

	return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "%s: nat, but %s%s%s",
		       policy_where(p, KEY_NET_IPV6, where, sizeof(where)), what, name, then);
}

static int check_nic(const struct policy *p, const struct iso_nic *nic, struct err *e)
{
	bool any = false;

	/* Where guests without a policy are neighbours, the first come would not be the owner. */
	if (!nic->guarded)
		return refuse(p, "only guests of a guarded network get IPv6, and on none is tap ",
			      nic->tap, "; move the NIC to the network cordon, or write ipv6 = no",
			      e);
	for (size_t i = 0; i < nic->n_gateways6; i++) {
		const struct iso_gateway *gw = &nic->gateways6[i];

		if (iso_is_link_local(&gw->addr))
			continue;
		any = true;
		if (gw->net.len != 64)
			return refuse(p, "the IPv6 network of bridge ", nic->bridge,
				      " is no /64; write prefix='64' in its <ip>, or ipv6 = no", e);
	}
	if (!any)
		return refuse(p, "bridge ", nic->bridge,
			      " has no IPv6 address; add <ip family='ipv6'> to its network as "
			      "cordon-ipv6.xml has it, or write ipv6 = no",
			      e);
	return 0;
}

int iso_check_ipv6(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	int r = 0;

	if (!iso_wants_ipv6(p, &f->tunnel))
		return 0;
	for (size_t i = 0; i < f->n_nics && r == 0; i++)
		if (!f->nics[i].switched)
			r = check_nic(p, &f->nics[i], e);
	if (r == 0 && f->no_forwarding6)
		r = refuse(p,
			   "the host forwards no IPv6; write net.ipv6.conf.all.forwarding = 1 into "
			   "/etc/sysctl.d (and accept_ra = 2 for links that are configured by "
			   "router advertisements), or write ipv6 = no",
			   "", "", e);
	return r;
}
