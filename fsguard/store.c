/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of images: see fsguard/store.h. */
#include "fsguard/store.h"

#include "lib/record.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define LIB_DIR "/var/lib/virt-cordon"

const char *fsg_store_dir(const char *root, const struct uuid *uuid, char *buf, size_t size)
{
	char u[UUID_STRLEN];

	(void)snprintf(buf, size, "%s" LIB_DIR "/%s/shares", root, uuid_str(uuid, u));
	return buf;
}

void fsg_store_name(const char *tag, char buf[static STORE_NAME_MAX])
{
	auto_sb struct strbuf name = {0};

	record_encode(tag, &name);
	(void)snprintf(buf, STORE_NAME_MAX, "%s.img", sb_str(&name));
}

/* Root's, and the caller's where a test is not root. */
static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* One folder further down. */
static int step(int *fd, const char *name, bool make, mode_t mode, const char *path, struct err *e)
{
	struct stat st;
	int next;

	if (make && mkdirat(*fd, name, mode) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return errno == ENOENT
			       ? err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: no such folder", path)
			       : err_os(e, errno, "cannot open %s (in it: %s)", path, name);
	util_closep(fd);
	*fd = next;
	if (fstat(next, &st) < 0)
		return err_os(e, errno, "cannot stat %s", path);
	if (!is_ours(&st) || st.st_mode & 022)
		return err_set(e, EX_CORDON_NOPERM, EPERM,
			       "%s: the folder %s in it is not root's alone to write; write: chown "
			       "root, chmod go-w",
			       path, name);
	return 0;
}

int fsg_store_open(const char *root, const struct uuid *uuid, bool make, int *ret_fd, struct err *e)
{
	char path[4096], u[UUID_STRLEN];
	const struct {
		const char *name;
		mode_t mode;
	} steps[] = {
		{"var", 0755}, {"lib", 0755}, {"virt-cordon", 0711}, {u, 0711}, {"shares", 0700},
	};
	auto_close int fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return err_os(e, errno, "cannot open %s", *root ? root : "/");
	uuid_str(uuid, u);
	fsg_store_dir(root, uuid, path, sizeof(path));
	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++)
		r = step(&fd, steps[i].name, make, steps[i].mode, path, e);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int fsg_store_lock(int dir, const char *path, uint32_t deadline_ms, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (uint32_t waited = 0; flock(dir, LOCK_EX | LOCK_NB) < 0; waited += 5) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_os(e, errno, "cannot lock %s", path);
		if (waited >= deadline_ms)
			return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT,
				       "%s: another virt-cordon-fsguard is at work there for more "
				       "than %u ms",
				       path, deadline_ms);
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int fsg_store_open_image(int dir, const char *path, const char *name, int *ret_fd,
			 struct stat *ret_st, struct err *e)
{
	auto_close int fd =
		openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT
			       ? err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s/%s: no such image", path,
					 name)
			       : err_os(e, errno, "cannot open the image %s/%s", path, name);
	if (fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot stat %s/%s", path, name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EX_CORDON_DATA, EINVAL, "%s/%s: not a regular file", path, name);
	if (!is_ours(&st) || st.st_mode & 077 || st.st_nlink != 1)
		return err_set(e, EX_CORDON_NOPERM, EPERM,
			       "%s/%s: an image is root's, mode 0600, and has one name; this one "
			       "has owner %u, mode %04o, %lu names",
			       path, name, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
			       (unsigned long)st.st_nlink);
	*ret_fd = TAKE_FD(fd);
	*ret_st = st;
	return 0;
}
