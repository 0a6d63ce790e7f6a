/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of IPv6 addresses: networks merged, and what is left as the public Internet. */
#include "netiso/compile.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

/* The prefix that a host closes around each of its own addresses, however long theirs is: one that
 * DHCPv6 gave has 128 bits and lies on a link like any other. */
#define ATTACHED_LEN 64

static int compare(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int range_compare(const void *va, const void *vb)
{
	const struct layout_range6 *a = va, *b = vb;

	return compare(&a->first, &b->first);
}

/* Adds one; false when it was the last address. */
static bool next_after(struct in6_addr *a)
{
	for (size_t i = sizeof(a->s6_addr); i-- > 0;)
		if (++a->s6_addr[i])
			return true;
	return false;
}

/* Takes one; not of the first address. */
static void previous_to(struct in6_addr *a)
{
	for (size_t i = sizeof(a->s6_addr); i-- > 0;)
		if (a->s6_addr[i]--)
			return;
}

struct layout_range6 iso_range6(const struct in6_addr *addr, uint8_t len)
{
	struct layout_range6 r = {*addr, *addr};

	for (size_t i = 0; i < sizeof(addr->s6_addr); i++) {
		const size_t bits = len > i * 8 ? len - i * 8 : 0;
		const uint8_t mask = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);

		r.first.s6_addr[i] &= mask;
		r.last.s6_addr[i] |= (uint8_t)~mask;
	}
	return r;
}

bool iso_range6_has(const struct layout_range6 *list, size_t n, const struct in6_addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (compare(&list[i].first, a) <= 0 && compare(a, &list[i].last) <= 0)
			return true;
	return false;
}

/* What lies between @closed ranges (sorted here; they may overlap) into @open, which has room for
 * one more. Returns how many. */
static size_t complement(struct layout_range6 *closed, size_t n, struct layout_range6 *open)
{
	struct in6_addr next = IN6ADDR_ANY_INIT; /* the first address not seen yet */
	bool left = true;
	size_t n_open = 0;

	qsort(closed, n, sizeof(*closed), range_compare);
	for (size_t i = 0; i < n && left; i++) {
		if (compare(&closed[i].first, &next) > 0) {
			open[n_open] = (struct layout_range6){next, closed[i].first};
			previous_to(&open[n_open++].last);
		}
		if (compare(&closed[i].last, &next) >= 0) {
			next = closed[i].last;
			left = next_after(&next);
		}
	}
	if (left) {
		open[n_open].first = next;
		memset(&open[n_open++].last, 0xff, sizeof(next));
	}
	return n_open;
}

int iso_compile_public6(const struct iso_facts *f, struct iso_plan *plan, struct err *e)
{
	const size_t max = layout_n_refused6 + f->n_attached6;
	auto_free struct layout_range6 *closed = calloc(max, sizeof(*closed));
	auto_free struct layout_range6 *open = calloc(max + 1, sizeof(*open));
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN];
	size_t n = layout_n_refused6, n_open;

	if (!closed || !open)
		return err_os(e, ENOMEM, "attached prefixes");
	memcpy(closed, layout_refused6, n * sizeof(*closed));
	for (size_t i = 0; i < f->n_attached6; i++) {
		const struct ip_prefix *p = &f->attached6[i];

		if (p->len > 0)
			closed[n++] = iso_range6(&p->addr.v6,
						 p->len < ATTACHED_LEN ? p->len : ATTACHED_LEN);
	}
	n_open = complement(closed, n, open);
	sb_adds(&plan->public6, "flush set inet " TBL " public6\n");
	for (size_t i = 0; i < n_open; i++)
		sb_addf(&plan->public6, "add element inet " TBL " public6 { %s-%s }\n",
			inet_ntop(AF_INET6, &open[i].first, first, sizeof(first)),
			inet_ntop(AF_INET6, &open[i].last, last, sizeof(last)));
	plan->ranges6 = TAKE_PTR(open);
	plan->n_ranges6 = n_open;
	return 0;
}
