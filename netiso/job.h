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

#include <net/if.h>

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
	/* By index of plan.chains: not as noted until it is. */
	bool chain_made[ISO_PLAN_CHAINS_MAX];
	struct nl route, nf;
};

void job_free(struct job *j);
#define auto_job __attribute__((cleanup(job_free)))

/** job_open - its sockets. */
int job_open(struct job *j, struct err *e);

/** job_compile - from the record to the plan. @leases: with the addresses that leases name */
int job_compile(struct job *j, bool leases, struct err *e);

/** job_has_tap - whether one of its taps is there: the domain runs. */
bool job_has_tap(const struct job *j);

/** job_note_chains - record what the chains that were made have now. */
int job_note_chains(struct job *j, struct err *e);

/** job_write_undo - replace the recorded undo commands. */
int job_write_undo(struct job *j, const char *text, struct err *e);

/**
 * job_compare - what differs between plan and kernel: 0, or -ESTALE with the first difference.
 * @diff: a line per difference is appended; with NULL, changed prefixes of the host do not count
 */
int job_compare(struct job *j, struct strbuf *diff, struct err *e);

/** job_compare_own - the part of it that is not about what all domains share. */
int job_compare_own(struct job *j, struct strbuf *diff, struct err *e);

/** job_compare_devices - the part of it that does not need the plan: taps, bridge ports, guards. */
int job_compare_devices(struct job *j, struct strbuf *diff, struct err *e);

/** job_guards_compare - the guards alone, and what stands in their place for tunnels. */
int job_guards_compare(struct job *j, struct strbuf *diff, struct err *e);

/**
 * job_guards_ensure - a guard that was lost (an `ip rule flush`) is put back before the guest may
 * run. The caller holds the host lock.
 */
int job_guards_ensure(struct job *j, struct err *e);

/** job_localnet_settle - open for what the policy forwards to the host's loopback, or as it was. */
int job_localnet_settle(struct job *j, bool open, struct err *e);

/** job_unguarded_settle - rules for a tunnel on bridges without a guard, or none. */
int job_unguarded_settle(struct job *j, bool open, struct err *e);

/**
 * job_added - elements of the domain that the plan does not have, a line for each in @lines, and in
 * @commands what deletes them; either may be NULL.
 * Returns how many, or -errno. Reads whole sets: not for an ordinary start.
 */
int job_added(struct job *j, struct strbuf *lines, struct strbuf *commands, struct err *e);

struct job_digests {
	uint64_t rules;	 /* of what was compiled */
	uint64_t kernel; /* of what is there of it: the same unless something differs */
};

/** job_digests - of a compiled job; ports and guards, which are no rules, are not in it. */
int job_digests(struct job *j, struct job_digests *ret, struct err *e);

/** job_public_same - whether the set of public addresses in the kernel is the planned one. */
bool job_public_same(struct job *j);

/** job_guests_known - whether the set of guests' networks in the kernel has all of this domain. */
bool job_guests_known(struct job *j);

/**
 * job_addresses - commands that delete what the domain's NICs own, and addresses of the plan that
 * another domain's NIC owns.
 * @gone_only: of its own, only what unplugged NICs own
 *
 * Refuses (exit code 78) an address that the policy of another domain names.
 */
int job_addresses(struct job *j, bool gone_only, struct strbuf *out, struct err *e);

/**
 * job_stale_sets - commands that empty sets of the plan in netdev, where a domain that had this
 * number left something in them: what that one learnt is not this one's.
 */
int job_stale_sets(struct job *j, struct strbuf *out, struct err *e);

/** job_old_undo - the undo commands recorded earlier, of @uuid; nothing when there are none. */
int job_old_undo(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e);

/**
 * job_claim_taps - note that the taps are this domain's. One that another domain left (it crashed,
 * and the kernel gave the name away again) brings the undo of that tap into @out.
 */
int job_claim_taps(struct job *j, struct strbuf *out, struct err *e);

/**
 * job_stray_tap - a tap that exists, has rules, and is not of this domain.
 * @unclaimed: only one that no record claims: /run/virt-cordon was lost while its domain runs
 * Returns 1 with its name in @ret, 0 when there is none, negative on error.
 */
int job_stray_tap(struct job *j, bool unclaimed, char ret[static IFNAMSIZ], struct err *e);

/** job_revert_own - run the recorded undo, and see that nothing with an identity is left. */
int job_revert_own(struct job *j, struct err *e);
