/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses: see lib/range.h. */
#include "lib/range.h"

#include <stdlib.h>
#include <string.h>

static size_t width(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

int ip_compare(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, width(a->family));
}

bool ip_next(struct ip_addr *ip)
{
	for (size_t i = width(ip->family); i-- > 0;)
		if (++ip->b[i])
			return true;
	return false;
}

bool ip_previous(struct ip_addr *ip)
{
	for (size_t i = width(ip->family); i-- > 0;)
		if (ip->b[i]--)
			return true;
	return false;
}

struct ip_range ip_range_of(const struct ip_addr *addr, uint8_t len)
{
	struct ip_range r = {*addr, *addr};

	for (size_t i = 0; i < width(addr->family); i++) {
		const size_t bits = len > i * 8 ? len - i * 8 : 0;
		const uint8_t mask = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);

		r.first.b[i] &= mask;
		r.last.b[i] |= (uint8_t)~mask;
	}
	return r;
}

bool ip_range_has(const struct ip_range *list, size_t n, const struct ip_addr *ip)
{
	const struct ip_range one = {*ip, *ip};

	return ip_range_holds(list, n, &one);
}

bool ip_range_holds(const struct ip_range *list, size_t n, const struct ip_range *r)
{
	for (size_t i = 0; i < n; i++)
		if (ip_compare(&list[i].first, &r->first) <= 0 &&
		    ip_compare(&r->last, &list[i].last) <= 0)
			return true;
	return false;
}

static int by_first(const void *va, const void *vb)
{
	const struct ip_range *a = va, *b = vb;

	return ip_compare(&a->first, &b->first);
}

size_t ip_range_complement(struct ip_range *closed, size_t n, int family, struct ip_range *open)
{
	const struct ip_addr zero = {.family = family};
	struct ip_range rest = ip_range_of(&zero, 0); /* from the first address not seen yet */
	size_t n_open = 0;
	bool left = true;

	if (n)
		qsort(closed, n, sizeof(*closed), by_first);
	for (size_t i = 0; i < n && left; i++) {
		if (ip_compare(&closed[i].first, &rest.first) > 0) {
			open[n_open] = (struct ip_range){rest.first, closed[i].first};
			ip_previous(&open[n_open++].last);
		}
		if (ip_compare(&closed[i].last, &rest.first) >= 0) {
			rest.first = closed[i].last;
			left = ip_next(&rest.first);
		}
	}
	if (left)
		open[n_open++] = rest;
	return n_open;
}

static int by_prefix(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	const int order = ip_compare(&a->addr, &b->addr);

	return order ? order : (int)a->len - (int)b->len; /* the wider one first */
}

size_t ip_prefix_merge(struct ip_prefix *list, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(list, n, sizeof(*list), by_prefix);
	for (size_t i = 0; i < n; i++)
		if (!kept || !ip_prefix_overlap(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}
