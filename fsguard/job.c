/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs work on: see fsguard/job.h. */
#include "fsguard/job.h"

#include "fsguard/target.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>

/* Of the hook's time that a check or a copy may take: the rest of the start wants some, too. */
#define SHARE_OF_DEADLINE(ms) ((ms) / 4 * 3)

static int load_policy(struct job *j, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = host_config_load(j->root, &j->host, e);
	if (r == 0)
		r = record_file_read(j->root, &j->rec.uuid, "policy.ini", &text, &len, e);
	if (r == 0)
		r = policy_parse("policy.ini", text, len, &j->host, &j->policy, e);
	if (r < 0)
		return r;
	j->deadline_ms = SHARE_OF_DEADLINE(j->host.hook_deadline_ms);
	return policy_copy_of(&j->policy, j->root, j->rec.name, e);
}

static const struct record_fs *find_fs(const struct record *rec, const char *tag)
{
	for (size_t i = 0; i < rec->n_fs; i++)
		if (strcmp(rec->fs[i].tag, tag) == 0)
			return &rec->fs[i];
	return NULL;
}

static int add_share(struct job *j, const struct policy_share *policy, struct err *e)
{
	struct share *share = &j->shares[j->n_shares];

	*share = (struct share){
		.fs = find_fs(&j->rec, policy->tag), .policy = policy, .target_fd = -1};
	if (!share->fs)
		return err_set(e, EX_CORDON_DATA, ENOENT,
			       "[share %s]: the domain's record has no such filesystem",
			       policy->tag);
	fsg_store_name(policy->tag, share->name);
	j->n_shares++;
	share->target = fsg_target_clean(share->fs->source);
	if (!share->target)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "[share %s]: its folder '%s' is no absolute path without '.' and "
			       "'..'; write another <source dir>",
			       policy->tag, share->fs->source);
	return 0;
}

static int tie_shares(struct job *j, struct err *e)
{
	int r = 0;

	j->shares = calloc(j->policy.n_shares + 1, sizeof(*j->shares));
	if (!j->shares)
		return err_os(e, ENOMEM, "shares");
	for (size_t i = 0; i < j->policy.n_shares && r == 0; i++)
		r = add_share(j, &j->policy.shares[i], e);
	if (r == 0 && j->n_shares != j->rec.n_fs)
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "the record has %zu filesystems, the policy %zu shares", j->rec.n_fs,
			       j->n_shares);
	return r;
}

int fsg_job_load(struct job *j, const struct uuid *uuid, struct err *e)
{
	int r;

	r = record_load(j->root, uuid, &j->rec, e);
	if (r == 0)
		r = load_policy(j, e);
	return r < 0 ? r : tie_shares(j, e);
}

int fsg_job_open_store(struct job *j, const struct uuid *uuid, bool make, struct err *e)
{
	int r;

	fsg_store_dir(j->root, uuid, j->store_path, sizeof(j->store_path));
	r = fsg_store_open(j->root, uuid, make, &j->store, e);
	if (r < 0)
		return r;
	if (!j->host.lock_deadline_ms)
		(void)host_config_load(j->root, &j->host, NULL);
	return fsg_store_lock(j->store, j->store_path,
			      j->host.lock_deadline_ms ? j->host.lock_deadline_ms : 10000, e);
}

int fsg_job_lock_host(const struct job *j, struct err *e)
{
	return record_lock_host(j->root, j->host.lock_deadline_ms, e);
}

void fsg_job_free(struct job *j)
{
	for (size_t i = 0; i < j->n_shares; i++) {
		free(j->shares[i].target);
		util_closep(&j->shares[i].target_fd);
	}
	free(j->shares);
	policy_free(&j->policy);
	host_config_free(&j->host);
	record_free(&j->rec);
	util_closep(&j->store);
}

const char *fsg_job_where(const struct job *j, const struct share *share, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s: [share %s]",
		       j->policy.path ? j->policy.path : "virt-cordon.ini", share->policy->tag);
	return buf;
}
