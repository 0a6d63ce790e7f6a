/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that comes from a saved state or from another host: see hooks/hook.h. */
#include "hooks/hook.h"
#include "hooks/parts.h"

#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * libvirt asks restore or migrate just before prepare, which it asks the same way for a fresh
 * start. The note of it is a file, which does not count for long: the start may have ended in
 * between, and not be tried again for days.
 */
#define INCOMING_NOTE "incoming"
#define INCOMING_S 30

bool incoming_take(const struct uuid *uuid)
{
	char path[PATH_MAX], dir[PATH_MAX];
	struct stat st;
	bool fresh;

	if (snprintf(path, sizeof(path), "%s/" INCOMING_NOTE,
		     record_dir(HOOK_ROOT, uuid, dir, sizeof(dir))) >= PATH_MAX ||
	    lstat(path, &st) < 0)
		return false;
	fresh = st.st_mtim.tv_sec + INCOMING_S >= time(NULL);
	(void)unlink(path);
	return fresh;
}

static int refuse_key(const struct policy *p, enum policy_key key, const char *why, struct err *e)
{
	char where[512];

	return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
		       "%s: %s; shut the domain down and start it here",
		       policy_where(p, key, where, sizeof(where)), why);
}

/* What lies on the host that the guest comes from, or must not be in use on two at once. */
static int check_moves(const struct policy *p, struct err *e)
{
	if (p->n_shares)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "[share %s]: its files are in an image on the host that the domain "
			       "comes from, and do not go with a running guest; shut the domain "
			       "down and start it here",
			       p->shares[0].tag);
	if (p->egress == EGRESS_TUNNEL)
		return refuse_key(p, KEY_NET_EGRESS,
				  "a tunnel does not go with a running guest: two hosts would use "
				  "its key at once",
				  e);
	if (p->user_data)
		return refuse_key(p, KEY_PROV_USER_DATA,
				  "the seed of a running guest, and its keys, are on the host that "
				  "it comes from",
				  e);
	if (p->network_config)
		return refuse_key(p, KEY_PROV_NETWORK_CONFIG,
				  "the seed of a running guest is on the host that it comes from",
				  e);
	if (p->playbook)
		return refuse_key(p, KEY_PROV_PLAYBOOK,
				  "whether it has run is known on the host that the domain comes "
				  "from",
				  e);
	return 0;
}

static int check_migration(const struct facts *f, const struct admission *a, struct err *e)
{
	if (a->managed)
		return check_moves(&a->policy, e);
	if (a->host.unlisted_migration)
		return 0;
	return err_set(e, EX_CORDON_POLICY, EPERM,
		       "comes from another host and has no policy on this one; write "
		       "/etc/virt-cordon/domains/%s.ini (an empty file isolates it), or "
		       "[host] unlisted_migration = yes in virt-cordon.ini",
		       f->name);
}

int incoming_admit(const struct facts *f, struct admission *ret, bool migration, struct err *e)
{
	int r = admit(f, ret, e);

	if (r == 0 && migration)
		r = check_migration(f, ret, e);
	if (r < 0 || !ret->managed || !(parts_wanted(&ret->policy) & UINT32_C(1) << PART_PROVISION))
		return r;
	return record_file_write(HOOK_ROOT, &f->uuid, INCOMING_NOTE, "", 0, e);
}
