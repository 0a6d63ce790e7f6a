/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses: one arithmetic for both families, over bytes with the most significant one
 * first. */
#pragma once

#include "lib/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends are included, and of the same family. */
struct ip_range {
	struct ip_addr first, last;
};

/** ip_compare - by family, then by number: below, at or above 0 as memcmp. */
int ip_compare(const struct ip_addr *a, const struct ip_addr *b);

/** ip_next - adds one; false, and all zeros, when it was the last address. */
bool ip_next(struct ip_addr *ip);

/** ip_previous - takes one; false, and all ones, when it was the first address. */
bool ip_previous(struct ip_addr *ip);

/**
 * ip_range_of - the addresses of a prefix.
 * @addr: host bits may be set
 * @len: up to the family's width; more is taken for that
 */
struct ip_range ip_range_of(const struct ip_addr *addr, uint8_t len);

/** ip_range_has - whether one of @list holds @ip. Families may be mixed. */
bool ip_range_has(const struct ip_range *list, size_t n, const struct ip_addr *ip);

/** ip_range_holds - whether a single one of @list holds all of @r. */
bool ip_range_holds(const struct ip_range *list, size_t n, const struct ip_range *r);

/**
 * ip_range_complement - what lies between ranges.
 * @closed: of @family, in any order; they may overlap. Sorted here.
 * @open: room for @n + 1
 *
 * Returns how many were written: sorted, without overlaps, none beside another.
 */
size_t ip_range_complement(struct ip_range *closed, size_t n, int family, struct ip_range *open);

/**
 * ip_prefix_merge - sort by family and address, and drop what lies in another; in place.
 * Returns the new number.
 */
size_t ip_prefix_merge(struct ip_prefix *list, size_t n);
