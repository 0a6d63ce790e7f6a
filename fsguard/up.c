/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One share: brought up, taken down, compared. See fsguard/domain.h. */
#include "fsguard/create.h"
#include "fsguard/domain.h"
#include "fsguard/grow.h"
#include "fsguard/holders.h"
#include "fsguard/image.h"
#include "fsguard/mnt.h"
#include "fsguard/target.h"
#include "fsguard/volume.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#define BUSY_MS 1000 /* virtiofsd may be on its way out when libvirt says that it is gone */
#define TRIM_SLACK (UINT64_C(16) << 20) /* bytes; metadata is in it */
#define TRIM_MS 1500			/* of a stop, at most */
#define DOWN_TRIES 50
#define SERVE_MS 3000 /* for virtiofsd to enter its folder */

static int make_image(struct job *j, struct share *share, struct err *e)
{
	const struct creation c = {
		.store = j->store,
		.store_path = j->store_path,
		.name = share->name,
		.policy = share->policy,
		.source = share->target_fd,
		.source_path = share->target,
		.deadline_ms = j->deadline_ms,
	};

	return fsg_create_image(&c, e);
}

static int open_or_make(struct job *j, struct share *share, struct volume *d, struct err *e)
{
	struct err local = {0};
	int r;

	r = fsg_volume_open(j->store, j->store_path, share->name, d, &local);
	if (r != -ENOENT)
		return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : 0;
	r = make_image(j, share, e);
	return r < 0 ? r : fsg_volume_open(j->store, j->store_path, share->name, d, e);
}

/* That the name leads to what was mounted: someone may have moved the folder meanwhile. */
static int verify_place(const struct share *share, const struct volume *d, struct err *e)
{
	auto_close int fd = -1;
	int r = fsg_target_open(share->target, &fd, e);

	if (r < 0)
		return r;
	if (!fsg_mnt_verify(fd, d->loop.dev, share->policy->ro, share->target, NULL))
		return err_set(e, EX_CORDON_OS, ESTALE,
			       "%s was moved while the share was mounted on it", share->target);
	return 0;
}

static int put_in_place(struct job *j, struct share *share, struct volume *d, struct err *e)
{
	auto_mnt struct mnt mnt = MNT_NONE;
	auto_sb struct strbuf where = {0};
	struct err local = {0};
	struct mnt_point *points = NULL;
	size_t n = 0;
	int r;

	r = fsg_mnt_make(&d->loop, share->policy->ro, j->store, &mnt, &local);
	if (r == -EBUSY && d->in_use) {
		(void)fsg_mnt_points(d->loop.dev, &points, &n, NULL);
		for (size_t i = 0; i < n; i++)
			sb_addf(&where, "%s%s", i ? ", " : "", points[i].path);
		fsg_mnt_points_free(points, n);
		return err_set(e, EX_CORDON_OS, EBUSY,
			       "the share is mounted elsewhere in another mode (%s); unmount it "
			       "there: virt-cordon-fsguard unmount",
			       where.len ? sb_str(&where) : "in another mount namespace");
	}
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	r = fsg_mnt_attach(&mnt, share->target_fd, share->target, e);
	if (r < 0)
		return r;
	share->up = true;
	return verify_place(share, d, e);
}

/*
 * What is mounted, for a guest that runs or by whoever kept it busy, grows while it is. The guest
 * can only read a share of mode = ro, and has no use for more room.
 */
static int grow_live(const struct share *share, const struct volume *d, struct err *e)
{
	auto_close int target = -1, fd = -1;
	int r;

	if (share->policy->ro)
		return 0;
	r = fsg_target_open(share->target, &target, e);
	if (r < 0)
		return r;
	fd = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_os(e, errno, "cannot open %s", share->target);
	return fsg_grow_mounted(fd, d, e);
}

static int mount_or_take_over(struct job *j, struct share *share, struct volume *d, struct err *e)
{
	struct stat st;
	int r = 0;

	if (fstat(share->target_fd, &st) < 0)
		return err_os(e, errno, "cannot look at %s", share->target);
	if (st.st_dev != d->loop.dev)
		return put_in_place(j, share, d, e);
	/* Taken over: it was busy at the last stop, or is in place. */
	if (!fsg_mnt_verify(share->target_fd, d->loop.dev, share->policy->ro, share->target, NULL))
		r = fsg_mnt_repair(share->target_fd, share->policy->ro, share->target, e);
	return r < 0 ? r : verify_place(share, d, e);
}

/* Of several shares that were to grow while the guest runs, one did, and then another could not. */
static bool grew_alone(const struct job *j, const struct share *share, const struct volume *d)
{
	return d->in_use && j->rec.phase != PHASE_PREPARED &&
	       (uint64_t)d->st.st_size > fsg_image_bytes(share->policy->size);
}

int fsg_share_up(struct job *j, struct share *share, struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	uint64_t was = UINT64_MAX;
	int r;

	r = open_or_make(j, share, &d, e);
	if (r == 0)
		r = fsg_volume_find_loop(&d, e);
	if (r < 0)
		return r;
	r = grew_alone(j, share, &d) ? 0 : fsg_grow_file(share, &d, &was, e);
	if (r < 0)
		return r;
	if (!d.in_use)
		r = fsg_volume_ready(&d, j->deadline_ms, e);
	if (r == 0)
		r = mount_or_take_over(j, share, &d, e);
	if (r == 0 && d.in_use)
		r = grow_live(share, &d, e);
	if (r < 0)
		fsg_grow_back(&d, was);
	return r;
}

static int busy(const char *tag, const char *path, dev_t dev, struct err *e)
{
	auto_sb struct strbuf who = {0};

	(void)fsg_holders_list(dev, &who);
	return err_set(e, EX_CORDON_TEMPFAIL, EBUSY,
		       "share %s stays mounted on %s, which is in use by %s; when they are done "
		       "run: virt-cordon-fsguard revert",
		       tag, path, who.len ? sb_str(&who) : "another mount or the kernel");
}

/* Whether the image takes notably more of the host's disk than what is in it. */
static bool worth_a_trim(const struct volume *d, int target)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(d->fd, &st) < 0 || fstatvfs(target, &fs) < 0)
		return false;
	return (uint64_t)st.st_blocks * 512 >
	       (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize + TRIM_SLACK;
}

static void trim_at(const char *path, const struct volume *d)
{
	auto_close int target = -1, fd = -1;
	struct stat st;

	if (fsg_target_open(path, &target, NULL) < 0 || fstat(target, &st) < 0 ||
	    st.st_dev != d->loop.dev || !worth_a_trim(d, target))
		return;
	fd = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		fsg_mnt_trim(fd, TRIM_MS);
}

static int take_off(const char *tag, const char *path, const struct volume *d, bool trim,
		    struct err *e)
{
	struct err local = {0};
	int r;

	if (trim)
		trim_at(path, d);
	r = fsg_mnt_detach(path, d->loop.dev, BUSY_MS, &local);
	if (r == -EBUSY)
		return busy(tag, path, d->loop.dev, e);
	if (r == -ENOENT && !err_is_set(&local))
		return err_set(e, EX_CORDON_TEMPFAIL, EBUSY,
			       "share %s: something else is mounted over it on %s", tag, path);
	return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : 0;
}

/* Its mount on @target, or, where somebody renamed a folder above, the one that looks like ours. */
static bool is_ours(const struct mnt_point *point, const char *target, bool moved)
{
	return point->whole && (moved || strcmp(point->path, target) == 0);
}

/* One try at all mounts of the share, as they are called now. */
static int take_all_off(const struct volume *d, const char *tag, const char *target, bool trim,
			struct err *e)
{
	struct mnt_point *points = NULL;
	bool moved = true;
	size_t n = 0;
	int r;

	r = fsg_mnt_points(d->loop.dev, &points, &n, e);
	for (size_t i = 0; i < n; i++)
		moved = moved && !is_ours(&points[i], target, false);
	/* The last one lies on top. */
	for (size_t i = n; i-- > 0 && r >= 0;)
		if (is_ours(&points[i], target, moved))
			r = take_off(tag, points[i].path, d, trim, e);
	fsg_mnt_points_free(points, n);
	return r;
}

int fsg_share_down(struct job *j, const char *tag, const char *target, bool trim, struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	char name[STORE_NAME_MAX];
	struct err local = {0};
	int r;

	fsg_store_name(tag, name);
	fsg_create_tidy(j->store, name);
	r = fsg_volume_open(j->store, j->store_path, name, &d, &local);
	if (r == -ENOENT)
		return 0; /* never made */
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	r = fsg_volume_find_loop(&d, e);
	if (r <= 0)
		return r;
	/* Whoever renames a folder above all the time makes a try miss, not all of them. */
	for (int tries = 0; tries < DOWN_TRIES; tries++) {
		local = (struct err){0};
		r = take_all_off(&d, tag, target, trim, &local);
		if (r >= 0 || local.exit == EX_CORDON_TEMPFAIL)
			break;
	}
	return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : 0;
}

static bool served_in_time(const struct job *j, const struct share *share, const struct volume *d,
			   ino_t ino)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (unsigned waited = 0;; waited += 20) {
		if (fsg_holders_serve(j->root, &j->rec, share->fs, d->loop.dev, ino))
			return true;
		/* Only right after the start it may still be on its way. */
		if (j->rec.phase != PHASE_ISOLATED || waited >= SERVE_MS)
			return false;
		(void)nanosleep(&pause, NULL);
	}
}

static int differs(struct strbuf *diff, const struct share *share, const char *what)
{
	if (diff)
		sb_addf(diff, "[share %s]: %s %s\n", share->policy->tag, share->target, what);
	return 1;
}

int fsg_share_verify(struct job *j, struct share *share, struct strbuf *diff, struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	auto_sb struct strbuf why = {0};
	auto_close int fd = -1;
	struct stat st;
	int r;

	if (j->store < 0 || fsg_volume_open(j->store, j->store_path, share->name, &d, NULL) < 0)
		return differs(diff, share, "has no image");
	if (fsg_target_open(share->target, &fd, NULL) < 0 || fstat(fd, &st) < 0)
		return differs(diff, share, "is no folder any more");
	r = fsg_volume_find_loop(&d, e);
	if (r < 0)
		return r;
	if (r == 0 || st.st_dev != d.loop.dev)
		return differs(diff, share, "is not the share: its image is not mounted there");
	if (!fsg_mnt_verify(fd, d.loop.dev, share->policy->ro, share->target, &why)) {
		if (diff)
			sb_adds(diff, sb_str(&why));
		return 1;
	}
	if (!share->policy->ro && fsg_grow_missing(&d, share->policy->size))
		return differs(diff, share, "is smaller than its size; run: virt-cordon apply");
	if (j->rec.phase != PHASE_ISOLATED && j->rec.phase != PHASE_RUNNING)
		return 0;
	return served_in_time(j, share, &d, st.st_ino)
		       ? 0
		       : differs(diff, share, "is not what is served to the guest");
}
