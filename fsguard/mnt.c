/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts made and put in place: see fsguard/mnt.h. */
#include "fsguard/mnt.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* linux/mount.h, Linux 5.14 */
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* linux/mount.h, Linux 5.10 */
#endif
#define STATFS_NOSYMFOLLOW 0x2000 /* linux/statfs.h */
#define STAGING ".mount"	  /* in the folder of images */
#define ROOT_INODE 2		  /* of any ext4 */
#define TRIM_CHUNK (UINT64_C(64) << 30)
#define OPTIONS "errors=remount-ro,noinit_itable"

#define ATTRS                                                                                      \
	(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW |       \
	 MOUNT_ATTR_NOATIME)
#define MS_ALL (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME)

/* What ext4 has to say of it besides the error number. */
static int fs_error(int fs, int errnum, const struct loop *loop, struct err *e)
{
	char said[256] = "", path[LOOP_PATH_MAX];
	ssize_t n = fs >= 0 ? read(fs, said, sizeof(said) - 1) : 0;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return err_os(e, errnum, "cannot mount %s%s%s", fsg_loop_path(loop, path),
		      *said ? ": " : "", said);
}

static int set_options(int fs, const char *source, bool ro)
{
	/* Inode tables read as zeros from the first: the image is a hole there. */
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "errors", "remount-ro", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_SET_FLAG, "noinit_itable", NULL, 0) < 0 ||
	    (ro && fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0))
		return -errno;
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

/* By mount(2), on a folder of our own. */
static int make_staged(const struct loop *loop, bool ro, int store, struct mnt *ret, struct err *e)
{
	char path[LOOP_PATH_MAX], where[64];

	if (mkdirat(store, STAGING, 0700) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make a folder to mount on");
	fsg_mnt_tidy(store);
	(void)snprintf(where, sizeof(where), "/proc/self/fd/%d/" STAGING, store);
	if (mount(fsg_loop_path(loop, path), where, "ext4", MS_ALL | (ro ? MS_RDONLY : 0),
		  OPTIONS) < 0)
		return fs_error(-1, errno, loop, e);
	ret->staging = fcntl(store, F_DUPFD_CLOEXEC, 0);
	ret->fd = openat(store, STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return ret->fd < 0 || ret->staging < 0 ? err_os(e, errno, "cannot open the mount") : 0;
}

int fsg_mnt_make(const struct loop *loop, bool ro, int store, struct mnt *ret, struct err *e)
{
	auto_close int fs = fsopen("ext4", FSOPEN_CLOEXEC);
	auto_mnt struct mnt mnt = MNT_NONE;
	char path[LOOP_PATH_MAX];
	int r;

	if (fs < 0 && (errno == ENOSYS || errno == EPERM)) {
		r = make_staged(loop, ro, store, &mnt, e);
		if (r < 0)
			return r;
	} else if (fs < 0) {
		return err_os(e, errno, "cannot mount ext4");
	} else {
		r = set_options(fs, fsg_loop_path(loop, path), ro);
		if (r < 0)
			return fs_error(fs, -r, loop, e);
		mnt.fd = fsmount(fs, FSMOUNT_CLOEXEC, ATTRS | (ro ? MOUNT_ATTR_RDONLY : 0));
		if (mnt.fd < 0)
			return fs_error(fs, errno, loop, e);
	}
	mnt.root = openat(mnt.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mnt.root < 0)
		return err_os(e, errno, "cannot open the mount of %s", fsg_loop_path(loop, path));
	if (!fsg_mnt_verify(mnt.root, loop->dev, ro, path, NULL))
		return err_set(e, EX_CORDON_UNAVAILABLE, EOPNOTSUPP,
			       "the kernel did not mount %s with nosymfollow,nosuid,nodev,noexec",
			       fsg_loop_path(loop, path));
	*ret = mnt;
	mnt = MNT_NONE;
	return 0;
}

int fsg_mnt_attach(const struct mnt *mnt, int target, const char *path, struct err *e)
{
	char from[64], to[64];

	if (mnt->staging < 0) {
		if (move_mount(mnt->fd, "", target, "",
			       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
			return err_os(e, errno, "cannot mount the image on %s", path);
		return 0;
	}
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", mnt->fd);
	(void)snprintf(to, sizeof(to), "/proc/self/fd/%d", target);
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		return err_os(e, errno, "cannot mount the image on %s", path);
	return 0;
}

int fsg_mnt_private(int fd, const char *path, struct err *e)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};

	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_os(e, errno, "cannot make the mount on %s private", path);
	return 0;
}

void fsg_mnt_close(struct mnt *mnt)
{
	util_closep(&mnt->root);
	util_closep(&mnt->fd);
	if (mnt->staging >= 0)
		fsg_mnt_tidy(mnt->staging);
	util_closep(&mnt->staging);
}

void fsg_mnt_tidy(int store)
{
	char where[64];

	(void)snprintf(where, sizeof(where), "/proc/self/fd/%d/" STAGING, store);
	while (umount2(where, UMOUNT_NOFOLLOW) == 0)
		;
}

bool fsg_mnt_verify(int fd, dev_t dev, bool ro, const char *path, struct strbuf *why)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} flags[] = {
		{ST_NOSUID, "nosuid"},
		{ST_NODEV, "nodev"},
		{ST_NOEXEC, "noexec"},
		{STATFS_NOSYMFOLLOW, "nosymfollow"},
	};
	struct statfs fs;
	struct stat st;
	bool good = true;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || st.st_dev != dev ||
	    st.st_ino != ROOT_INODE || fs.f_type != EXT4_SUPER_MAGIC) {
		if (why)
			sb_addf(why, "%s: the image is not what is mounted there\n", path);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((unsigned long)fs.f_flags & flags[i].flag)
			continue;
		good = false;
		if (why)
			sb_addf(why, "%s: mounted without %s\n", path, flags[i].name);
	}
	if (!!((unsigned long)fs.f_flags & ST_RDONLY) != ro) {
		good = false;
		if (why)
			sb_addf(why, "%s: mounted %s\n", path,
				ro ? "for writing" : "read-only: its file system had an error");
	}
	return good;
}

int fsg_mnt_repair(int fd, bool ro, const char *path, struct err *e)
{
	struct mount_attr attr = {.attr_set = ATTRS | (ro ? MOUNT_ATTR_RDONLY : 0),
				  .attr_clr = MOUNT_ATTR__ATIME | (ro ? 0 : MOUNT_ATTR_RDONLY)};

	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_os(e, errno, "cannot set the flags of the mount %s", path);
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void fsg_mnt_trim(int fd, unsigned max_ms)
{
	const uint64_t end = now_ms() + max_ms;
	struct statfs fs;
	uint64_t size;

	/* What was removed is free only when the journal has it. */
	if (syncfs(fd) < 0 || fstatfs(fd, &fs) < 0)
		return;
	size = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
	for (uint64_t at = 0; at < size && now_ms() < end; at += TRIM_CHUNK) {
		struct fstrim_range range = {.start = at, .len = TRIM_CHUNK};

		if (ioctl(fd, FITRIM, &range) < 0)
			return;
	}
}
