/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shares of a domain as a whole: see fsguard/domain.h. */
#include "fsguard/domain.h"

#include "fsguard/target.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>

static int open_targets(struct job *j, struct err *e)
{
	char where[512];
	int r = 0;

	for (size_t i = 0; i < j->n_shares && r == 0; i++) {
		struct share *share = &j->shares[i];

		r = target_open(share->target, &share->target_fd, e);
		if (r == 0)
			r = target_admit(j->root, share->target_fd, share->target, e);
		if (r < 0)
			(void)err_wrap(e, "%s", job_where(j, share, where, sizeof(where)));
	}
	return r;
}

/* Under the lock of the host: two domains that start at once see one another's shares. */
static int claim(struct job *j, struct err *e)
{
	auto_close int lock = job_lock_host(j, e);
	auto_undo struct undo undo = {0};
	int r;

	if (lock < 0)
		return lock;
	r = overlap_check(j, e);
	for (size_t i = 0; i < j->n_shares && r == 0; i++)
		if (undo_add(&undo, j->shares[i].policy->tag, j->shares[i].target) < 0)
			r = err_os(e, ENOMEM, "shares");
	return r < 0 ? r : undo_save(j->root, &j->rec.uuid, &undo, e);
}

static int bring_up(struct job *j, struct err *e)
{
	char where[512];
	int r = 0;

	for (size_t i = 0; i < j->n_shares && r == 0; i++) {
		r = share_up(j, &j->shares[i], e);
		if (r < 0)
			(void)err_wrap(e, "%s", job_where(j, &j->shares[i], where, sizeof(where)));
	}
	return r;
}

/* What this run put in place; what was there before is in use by a guest. */
static void roll_back(struct job *j, bool fresh)
{
	bool clean = true;

	for (size_t i = j->n_shares; i-- > 0;) {
		struct share *share = &j->shares[i];

		/* A descriptor on the mount would keep it busy. */
		util_closep(&share->target_fd);
		if (share->up && share_down(j, share->policy->tag, share->target, false, NULL) < 0)
			clean = false;
	}
	if (fresh && clean)
		(void)undo_remove(j->root, &j->rec.uuid, NULL);
}

int shares_apply(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	bool fresh;
	int r;

	r = job_load(&j, uuid, e);
	if (r < 0 || j.n_shares == 0)
		return r;
	r = job_open_store(&j, uuid, true, e);
	if (r < 0)
		return r;
	fresh = record_file_gone(root, uuid, UNDO_FILE);
	r = open_targets(&j, e);
	if (r == 0)
		r = claim(&j, e);
	if (r < 0)
		return r;
	r = bring_up(&j, e);
	if (r < 0)
		roll_back(&j, fresh);
	return r;
}

/* By the undo alone: the policy of now, or the record's, may be unreadable. */
static bool may_trim(const struct job *j, const char *tag)
{
	for (size_t i = 0; i < j->n_shares; i++)
		if (strcmp(j->shares[i].policy->tag, tag) == 0)
			return !j->shares[i].policy->reserve;
	return false;
}

int shares_revert(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	auto_undo struct undo undo = {0};
	struct err local = {0};
	int r, first = 0;

	if (record_file_gone(root, uuid, UNDO_FILE))
		return 0;
	r = undo_load(root, uuid, &undo, e);
	if (r < 0)
		return r;
	(void)job_load(&j, uuid, NULL);
	r = job_open_store(&j, uuid, false, &local);
	if (r == -ENOENT)
		return undo_remove(root, uuid, e);
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = undo.n; i-- > 0;) {
		const struct undo_share *s = &undo.list[i];

		r = share_down(&j, s->tag, s->target, may_trim(&j, s->tag), first ? NULL : e);
		if (r < 0 && !first)
			first = r;
	}
	return first ? first : undo_remove(root, uuid, e);
}

int shares_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e)
{
	auto_sb struct strbuf found = {0};
	auto_job struct job j = JOB_INIT(root);
	bool differs = false;
	int r;

	r = job_load(&j, uuid, e);
	if (r < 0 || j.n_shares == 0)
		return r;
	store_dir(root, uuid, j.store_path, sizeof(j.store_path));
	/* Not locked: it only reads, and may wait for virtiofsd. */
	(void)store_open(root, uuid, false, &j.store, NULL);
	for (size_t i = 0; i < j.n_shares; i++) {
		r = share_verify(&j, &j.shares[i], &found, e);
		if (r < 0)
			return r;
		differs = differs || r == 1;
	}
	if (diff) {
		pressure_warn(&j, diff);
		sb_adds(diff, sb_str(&found));
	}
	if (!differs)
		return 0;
	while (found.len && found.data[found.len - 1] == '\n')
		found.data[--found.len] = '\0';
	return err_set(e, EX_CORDON_DIFFERS, ESTALE, "%s", sb_str(&found));
}

int shares_plan(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	int r;

	r = job_load(&j, uuid, e);
	if (r < 0)
		return r;
	store_dir(root, uuid, j.store_path, sizeof(j.store_path));
	for (size_t i = 0; i < j.n_shares; i++)
		sb_addf(out,
			"share %s\n  image  %s/%s, %llu bytes\n  mount  %s "
			"(%s,nosymfollow,nosuid,nodev,noexec)\n",
			j.shares[i].policy->tag, j.store_path, j.shares[i].name,
			(unsigned long long)(j.shares[i].policy->size & ~UINT64_C(4095)),
			j.shares[i].target, j.shares[i].policy->ro ? "ro" : "rw");
	return 0;
}
