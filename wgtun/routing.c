/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, routes and settings of a tunnel, as they stand in the kernel. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int families[] = {AF_INET, AF_INET6};

/* --- rules ----------------------------------------------------------------------------------- */

static bool listed(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *want)
{
	for (size_t i = 0; i < n; i++)
		if (rtnl_rule_same(&list[i], want))
			return true;
	return false;
}

/* Families without a rule in @rules are not asked about. */
static bool has_family(const struct wgt_rules *rules, int family)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->list[i].family == family)
			return true;
	return false;
}

int wgt_rules_ensure(struct nl *nl, const struct wgt_rules *rules, struct err *e)
{
	int r = 0;

	for (size_t f = 0; f < ARRAY_SIZE(families) && r == 0; f++) {
		auto_free struct rtnl_rule *list = NULL;
		size_t n = 0;

		if (!has_family(rules, families[f]))
			continue;
		r = rtnl_rule_list(nl, families[f], &list, &n, e);
		for (size_t i = 0; i < rules->n && r == 0; i++)
			if (rules->list[i].family == families[f] &&
			    !listed(list, n, &rules->list[i]))
				r = rtnl_rule_add(nl, &rules->list[i], e);
	}
	return r;
}

/* What another domain's mark still needs of the rules that are not its own: every leaf that stays
 * keeps the gotos above it, and the shared ones. */
static void keep_needed(const struct rtnl_rule *list, size_t n, const struct wgt_rules *gone,
			int family, struct wgt_rules *needed)
{
	needed->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct rtnl_rule *leaf = &list[i];
		struct wgt_rules path;

		if (leaf->protocol != MARKS_RULE_PROTOCOL || leaf->action != FR_ACT_TO_TBL ||
		    listed(gone->list, gone->n, leaf))
			continue;
		wgt_rules(leaf->mark & MARKS_MASK, leaf->mark & ~MARKS_MASK, false,
			  family == AF_INET6, &path);
		for (size_t k = 0; k < path.n; k++)
			if (listed(gone->list, gone->n, &path.list[k]) &&
			    !listed(needed->list, needed->n, &path.list[k]))
				needed->list[needed->n++] = path.list[k];
	}
}

int wgt_rules_remove(struct nl *nl, const struct wgt_rules *rules, struct err *e)
{
	int r = 0;

	for (size_t f = 0; f < ARRAY_SIZE(families) && r == 0; f++) {
		auto_free struct rtnl_rule *list = NULL;
		struct wgt_rules needed;
		size_t n = 0;

		if (!has_family(rules, families[f]))
			continue;
		r = rtnl_rule_list(nl, families[f], &list, &n, e);
		if (r < 0)
			break;
		keep_needed(list, n, rules, families[f], &needed);
		/* What leads to another goes first, in reverse. */
		for (size_t i = rules->n; i-- > 0 && r == 0;) {
			const struct rtnl_rule *rule = &rules->list[i];

			for (size_t k = 0; k < n && r == 0; k++)
				if (rtnl_rule_same(&list[k], rule) &&
				    !listed(needed.list, needed.n, rule))
					r = rtnl_rule_del(nl, &list[k], e);
		}
	}
	return r;
}

int wgt_rules_missing(struct nl *nl, const struct wgt_rules *rules, struct err *e)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		auto_free struct rtnl_rule *list = NULL;
		size_t n = 0;
		int r;

		if (!has_family(rules, families[f]))
			continue;
		r = rtnl_rule_list(nl, families[f], &list, &n, e);
		if (r < 0)
			return r;
		for (size_t i = 0; i < rules->n; i++)
			if (rules->list[i].family == families[f] &&
			    !listed(list, n, &rules->list[i]))
				return (int)i;
	}
	return (int)rules->n;
}

/* --- routes ---------------------------------------------------------------------------------- */

/* The kernel gives one of IPv6 this metric when none is asked for. */
#define METRIC_V6 1024

static void put_route(struct wgt_routes *to, const struct rtnl_route *route)
{
	struct rtnl_route *grown = realloc(to->list, (to->n + 1) * sizeof(*grown));

	if (!grown) {
		to->failed = true;
		return;
	}
	to->list = grown;
	grown[to->n] = *route;
	grown[to->n].protocol = MARKS_RULE_PROTOCOL;
	if (route->to.addr.family == AF_INET6 && !route->metric)
		grown[to->n].metric = METRIC_V6;
	to->n++;
}

static struct rtnl_route unreachable(uint32_t table, const struct ip_prefix *to)
{
	return (struct rtnl_route){
		.to = *to, .table = table, .type = RTN_UNREACHABLE, .metric = WGT_METRIC_LAST};
}

static void put_last(struct wgt_routes *to, uint32_t table, int family)
{
	const struct ip_prefix all = {.addr.family = family};
	const struct rtnl_route last = unreachable(table, &all);

	put_route(to, &last);
}

static void put_through(struct wgt_routes *to, const struct wgt_plan *plan, int link)
{
	const struct tunnel *t = &plan->tunnel;
	struct rtnl_route route = {.table = plan->table, .type = RTN_UNICAST, .link = link};

	if (!link)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		route.to = (struct ip_prefix){.addr.family = families[i]};
		if (families[i] == AF_INET ? t->to_all : t->to_all6)
			put_route(to, &route);
	}
	for (size_t i = 0; i < t->n_routes; i++) {
		route.to = t->routes[i];
		put_route(to, &route);
	}
}

/* A link that is not there by now has no route, and what is for it goes nowhere. */
static void put_beside(struct wgt_routes *to, const struct wgt_plan *plan)
{
	for (size_t i = 0; i < plan->tunnel.n_ways; i++) {
		const struct tunnel_way *way = &plan->tunnel.ways[i];
		struct rtnl_route route = unreachable(plan->beside, &way->to);
		const unsigned link = way->link[0] ? if_nametoindex(way->link) : 0;

		put_route(to, &route);
		if (!link)
			continue;
		route.type = RTN_UNICAST;
		route.metric = 0;
		route.link = (int)link;
		route.via = way->via;
		put_route(to, &route);
	}
}

void wgt_routes_last(const struct wgt_plan *plan, struct wgt_routes *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (families[i] == AF_INET6 && !plan->ipv6)
			continue;
		put_last(ret, plan->table, families[i]);
		if (plan->beside)
			put_last(ret, plan->beside, families[i]);
	}
}

void wgt_routes_all(const struct wgt_plan *plan, int link, struct wgt_routes *ret)
{
	wgt_routes_last(plan, ret);
	put_through(ret, plan, link);
	if (plan->beside)
		put_beside(ret, plan);
}

void wgt_routes_free(struct wgt_routes *routes)
{
	free(routes->list);
	*routes = (struct wgt_routes){0};
}

static bool same_route(const struct rtnl_route *a, const struct rtnl_route *b)
{
	return a->table == b->table && a->type == b->type && !a->other && a->link == b->link &&
	       a->metric == b->metric && a->to.len == b->to.len &&
	       ip_equal(&a->to.addr, &b->to.addr) && a->via.family == b->via.family &&
	       (!a->via.family || ip_equal(&a->via, &b->via));
}

static bool has_route(const struct rtnl_route *list, size_t n, const struct rtnl_route *route)
{
	for (size_t i = 0; i < n; i++)
		if (same_route(&list[i], route))
			return true;
	return false;
}

int wgt_routes_add(struct nl *nl, const struct wgt_routes *routes, struct err *e)
{
	int r = routes->failed ? err_os(e, ENOMEM, "routes") : 0;

	for (size_t i = 0; i < routes->n && r == 0; i++)
		r = rtnl_route_add(nl, &routes->list[i], e);
	return r;
}

bool wgt_no_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) < 0 && errno == ENOENT;
}

/* All that stands in the table, in both families. */
static int list_table(struct nl *nl, uint32_t table, struct wgt_routes *ret, struct err *e)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		auto_free struct rtnl_route *list = NULL;
		size_t n = 0;
		int r;

		if (families[f] == AF_INET6 && wgt_no_ipv6())
			continue;
		r = rtnl_route_list(nl, families[f], table, &list, &n, e);
		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			put_route(ret, &list[i]);
	}
	return ret->failed ? err_os(e, ENOMEM, "routes") : 0;
}

int wgt_routes_ensure(struct nl *nl, const struct wgt_plan *plan, const struct wgt_routes *routes,
		      struct err *e)
{
	const uint32_t tables[] = {plan->table, plan->table | MARKS_BESIDE};
	auto_routes struct wgt_routes have = {0};
	int r = wgt_routes_add(nl, routes, e);

	for (size_t i = 0; i < ARRAY_SIZE(tables) && r == 0; i++)
		r = list_table(nl, tables[i], &have, e);
	for (size_t i = 0; i < have.n && r == 0; i++)
		if (!has_route(routes->list, routes->n, &have.list[i]))
			r = rtnl_route_del(nl, &have.list[i], e);
	return r;
}

int wgt_routes_remove(struct nl *nl, uint32_t table, struct err *e)
{
	auto_routes struct wgt_routes have = {0};
	int r = list_table(nl, table, &have, e);

	for (size_t i = 0; i < have.n && r == 0; i++)
		r = rtnl_route_del(nl, &have.list[i], e);
	return r;
}

int wgt_routes_same(struct nl *nl, uint32_t table, const struct wgt_routes *routes,
		    char ret_what[static PREFIX_STRLEN], struct err *e)
{
	auto_routes struct wgt_routes have = {0};
	int r = list_table(nl, table, &have, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < routes->n; i++) {
		if (routes->list[i].table != table ||
		    has_route(have.list, have.n, &routes->list[i]))
			continue;
		ip_prefix_str(&routes->list[i].to, ret_what);
		return 0;
	}
	for (size_t i = 0; i < have.n; i++) {
		if (has_route(routes->list, routes->n, &have.list[i]))
			continue;
		ip_prefix_str(&have.list[i].to, ret_what);
		return 0;
	}
	return 1;
}

/* --- settings -------------------------------------------------------------------------------- */

static const struct {
	const char *family;
	const char *name;
	char value, with_v6; /* for a tunnel without, and with IPv6 */
	bool may_lack;	     /* a kernel without IPv6 */
} settings[] = {
	{"ipv4", "rp_filter", '1', '1', false},
	{"ipv4", "src_valid_mark", '1', '1', false},
	/* No address of the device's own, none by advertisements. */
	{"ipv6", "addr_gen_mode", '1', '1', true},
	{"ipv6", "accept_ra", '0', '0', true},
	{"ipv6", "disable_ipv6", '1', '0', true},
};

static void setting_path(size_t i, const char *link, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/proc/sys/net/%s/conf/%s/%s", settings[i].family, link,
		       settings[i].name);
}

int wgt_sysctl_set(const char *link, bool ipv6, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *value = ipv6 ? &settings[i].with_v6 : &settings[i].value;
		auto_close int fd = -1;
		char path[96];

		setting_path(i, link, path, sizeof(path));
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && settings[i].may_lack)
			continue;
		if (fd < 0 || write(fd, value, 1) != 1)
			return err_os(e, errno, "cannot write %s", path);
	}
	return 0;
}

bool wgt_sysctl_same(const char *link, bool ipv6, const char **ret_what)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		auto_close int fd = -1;
		char path[96], value;

		setting_path(i, link, path, sizeof(path));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && settings[i].may_lack)
			continue;
		if (fd < 0 || read(fd, &value, 1) != 1 ||
		    value != (ipv6 ? settings[i].with_v6 : settings[i].value)) {
			*ret_what = settings[i].name;
			return false;
		}
	}
	return true;
}
