/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices: see fsguard/loop.h. */
#include "fsguard/loop.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define ATTACH_TRIES 64
#define LOOP_BLOCK 4096 /* of the file system in it; direct I/O wants no smaller one */

const char *fsg_loop_path(const struct loop *loop, char buf[static LOOP_PATH_MAX])
{
	(void)snprintf(buf, LOOP_PATH_MAX, "/dev/loop%u", loop->number);
	return buf;
}

void fsg_loop_close(struct loop *loop)
{
	util_closep(&loop->fd);
}

static int open_number(unsigned number, struct loop *ret, struct err *e)
{
	struct loop loop = {.fd = -1, .number = number};
	char path[LOOP_PATH_MAX];
	struct stat st;

	loop.fd = open(fsg_loop_path(&loop, path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (loop.fd < 0)
		return err_os(e, errno, "cannot open %s", path);
	if (fstat(loop.fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
		fsg_loop_close(&loop);
		return err_set(e, EX_CORDON_OS, ENOTBLK, "%s is not a block device", path);
	}
	loop.dev = st.st_rdev;
	*ret = loop;
	return 0;
}

/* Another program may take the free one first. Returns 1 when it did. */
static int attach_free(int control, const struct loop_config *config, struct loop *ret,
		       struct err *e)
{
	auto_loop struct loop loop = LOOP_NONE;
	int number = ioctl(control, LOOP_CTL_GET_FREE), r;
	char path[LOOP_PATH_MAX];

	if (number < 0)
		return err_os(e, errno, "no loop device is free");
	r = open_number((unsigned)number, &loop, e);
	if (r < 0)
		return r;
	if (ioctl(loop.fd, LOOP_CONFIGURE, config) < 0) {
		if (errno == EBUSY)
			return 1;
		return err_os(e, errno, "cannot attach the image to %s",
			      fsg_loop_path(&loop, path));
	}
	*ret = loop;
	loop.fd = -1;
	return 0;
}

int fsg_loop_attach(int image, const char *name, struct loop *ret, struct err *e)
{
	auto_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = (__u32)image,
		.block_size = LOOP_BLOCK,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
	};
	struct loop_info64 info = {0};
	int r = 1;

	if (control < 0)
		return err_set(e, EX_CORDON_UNAVAILABLE, errno,
			       "cannot open /dev/loop-control: %s; loop devices are needed: "
			       "modprobe loop",
			       strerror(errno));
	(void)snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s",
		       name);
	for (int i = 0; i < ATTACH_TRIES && r == 1; i++)
		r = attach_free(control, &config, ret, e);
	if (r == 1)
		return err_set(e, EX_CORDON_OS, EBUSY, "no loop device stays free");
	if (r == 0 && ioctl(ret->fd, LOOP_GET_STATUS64, &info) == 0)
		ret->direct_io = info.lo_flags & LO_FLAGS_DIRECT_IO;
	return r;
}

/*
 * Whether @number holds the file: 1, 0 or -errno. Devices come and go meanwhile, but one that
 * cannot be asked may be it.
 */
static int holds(unsigned number, const struct stat *st, struct loop *ret, struct loop_info64 *info,
		 struct err *e)
{
	auto_loop struct loop loop = LOOP_NONE;
	char path[LOOP_PATH_MAX];
	struct err local = {0};
	int r;

	r = open_number(number, &loop, &local);
	if (r == -ENOENT || r == -ENXIO)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	if (ioctl(loop.fd, LOOP_GET_STATUS64, info) < 0)
		return errno == ENXIO ? 0
				      : err_os(e, errno, "cannot ask %s for its file",
					       fsg_loop_path(&loop, path));
	if (info->lo_device != st->st_dev || info->lo_inode != st->st_ino)
		return 0;
	loop.direct_io = info->lo_flags & LO_FLAGS_DIRECT_IO;
	*ret = loop;
	loop.fd = -1;
	return 1;
}

/* /sys/block/loopN/loop is there while something is attached to it. */
static bool attached(int sys, const char *name)
{
	char path[NAME_MAX + 8];

	(void)snprintf(path, sizeof(path), "%s/loop", name);
	return faccessat(sys, path, F_OK, 0) == 0;
}

int fsg_loop_find(const struct stat *st, struct loop *ret, struct err *e)
{
	auto_closedir DIR *d = opendir("/sys/block");
	struct loop_info64 info;
	char path[LOOP_PATH_MAX];
	struct dirent *de;
	uint64_t number;
	int r;

	if (!d)
		return err_os(e, errno, "cannot open /sys/block");
	while ((de = readdir(d))) {
		if (strncmp(de->d_name, "loop", 4) != 0 ||
		    !parse_u64(de->d_name + 4, 1 << 20, &number) || !attached(dirfd(d), de->d_name))
			continue;
		r = holds((unsigned)number, st, ret, &info, e);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (!info.lo_offset && !info.lo_sizelimit && !(info.lo_flags & LO_FLAGS_READ_ONLY))
			return 1;
		fsg_loop_path(ret, path);
		fsg_loop_close(ret);
		return err_set(e, EX_CORDON_OS, EBUSY,
			       "the image is already behind %s, which another program attached "
			       "(read-only, or a part of it); write: losetup -d %s",
			       path, path);
	}
	return 0;
}

/* The kernel gives no one else a device for himself that has a file system mounted. */
bool fsg_loop_in_use(const struct loop *loop)
{
	char path[LOOP_PATH_MAX];
	auto_close int fd =
		open(fsg_loop_path(loop, path), O_RDONLY | O_EXCL | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 && errno == EBUSY;
}

int fsg_loop_resize(const struct loop *loop, uint64_t bytes, struct err *e)
{
	char path[LOOP_PATH_MAX];
	uint64_t have = 0;

	if (ioctl(loop->fd, BLKGETSIZE64, &have) == 0 && have == bytes)
		return 0;
	if (ioctl(loop->fd, LOOP_SET_CAPACITY) < 0)
		return err_os(e, errno, "cannot resize %s", fsg_loop_path(loop, path));
	return 0;
}
