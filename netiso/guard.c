/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard of a network: see "Theory of operation" below. */
#include "netiso/guard.h"

#include "lib/marks.h"
#include "lib/nl.h"
#include "lib/record.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/compile.h"
#include "netiso/uplink.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Theory of operation
 * ===================
 *
 * What nftables does is gone after a flush. Routing rules are not, and the kernel asks them for
 * every unicast packet before it delivers or forwards it. For a guarded bridge BR they read, in
 * order:
 *
 *   0    iif BR fwmark BASE/MASK goto 80      a managed guest's packet
 *   0    iif BR unreachable                   anything else: not even to the host
 *   0    lookup local                         the kernel's own first rule, now behind ours
 *   80   iif BR lookup local                  the host (nftables says which port)
 *   90   iif BR fwmark BASE+INTERNET goto 100
 *   90   iif BR fwmark BASE goto 40000        a tunnel's, or none's: see lib/marks.h
 *   99   iif BR unreachable                   no class that may be routed
 *   100  nop                                  on to the host's own rules
 *
 * Rule 0 asks for the mark positively, so another program's mark does not open it. The same in
 * IPv6, where only guests with `ipv6 = nat` get a mark. A rule that is missing closes more, never
 * less: a goto without its target is skipped by the kernel. What this cannot stop is a
 * datagram to a broadcast or, in IPv4, multicast address, which the kernel delivers to the host's
 * sockets without asking the rules.
 */

#define PREF_FIRST 0
#define PREF_LOCAL 80
#define PREF_INTERNET 90
#define PREF_CLOSED 99
#define PREF_ON 100
#define RULE_PROTOCOL 205 /* marks a rule as ours: not in use in rt_protos of iproute2 */
#define GUARD_RULES_MAX 7

/* The guard's rules of one bridge in one family; [0..n_first) stand at preference 0, in order. */
struct guard_rules {
	struct rtnl_rule rules[GUARD_RULES_MAX];
	size_t n;
	size_t n_first;
};

static struct rtnl_rule *next_rule(struct guard_rules *g, int family, uint32_t pref,
				   const char *bridge, uint8_t action)
{
	struct rtnl_rule *r = &g->rules[g->n++];

	*r = (struct rtnl_rule){
		.family = family, .pref = pref, .action = action, .protocol = RULE_PROTOCOL};
	if (bridge)
		(void)snprintf(r->iif, sizeof(r->iif), "%s", bridge);
	return r;
}

static void set_mark(struct rtnl_rule *r, uint32_t mark, uint32_t mask, uint32_t target)
{
	r->has_mark = true;
	r->mark = mark;
	r->mask = mask;
	r->target = target;
}

static struct guard_rules desired(int family, const char *bridge, const struct layout_params *p)
{
	struct guard_rules g = {0};

	set_mark(next_rule(&g, family, PREF_FIRST, bridge, FR_ACT_GOTO), p->mark_base,
		 LAYOUT_MARK_MASK, PREF_LOCAL);
	(void)next_rule(&g, family, PREF_FIRST, bridge, FR_ACT_UNREACHABLE);
	g.n_first = g.n;
	next_rule(&g, family, PREF_LOCAL, bridge, FR_ACT_TO_TBL)->table = RT_TABLE_LOCAL;
	set_mark(next_rule(&g, family, PREF_INTERNET, bridge, FR_ACT_GOTO),
		 p->mark_base | LAYOUT_CLASS_INTERNET, LAYOUT_MARK_MASK | LAYOUT_CLASS_INTERNET,
		 PREF_ON);
	set_mark(next_rule(&g, family, MARKS_PREF_JUMP, bridge, FR_ACT_GOTO), p->mark_base,
		 LAYOUT_MARK_MASK | LAYOUT_CLASS_INTERNET, MARKS_PREF_TUNNELS);
	(void)next_rule(&g, family, PREF_CLOSED, bridge, FR_ACT_UNREACHABLE);
	(void)next_rule(&g, family, PREF_ON, NULL, FR_ACT_NOP);
	return g;
}

const char *guard_rule_text(const struct rtnl_rule *r, char buf[static GUARD_RULE_TEXT])
{
	static const char *const actions[] = {[FR_ACT_TO_TBL] = "lookup local",
					      [FR_ACT_GOTO] = "goto",
					      [FR_ACT_NOP] = "nop",
					      [FR_ACT_UNREACHABLE] = "unreachable"};
	char mark[48] = "", target[16] = "";

	if (r->has_mark)
		(void)snprintf(mark, sizeof(mark), " fwmark 0x%" PRIx32 "/0x%" PRIx32, r->mark,
			       r->mask);
	if (r->action == FR_ACT_GOTO)
		(void)snprintf(target, sizeof(target), " %" PRIu32, r->target);
	(void)snprintf(buf, GUARD_RULE_TEXT, "pref %" PRIu32 "%s%s%s %s%s", r->pref,
		       r->iif[0] ? " iif " : "", r->iif, mark, actions[r->action], target);
	return buf;
}

static int apply_family(struct nl *nl, const struct guard_rules *g, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	size_t n;
	int r;

	r = rtnl_rule_list(nl, g->rules[0].family, &list, &n, e);
	if (r < 0)
		return r;
	/* The last rules first: until the gotos have their target they lead nowhere. */
	for (size_t i = g->n; i-- > g->n_first && r == 0;)
		if (rtnl_rule_find(list, n, &g->rules[i], 0) == n)
			r = rtnl_rule_add(nl, &g->rules[i], e);
	if (r < 0)
		return r;
	return rtnl_first_ensure(nl, list, n, g->rules, g->n_first, e);
}

static int check_family(struct nl *nl, const struct guard_rules *g, struct strbuf *diff,
			struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	const char *v = g->rules[0].family == AF_INET ? "IPv4" : "IPv6";
	char text[GUARD_RULE_TEXT];
	int ret = 0, r;
	size_t n;

	r = rtnl_rule_list(nl, g->rules[0].family, &list, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < g->n; i++) {
		if (rtnl_rule_find(list, n, &g->rules[i], 0) < n)
			continue;
		guard_rule_text(&g->rules[i], text);
		if (diff)
			sb_addf(diff, "missing: %s rule %s\n", v, text);
		ret = err_set(e, EX_CORDON_DIFFERS, ESTALE, "missing: %s rule %s", v, text);
	}
	if (ret == 0 && !rtnl_first_stand(list, n, g->rules, g->n_first)) {
		if (diff)
			sb_addf(diff, "the %s rules of %s do not stand before the local table\n", v,
				g->rules[0].iif);
		ret = err_set(e, EX_CORDON_DIFFERS, ESTALE,
			      "the %s rules of %s do not stand before the local table", v,
			      g->rules[0].iif);
	}
	return ret;
}

static const int families[] = {AF_INET, AF_INET6};

int guard_check_bridge(const char *root, struct nl *nl, const char *bridge, struct strbuf *diff,
		       struct err *e)
{
	struct layout_params p;
	int ret, r;

	ret = base_params(root, &p, e);
	for (size_t i = 0; i < ARRAY_SIZE(families) && ret != -ENOMEM; i++) {
		const struct guard_rules g = desired(families[i], bridge, &p);

		r = check_family(nl, &g, diff, e);
		if (r < 0)
			ret = r;
	}
	return ret;
}

static int name_ok(const char *bridge, struct err *e)
{
	if (!iso_tap_name_ok(bridge))
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is not the name of a bridge",
			       bridge);
	return 0;
}

int guard_apply(const char *root, const char *network, const char *bridge, struct err *e)
{
	auto_close int lock = record_lock_host(root, 10000, e);

	return lock < 0 ? lock : guard_apply_locked(root, network, bridge, e);
}

int guard_apply_locked(const char *root, const char *network, const char *bridge, struct err *e)
{
	auto_nl struct nl nl = {0};
	struct layout_params p;
	int r;

	r = name_ok(bridge, e);
	/* The host's own packets come and go by such a bridge. */
	if (r == 0 && uplink_on(root, bridge))
		r = err_set(
			e, EX_CORDON_POLICY, EOPNOTSUPP,
			"bridge %s has a port that leads out: to guard it would close the host's "
			"own network; take %s out of guarded_networks",
			bridge, network);
	if (r == 0)
		r = base_params(root, &p, e);
	if (r == 0)
		r = record_network_save(root, network, bridge, e);
	if (r == 0)
		r = nl_open(&nl, NETLINK_ROUTE, e);
	for (size_t i = 0; i < ARRAY_SIZE(families) && r == 0; i++) {
		const struct guard_rules g = desired(families[i], bridge, &p);

		r = apply_family(&nl, &g, e);
	}
	return r < 0 ? r : guard_check_bridge(root, &nl, bridge, NULL, e);
}

/* Removes our rules that name @bridge, and the shared target when no bridge is left. */
static int revert_family(struct nl *nl, int family, const char *bridge, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	const struct rtnl_rule *target = NULL;
	bool others = false;
	size_t n;
	int r;

	r = rtnl_rule_list(nl, family, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (list[i].protocol != RULE_PROTOCOL || list[i].foreign)
			continue;
		if (strcmp(list[i].iif, bridge) == 0)
			r = rtnl_rule_del(nl, &list[i], e);
		else if (list[i].iif[0])
			others = true;
		else
			target = &list[i];
	}
	if (r == 0 && target && !others)
		r = rtnl_rule_del(nl, target, e);
	return r < 0 ? r : rtnl_single_local(nl, list, n, family, e);
}

int guard_revert(const char *root, const char *network, struct err *e)
{
	char bridge[IFNAMSIZ];
	auto_close int lock = -1;
	auto_nl struct nl nl = {0};
	int r;

	lock = record_lock_host(root, 10000, e);
	if (lock < 0)
		return lock;
	if (record_network_bridge(root, network, bridge, NULL) < 0)
		return 0;
	r = nl_open(&nl, NETLINK_ROUTE, e);
	for (size_t i = 0; i < ARRAY_SIZE(families) && r == 0; i++)
		r = revert_family(&nl, families[i], bridge, e);
	return r < 0 ? r : record_network_remove(root, network, e);
}

int guard_check(const char *root, const char *network, struct strbuf *diff, struct err *e)
{
	char bridge[IFNAMSIZ];
	auto_nl struct nl nl = {0};
	int r;

	r = record_network_bridge(root, network, bridge, e);
	if (r == 0)
		r = nl_open(&nl, NETLINK_ROUTE, e);
	return r < 0 ? r : guard_check_bridge(root, &nl, bridge, diff, e);
}

int guard_plan(const char *root, const char *bridge, struct strbuf *out, struct err *e)
{
	struct layout_params p;
	char text[GUARD_RULE_TEXT];
	int r;

	r = name_ok(bridge, e);
	if (r == 0)
		r = base_params(root, &p, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct guard_rules g = desired(families[i], bridge, &p);
		const char *v = families[i] == AF_INET6 ? "-6 " : "";

		for (size_t k = 0; k < g.n; k++) {
			if (k == g.n_first)
				sb_addf(out,
					"ip %srule add pref 0 lookup local\n"
					"ip %srule del pref 0 lookup local\n",
					v, v);
			guard_rule_text(&g.rules[k], text);
			sb_addf(out, "ip %srule add %s\n", v, text);
		}
	}
	return 0;
}
