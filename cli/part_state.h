/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts besides the isolator say of themselves. */
#pragma once

#include "cli/domains.h"

struct part_state {
	const char *name; /* "in force", "up", "broken", …; NULL: the policy does not ask for it */
	char *why;	  /* malloc'd: what went wrong; NULL: nothing */
};

/**
 * part_state_of - of a domain that has a record, now. @ret->why belongs to the caller.
 *
 * The provisioner has states of its own: "working" while it sets the guest up, "failed" when that
 * failed, "not done" when it was ended before it was done.
 */
void part_state_of(const char *root, const struct domain *d, enum record_part part,
		   struct part_state *ret);
