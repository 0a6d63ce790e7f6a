/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a domain between its runs: see provision/store.h. */
#include "provision/store.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Made with this very mode, whatever the umask is. */
static int make_dir(const char *path, mode_t mode, struct err *e)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : err_os(e, errno, "cannot make %s", path);
	return chmod(path, mode) < 0 ? err_os(e, errno, "cannot make %s", path) : 0;
}

static int open_own(struct store *s, struct err *e)
{
	auto_close int fd = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "there is no %s", s->path);
	if (fd < 0)
		return err_os(e, errno, "cannot open %s", s->path);
	if (fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot stat %s", s->path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & 022)
		return err_set(e, EX_CORDON_NOPERM, EPERM,
			       "%s must belong to root and be writable by root alone", s->path);
	s->dir = TAKE_FD(fd);
	return 0;
}

/* The folders that a --root need not have. */
static int make_base(const char *root, struct err *e)
{
	static const char *const tails[] = {"/var", "/var/lib", STORE_BASE};
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tails); i++) {
		if (snprintf(path, sizeof(path), "%s%s", root, tails[i]) >= (int)sizeof(path))
			return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
		r = make_dir(path, i + 1 < ARRAY_SIZE(tails) ? 0755 : 0711, e);
	}
	return r;
}

int store_open(const char *root, const struct uuid *uuid, bool make, struct store *ret,
	       struct err *e)
{
	char text[UUID_STRLEN];
	int r;

	ret->dir = -1;
	if (snprintf(ret->path, sizeof(ret->path), "%s" STORE_BASE "/%s", root,
		     uuid_str(uuid, text)) >= (int)sizeof(ret->path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	r = make ? make_base(root, e) : 0;
	if (r == 0 && make)
		r = make_dir(ret->path, 0711, e);
	return r < 0 ? r : open_own(ret, e);
}

int store_sub(const struct store *s, const char *name, bool make, mode_t mode, struct store *ret,
	      struct err *e)
{
	int r = 0;

	ret->dir = -1;
	if (snprintf(ret->path, sizeof(ret->path), "%s/%s", s->path, name) >=
	    (int)sizeof(ret->path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	if (make)
		r = make_dir(ret->path, mode, e);
	return r < 0 ? r : open_own(ret, e);
}

void store_close(struct store *s)
{
	util_closep(&s->dir);
}

static int write_all(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int fill(int fd, const char *data, size_t len, mode_t mode, const struct store_owner *owner,
		bool sync)
{
	int r = write_all(fd, data, len);

	if (r == 0 && owner && fchown(fd, owner->uid, owner->gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	return r;
}

int store_write(const struct store *s, const char *name, const char *data, size_t len, mode_t mode,
		const struct store_owner *owner, bool sync, struct err *e)
{
	char tmp[NAME_MAX];
	auto_close int fd = -1;
	int r;

	if (snprintf(tmp, sizeof(tmp), ".%s.new", name) >= (int)sizeof(tmp))
		return err_set(e, EX_CORDON_BUG, ENAMETOOLONG, "file name %s too long", name);
	/* One that a crash left may be another user's by now: never written into. */
	if (unlinkat(s->dir, tmp, 0) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s/%s", s->path, tmp);
	fd = openat(s->dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(e, errno, "cannot write %s/%s", s->path, name);
	r = fill(fd, data, len, mode, owner, sync);
	if (r == 0 && renameat(s->dir, tmp, s->dir, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(s->dir, tmp, 0);
		return err_os(e, -r, "cannot write %s/%s", s->path, name);
	}
	if (sync)
		(void)fsync(s->dir);
	return 0;
}

/* Opens a regular file that is not too large; its size. */
static int open_file(const struct store *s, const char *name, size_t *ret_size, struct err *e)
{
	auto_close int fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "there is no %s/%s", s->path, name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot open %s/%s", s->path, name);
	if (!S_ISREG(st.st_mode) || st.st_size > STORE_FILE_MAX)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s/%s is not a file of ours", s->path,
			       name);
	*ret_size = (size_t)st.st_size;
	return TAKE_FD(fd);
}

int store_read(const struct store *s, const char *name, char **ret, size_t *ret_len, struct err *e)
{
	auto_free char *data = NULL;
	size_t size = 0, done = 0;
	auto_close int fd = open_file(s, name, &size, e);

	if (fd < 0)
		return fd;
	data = malloc(size + 1);
	if (!data)
		return err_os(e, ENOMEM, "%s", name);
	while (done < size) {
		const ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, EX_CORDON_OS, EIO, "cannot read %s/%s", s->path, name);
		done += (size_t)n;
	}
	data[done] = '\0';
	*ret = TAKE_PTR(data);
	*ret_len = done;
	return 0;
}

bool store_same(const struct store *s, const char *name, const char *data, size_t len)
{
	auto_free char *old = NULL;
	size_t old_len;

	return store_read(s, name, &old, &old_len, NULL) == 0 && old_len == len &&
	       memcmp(old, data, len) == 0;
}

int store_remove(const struct store *s, const char *name, struct err *e)
{
	if (unlinkat(s->dir, name, 0) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s/%s", s->path, name);
	return 0;
}
