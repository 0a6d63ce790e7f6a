/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain needs of the bridges that its NICs are on, besides nftables: see netiso/job.h. */
#include "netiso/guard.h"
#include "netiso/job.h"
#include "netiso/localnet.h"
#include "netiso/unguarded.h"

#include <linux/netlink.h>

int job_localnet_settle(struct job *j, bool open, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (open && nic->guarded && !nic->gone)
			r = localnet_open(j->root, nic->bridge, &j->rec.uuid, e);
		else if (!open && nic->bridge[0])
			r = localnet_close(j->root, nic->bridge, &j->rec.uuid, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int job_guards_ensure(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (nic->guarded && !nic->gone)
			r = guard_apply_locked(j->root, nic->network ? nic->network : nic->bridge,
					       nic->bridge, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int close_unguarded(struct job *j, const char *bridge, struct err *e)
{
	int r = 0;

	if (!bridge[0] || !unguarded_noted(j->root, bridge, &j->rec.uuid))
		return 0;
	if (!j->route.sock)
		r = nl_open(&j->route, NETLINK_ROUTE, e);
	return r < 0 ? r : unguarded_close(j->root, &j->route, bridge, &j->rec.uuid, e);
}

int job_unguarded_settle(struct job *j, bool open, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (open && !nic->guarded && !nic->gone)
			r = unguarded_open(j->root, &j->route, nic->bridge, &j->rec.uuid, e);
		else if (!open)
			r = close_unguarded(j, nic->bridge, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Right after a start the policy is not loaded: then the note says whether there is a tunnel. */
static bool wants_unguarded(const struct job *j, const struct record_nic *nic)
{
	return !nic->guarded && (j->policy.egress == EGRESS_TUNNEL ||
				 unguarded_noted(j->root, nic->bridge, &j->rec.uuid));
}

int job_guards_compare(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (nic->gone)
			continue;
		if (nic->guarded)
			r = guard_check_bridge(j->root, &j->route, nic->bridge, diff, e);
		else if (wants_unguarded(j, nic))
			r = unguarded_check(j->root, &j->route, nic->bridge, diff, e);
		if (r < 0)
			ret = r;
	}
	return ret;
}
