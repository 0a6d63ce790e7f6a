/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy does with a connection: see netiso/explain.h. */
#include "netiso/explain_internal.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * The order is that of the chain `guest` in netiso/layout.c, the questions are those of its rules,
 * and the answers come from the policy and facts of which iso_compile makes the elements. A test
 * compares the verdicts with the kernel's, packet by packet.
 */

#define DNS_PORT 53
#define DHCP_PORT 67

static uint32_t host_order(const struct ip_addr *ip)
{
	return ntohl(ip->v4.s_addr);
}

static bool in_text(const char *prefix, const struct ip_addr *ip)
{
	struct ip_prefix p;

	return ip_prefix_parse(prefix, &p) && ip_prefix_contains(&p, ip);
}

static bool is_local(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_local; i++)
		if (ip_equal(&w->f->local[i], ip))
			return true;
	return in_text("127.0.0.0/8", ip);
}

/* What a guest may call its gateway: an address of the bridge that it is on. */
static bool is_gateway(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_nics; i++)
		for (size_t k = 0; k < w->f->nics[i].n_gateways; k++)
			if (ip_equal(&w->f->nics[i].gateways[k].addr, ip))
				return true;
	return false;
}

/* What the routing table knows as the broadcast of an attached network, or of all. */
static bool is_broadcast(const struct explain_world *w, const struct ip_addr *ip)
{
	const uint32_t a = host_order(ip);

	for (size_t i = 0; i < w->f->n_attached; i++) {
		const struct ip_prefix *p = &w->f->attached[i];

		if (p->addr.family == AF_INET && p->len < 31 && p->len > 0 &&
		    a == (host_order(&p->addr) | UINT32_MAX >> p->len))
			return true;
	}
	return a >> 28 == 14 || a == UINT32_MAX || a == 0;
}

static bool is_guest(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_nics; i++)
		for (size_t k = 0; k < w->f->nics[i].n_gateways; k++)
			if (w->f->nics[i].gateways[k].net.len < 32 &&
			    ip_prefix_contains(&w->f->nics[i].gateways[k].net, ip))
				return true;
	return ip_range_has(w->guests, w->n_guests, ip);
}

static bool is_refused_range(const struct ip_addr *ip)
{
	return ip_range_has(layout_refused, layout_n_refused, ip);
}

static bool is_attached(const struct explain_world *w, const struct ip_addr *ip)
{
	for (size_t i = 0; i < w->f->n_attached; i++)
		if (w->f->attached[i].len > 0 && ip_prefix_contains(&w->f->attached[i], ip))
			return true;
	return false;
}

/* --- the chain, rule by rule ------------------------------------------------------------------ */

static struct explain_verdict decide_dhcp(const struct explain_world *w,
					  const struct explain_query *q)
{
	struct explain_verdict v = {.rule = "nic_dhcp",
				    .why = "DHCP goes to the gateway or to all, nowhere else"};

	if (!is_gateway(w, &q->dst) && host_order(&q->dst) != UINT32_MAX)
		return v;
	return (struct explain_verdict){
		.allowed = true,
		.path = EXPLAIN_HOST,
		.rule = "guest",
		.why = "a DHCP request of the guest's own; it is always let through"};
}

static const struct ip_addr *first_dns(const struct tunnel *t)
{
	size_t i = 0;

	while (i + 1 < t->n_dns && t->dns[i].family != AF_INET)
		i++;
	return &t->dns[i];
}

/* False when port 53 is like any other port. */
static bool decide_dns(const struct explain_world *w, const struct explain_query *q,
		       struct explain_verdict *ret)
{
	switch (policy_dns_effective(w->p)) {
	case DNS_HOST:
		if (!is_gateway(w, &q->dst))
			return false;
		*ret = explain_allow(KEY_NET_DNS, 0, EXPLAIN_HOST,
				     "the host's DNS server is asked");
		return true;
	case DNS_AUTO:
		if (!tunnel_n_dns(&w->f->tunnel, AF_INET))
			return false;
		*ret = explain_redirect(
			explain_allow(KEY_NET_DNS, 0, EXPLAIN_TUNNEL,
				      "each question is sent to one of the tunnel's servers"),
			first_dns(&w->f->tunnel), DNS_PORT);
		return true;
	case DNS_REDIRECT:
		if (!w->p->dns_addr.family) {
			*ret = explain_deny(KEY_NET_DNS, "deny_dns",
					    "the server that it names is asked by IPv6 alone");
			return true;
		}
		*ret = explain_redirect(explain_allow(KEY_NET_DNS, 0,
						      w->p->egress == EGRESS_TUNNEL
							      ? EXPLAIN_TUNNEL
							      : EXPLAIN_DIRECT,
						      "each question is sent to one server"),
					&w->p->dns_addr, DNS_PORT);
		return true;
	default:
		*ret = explain_deny(KEY_NET_DNS, "deny_dns", "the guest may ask no DNS server");
		return true;
	}
}

static struct explain_verdict decide_host(const struct explain_world *w,
					  const struct explain_query *q)
{
	const struct policy *p = w->p;
	struct explain_verdict v;

	if (!is_gateway(w, &q->dst))
		return explain_deny(
			KEY_NET_ALLOW_HOST_PORT, "deny_host",
			"an address of the host that is not the gateway's; no key opens it");
	for (size_t i = 0; explain_has_ports(q) && i < p->n_host_ports; i++)
		if (p->host_ports[i].proto == q->proto && p->host_ports[i].port == q->port)
			return explain_allow(KEY_NET_ALLOW_HOST_PORT, p->host_ports[i].line,
					     EXPLAIN_HOST, "a port of the host that is opened");
	for (size_t i = 0; explain_has_ports(q) && i < p->n_forwards; i++) {
		const struct policy_forward *fw = &p->forwards[i];

		if (fw->proto != q->proto || fw->port != q->port)
			continue;
		v = explain_allow(KEY_NET_FORWARD_PORT, fw->line,
				  fw->via_tunnel ? EXPLAIN_TUNNEL : EXPLAIN_DIRECT,
				  "a port of the gateway that leads on");
		if (is_guest(w, &fw->to))
			v = explain_deny(KEY_NET_FORWARD_PORT, "deny_redirected",
					 "it would lead to another guest");
		return explain_redirect(v, &fw->to, fw->to_port);
	}
	return explain_deny(KEY_NET_ALLOW_HOST_PORT, "deny_host",
			    "the host itself, and this port is not opened");
}

bool explain_decide_lan(const struct explain_world *w, const struct explain_query *q,
			struct explain_verdict *ret)
{
	for (size_t i = 0; i < w->p->n_lan; i++) {
		const struct policy_lan *lan = &w->p->lan[i];

		if (!ip_prefix_contains(&lan->prefix, &q->dst))
			continue;
		if (lan->proto && (lan->proto != q->proto || (lan->port && lan->port != q->port)))
			continue;
		*ret = explain_allow(KEY_NET_ALLOW_LAN, lan->line, EXPLAIN_DIRECT,
				     "an entry names it");
		return true;
	}
	return false;
}

static struct explain_verdict decide_outside(const struct explain_world *w,
					     const struct explain_query *q)
{
	struct explain_verdict v;

	if (is_broadcast(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_range",
				    "broadcast or multicast; no key opens it");
	if (is_guest(w, &q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_attached",
				    "where other guests are; no key opens it");
	if (explain_decide_lan(w, q, &v))
		return v;
	if (w->p->egress == EGRESS_TUNNEL && iso_tunnel_names(&w->f->tunnel, &q->dst))
		return explain_allow(KEY_TUN_CONFIG, 0, EXPLAIN_TUNNEL,
				     "AllowedIPs of the file name it");
	if (is_refused_range(&q->dst))
		return explain_deny(KEY_NET_ALLOW_LAN, "deny_range",
				    "not an address of the Internet, and no entry names it");
	if (is_attached(w, &q->dst))
		return explain_deny(
			KEY_NET_ALLOW_LAN, "deny_attached",
			"a network that the host is attached to, and no entry names it");
	if (w->p->egress == EGRESS_NONE)
		return explain_deny(KEY_NET_EGRESS, "deny_egress", "nothing leaves");
	if (w->p->egress == EGRESS_TUNNEL && !tunnel_reaches(&w->f->tunnel, &q->dst))
		return explain_deny(KEY_TUN_CONFIG, "through", "the tunnel does not lead there");
	return explain_allow(KEY_NET_EGRESS, 0,
			     w->p->egress == EGRESS_TUNNEL ? EXPLAIN_TUNNEL : EXPLAIN_DIRECT,
			     "the Internet");
}

/* The chain ip_TAP of netiso/switched.c, rule by rule. */
static struct explain_verdict decide_switched(const struct explain_world *w,
					      const struct explain_query *q)
{
	const struct policy *p = w->p;
	const struct iso_nic *nic = &w->f->nics[0];
	struct explain_verdict v;

	if (q->proto == IPPROTO_UDP && q->port == DHCP_PORT &&
	    (host_order(&q->dst) == UINT32_MAX ||
	     (nic->has_router && ip_equal(&nic->router, &q->dst))))
		return (struct explain_verdict){
			.allowed = true,
			.path = EXPLAIN_DIRECT,
			.rule = "dhcp_TAP",
			.why = "a DHCP request of the guest's own; it is always let through"};
	if (is_local(w, &q->dst))
		return (struct explain_verdict){
			.rule = "switched_host",
			.why = "the host, which a guest on a switched bridge never reaches"};
	if (p->egress == EGRESS_NONE)
		return explain_deny(KEY_NET_EGRESS, "ip_TAP", "nothing leaves");
	if (explain_has_ports(q) && q->port == DNS_PORT) {
		if (p->dns != DNS_REDIRECT || !ip_equal(&p->dns_addr, &q->dst))
			return explain_deny(KEY_NET_DNS, "ip_TAP",
					    "not the DNS server that it names");
		v = explain_allow(KEY_NET_DNS, 0, EXPLAIN_DIRECT, "the DNS server that it names");
	} else if (is_broadcast(w, &q->dst)) {
		return explain_deny(KEY_NET_ALLOW_LAN, "ip_TAP",
				    "broadcast or multicast; no key opens it");
	} else if (!explain_decide_lan(w, q, &v)) {
		if (is_refused_range(&q->dst))
			return explain_deny(
				KEY_NET_ALLOW_LAN, "ip_TAP",
				"not an address of the Internet, and no entry names it");
		if (is_attached(w, &q->dst))
			return explain_deny(
				KEY_NET_ALLOW_LAN, "ip_TAP",
				"a network that the host is attached to, and no entry names it");
		v = explain_allow(KEY_NET_EGRESS, 0, EXPLAIN_DIRECT,
				  "the Internet, by the LAN's router");
	}
	v.rule = "flow_TAP";
	return v;
}

/* With NICs of both kinds, the first one is asked about. */
static bool is_switched(const struct explain_world *w)
{
	return w->p->isolation && w->f->n_nics && w->f->nics[0].switched;
}

void explain_decide(const struct explain_world *w, const struct explain_query *q,
		    struct explain_verdict *ret)
{
	const bool v6 = q->dst.family == AF_INET6;
	const bool local = v6 ? explain_local6(w, &q->dst) : is_local(w, &q->dst);

	if (!w->p->isolation)
		*ret = (struct explain_verdict){.allowed = true,
						.has_key = true,
						.key = KEY_NET_ISOLATION,
						.rule = "none",
						.path = local ? EXPLAIN_HOST : EXPLAIN_DIRECT,
						.why = "the guest's network is left alone"};
	else if (v6 && is_switched(w))
		*ret = explain_deny(KEY_NET_IPV6, "tap_TAP", "IPv6 does not leave the guest");
	else if (v6)
		explain_decide6(w, q, ret);
	else if (is_switched(w))
		*ret = decide_switched(w, q);
	else if (w->p->egress == EGRESS_NONE && !local && !is_broadcast(w, &q->dst))
		*ret = explain_deny(KEY_NET_EGRESS, "deny_egress", "nothing leaves");
	else if (q->proto == IPPROTO_UDP && q->port == DHCP_PORT)
		*ret = decide_dhcp(w, q);
	else if (explain_has_ports(q) && q->port == DNS_PORT && decide_dns(w, q, ret))
		return;
	else if (local)
		*ret = decide_host(w, q);
	else
		*ret = decide_outside(w, q);
}

void explain_inward(const struct explain_world *w, const struct explain_query *q,
		    struct explain_verdict *ret)
{
	const struct policy *p = w->p;
	const bool local =
		q->dst.family == AF_INET6 ? explain_local6(w, &q->dst) : is_local(w, &q->dst);
	bool own = !p->n_addresses, on_network = false;

	for (size_t i = 0; i < p->n_addresses; i++)
		own = own || ip_equal(&p->addresses[i].addr, &q->dst);
	/* Which IPv6 addresses it has, is the guest's own choice. */
	own = own || q->dst.family == AF_INET6;
	for (size_t i = 0; i < w->f->n_nics; i++)
		on_network = on_network || iso_on_network(&w->f->nics[i], &q->dst) ||
			     (iso_wants_ipv6(p, &w->f->tunnel) &&
			      iso_on_network6(&w->f->nics[i], &q->dst));
	*ret = (struct explain_verdict){.rule = "nic_own",
					.has_key = true,
					.key = KEY_NET_ADDRESSES,
					.why = "not an address of this guest: an answer from it "
					       "would be dropped"};
	if (is_switched(w))
		*ret = (struct explain_verdict){
			.rule = "to_TAP",
			.why = "on a switched bridge no one opens connections to the guest"};
	else if (!p->isolation || (own && on_network && !local))
		*ret = (struct explain_verdict){
			.allowed = true,
			.rule = "lessons",
			.path = EXPLAIN_DIRECT,
			.why = "the host itself may open connections to the guest, no one else"};
}

/* --- text ------------------------------------------------------------------------------------- */

static const char *protocol(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? "icmp" : proto_str(proto);
}

static void endpoint(const struct ip_addr *ip, uint16_t port, struct strbuf *out)
{
	const bool brackets = ip->family == AF_INET6 && port;
	char text[PREFIX_STRLEN];

	sb_addf(out, "%s%s%s", brackets ? "[" : "", ip_str(ip, text), brackets ? "]" : "");
	if (port)
		sb_addf(out, ":%u", port);
}

static void where(const struct policy *p, const struct explain_verdict *v, struct strbuf *out)
{
	struct policy copy = *p; /* shares what it points to: not to be freed */
	char text[512];

	if (v->line)
		copy.line[v->key] = v->line;
	sb_adds(out, policy_where(&copy, v->key, text, sizeof(text)));
	if (!copy.line[v->key])
		sb_adds(out, " (default)");
}

void explain_print(const struct explain_world *w, const struct explain_query *q,
		   const struct explain_verdict *v, struct strbuf *out)
{
	static const char *const paths[] = {[EXPLAIN_NOWHERE] = NULL,
					    [EXPLAIN_HOST] = "to the host",
					    [EXPLAIN_DIRECT] = "direct",
					    [EXPLAIN_TUNNEL] = "through the tunnel"};
	char text[PREFIX_STRLEN];

	sb_addf(out, "%s %s ", v->allowed ? "allowed" : "denied",
		q->proto ? protocol(q->proto) : "any");
	endpoint(&q->dst, q->port, out);
	if (strcmp(ip_str(&q->dst, text), q->name) != 0)
		sb_addf(out, " (%s)", q->name);
	sb_addf(out, ": %s\n", v->why);
	if (v->has_key) {
		sb_adds(out, "  key   ");
		where(w->p, v, out);
		sb_adds(out, "\n");
	}
	sb_addf(out, "  rule  " LAYOUT_TABLE " %s\n", v->rule);
	if (v->allowed)
		sb_addf(out, "  path  %s", paths[v->path]);
	if (v->allowed && v->redirected) {
		sb_adds(out, ", as ");
		endpoint(&v->to, v->to_port, out);
	}
	if (v->allowed)
		sb_adds(out, "\n");
}

static void exception(const struct explain_world *w, const struct explain_query *q,
		      const struct explain_verdict *base, uint8_t proto, uint16_t port,
		      struct strbuf *out)
{
	struct explain_query one = *q;
	struct explain_verdict v;
	char line[64];

	if (q->proto && q->proto != proto)
		return;
	one.proto = proto;
	one.port = port;
	explain_decide(w, &one, &v);
	(void)snprintf(line, sizeof(line), "  but   %s/%u is %s: ", proto_str(proto), port,
		       v.allowed ? "allowed" : "denied");
	if (v.allowed == base->allowed || strstr(sb_str(out), line))
		return;
	sb_adds(out, line);
	if (v.has_key)
		where(w->p, &v, out);
	else
		sb_adds(out, v.why);
	sb_adds(out, "\n");
}

void explain_exceptions(const struct explain_world *w, const struct explain_query *q,
			const struct explain_verdict *v, struct strbuf *out)
{
	const struct policy *p = w->p;
	auto_sb struct strbuf text = {0};

	if (q->port || q->proto == IPPROTO_ICMP)
		return;
	for (size_t i = 0; i < p->n_host_ports; i++)
		exception(w, q, v, p->host_ports[i].proto, p->host_ports[i].port, &text);
	for (size_t i = 0; i < p->n_forwards; i++)
		exception(w, q, v, p->forwards[i].proto, p->forwards[i].port, &text);
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->lan[i].port)
			exception(w, q, v, p->lan[i].proto, p->lan[i].port, &text);
	exception(w, q, v, IPPROTO_UDP, DNS_PORT, &text);
	exception(w, q, v, IPPROTO_TCP, DNS_PORT, &text);
	sb_adds(out, sb_str(&text));
}
