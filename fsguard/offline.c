/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of a domain that is off: see fsguard/offline.h. */
#include "fsguard/offline.h"

#include "fsguard/create.h"
#include "fsguard/holders.h"
#include "fsguard/store.h"
#include "fsguard/target.h"
#include "fsguard/undo.h"
#include "lib/cli.h"
#include "lib/parse.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LOCK_MS 10000
#define BY_HAND_MS 86400000 /* a person waits, or not */
#define BUSY_MS 1000
#define OFF_TRIES 3

static int by_history(const char *root, const char *name, struct uuid *ret, struct err *e)
{
	struct record_history *list = NULL;
	size_t n = 0, found = 0;
	int r;

	r = record_history_list(root, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (!list[i].name || strcmp(list[i].name, name) != 0)
			continue;
		*ret = list[i].uuid;
		found++;
	}
	record_history_free(list, n);
	if (r < 0 || found == 1)
		return r;
	return err_set(e, EX_CORDON_NOINPUT, ENOENT,
		       "%s domain of the name '%s' has been started under a policy; give its UUID, "
		       "see virsh domuuid",
		       found ? "more than one" : "no", name);
}

int fsg_offline_domain(const char *root, const char *arg, struct uuid *ret, struct err *e)
{
	struct record rec = {0};
	struct err local = {0};
	int r;

	switch (cli_target(arg, ret)) {
	case CLI_UUID:
		return 0;
	case CLI_NAME:
		r = record_load_by_name(root, arg, &rec, &local);
		if (r == 0)
			*ret = rec.uuid;
		record_free(&rec);
		return r == 0 ? 0 : by_history(root, arg, ret, e);
	default:
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is a file; name a domain", arg);
	}
}

static int open_store(const char *root, const struct uuid *uuid, bool make, char path[static 4096],
		      int *ret, struct err *e)
{
	int r;

	fsg_store_dir(root, uuid, path, 4096);
	r = fsg_store_open(root, uuid, make, ret, e);
	return r < 0 ? r : fsg_store_lock(*ret, path, LOCK_MS, e);
}

/* The section of the policy, when the domain was given by its name. */
static int find_section(const char *root, const char *arg, const char *tag, struct policy *policy,
			const struct policy_share **ret, struct err *e)
{
	struct host_config host = {0};
	struct err local = {0};
	struct uuid uuid;
	int r;

	if (cli_target(arg, &uuid) != CLI_NAME)
		return 0;
	r = host_config_load(root, &host, e);
	if (r == 0) {
		r = policy_load_domain(root, arg, &host, policy, &local);
		if (r < 0 && local.exit != EX_CORDON_NOINPUT)
			(void)err_set(e, local.exit, local.errnum, "%s", local.msg);
		else
			r = 0;
	}
	host_config_free(&host);
	for (size_t i = 0; i < policy->n_shares; i++)
		if (strcmp(policy->shares[i].tag, tag) == 0)
			*ret = &policy->shares[i];
	return r;
}

static int choose_size(const struct policy_share *section, const char *size, uint64_t *ret,
		       struct err *e)
{
	if (size && (!parse_size(size, ret) || *ret < UINT64_C(16) << 20))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "--size %s is no size; write 16M or more, such as 10G", size);
	if (!size && !section)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "no policy says how large the share is to be; write --size 10G");
	if (!size)
		*ret = section->size;
	return 0;
}

static int adopt_into(int store, const char *store_path, struct policy_share *share,
		      const char *path, struct err *e)
{
	auto_free char *clean = fsg_target_clean(path);
	char name[STORE_NAME_MAX];
	auto_close int source = -1;
	struct creation c = {.store = store,
			     .store_path = store_path,
			     .name = name,
			     .policy = share,
			     .source_path = path,
			     .deadline_ms = BY_HAND_MS};
	int r;

	if (!clean)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "%s: write an absolute path without '.' and '..'", path);
	fsg_store_name(share->tag, name);
	if (faccessat(store, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, EX_CORDON_POLICY, EEXIST, "the image %s/%s is there already",
			       store_path, name);
	r = fsg_target_open(clean, &source, e);
	if (r < 0)
		return r;
	c.source = source;
	return fsg_create_image(&c, e);
}

int fsg_offline_adopt(const char *root, const char *arg, const char *tag, const char *path,
		      const char *size, struct err *e)
{
	const struct policy_share *section = NULL;
	struct policy policy = {0};
	struct policy_share share = {0};
	auto_close int store = -1;
	char store_path[4096];
	struct uuid uuid;
	int r;

	if (!*tag || strlen(tag) > POLICY_TAG_MAX)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is no target tag", tag);
	r = fsg_offline_domain(root, arg, &uuid, e);
	if (r == 0)
		r = find_section(root, arg, tag, &policy, &section, e);
	if (r == 0) {
		if (section)
			share = *section;
		share.tag = (char *)(uintptr_t)tag;
		share.adopt = true;
		r = choose_size(section, size, &share.size, e);
	}
	if (r == 0)
		r = open_store(root, &uuid, true, store_path, &store, e);
	if (r == 0)
		r = adopt_into(store, store_path, &share, path, e);
	policy_free(&policy);
	return r;
}

static int open_volume(const char *root, const struct uuid *uuid, const char *tag, int *store,
		       struct volume *d, struct err *e)
{
	char path[4096], name[STORE_NAME_MAX];
	int r;

	fsg_store_name(tag, name);
	r = open_store(root, uuid, false, path, store, e);
	if (r == 0)
		r = fsg_volume_open(*store, path, name, d, e);
	if (r == 0)
		r = fsg_volume_find_loop(d, e);
	return r;
}

/* The top folder of one of its mounts. */
static int open_mounted(const struct volume *d, int *ret, struct err *e)
{
	struct mnt_point *points = NULL;
	size_t n = 0;
	int r = fsg_mnt_points(d->loop.dev, &points, &n, e);

	*ret = -1;
	for (size_t i = 0; i < n && *ret < 0; i++) {
		auto_close int fd = -1;
		struct stat st;

		if (points[i].whole && fsg_target_open(points[i].path, &fd, NULL) == 0 &&
		    fstat(fd, &st) == 0 && st.st_dev == d->loop.dev)
			*ret = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	fsg_mnt_points_free(points, n);
	if (r == 0 && *ret < 0)
		return err_set(e, EX_CORDON_OS, EBUSY,
			       "the share is mounted in another mount namespace alone");
	return r;
}

int fsg_look(const char *root, const struct uuid *uuid, const char *tag, struct look *ret,
	     struct err *e)
{
	auto_look struct look look = LOOK_NONE;
	int r;

	r = open_volume(root, uuid, tag, &look.store, &look.volume, e);
	if (r < 0)
		return r;
	if (look.volume.in_use) {
		r = open_mounted(&look.volume, &look.top, e);
	} else {
		r = fsg_volume_ready(&look.volume, BY_HAND_MS, e);
		if (r == 0)
			r = fsg_mnt_make(&look.volume.loop, true, look.store, &look.mnt, e);
		if (r == 0)
			look.top = fcntl(look.mnt.root, F_DUPFD_CLOEXEC, 0);
	}
	if (r < 0)
		return r;
	*ret = look;
	look = (struct look)LOOK_NONE; /* NOLINT: for its cleanup */
	return 0;
}

void fsg_look_close(struct look *look)
{
	util_closep(&look->top);
	fsg_mnt_close(&look->mnt);
	fsg_volume_close(&look->volume);
	util_closep(&look->store);
}

/* Below a shared mount it would be one itself. */
static int attach_private(const struct mnt *mnt, int target, const char *path, dev_t dev,
			  struct err *e)
{
	auto_close int top = -1;
	struct err local = {0};
	struct stat st;
	int r;

	r = fsg_mnt_attach(mnt, target, path, e);
	if (r < 0)
		return r;
	r = fsg_target_open(path, &top, e);
	if (r == 0 && (fstat(top, &st) < 0 || st.st_dev != dev))
		r = err_set(e, EX_CORDON_OS, ESTALE, "%s was moved meanwhile", path);
	if (r == 0)
		r = fsg_mnt_private(top, path, e);
	util_closep(&top);
	if (r < 0)
		(void)fsg_mnt_detach(path, dev, BUSY_MS, &local);
	return r;
}

int fsg_offline_mount(const char *root, const struct uuid *uuid, const char *tag, const char *path,
		      bool write, struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	auto_free char *clean = fsg_target_clean(path);
	auto_close int store = -1, target = -1;
	auto_mnt struct mnt mnt = MNT_NONE;
	int r;

	if (!clean)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "%s: write an absolute path without '.' and '..'", path);
	if (!record_file_gone(root, uuid, UNDO_FILE))
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the domain runs, and its share is where the guest has it; shut it "
			       "down first");
	r = open_volume(root, uuid, tag, &store, &d, e);
	if (r >= 0 && d.in_use)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the share is mounted already; run: virt-cordon-fsguard unmount");
	if (r >= 0)
		r = fsg_target_open(clean, &target, e);
	if (r == 0)
		r = fsg_target_admit(root, target, clean, e);
	if (r == 0)
		r = fsg_volume_ready(&d, BY_HAND_MS, e);
	if (r == 0)
		r = fsg_mnt_make(&d.loop, !write, store, &mnt, e);
	return r < 0 ? r : attach_private(&mnt, target, clean, d.loop.dev, e);
}

/* Done, too, when the mount is gone: copies below shared mounts go with the one they are of. */
static int take_off(const struct volume *d, const char *tag, const char *path, struct err *e)
{
	auto_sb struct strbuf who = {0};
	struct err local = {0};
	int r = fsg_mnt_detach(path, d->loop.dev, BUSY_MS, &local);

	if (r == -EBUSY) {
		(void)fsg_holders_list(d->loop.dev, &who);
		return err_set(e, EX_CORDON_TEMPFAIL, EBUSY, "share %s on %s is in use by %s", tag,
			       path, who.len ? sb_str(&who) : "another mount");
	}
	return r < 0 && err_is_set(&local) ? err_set(e, local.exit, local.errnum, "%s", local.msg)
					   : 0;
}

/* One round over what is mounted. Returns how many mounts there are before it. */
static int take_off_all(const struct volume *d, const char *tag, struct err *e)
{
	struct mnt_point *points = NULL;
	size_t n = 0;
	int r = fsg_mnt_points(d->loop.dev, &points, &n, e);

	for (size_t i = n; i-- > 0 && r == 0;)
		r = take_off(d, tag, points[i].path, e);
	fsg_mnt_points_free(points, n);
	return r < 0 ? r : (int)n;
}

int fsg_offline_unmount(const char *root, const struct uuid *uuid, const char *tag, struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	auto_close int store = -1;
	int r;

	if (!record_file_gone(root, uuid, UNDO_FILE))
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the domain runs and has the share; shut it down first");
	r = open_volume(root, uuid, tag, &store, &d, e);
	if (r <= 0)
		return r;
	for (int tries = 0; tries < OFF_TRIES; tries++) {
		r = take_off_all(&d, tag, e);
		if (r <= 0)
			return r;
	}
	return err_set(e, EX_CORDON_TEMPFAIL, EBUSY,
		       "share %s: something else is mounted over it; unmount that first", tag);
}
