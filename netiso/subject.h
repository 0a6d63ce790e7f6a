/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What explain and flows are asked about: a policy, the host, and where other guests are. */
#pragma once

#include "lib/cli.h"
#include "lib/err.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "netiso/compile.h"

#define SUBJECT_GUESTS_MAX 2048 /* networks of bridges that other domains are on */

/* Zero-initialise but for @cli; subject_free (or auto_subject) releases. */
struct subject {
	const struct cli *cli; /* --root and --facts */
	bool running;	       /* it is in force, not only written */
	struct policy policy;
	struct iso_facts facts;
	struct iso_plan plan;
	struct nl route;
	struct ip_range guests[SUBJECT_GUESTS_MAX]; /* of both families */
	size_t n_guests;
};

/**
 * subject_load - a running domain's policy and networks; those of a file, or of a domain that does
 * not run, as they would be on libvirt's network `default` or on the host that --facts describes.
 *
 * What a start would refuse is refused here.
 */
int subject_load(struct subject *s, const char *arg, struct err *e);
void subject_free(struct subject *s);
#define auto_subject __attribute__((cleanup(subject_free)))
