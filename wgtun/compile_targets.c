/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves beside a tunnel (allow_lan, forward_port): which targets, and whether that can be. */
#include "wgtun/compile.h"

#include "lib/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DNS_PORT 53

/* One entry of the policy. */
struct target {
	enum policy_key key;
	struct ip_prefix to;
	bool via_tunnel;
};

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len == b->len && ip_equal(&a->addr, &b->addr);
}

/* Whether one half of all addresses, given the other one, is no more than a default in two parts,
 * as wg-quick's users write it. */
static bool is_half_of_all(const struct tunnel *t, const struct ip_prefix *p)
{
	struct ip_prefix other = *p;

	if (p->len != 1)
		return false;
	other.addr.b[0] ^= 0x80;
	for (size_t i = 0; i < t->n_routes; i++)
		if (same_prefix(&t->routes[i], &other))
			return true;
	return false;
}

/* The AllowedIPs that a target would be in two places with, or NULL. */
static const struct ip_prefix *inside(const struct tunnel *t, const struct ip_prefix *to)
{
	for (size_t i = 0; i < t->n_routes; i++)
		if (ip_prefix_overlap(&t->routes[i], to) && !is_half_of_all(t, &t->routes[i]))
			return &t->routes[i];
	return NULL;
}

static bool is_loopback(const struct ip_addr *ip)
{
	return ip->family == AF_INET && ntohl(ip->v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int check_one(const struct policy *p, const struct wgt_conf *c, const struct wgt_plan *plan,
		     const struct target *target, struct err *e)
{
	char text[PREFIX_STRLEN], route[PREFIX_STRLEN], where[512];
	const struct ip_prefix *in = inside(&plan->tunnel, &target->to);

	policy_where(p, target->key, where, sizeof(where));
	ip_prefix_str(&target->to, text);
	if (target->via_tunnel)
		return tunnel_reaches(&plan->tunnel, &target->to.addr)
			       ? 0
			       : err_set(e, EX_CORDON_POLICY, EINVAL,
					 "%s: %s lies outside AllowedIPs of %s; remove via-tunnel, "
					 "or add it there",
					 where, text, c->path);
	if (in)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: %s lies inside the tunnel, by AllowedIPs %s of %s; remove it "
			       "in one of the two%s",
			       where, text, ip_prefix_str(in, route), c->path,
			       target->key == KEY_NET_FORWARD_PORT ? ", or write via-tunnel" : "");
	return 0;
}

static int prefix_compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	int r = a->addr.family - b->addr.family;

	if (r == 0)
		r = memcmp(a->addr.b, b->addr.b, a->addr.family == AF_INET ? 4 : 16);
	return r ? r : (int)a->len - (int)b->len;
}

static int take(const struct policy *p, const struct wgt_conf *c, struct wgt_plan *plan,
		const struct target *target, struct err *e)
{
	int r = check_one(p, c, plan, target, e);

	if (r == 0 && !target->via_tunnel && (target->to.addr.family == AF_INET || plan->ipv6))
		plan->targets[plan->n_targets++] = target->to;
	return r;
}

static void sort_targets(struct wgt_plan *plan)
{
	size_t kept = 0;

	if (plan->n_targets)
		qsort(plan->targets, plan->n_targets, sizeof(*plan->targets), prefix_compare);
	for (size_t i = 0; i < plan->n_targets; i++)
		if (!kept || !same_prefix(&plan->targets[kept - 1], &plan->targets[i]))
			plan->targets[kept++] = plan->targets[i];
	plan->n_targets = kept;
}

static int refuse_dns(const struct policy *p, enum policy_key key, struct err *e)
{
	char where[512];

	return err_set(e, EX_CORDON_POLICY, EINVAL,
		       "%s: port 53 leads to the tunnel's resolvers, whatever its address; take "
		       "another port, or write dns = ADDRESS",
		       policy_where(p, key, where, sizeof(where)));
}

int wgt_targets(const struct policy *p, const struct wgt_conf *c, struct wgt_plan *plan,
		struct err *e)
{
	int r = 0;

	plan->targets = calloc(p->n_lan + p->n_forwards + 1, sizeof(*plan->targets));
	if (!plan->targets)
		return err_os(e, ENOMEM, "targets");
	for (size_t i = 0; i < p->n_lan && r == 0; i++) {
		const struct target t = {KEY_NET_ALLOW_LAN, p->lan[i].prefix, false};

		r = p->lan[i].port == DNS_PORT ? refuse_dns(p, t.key, e) : take(p, c, plan, &t, e);
	}
	for (size_t i = 0; i < p->n_forwards && r == 0; i++) {
		const struct policy_forward *f = &p->forwards[i];
		const struct target t = {KEY_NET_FORWARD_PORT,
					 {f->to, f->to.family == AF_INET ? 32 : 128},
					 f->via_tunnel};

		if (!is_loopback(&f->to)) /* the host itself: it takes no route */
			r = take(p, c, plan, &t, e);
	}
	sort_targets(plan);
	return r;
}
