/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routing rules that stand before the kernel's lookup of its local table. See lib/nl.h. */
#include "lib/nl.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static bool is_local_lookup(const struct rtnl_rule *r)
{
	return r->pref == 0 && r->action == FR_ACT_TO_TBL && r->table == RT_TABLE_LOCAL &&
	       !r->iif[0] && !r->has_mark && !r->foreign;
}

size_t rtnl_rule_find(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *want,
		      size_t from)
{
	for (size_t i = from; i < n; i++)
		if (rtnl_rule_same(&list[i], want))
			return i;
	return n;
}

bool rtnl_first_stand(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *first,
		      size_t n_first)
{
	size_t pos = 0, local = n;

	for (size_t i = n; i-- > 0;)
		if (is_local_lookup(&list[i]))
			local = i;
	for (size_t i = 0; i < n_first; i++) {
		pos = rtnl_rule_find(list, n, &first[i], pos);
		if (pos >= local)
			return false;
		pos++;
	}
	return local < n;
}

static int add_local(struct nl *nl, int family, struct err *e)
{
	const struct rtnl_rule local = {.family = family,
					.action = FR_ACT_TO_TBL,
					.table = RT_TABLE_LOCAL,
					.protocol = RTPROT_KERNEL};

	return rtnl_rule_add(nl, &local, e);
}

static int del_local(struct nl *nl, int family, struct err *e)
{
	const struct rtnl_rule local = {
		.family = family, .action = FR_ACT_TO_TBL, .table = RT_TABLE_LOCAL};

	return rtnl_rule_del(nl, &local, e);
}

int rtnl_single_local(struct nl *nl, const struct rtnl_rule *list, size_t n, int family,
		      struct err *e)
{
	size_t seen = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (is_local_lookup(&list[i]) && seen++)
			r = del_local(nl, family, e);
	return r;
}

/* The kernel puts a rule behind those of its preference. So the whole sequence is written once more
 * behind what stands, ending in a lookup of the local table, and then what stood before is removed
 * from the front: closed, and able to deliver, at every moment. */
static int write_first(struct nl *nl, const struct rtnl_rule *list, size_t n,
		       const struct rtnl_rule *first, size_t n_first, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n_first && r == 0; i++)
		r = rtnl_rule_add(nl, &first[i], e);
	if (r == 0)
		r = add_local(nl, first[0].family, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (is_local_lookup(&list[i]))
			r = del_local(nl, first[0].family, e);
	for (size_t k = 0; k < n_first; k++)
		for (size_t i = 0; i < n && r == 0; i++)
			if (rtnl_rule_same(&list[i], &first[k]))
				r = rtnl_rule_del(nl, &list[i], e); /* whoever made it */
	return r;
}

int rtnl_first_ensure(struct nl *nl, const struct rtnl_rule *list, size_t n,
		      const struct rtnl_rule *first, size_t n_first, struct err *e)
{
	if (!rtnl_first_stand(list, n, first, n_first))
		return write_first(nl, list, n, first, n_first, e);
	return rtnl_single_local(nl, list, n, first[0].family, e);
}
