/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading nf_tables back, by raw netlink: nothing dumped that grows with the number of domains.
 * linux/netfilter/nf_tables.h. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "netiso/compile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** kern_table_exists - our table of @family: 1, 0 or -errno. */
int kern_table_exists(struct nl *nl, const char *family);

/** kern_chain_exists - 1, 0 or -errno; @want_device: also demands that it is bound to that device.
 */
int kern_chain_exists(struct nl *nl, const char *family, const char *chain,
		      const char *want_device);

/**
 * kern_generation - a number that each change of nf_tables in this namespace, by whomever, makes
 * another one (what a packet adds to a dynamic set, or an element that expires, does not count).
 */
int kern_generation(struct nl *nl, uint32_t *ret);

/** kern_element_matches - key, value and verdict as in @el: 1, 0 or -errno. */
int kern_element_matches(struct nl *nl, const struct iso_element *el);

/**
 * kern_set_keys - all keys of a set, malloc'd.
 * @ret_ends: for an interval set, whether a key is the end of an interval; may be NULL
 */
struct kern_key {
	uint8_t bytes[ISO_KEY_MAX];
	uint8_t len;
	uint32_t data;	  /* value of a map of four bytes, 0 without */
	uint64_t packets; /* of its counter, 0 without */
	bool interval_end;
};
int kern_set_keys(struct nl *nl, const char *family, const char *set, struct kern_key **ret,
		  size_t *n_ret, struct err *e);

/**
 * kern_layout_digest - a number over all shared rules and ranges as the kernel has them (FNV-1a,
 * 64 bits, over the expressions). Detects accident, not malice: who can write nftables is trusted.
 * @few: there are few domains, so that whole tables are read sooner than chain by chain
 * -ENOENT (exit code 1) when a shared chain is missing.
 */
int kern_layout_digest(struct nl *nl, bool few, uint64_t *ret, struct err *e);

/** kern_chain_digest - the same over one chain; -ENOENT when it is missing or empty. */
int kern_chain_digest(struct nl *nl, const char *family, const char *chain, uint64_t *ret);
