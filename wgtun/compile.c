/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy, wg-quick file and slot to a plan: see "Theory of operation" below. */
#include "wgtun/compile.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Theory of operation
 * ===================
 *
 * A tunnel is a WireGuard device of the host, without an address: the guest's packets get the
 * file's address by source NAT (the isolator's), so two files may have the same one, no program of
 * the host can be reached at it, and nothing of the host is sent through it by accident.
 *
 * The domain's mark, BASE + slot, is also the number of its routing table. In it are the routes of
 * AllowedIPs, and an unreachable default behind them all: when the device goes, its routes go with
 * it, and that one stays. No mark of a tunnel ever leads to the main table: the guard of the
 * network (netiso/guard.c) sends it to the rules below, and what these do not know is unreachable.
 *
 * What the policy lets out beside the tunnel (allow_lan, forward_port) gets a second mark from the
 * isolator, with the bit BESIDE, when address, protocol and port are exactly those of an entry.
 * That mark has a table of its own, with a route to each target as the host's own rules and routes
 * had it, and unreachable ones behind: when a link goes, what is for its targets goes neither by
 * another link nor into the tunnel. The tunnel's own table has no hole.
 *
 * What comes out of the tunnel is let in by the kernel only when it is a known answer. The device
 * has strict reverse path filtering, which with src_valid_mark asks the rules with the packet's
 * mark: the isolator marks what conntrack knows as an answer to this domain (BASE + slot: the
 * domain's table has a way back through the device), and all else, also after a flush of nftables,
 * has a way back by the uplink if any, so it is dropped without a word. Hence the rule for lo.
 *
 * In IPv6, where the policy and the file both have it, the same tables and rules stand, but for
 * those of the reverse path: see wgtun/guard.c. Else it is off on the device.
 */

static struct rtnl_rule *add_rule(struct wgt_rules *r, int family, uint32_t pref, uint8_t action)
{
	struct rtnl_rule *rule = &r->list[r->n++];

	*rule = (struct rtnl_rule){
		.family = family, .pref = pref, .action = action, .protocol = MARKS_RULE_PROTOCOL};
	return rule;
}

static void set_mark(struct rtnl_rule *rule, uint32_t mark, uint32_t mask)
{
	rule->has_mark = true;
	rule->mark = mark & mask;
	rule->mask = mask;
}

/* From the leaf up: each goto after what it leads to. */
static void add_path(struct wgt_rules *r, int family, uint32_t mark)
{
	const uint32_t n = mark & ~MARKS_MASK;
	struct rtnl_rule *rule;

	rule = add_rule(r, family, marks_pref(MARKS_LEVELS - 1, n), FR_ACT_TO_TBL);
	set_mark(rule, mark, UINT32_MAX);
	rule->table = mark;
	for (unsigned level = MARKS_LEVELS - 1; level-- > 0;) {
		const uint32_t target = marks_pref_group(level + 1, n);

		(void)add_rule(r, family, target, FR_ACT_NOP);
		rule = add_rule(r, family, marks_pref(level, n), FR_ACT_GOTO);
		set_mark(rule, mark, marks_level_mask(level));
		rule->target = target;
	}
}

static void add_family(struct wgt_rules *r, int family, uint32_t mark_base, uint32_t slot,
		       bool beside)
{
	const uint32_t closed = MARKS_MASK | MARKS_CLASS_INTERNET;
	struct rtnl_rule *rule;

	set_mark(add_rule(r, family, MARKS_PREF_END, FR_ACT_UNREACHABLE), mark_base, closed);
	set_mark(add_rule(r, family, MARKS_PREF_STRAY, FR_ACT_BLACKHOLE), mark_base, closed);
	add_path(r, family, mark_base | slot);
	if (beside)
		add_path(r, family, mark_base | MARKS_BESIDE | slot);
	(void)add_rule(r, family, MARKS_PREF_TUNNELS, FR_ACT_NOP);
	if (family != AF_INET) { /* there is no reverse path filter: see wgtun/guard.c */
		(void)add_rule(r, family, MARKS_PREF_ANSWERS, FR_ACT_NOP);
		return;
	}
	rule = add_rule(r, family, MARKS_PREF_JUMP, FR_ACT_GOTO);
	set_mark(rule, mark_base, closed);
	rule->target = MARKS_PREF_TUNNELS;
	(void)snprintf(rule->iif, sizeof(rule->iif), "lo");
}

void wgt_rules(uint32_t mark_base, uint32_t slot, bool beside, bool ipv6, struct wgt_rules *ret)
{
	ret->n = 0;
	add_family(ret, AF_INET, mark_base, slot, beside);
	if (ipv6)
		add_family(ret, AF_INET6, mark_base, slot, beside);
}

static int prefix_compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	int r = a->addr.family - b->addr.family; /* AF_INET is the lesser */

	if (r == 0)
		r = memcmp(a->addr.b, b->addr.b, a->addr.family == AF_INET ? 4 : 16);
	return r ? r : (int)a->len - (int)b->len;
}

static int add_routes(const struct wgt_conf *c, struct wgt_plan *plan, struct err *e)
{
	struct tunnel *t = &plan->tunnel;
	bool v4 = false;

	t->routes = calloc(c->n_allowed + 1, sizeof(*t->routes));
	if (!t->routes)
		return err_os(e, ENOMEM, "routes");
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t k = 0; k < c->peers[i].n_allowed; k++) {
			const struct ip_prefix *a = &c->peers[i].allowed[k].prefix;
			const bool is_v4 = a->addr.family == AF_INET;

			if (!is_v4 && !plan->ipv6)
				continue;
			v4 = v4 || is_v4;
			if (a->len)
				t->routes[t->n_routes++] = *a;
			else
				*(is_v4 ? &t->to_all : &t->to_all6) = true;
		}
	if (t->n_routes)
		qsort(t->routes, t->n_routes, sizeof(*t->routes), prefix_compare);
	if (!v4)
		return err_set(e, EX_CORDON_DATA, EINVAL,
			       "%s: no peer has IPv4 AllowedIPs: nothing could be reached; write "
			       "AllowedIPs = 0.0.0.0/0",
			       c->path);
	return 0;
}

static int add_dns(const struct policy *p, const struct wgt_conf *c, struct wgt_plan *plan,
		   struct err *e)
{
	char text[PREFIX_STRLEN], where[512];
	struct tunnel *t = &plan->tunnel;

	policy_where(p, KEY_NET_DNS, where, sizeof(where));
	for (size_t i = 0; i < c->n_dns; i++) {
		if (c->dns[i].family != AF_INET && !plan->ipv6)
			continue; /* the guest has no IPv6 */
		if (!tunnel_reaches(t, &c->dns[i]))
			return err_set(e, EX_CORDON_DATA, EINVAL,
				       "%s: [Interface] DNS: %s lies outside AllowedIPs; add it "
				       "there, or remove it here",
				       c->path, ip_str(&c->dns[i], text));
		t->dns[t->n_dns++] = c->dns[i];
	}
	if (p->dns == DNS_AUTO && !tunnel_n_dns(t, AF_INET))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: auto, but %s names no IPv4 resolver in DNS; add one there, or "
			       "write dns = host (the host's resolver then sees what the guest "
			       "asks), dns = ADDRESS or dns = none",
			       where, c->path);
	if (p->dns == DNS_HOST && t->n_dns)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: host, but %s names resolvers inside the tunnel; write "
			       "dns = auto, or remove DNS there",
			       where, c->path);
	if (p->dns == DNS_REDIRECT && !tunnel_reaches(t, &p->dns_addr))
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s: %s lies outside AllowedIPs of %s",
			       where, ip_str(&p->dns_addr, text), c->path);
	return 0;
}

/* An address alone leads nowhere. */
static bool has_ipv6(const struct wgt_conf *c)
{
	bool address = false, allowed = false;

	for (size_t i = 0; i < c->n_addresses; i++)
		address = address || c->addresses[i].addr.family == AF_INET6;
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t k = 0; k < c->peers[i].n_allowed; k++)
			allowed = allowed || c->peers[i].allowed[k].prefix.addr.family == AF_INET6;
	return address && allowed;
}

static int add_address(const struct wgt_conf *c, struct wgt_plan *plan, struct err *e)
{
	struct tunnel *t = &plan->tunnel;

	for (size_t i = 0; i < c->n_addresses; i++) {
		const struct ip_addr *a = &c->addresses[i].addr;

		if (a->family == AF_INET && !t->address.family)
			t->address = *a;
		else if (a->family == AF_INET6 && !t->address6.family && plan->ipv6)
			t->address6 = *a;
	}
	if (!t->address.family)
		return err_set(e, EX_CORDON_DATA, EINVAL,
			       "%s: [Interface] Address has no IPv4 address, and guests have IPv4 "
			       "first",
			       c->path);
	return 0;
}

/* RFC 8200, section 5: the kernel takes IPv6 away from a link with less. */
static bool short_mtu(const struct wgt_conf *c)
{
	return c->mtu && c->mtu < WGT_MTU_IPV6;
}

/* Only a keepalive makes WireGuard speak before the guest does. */
static int check_handshake(const struct policy *p, const struct wgt_conf *c, struct err *e)
{
	char where[512];

	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].host && c->peers[i].keepalive)
			return 0;
	if (!p->handshake_ms)
		return 0;
	return err_set(
		e, EX_CORDON_POLICY, EINVAL,
		"%s: no peer of %s has an Endpoint and a PersistentKeepalive, so none would be "
		"spoken to before the guest sends; write PersistentKeepalive = 25 there, or "
		"remove the key",
		policy_where(p, KEY_TUN_REQUIRE_HANDSHAKE, where, sizeof(where)), c->path);
}

int wgt_compile(const struct policy *p, const struct wgt_conf *c, uint32_t mark_base, uint32_t slot,
		struct wgt_plan *ret, struct err *e)
{
	struct wgt_plan plan = {.slot = slot, .table = mark_base | slot};
	struct tunnel *t = &plan.tunnel;
	int r = 0;

	marks_link(slot, t->link);
	t->mark = plan.table;
	t->mtu = c->mtu;
	plan.ipv6 = p->ipv6 == IPV6_NAT && has_ipv6(c);
	plan.device_ipv6 = p->tunnel_shared ? has_ipv6(c) && !short_mtu(c) : plan.ipv6;
	if (c->fwmark && (c->fwmark & MARKS_MASK) == mark_base)
		r = err_set(e, EX_CORDON_DATA, EINVAL,
			    "%s: [Interface] FwMark: 0x%08" PRIx32 " is one of virt-cordon's own "
			    "marks; write another, or remove the key",
			    c->path, c->fwmark);
	if (r == 0 && plan.ipv6 && short_mtu(c))
		r = err_set(e, EX_CORDON_DATA, EINVAL,
			    "%s: [Interface] MTU: IPv6 needs %d; write that, or ipv6 = no in the "
			    "policy",
			    c->path, WGT_MTU_IPV6);
	if (r == 0)
		r = check_handshake(p, c, e);
	if (r == 0)
		r = add_address(c, &plan, e);
	if (r == 0)
		r = add_routes(c, &plan, e);
	if (r == 0)
		r = add_dns(p, c, &plan, e);
	if (r == 0)
		r = wgt_targets(p, c, &plan, e);
	if (plan.n_targets)
		plan.beside = mark_base | MARKS_BESIDE | slot;
	wgt_rules(mark_base, slot, plan.beside != 0, plan.ipv6, &plan.rules);
	if (r < 0)
		wgt_plan_free(&plan);
	else
		*ret = plan;
	return r;
}

void wgt_plan_free(struct wgt_plan *plan)
{
	if (!plan)
		return;
	tunnel_free(&plan->tunnel);
	free(plan->targets);
	plan->targets = NULL;
}
