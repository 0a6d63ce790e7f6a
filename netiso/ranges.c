/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left as the public Internet, in either family. */
#include "netiso/compile.h"

#include "lib/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

/* The prefix that a host closes around each of its own IPv6 addresses, however long theirs is: one
 * that DHCPv6 gave has 128 bits and lies on a link like any other. */
#define ATTACHED_LEN6 64

struct ip_range iso_attached_range(const struct ip_prefix *p)
{
	return ip_range_of(&p->addr, p->addr.family == AF_INET6 && p->len > ATTACHED_LEN6
					     ? ATTACHED_LEN6
					     : p->len);
}

/* Of one family. */
struct closed {
	int family;
	const struct ip_range *refused;
	size_t n_refused;
	const struct ip_prefix *attached;
	size_t n_attached;
};

static int open_ranges(const struct closed *c, struct ip_range **ret, size_t *ret_n, struct err *e)
{
	const size_t max = c->n_refused + c->n_attached;
	auto_free struct ip_range *closed = calloc(max, sizeof(*closed));
	auto_free struct ip_range *open = calloc(max + 1, sizeof(*open));
	size_t n = c->n_refused;

	if (!closed || !open)
		return err_os(e, ENOMEM, "attached prefixes");
	memcpy(closed, c->refused, n * sizeof(*closed));
	for (size_t i = 0; i < c->n_attached; i++)
		if (c->attached[i].addr.family == c->family && c->attached[i].len > 0)
			closed[n++] = iso_attached_range(&c->attached[i]);
	*ret_n = ip_range_complement(closed, n, c->family, open);
	*ret = TAKE_PTR(open);
	return 0;
}

static void emit(const char *set, const struct ip_range *open, size_t n, struct strbuf *out)
{
	char first[PREFIX_STRLEN], last[PREFIX_STRLEN];

	sb_addf(out, "flush set inet " TBL " %s\n", set);
	for (size_t i = 0; i < n; i++)
		sb_addf(out, "add element inet " TBL " %s { %s-%s }\n", set,
			ip_str(&open[i].first, first), ip_str(&open[i].last, last));
}

int iso_compile_public(const struct iso_facts *f, struct iso_plan *plan, struct err *e)
{
	const struct closed c = {AF_INET, layout_refused, layout_n_refused, f->attached,
				 f->n_attached};
	const int r = open_ranges(&c, &plan->ranges, &plan->n_ranges, e);

	if (r == 0)
		emit("public", plan->ranges, plan->n_ranges, &plan->public);
	return r;
}

int iso_compile_public6(const struct iso_facts *f, struct iso_plan *plan, struct err *e)
{
	const struct closed c = {AF_INET6, layout_refused6, layout_n_refused6, f->attached6,
				 f->n_attached6};
	const int r = open_ranges(&c, &plan->ranges6, &plan->n_ranges6, e);

	if (r == 0)
		emit("public6", plan->ranges6, plan->n_ranges6, &plan->public6);
	return r;
}
