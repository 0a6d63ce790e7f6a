/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shares of a domain as a whole: put in place, taken off, compared. */
#pragma once

#include "fsguard/job.h"
#include "lib/err.h"
#include "lib/strbuf.h"

/**
 * fsg_shares_apply - put every share of the recorded domain in place; what is so already stays.
 * After a failure what this run did is undone.
 */
int fsg_shares_apply(const char *root, const struct uuid *uuid, struct err *e);

/**
 * fsg_shares_revert - take off what the record says, never lazily. A share that is busy stays
 * mounted and recorded: -EBUSY, exit code 75, the message names who holds it.
 */
int fsg_shares_revert(const char *root, const struct uuid *uuid, struct err *e);

/**
 * fsg_shares_check - compare the live system with the plan; while the domain runs also what is
 * served.
 * @diff: a line for each difference and each warning; may be NULL
 * -ESTALE with exit code 1 when something differs; a warning is no difference.
 */
int fsg_shares_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e);

/** fsg_shares_plan - what apply would do, from the record alone: a line for each step. */
int fsg_shares_plan(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e);

/* Of one share, in fsguard/up.c. */

/** fsg_share_up - image made, checked, grown, attached, mounted on the target. */
int fsg_share_up(struct job *j, struct share *share, struct err *e);

/**
 * fsg_share_down - trim, unmount, detach.
 * @trim: give free blocks back
 */
int fsg_share_down(struct job *j, const char *tag, const char *target, bool trim, struct err *e);

/** fsg_share_verify - a line to @diff (may be NULL) for each difference. Returns 0, 1 or -errno. */
int fsg_share_verify(struct job *j, struct share *share, struct strbuf *diff, struct err *e);

/** fsg_overlap_check - no share in, around or equal to another one, of this domain or any other. */
int fsg_overlap_check(const struct job *j, struct err *e);

/** fsg_pressure_warn - a line to @out when the images may outgrow what the host's disk has left. */
void fsg_pressure_warn(const struct job *j, struct strbuf *out);
