/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks set back when libvirt starts a domain: see provision/reset.h. */
#include "provision/reset.h"

#include "lib/util.h"
#include "provision/layers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where libvirt's QEMU driver keeps what fits the disks as they are; it cannot be asked here. */
#define LIBVIRT_SAVED "/var/lib/libvirt/qemu/save"
#define LIBVIRT_SNAPSHOTS "/var/lib/libvirt/qemu/snapshot"

void reset_free(struct reset *r)
{
	snaps_free(&r->all);
	r->to = NULL;
}

static int blamed(const struct prov *p, int r, struct err *e)
{
	return r < 0 ? prov_blame(&p->pol, KEY_PROV_DISK_RESET, e) : 0;
}

static bool has_saved_state(const struct prov *p)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s" LIBVIRT_SAVED "/%s.save", p->root, p->rec.name) >=
		       (int)sizeof(path) ||
	       access(path, F_OK) == 0;
}

static bool has_snapshots(const struct prov *p)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;

	if (snprintf(path, sizeof(path), "%s" LIBVIRT_SNAPSHOTS "/%s", p->root, p->rec.name) >=
	    (int)sizeof(path))
		return true;
	d = opendir(path);
	if (!d)
		return errno != ENOENT;
	while ((de = readdir(d)))
		if (de->d_name[0] != '.')
			return true;
	return false;
}

static int refuse_states(const struct prov *p, struct err *e)
{
	if (has_saved_state(p))
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the domain has a saved state, which fits its disks as they are; "
			       "drop it: virsh managedsave-remove");
	if (has_snapshots(p))
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the domain has snapshots of libvirt's own, which fit its disks as "
			       "they are; delete them, or write never");
	return 0;
}

static int find(const struct prov *p, struct reset *ret, struct err *e)
{
	const struct disk *disks = p->rec.disks;
	const size_t n = p->rec.n_disks;
	char uuid[UUID_STRLEN];
	int r;

	r = refuse_states(p, e);
	if (r == 0)
		r = layers_recover(&p->store, disks, n, e);
	if (r == 0)
		r = snaps_load(&p->store, &ret->all, e);
	if (r < 0)
		return r;
	ret->to = layers_on(&ret->all, disks, n);
	if (!ret->to)
		return err_set(e, EX_CORDON_POLICY, ENOENT,
			       "the disks stand on no snapshot; make one: virt-cordon snapshot %s",
			       uuid_str(&p->rec.uuid, uuid));
	return layers_can_reset(&ret->all, ret->to, disks, n, e);
}

int reset_plan(struct prov *p, struct reset *ret, struct err *e)
{
	int r;

	if (p->pol.disk_reset != RESET_ON_START || p->rec.incoming)
		return 0;
	r = find(p, ret, e);
	if (r == 0)
		p->inst = ret->to->inst;
	return blamed(p, r, e);
}

int reset_do(const struct prov *p, const struct reset *r, struct err *e)
{
	int status;

	if (!r->to)
		return 0;
	status = instance_save(&p->store, &p->inst, e);
	if (status == 0)
		status = layers_reset(&p->store, &r->all, r->to, p->rec.disks, p->rec.n_disks, e);
	return blamed(p, status, e);
}
