/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy in a domain's record, and the host lock as virt-cordon.ini has it. */
#pragma once

#include "lib/err.h"
#include "lib/policy.h"
#include "lib/record.h"

#include <stddef.h>

#define RECORD_POLICY "policy.ini" /* in the domain's folder */

/**
 * record_policy_load - the policy that the domain was prepared with: canonical text, every key
 * written out, so the host's defaults of today have no say. Messages name the file that a person
 * edits.
 * record_policy_parse - the same from its text, for who needs that, too.
 * @ret: zero-initialised; release with policy_free
 */
int record_policy_load(const char *root, const struct record *rec, struct policy *ret,
		       struct err *e);
int record_policy_parse(const char *root, const struct record *rec, const char *text, size_t len,
			struct policy *ret, struct err *e);

/** record_lock_host_configured - record_lock_host with [host] lock_deadline, 10 s without one. */
int record_lock_host_configured(const char *root, struct err *e);
