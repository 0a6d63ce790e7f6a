/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NICs on a switched bridge, whose frames never meet the host's IP stack: rules of their own. */
#pragma once

#include "lib/err.h"
#include "lib/policy.h"
#include "lib/strbuf.h"
#include "netiso/compile.h"

/* Names of the chains of one tap, of which a routed NIC has the first only. */
#define ISO_TAP_CHAINS_MAX 9

/** iso_tap_chain_n - the @i-th chain name of @tap, 0..ISO_TAP_CHAINS_MAX-1; returns @buf. */
const char *iso_tap_chain_n(const char *tap, size_t i, char buf[static ISO_CHAIN_MAX]);

/** iso_tap_n_chains - how many of them @nic has. */
size_t iso_tap_n_chains(const struct iso_nic *nic);

#define ISO_TAP_TO 1 /* the second one hangs on the tap, too: what goes to the guest */

/**
 * iso_check_switched - refuse what needs the host's IP stack, and a bridge whose router is not
 * known. Exit code 78.
 */
int iso_check_switched(const struct policy *p, const struct iso_facts *f, const struct iso_nic *nic,
		       struct err *e);

/* Where the commands go: see struct iso_plan. */
struct switched_out {
	struct strbuf *clear, *apply, *undo_chains, *undo_objects;
};

/** iso_switched_nic - chains and sets of one NIC. @ranges: the public addresses, sorted. */
void iso_switched_nic(const struct policy *p, const struct iso_facts *f, const struct iso_nic *nic,
		      const struct ip_range *ranges, size_t n_ranges,
		      const struct switched_out *out);

/**
 * iso_switched_keep - take out of @undo what would delete a set that @apply makes again: what a
 * guest has learnt and opened stays over a repair.
 */
void iso_switched_keep(struct strbuf *undo, const char *apply);
