/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several domains and their tunnels: one device for many ([tunnel] shared), or keys that only one
 * may have. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/record_policy.h"
#include "lib/util.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/*
 * A shared device belongs to all domains whose undo file names it: the first one makes it, the last
 * one takes it away, both under the host lock. Its name has a number of its own, since the slot of
 * the first domain is free again when that ends. Each domain has its own mark, table, rules and
 * zone of conntrack, so one's answers are not another's.
 */

/* Another domain that has a tunnel. */
struct other {
	struct uuid uuid;
	struct wgt_undo undo;
};

static int list_others(const char *root, const struct uuid *but, struct other **ret, size_t *n_ret,
		       struct err *e)
{
	auto_free struct uuid *list = NULL;
	struct other *others;
	size_t n = 0, kept = 0;
	int r = record_list(root, &list, &n, e);

	if (r < 0)
		return r;
	others = calloc(n + 1, sizeof(*others));
	if (!others)
		return err_os(e, ENOMEM, "domains");
	for (size_t i = 0; i < n; i++) {
		others[kept].uuid = list[i];
		if (!uuid_equal(&list[i], but) &&
		    wgt_undo_load(root, &list[i], &others[kept].undo, NULL) == 0)
			kept++;
	}
	*ret = others;
	*n_ret = kept;
	return 0;
}

/* A name for messages; @rec is to be freed. */
static const char *name_of(const char *root, const struct uuid *uuid, struct record *rec)
{
	return record_load(root, uuid, rec, NULL) == 0 ? rec->name : "?";
}

static bool same_file(const struct wgt_job *j, const struct other *other)
{
	struct policy policy = {0};
	struct record rec = {0};
	bool same = false;

	if (record_load(j->root, &other->uuid, &rec, NULL) == 0 &&
	    record_policy_load(j->root, &rec, &policy, NULL) == 0)
		same = policy.tunnel_config && policy.tunnel_shared &&
		       strcmp(policy.tunnel_config, j->policy.tunnel_config) == 0;
	policy_free(&policy);
	record_free(&rec);
	return same;
}

/* What the device does is what the others were told: they have its address. */
static int join(struct wgt_job *j, const struct other *other, struct wgt_undo *undo, struct err *e)
{
	const bool kernel = other->undo.backend == WGT_KERNEL;
	struct wgt_state state = {0};
	struct record rec = {0};
	char where[512];
	int r = 0;

	if (other->undo.has_backend &&
	    j->policy.tunnel_backend == (kernel ? BACKEND_USERSPACE : BACKEND_KERNEL))
		r = err_set(e, EX_CORDON_POLICY, EBUSY,
			    "%s: the tunnel that is shared with the running domain %s has the "
			    "other backend; write auto, or the same in both",
			    policy_where(&j->policy, KEY_TUN_BACKEND, where, sizeof(where)),
			    name_of(j->root, &other->uuid, &rec));
	else if (other->undo.has_backend &&
		 wgt_device_get(other->undo.backend, other->undo.link, &state, NULL) == 0 &&
		 !wgt_state_same(&state, &j->conf, NULL))
		r = err_set(e, EX_CORDON_POLICY, ESTALE,
			    "%s was changed since the running domain %s, which shares the tunnel, "
			    "was started; write: virt-cordon apply %s, or stop that",
			    j->conf.path, name_of(j->root, &other->uuid, &rec),
			    rec.name ? rec.name : "DOMAIN");
	wgt_state_free(&state);
	record_free(&rec);
	(void)snprintf(undo->link, sizeof(undo->link), "%s", other->undo.link);
	undo->has_backend = other->undo.has_backend;
	undo->backend = other->undo.backend;
	return r;
}

static bool taken(const struct other *others, size_t n, const char *link)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(others[i].undo.link, link) == 0)
			return true;
	return if_nametoindex(link) != 0;
}

int wgt_share_pick(struct wgt_job *j, struct wgt_undo *undo, struct err *e)
{
	auto_free struct other *others = NULL;
	size_t n = 0;
	int r = list_others(j->root, &j->rec.uuid, &others, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (others[i].undo.shared && same_file(j, &others[i]))
			return join(j, &others[i], undo, e);
	for (uint32_t number = 1; number <= MARKS_SLOT_MASK; number++)
		if (!taken(others, n, marks_link_shared(number, undo->link)))
			return 0;
	return err_set(e, EX_CORDON_TEMPFAIL, ENOSPC, "no name is free for a shared tunnel");
}

int wgt_share_others(const char *root, const struct uuid *uuid, const char *link, struct err *e)
{
	auto_free struct other *others = NULL;
	size_t n = 0;
	int r = list_others(root, uuid, &others, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = strcmp(others[i].undo.link, link) == 0;
	return r;
}

int wgt_share_key_unused(struct wgt_job *j, const struct wgt_undo *undo, struct err *e)
{
	auto_free struct other *others = NULL;
	size_t n = 0;
	int r = list_others(j->root, &j->rec.uuid, &others, &n, e);

	/* Two devices with one key take each other's answers: servers know a peer by it. */
	for (size_t i = 0; i < n && r == 0; i++) {
		struct wgt_state state = {0};
		struct record rec = {0};

		if (strcmp(others[i].undo.link, undo->link) == 0 ||
		    wgt_device_get(others[i].undo.backend, others[i].undo.link, &state, NULL) < 0)
			continue;
		if (wgt_state_same_key(&state, &j->conf))
			r = err_set(e, EX_CORDON_POLICY, EADDRINUSE,
				    "%s: the private key is in use by the tunnel of the running "
				    "domain %s; give each domain a file of its own, or write "
				    "[tunnel] shared = yes in both policies",
				    j->conf.path, name_of(j->root, &others[i].uuid, &rec));
		record_free(&rec);
		wgt_state_free(&state);
	}
	return r;
}
