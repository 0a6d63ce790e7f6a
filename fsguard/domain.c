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

		r = fsg_target_open(share->target, &share->target_fd, e);
		if (r == 0)
			r = fsg_target_admit(j->root, share->target_fd, share->target, e);
		if (r < 0)
			(void)err_wrap(e, "%s", fsg_job_where(j, share, where, sizeof(where)));
	}
	return r;
}

/* Under the lock of the host: two domains that start at once see one another's shares. */
static int claim(struct job *j, struct err *e)
{
	auto_close int lock = fsg_job_lock_host(j, e);
	auto_undo struct undo undo = {0};
	int r;

	if (lock < 0)
		return lock;
	r = fsg_overlap_check(j, e);
	for (size_t i = 0; i < j->n_shares && r == 0; i++)
		if (fsg_undo_add(&undo, j->shares[i].policy->tag, j->shares[i].target) < 0)
			r = err_os(e, ENOMEM, "shares");
	return r < 0 ? r : fsg_undo_save(j->root, &j->rec.uuid, &undo, e);
}

static int bring_up(struct job *j, struct err *e)
{
	char where[512];
	int r = 0;

	for (size_t i = 0; i < j->n_shares && r == 0; i++) {
		r = fsg_share_up(j, &j->shares[i], e);
		if (r < 0)
			(void)err_wrap(e, "%s",
				       fsg_job_where(j, &j->shares[i], where, sizeof(where)));
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
		if (share->up &&
		    fsg_share_down(j, share->policy->tag, share->target, false, NULL) < 0)
			clean = false;
	}
	if (fresh && clean)
		(void)fsg_undo_remove(j->root, &j->rec.uuid, NULL);
}

static bool wanted(const struct job *j, const struct undo_share *old)
{
	for (size_t i = 0; i < j->n_shares; i++)
		if (strcmp(j->shares[i].policy->tag, old->tag) == 0 &&
		    strcmp(j->shares[i].target, old->target) == 0)
			return true;
	return false;
}

/* A share that was busy at the last stop, and that the domain has no more, or elsewhere. */
static int drop_unwanted(struct job *j, struct err *e)
{
	auto_undo struct undo old = {0};
	struct err local = {0};
	int r;

	r = fsg_undo_load(j->root, &j->rec.uuid, &old, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = 0; i < old.n && r == 0; i++)
		if (!wanted(j, &old.list[i]))
			r = fsg_share_down(j, old.list[i].tag, old.list[i].target, false, e);
	return r;
}

int fsg_shares_apply(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	bool fresh;
	int r;

	r = fsg_job_load(&j, uuid, e);
	if (r < 0 || j.n_shares == 0)
		return r;
	r = fsg_job_open_store(&j, uuid, true, e);
	if (r < 0)
		return r;
	fresh = record_file_gone(root, uuid, UNDO_FILE);
	r = drop_unwanted(&j, e);
	if (r == 0)
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

int fsg_shares_revert(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	auto_undo struct undo undo = {0};
	struct err local = {0};
	int r, first = 0;

	if (record_file_gone(root, uuid, UNDO_FILE))
		return 0;
	r = fsg_undo_load(root, uuid, &undo, e);
	if (r < 0)
		return r;
	(void)fsg_job_load(&j, uuid, NULL);
	r = fsg_job_open_store(&j, uuid, false, &local);
	if (r == -ENOENT)
		return fsg_undo_remove(root, uuid, e);
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = undo.n; i-- > 0;) {
		const struct undo_share *s = &undo.list[i];

		r = fsg_share_down(&j, s->tag, s->target, may_trim(&j, s->tag), first ? NULL : e);
		if (r < 0 && !first)
			first = r;
	}
	return first ? first : fsg_undo_remove(root, uuid, e);
}

int fsg_shares_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e)
{
	auto_sb struct strbuf found = {0};
	auto_job struct job j = JOB_INIT(root);
	bool differs = false;
	int r;

	r = fsg_job_load(&j, uuid, e);
	if (r < 0 || j.n_shares == 0)
		return r;
	fsg_store_dir(root, uuid, j.store_path, sizeof(j.store_path));
	/* Not locked: it only reads, and may wait for virtiofsd. */
	(void)fsg_store_open(root, uuid, false, &j.store, NULL);
	for (size_t i = 0; i < j.n_shares; i++) {
		r = fsg_share_verify(&j, &j.shares[i], &found, e);
		if (r < 0)
			return r;
		differs = differs || r == 1;
	}
	if (diff) {
		fsg_pressure_warn(&j, diff);
		sb_adds(diff, sb_str(&found));
	}
	if (!differs)
		return 0;
	while (found.len && found.data[found.len - 1] == '\n')
		found.data[--found.len] = '\0';
	return err_set(e, EX_CORDON_DIFFERS, ESTALE, "%s", sb_str(&found));
}

int fsg_shares_plan(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	int r;

	r = fsg_job_load(&j, uuid, e);
	if (r < 0)
		return r;
	fsg_store_dir(root, uuid, j.store_path, sizeof(j.store_path));
	for (size_t i = 0; i < j.n_shares; i++)
		sb_addf(out,
			"share %s\n  image  %s/%s, %llu bytes\n  mount  %s "
			"(%s,nosymfollow,nosuid,nodev,noexec)\n",
			j.shares[i].policy->tag, j.store_path, j.shares[i].name,
			(unsigned long long)(j.shares[i].policy->size & ~UINT64_C(4095)),
			j.shares[i].target, j.shares[i].policy->ro ? "ro" : "rw");
	return 0;
}
