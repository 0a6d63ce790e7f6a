/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of IPv4 addresses: networks merged, and what is left as the public Internet. */
#include "netiso/compile.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

static int prefix_compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	const uint32_t x = ntohl(a->addr.v4.s_addr), y = ntohl(b->addr.v4.s_addr);

	if (x != y)
		return x < y ? -1 : 1;
	return (int)a->len - (int)b->len; /* the wider one first */
}

size_t iso_merge_prefixes(struct ip_prefix *list, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(list, n, sizeof(*list), prefix_compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || !ip_prefix_overlap(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}

static int range_compare(const void *va, const void *vb)
{
	const struct layout_range *a = va, *b = vb;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* What lies between @closed ranges (sorted here; they may overlap) into @open, which has room for
 * one more. Returns how many. */
static size_t complement(struct layout_range *closed, size_t n, struct layout_range *open)
{
	uint64_t next = 0; /* the first address not seen yet */
	size_t n_open = 0;

	qsort(closed, n, sizeof(*closed), range_compare);
	for (size_t i = 0; i < n; i++) {
		if (closed[i].first > next)
			open[n_open++] = (struct layout_range){(uint32_t)next, closed[i].first - 1};
		if (closed[i].last + UINT64_C(1) > next)
			next = closed[i].last + UINT64_C(1);
	}
	if (next <= UINT32_MAX)
		open[n_open++] = (struct layout_range){(uint32_t)next, UINT32_MAX};
	return n_open;
}

int iso_compile_public(const struct iso_facts *f, struct iso_plan *plan, struct err *e)
{
	const size_t max = layout_n_refused + f->n_attached;
	auto_free struct layout_range *closed = calloc(max, sizeof(*closed));
	auto_free struct layout_range *open = calloc(max + 1, sizeof(*open));
	char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN];
	size_t n = layout_n_refused, n_open;

	if (!closed || !open)
		return err_os(e, ENOMEM, "attached prefixes");
	memcpy(closed, layout_refused, n * sizeof(*closed));
	for (size_t i = 0; i < f->n_attached; i++) {
		const struct ip_prefix *p = &f->attached[i];
		const uint32_t at = ntohl(p->addr.v4.s_addr);

		if (p->addr.family == AF_INET && p->len > 0)
			closed[n++] = (struct layout_range){
				at, p->len < 32 ? at | UINT32_MAX >> p->len : at};
	}
	n_open = complement(closed, n, open);
	sb_adds(&plan->public, "flush set inet " TBL " public\n");
	for (size_t i = 0; i < n_open; i++)
		sb_addf(&plan->public, "add element inet " TBL " public { %s-%s }\n",
			layout_address(open[i].first, first), layout_address(open[i].last, last));
	plan->ranges = TAKE_PTR(open);
	plan->n_ranges = n_open;
	return 0;
}
