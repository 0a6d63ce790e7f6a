/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, routes and settings of a tunnel, as they stand in the kernel. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/util.h"
#include "wgtun/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <string.h>
#include <sys/socket.h>

static bool same_rule(const struct rtnl_rule *a, const struct rtnl_rule *b)
{
	return !a->foreign && a->pref == b->pref && strcmp(a->iif, b->iif) == 0 &&
	       a->has_mark == b->has_mark &&
	       (!a->has_mark || (a->mark == b->mark && a->mask == b->mask)) &&
	       a->action == b->action && (a->action != FR_ACT_TO_TBL || a->table == b->table) &&
	       (a->action != FR_ACT_GOTO || a->target == b->target);
}

static bool listed(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *want)
{
	for (size_t i = 0; i < n; i++)
		if (same_rule(&list[i], want))
			return true;
	return false;
}

int wgt_rules_ensure(struct nl *nl, const struct rtnl_rule *rules, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET, &list, &n, e);

	for (size_t i = 0; i < WGT_RULES && r == 0; i++)
		if (!listed(list, n, &rules[i]))
			r = rtnl_rule_add(nl, &rules[i], e);
	return r;
}

/* Whether a rule is some domain's own. */
static bool is_own(const struct rtnl_rule *rule)
{
	return rule->protocol == MARKS_RULE_PROTOCOL && rule->pref > MARKS_PREF_TUNNELS &&
	       rule->pref < MARKS_PREF_END;
}

int wgt_rules_remove(struct nl *nl, const struct rtnl_rule *rules, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	bool others = false;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET, &list, &n, e);

	for (size_t i = 0; i < n && r == 0; i++) {
		if (same_rule(&list[i], &rules[WGT_RULE_OWN]))
			r = rtnl_rule_del(nl, &list[i], e);
		else
			others = others || is_own(&list[i]);
	}
	/* What leads here goes first, in reverse. */
	for (size_t i = WGT_RULES; i-- > 1 && r == 0 && !others;)
		for (size_t k = 0; k < n && r == 0; k++)
			if (same_rule(&list[k], &rules[i]))
				r = rtnl_rule_del(nl, &list[k], e);
	return r;
}

int wgt_rules_missing(struct nl *nl, const struct rtnl_rule *rules, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET, &list, &n, e);

	if (r < 0)
		return r;
	for (int i = 0; i < WGT_RULES; i++)
		if (!listed(list, n, &rules[i]))
			return i;
	return WGT_RULES;
}

/* The routes of the plan, one by one: 0 the unreachable one, then the default, then the rest. */
static bool planned(const struct wgt_plan *plan, int link, size_t i, struct wgt_route *ret)
{
	const struct tunnel *t = &plan->tunnel;

	*ret = (struct wgt_route){.to.addr.family = AF_INET};
	if (i == 0) {
		ret->metric = WGT_METRIC_LAST;
		return true;
	}
	ret->link = link;
	if (!link || i - 1 >= t->n_routes + t->to_all)
		return false;
	if (t->to_all && i == 1)
		return true;
	ret->to = t->routes[i - 1 - t->to_all];
	return true;
}

static bool same_route(const struct wgt_route *a, const struct wgt_route *b)
{
	return a->link == b->link && a->metric == b->metric && a->to.len == b->to.len &&
	       ip_equal(&a->to.addr, &b->to.addr);
}

int wgt_routes_ensure(struct nl *nl, const struct wgt_plan *plan, int link, struct err *e)
{
	auto_free struct wgt_route *list = NULL;
	struct wgt_route route;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && planned(plan, link, i, &route); i++)
		r = wgt_route_add(nl, plan->table, &route, e);
	if (r == 0)
		r = wgt_route_list(nl, plan->table, &list, &n, e);
	for (size_t k = 0; k < n && r == 0; k++) {
		bool found = false;

		for (size_t i = 0; planned(plan, link, i, &route) && !found; i++)
			found = same_route(&route, &list[k]);
		if (!found)
			r = wgt_route_del(nl, plan->table, &list[k], e);
	}
	return r;
}

int wgt_routes_remove(struct nl *nl, uint32_t table, struct err *e)
{
	auto_free struct wgt_route *list = NULL;
	size_t n = 0;
	int r = wgt_route_list(nl, table, &list, &n, e);

	for (size_t i = 0; i < n && r == 0; i++)
		r = wgt_route_del(nl, table, &list[i], e);
	return r;
}

int wgt_routes_same(struct nl *nl, const struct wgt_plan *plan, int link,
		    char ret_what[static PREFIX_STRLEN], struct err *e)
{
	auto_free struct wgt_route *list = NULL;
	struct wgt_route route;
	size_t n = 0, i;
	int r = wgt_route_list(nl, plan->table, &list, &n, e);

	if (r < 0)
		return r;
	for (i = 0; planned(plan, link, i, &route); i++) {
		size_t k = 0;

		while (k < n && !same_route(&route, &list[k]))
			k++;
		if (k < n)
			continue;
		ip_prefix_str(&route.to, ret_what);
		return 0;
	}
	for (size_t k = 0; k < n && n != i; k++)
		ip_prefix_str(&list[k].to, ret_what);
	return n == i;
}

static const struct {
	const char *family;
	const char *name;
	char value;
	bool may_lack; /* a kernel without IPv6 */
} settings[] = {
	{"ipv4", "rp_filter", '1', false},
	{"ipv4", "src_valid_mark", '1', false},
	{"ipv6", "disable_ipv6", '1', true},
};

static void setting_path(size_t i, const char *link, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/proc/sys/net/%s/conf/%s/%s", settings[i].family, link,
		       settings[i].name);
}

int wgt_sysctl_set(const char *link, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		auto_close int fd = -1;
		char path[96];

		setting_path(i, link, path, sizeof(path));
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && settings[i].may_lack)
			continue;
		if (fd < 0 || write(fd, &settings[i].value, 1) != 1)
			return err_os(e, errno, "cannot write %s", path);
	}
	return 0;
}

bool wgt_sysctl_same(const char *link, const char **ret_what)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		auto_close int fd = -1;
		char path[96], value;

		setting_path(i, link, path, sizeof(path));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && settings[i].may_lack)
			continue;
		if (fd < 0 || read(fd, &value, 1) != 1 || value != settings[i].value) {
			*ret_what = settings[i].name;
			return false;
		}
	}
	return true;
}
