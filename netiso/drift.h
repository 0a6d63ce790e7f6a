/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule by rule: the chains in the kernel against those that the plan would make. */
#pragma once

#include "lib/err.h"
#include "lib/strbuf.h"
#include "netiso/job.h"

/**
 * drift_compare - append a line to @diff for each rule that is missing or too many in a chain of
 * the plan (the shared ones and the domain's own).
 *
 * What the plan would make is not computed but made: in a network namespace of its own, by the same
 * libnftables and kernel, so that both sides are listed in the same words. Needs CAP_SYS_ADMIN.
 * Returns the number of differences, or -errno.
 */
int drift_compare(struct job *j, struct strbuf *diff, struct err *e);

/**
 * drift_diff - compare two listings of `nft list table` (pure). Chains that @want does not have are
 * not looked at. Returns the number of lines appended to @diff.
 */
int drift_diff(const char *want, const char *have, struct strbuf *diff);
