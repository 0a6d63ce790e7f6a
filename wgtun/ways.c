/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the host sends what is for a target beside the tunnel: see wgtun/rtnl.h. */
#include "wgtun/rtnl.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The host may have several routes inside a target, of several tables. They are found by listing
 * them all; where each of them, and what is between them, leads is what the kernel says when asked
 * for one address of it: so its rules count, as they do for the host's own packets. */

static int prefix_compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	const int r = memcmp(a->addr.b, b->addr.b, a->addr.family == AF_INET ? 4 : 16);

	return r ? r : (int)a->len - (int)b->len;
}

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len == b->len && ip_equal(&a->addr, &b->addr);
}

/* Prefixes of the host's routes that lie inside @target, narrower than it; sorted, each once. */
static int routes_inside(struct nl *nl, const struct ip_prefix *target, uint32_t mark,
			 struct ip_prefix **ret, size_t *n_ret, struct err *e)
{
	auto_free struct rtnl_route *list = NULL;
	auto_free struct ip_prefix *found = NULL;
	size_t n = 0, kept = 0, all = 0;
	int r = rtnl_route_list(nl, target->addr.family, 0, &list, &n, e);

	if (r < 0)
		return r;
	found = calloc(n + 1, sizeof(*found));
	if (!found)
		return err_os(e, ENOMEM, "routes");
	for (size_t i = 0; i < n; i++) {
		const struct ip_prefix *p = &list[i].to;

		/* A tunnel's tables are no ways of the host; its own addresses are no targets. */
		if (list[i].table == RT_TABLE_LOCAL || ((list[i].table ^ mark) & MARKS_MASK) == 0 ||
		    p->len <= target->len || !ip_prefix_contains(target, &p->addr))
			continue;
		found[all++] = *p;
	}
	if (all)
		qsort(found, all, sizeof(*found), prefix_compare);
	for (size_t i = 0; i < all; i++)
		if (!kept || !same_prefix(&found[kept - 1], &found[i]))
			found[kept++] = found[i];
	*ret = TAKE_PTR(found);
	*n_ret = kept;
	return 0;
}

/* The address behind the last one of @p; false when there is none. */
static bool next_address(const struct ip_prefix *p, struct ip_addr *ret)
{
	const size_t bytes = p->addr.family == AF_INET ? 4 : 16;
	unsigned carry = 1;

	*ret = p->addr;
	for (size_t i = bytes; i-- > 0;) {
		const size_t first = i * 8;
		const unsigned host = first >= p->len	   ? 0xff
				      : first + 8 > p->len ? 0xffu >> (p->len - first)
							   : 0;
		const unsigned v = (ret->b[i] | host) + carry;

		ret->b[i] = (uint8_t)v;
		carry = v >> 8;
	}
	return !carry;
}

/* An address of @target that none of the prefixes inside has; false when they have them all. */
static bool free_address(const struct ip_prefix *target, const struct ip_prefix *inside, size_t n,
			 struct ip_addr *ret)
{
	*ret = target->addr;
	for (size_t i = 0; i < n; i++)
		if (ip_prefix_contains(&inside[i], ret) && !next_address(&inside[i], ret))
			return false;
	return ip_prefix_contains(target, ret);
}

static bool way_to(struct nl *nl, const struct ip_prefix *to, const struct ip_addr *probe,
		   struct tunnel_way *ret)
{
	struct rtnl_route route;

	*ret = (struct tunnel_way){.to = *to};
	if (!probe || rtnl_route_get(nl, probe, &route) < 0 ||
	    !if_indextoname((unsigned)route.link, ret->link)) {
		ret->link[0] = '\0';
		return false;
	}
	/* Never into a tunnel of ours, whatever a rule of the host says. */
	if (tunnel_link_ok(ret->link)) {
		ret->link[0] = '\0';
		return false;
	}
	ret->via = route.via;
	return true;
}

static int add(struct tunnel *t, const struct tunnel_way *way, struct err *e)
{
	if (!tunnel_add_way(t, way))
		return err_set(e, EX_CORDON_POLICY, E2BIG,
			       "more than %d routes of the host lie inside allow_lan; name "
			       "narrower targets",
			       TUNNEL_WAYS_MAX);
	return 0;
}

static int add_target(struct nl *nl, const struct ip_prefix *target, struct tunnel *t,
		      struct err *e)
{
	auto_free struct ip_prefix *inside = NULL;
	struct tunnel_way way;
	struct ip_addr probe;
	size_t n = 0;
	int r = 0;

	/* A single address, the common case, needs no list. */
	if (target->len < (target->addr.family == AF_INET ? 32 : 128))
		r = routes_inside(nl, target, t->mark, &inside, &n, e);
	if (r < 0)
		return r;
	(void)way_to(nl, target, free_address(target, inside, n, &probe) ? &probe : NULL, &way);
	r = add(t, &way, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		const bool has = free_address(&inside[i], inside + i + 1, n - i - 1, &probe);

		(void)way_to(nl, &inside[i], has ? &probe : NULL, &way);
		r = add(t, &way, e);
	}
	return r;
}

static int way_compare(const void *va, const void *vb)
{
	const struct tunnel_way *a = va, *b = vb;
	const int r = a->to.addr.family - b->to.addr.family;

	return r ? r : prefix_compare(&a->to, &b->to);
}

/* A route may lie inside two targets, of which one lies inside the other. */
static void each_once(struct tunnel *t)
{
	size_t kept = 0;

	if (t->n_ways)
		qsort(t->ways, t->n_ways, sizeof(*t->ways), way_compare);
	for (size_t i = 0; i < t->n_ways; i++)
		if (!kept || !same_prefix(&t->ways[kept - 1].to, &t->ways[i].to))
			t->ways[kept++] = t->ways[i];
	t->n_ways = kept;
}

int wgt_ways(struct nl *nl, const struct ip_prefix *targets, size_t n, struct tunnel *t,
	     struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_target(nl, &targets[i], t, e);
	each_once(t);
	return r;
}
