/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects on one domain: put isolation in, take it out, compare it with the kernel. */
#pragma once

#include "lib/err.h"
#include "lib/record.h"
#include "lib/strbuf.h"
#include "netiso/compile.h"

/**
 * domain_plan - compile a recorded domain against the live host; needs no privilege.
 * @ret_params: the parameters of the shared layout
 * @ret: zero-initialised; release with iso_plan_free
 */
int domain_plan(const char *root, const struct record *rec, struct layout_params *ret_params,
		struct iso_plan *ret, struct err *e);

/**
 * domain_apply - put the isolation of a recorded domain in, as one transaction, isolate its bridge
 * ports, and read all of it back. Also repairs: what stands stays, without a gap.
 */
int domain_apply(const char *root, const struct uuid *uuid, struct err *e);

/**
 * domain_revert - take it out again by what was recorded when it was put in; the last domain takes
 * the shared tables along. Nothing there is success.
 */
int domain_revert(const char *root, const struct uuid *uuid, struct err *e);

struct domain_digests {
	uint64_t policy;
	bool isolated; /* there are rules, too */
	uint64_t rules, kernel;
};

/**
 * domain_digests - one number for the policy in force, one for the rules compiled of it, one for
 * what the kernel has of these: the last two are the same unless something differs.
 */
int domain_digests(const char *root, const struct uuid *uuid, struct domain_digests *ret,
		   struct err *e);

/**
 * domain_check - compare the kernel with what the record asks for.
 * @diff: a line per difference is appended; may be NULL
 * Returns 0 when they are the same; -ESTALE with exit code 1 and the first difference when not.
 */
int domain_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e);
