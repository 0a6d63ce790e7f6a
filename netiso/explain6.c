/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy does with a connection by IPv6: see netiso/explain.h. */
#include "netiso/explain_internal.h"

/* The order is that of the chain guest6 in netiso/layout6.c, as in netiso/explain.c. */

#define DNS_PORT 53
#define DHCP6_PORT 547

bool explain_local6(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_local6; i++)
		if (ip_equal(&w->f->local6[i], ip))
			return true;
	return IN6_IS_ADDR_LOOPBACK(&ip->v6);
}

static bool is_gateway(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_nics; i++)
		for (size_t k = 0; k < w->f->nics[i].n_gateways6; k++)
			if (ip_equal(&w->f->nics[i].gateways6[k].addr, ip))
				return true;
	return false;
}

/* The routers' anycast address of the guest's network, which the host has, too. */
static bool is_anycast(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_attached6; i++)
		if (w->f->attached6[i].len == 64 && ip_equal(&w->f->attached6[i].addr, ip))
			return true;
	return false;
}

static bool is_guest(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_nics; i++)
		if (iso_on_network6(&w->f->nics[i], ip))
			return true;
	return ip_range_has(w->guests, w->n_guests, ip);
}

static bool is_attached(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_attached6; i++) {
		const struct ip_prefix *p = &w->f->attached6[i];
		const struct ip_range r = iso_attached_range(p);

		if (p->len > 0 && ip_range_has(&r, 1, ip))
			return true;
	}
	return false;
}

static struct explain_verdict decide_host(const struct explain_world *w,
					  const struct explain_query *q)
{
	const struct policy *p = w->p;

	if (!is_gateway(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_HOST_PORT, "deny_host",
				    "an address of the host that is not the gateway's; no key "
				    "opens it");
	for (size_t i = 0; explain_has_ports(q) && i < p->n_host_ports; i++)
		if (p->host_ports[i].proto == q->proto && p->host_ports[i].port == q->port)
			return explain_allow(KEY_NET_ALLOW_HOST_PORT, p->host_ports[i].line,
					     EXPLAIN_HOST, "a port of the host that is opened");
	return explain_deny(KEY_NET_ALLOW_HOST_PORT, "deny_host",
			    "the host itself, and this port is not opened");
}

/* Through a tunnel its resolvers are asked, whatever address a question is for. */
static struct explain_verdict decide_dns(const struct explain_world *w)
{
	const bool tunnel = w->p->egress == EGRESS_TUNNEL;
	const struct tunnel *t = &w->f->tunnel;
	size_t i = 0;

	if (tunnel && policy_dns_effective(w->p) == DNS_AUTO && tunnel_n_dns(t, AF_INET6)) {
		while (i + 1 < t->n_dns && t->dns[i].family != AF_INET6)
			i++;
		return explain_redirect(
			explain_allow(KEY_NET_DNS, 0, EXPLAIN_TUNNEL,
				      "each question is sent to one of the tunnel's servers"),
			&t->dns[i], DNS_PORT);
	}
	if (!tunnel && policy_dns_effective(w->p) == DNS_REDIRECT && w->p->dns_addr6.family)
		return explain_redirect(explain_allow(KEY_NET_DNS, 0, EXPLAIN_DIRECT,
						      "each question is sent to one server"),
					&w->p->dns_addr6, DNS_PORT);
	return explain_deny(KEY_NET_DNS, "deny_dns", "the guest may ask no DNS server by IPv6");
}

static struct explain_verdict decide_tunnel(const struct explain_world *w,
					    const struct explain_query *q)
{
	if (!tunnel_reaches(&w->f->tunnel, &q->dst))
		return explain_deny(KEY_TUN_CONFIG, "through6", "the tunnel does not lead there");
	return explain_allow(KEY_NET_EGRESS, 0, EXPLAIN_TUNNEL, "the Internet");
}

static struct explain_verdict decide_outside(const struct explain_world *w,
					     const struct explain_query *q)
{
	struct explain_verdict v;

	if (is_anycast(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_HOST_PORT, "deny_host",
				    "the routers' anycast address: the host itself");
	if (is_guest(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_attached",
				    "where other guests are; no key opens it");
	if (explain_decide_lan(w, q, &v))
		return v;
	if (w->p->egress == EGRESS_TUNNEL && iso_tunnel_names(&w->f->tunnel, &q->dst))
		return explain_allow(KEY_TUN_CONFIG, 0, EXPLAIN_TUNNEL,
				     "AllowedIPs of the file name it");
	if (ip_range_has(layout_refused6, layout_n_refused6, &q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_range",
				    "not an address of the Internet");
	if (is_attached(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_attached",
				    "a network that the host is attached to");
	if (w->p->egress == EGRESS_TUNNEL)
		return decide_tunnel(w, q);
	return explain_allow(KEY_NET_EGRESS, 0, EXPLAIN_DIRECT,
			     "the Internet, from the host's own address");
}

static struct explain_verdict decide_group(const struct explain_query *q)
{
	static const struct in6_addr servers = {.s6_addr = {0xff, 2, [13] = 1, [15] = 2}};

	if (q->proto == IPPROTO_UDP && q->port == DHCP6_PORT &&
	    IN6_ARE_ADDR_EQUAL(&servers, &q->dst.v6))
		return (struct explain_verdict){
			.allowed = true,
			.path = EXPLAIN_HOST,
			.rule = "guest6",
			.why = "a DHCP request of the guest's own; it is always let through"};
	return explain_deny(KEY_NET_ALLOW_LAN, "nic_ip6_source", "multicast; no key opens it");
}

void explain_decide6(const struct explain_world *w, const struct explain_query *q,
		     struct explain_verdict *ret)
{
	if (!iso_wants_ipv6(w->p, &w->f->tunnel))
		*ret = w->p->ipv6 == IPV6_NAT
			       ? explain_deny(KEY_TUN_CONFIG, "types",
					      "the tunnel has no IPv6, so none leaves the guest")
			       : explain_deny(KEY_NET_IPV6, "types",
					      "IPv6 does not leave the guest");
	else if (IN6_IS_ADDR_MULTICAST(&q->dst.v6))
		*ret = decide_group(q);
	else if (q->proto == IPPROTO_UDP && q->port == DHCP6_PORT)
		*ret = (struct explain_verdict){.rule = "nic_dhcp6",
						.why = "DHCP goes to all servers, nowhere else"};
	else if (explain_has_ports(q) && q->port == DNS_PORT &&
		 policy_dns_effective(w->p) != DNS_HOST)
		*ret = decide_dns(w);
	else if (explain_has_ports(q) && q->port == DNS_PORT && is_gateway(w, &q->dst))
		*ret = explain_allow(KEY_NET_DNS, 0, EXPLAIN_HOST,
				     "the host's DNS server is asked");
	else if (explain_local6(w, &q->dst))
		*ret = decide_host(w, q);
	else
		*ret = decide_outside(w, q);
}
