/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of apply, check or revert on one domain: shared by domain.c, compare.c and undo.c only.
 */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/strbuf.h"
#include "netiso/compile.h"

/* In the domain's folder: the commands that take back what was put in. */
#define UNDO_FILE RECORD_NETISO_UNDO

/* All that one run on one domain works with. */
struct job {
	const char *root;
	struct record rec;
	struct policy policy;
	struct layout_params params;
	struct iso_facts facts;
	struct iso_plan plan;
	bool chain_made[ISO_NICS_MAX + 1]; /* by index of plan.chains: not as noted until it is */
	struct nl route, nf;
};

/**
 * job_compare - what differs between plan and kernel: 0, or -ESTALE with the first difference.
 * @diff: a line per difference is appended; with NULL, changed prefixes of the host do not count
 */
int job_compare(struct job *j, struct strbuf *diff, struct err *e);

/** job_attached_same - whether the set of attached prefixes in the kernel is the planned one. */
bool job_attached_same(struct job *j);

/**
 * job_stale_addresses - commands that delete addresses learnt on the domain's taps.
 * @gone_only: only those of taps that were unplugged
 */
int job_stale_addresses(struct job *j, bool gone_only, struct strbuf *out, struct err *e);

/** job_old_undo - the undo commands recorded earlier, of @uuid; nothing when there are none. */
int job_old_undo(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e);

/**
 * job_claim_taps - note that the taps are this domain's. One that another domain left (it crashed,
 * and the kernel gave the name away again) brings the undo of that tap into @out.
 */
int job_claim_taps(struct job *j, struct strbuf *out, struct err *e);

/** job_revert_own - run the recorded undo, and see that nothing with an identity is left. */
int job_revert_own(struct job *j, struct err *e);
