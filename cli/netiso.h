/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the programs of the parts: programs work together by being run, not linked. */
#pragma once

#include "cli/domains.h"
#include "lib/err.h"
#include "lib/strbuf.h"

/**
 * part_run - virt-cordon-PART --root ROOT ARGS….
 * @args: NULL-terminated
 * @out: what it wrote to stdout is appended; NULL when it is not wanted
 *
 * Returns 0, or -EIO with its message and exit code in @e.
 */
int part_run(const char *part, const char *root, const char *const *args, struct strbuf *out,
	     struct err *e);

/** part_uuid - the same for VERB UUID; --quiet when @out is NULL. */
int part_uuid(const char *part, const char *root, const char *verb, const struct uuid *uuid,
	      struct strbuf *out, struct err *e);

/**
 * netiso_run - virt-cordon-netiso --root ROOT ARGS….
 * @args: NULL-terminated
 * @out: what it wrote to stdout is appended; NULL when it is not wanted
 *
 * Returns 0, or -EIO with its message and exit code in @e.
 */
int netiso_run(const char *root, const char *const *args, struct strbuf *out, struct err *e);

/** netiso_uuid - the same for VERB UUID. */
int netiso_uuid(const char *root, const char *verb, const struct uuid *uuid, struct strbuf *out,
		struct err *e);

/* As virt-cordon-netiso's verb digest says them; "" when there is none. */
struct digests {
	char policy[17], rules[17], kernel[17];
};

/** netiso_digests - of a recorded domain; what cannot be told is "". */
void netiso_digests(const char *root, const struct uuid *uuid, struct digests *ret);

enum isolation_state {
	ISOLATION_NONE,	    /* the domain does not run */
	ISOLATION_OFF,	    /* it runs, and its network is left alone */
	ISOLATION_PENDING,  /* it is being started or stopped */
	ISOLATION_IN_FORCE, /* and checked just now */
	ISOLATION_BROKEN,   /* the live system differs from the plan */
	ISOLATION_UNKNOWN,  /* cannot be told, not root for instance */
};

/** isolation_of - of a domain, now. */
enum isolation_state isolation_of(const char *root, const struct domain *d);
