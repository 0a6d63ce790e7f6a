/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keys of a policy can change while its domain runs. */
#pragma once

#include "lib/policy.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * live_keys_stuck - a message for each key that differs and cannot change while the domain runs, a
 * line each, appended to @out.
 * @now: the policy with the lines that are named
 * Returns how many.
 */
size_t live_keys_stuck(const struct policy *then, const struct policy *now, struct strbuf *out);

/** live_keys_grown - whether a share is larger in @now. */
bool live_keys_grown(const struct policy *then, const struct policy *now);
