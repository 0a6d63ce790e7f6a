/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_reset: disks set back when libvirt starts a domain. */
#pragma once

#include "provision/domain.h"
#include "provision/snap.h"

/* Zero-initialise, release with reset_free. */
struct reset {
	struct snaps all;
	const struct snap *to; /* NULL: nothing is to be done */
};
void reset_free(struct reset *r);

/**
 * reset_plan - what disk_reset asks for now; p->inst becomes what it will be.
 *
 * Nothing when a saved or migrated guest comes in: its memory fits its disks as they are. Exit code
 * 78 when the disks cannot be set back: the guest would not be the fresh one that is wanted.
 */
int reset_plan(struct prov *p, struct reset *ret, struct err *e);

/** reset_do - do it. */
int reset_do(const struct prov *p, const struct reset *r, struct err *e);
