/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening files that only root may have written: see lib/securefile.h. */
#include "lib/securefile.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* O_NONBLOCK: a FIFO without a writer, or a tape, must not hold up the start of a guest. */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* Owner and mode of what @fd is; @forbid are the bits that must not be set. */
static int check_owner(const struct stat *st, const char *name, mode_t forbid, struct err *e)
{
	if (st->st_uid != 0)
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "%s: belongs to uid %u; write: chown root '%s'", name,
			       (unsigned)st->st_uid, name);
	if (st->st_mode & forbid)
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "%s: mode %04o lets others than root %s it; write: chmod %s '%s'",
			       name, (unsigned)(st->st_mode & 07777),
			       forbid & 044 ? "read or change" : "change",
			       forbid & 044 ? "go=" : "go-w", name);
	return 0;
}

static int check_folder(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(e, errno, "%s", name);
	return check_owner(&st, name, SECUREFILE_SHARED, e);
}

static int check_file(int fd, const char *name, struct stat *st, struct err *e)
{
	if (fstat(fd, st) < 0)
		return err_os(e, errno, "%s", name);
	if (!S_ISREG(st->st_mode))
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s: is not a regular file", name);
	return 0;
}

/*
 * Why @part below @dir could not be opened. Only an entry that is not there is ENOENT; O_NOFOLLOW
 * makes a link, dangling or not, another error. A name longer than the file system allows cannot
 * be there either.
 */
static int open_failed(int dir, const char *part, const char *name, int errnum, struct err *e)
{
	struct stat st;

	if (errnum == ENOENT || errnum == ENAMETOOLONG)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: %s", name, strerror(ENOENT));
	if ((errnum == ELOOP || errnum == ENOTDIR) &&
	    fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return err_set(e, EX_CORDON_POLICY, ELOOP,
			       "%s: is a symbolic link; put the file itself there", name);
	if (errnum == ENOTDIR)
		return err_set(e, EX_CORDON_POLICY, ENOTDIR, "%s: is not a folder", name);
	if (errnum == ENXIO || errnum == ENODEV) /* a socket, a device without driver */
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s: is not a regular file", name);
	return err_os(e, errnum, "%s", name);
}

/* The folder to start from. That it is not there is never "no such file". */
static int open_root(const char *root, int *ret_fd, struct err *e)
{
	const char *name = *root ? root : "/";
	auto_close int fd = open(name, FOLDER_FLAGS);
	int r;

	if (fd < 0)
		return errno == ENOENT ? err_set(e, EX_CORDON_OS, ENOTDIR,
						 "%s: no such folder to take as root", name)
				       : err_os(e, errno, "%s", name);
	r = check_folder(fd, name, e);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The last step: the file itself. */
static int open_last(int dir, const char *part, const char *name, mode_t forbid, int *ret_fd,
		     struct err *e)
{
	auto_close int fd = openat(dir, part, FILE_FLAGS | O_NOFOLLOW);
	struct stat st;
	int r;

	if (fd < 0)
		return open_failed(dir, part, name, errno, e);
	r = check_file(fd, name, &st, e);
	if (r == 0)
		r = check_owner(&st, name, forbid, e);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int securefile_open(const char *root, const char *path, mode_t forbid, int *ret_fd, struct err *e)
{
	auto_free char *copy = strdup(path);
	auto_sb struct strbuf name = {0};
	auto_close int dir = -1;
	char *save = NULL, *part, *next;
	int r;

	if (!copy)
		return err_os(e, ENOMEM, "%s", path);
	r = open_root(root, &dir, e);
	if (r < 0)
		return r;

	sb_adds(&name, root);
	part = strtok_r(copy, "/", &save);
	if (!part || path[strlen(path) - 1] == '/')
		return err_set(e, EX_CORDON_POLICY, EISDIR, "%s: names a folder", path);
	for (; (next = strtok_r(NULL, "/", &save)); part = next) {
		int fd = openat(dir, part, FOLDER_FLAGS | O_NOFOLLOW);

		int errnum = errno;

		sb_addf(&name, "/%s", part);
		if (fd < 0 && errnum == ENOENT) {
			(void)err_set(e, EX_CORDON_NOINPUT, ENOTDIR, "%s: no such folder",
				      sb_str(&name));
			return -ENOENT;
		}
		if (fd < 0)
			return open_failed(dir, part, sb_str(&name), errnum, e);
		(void)close(dir);
		dir = fd;
		r = check_folder(dir, sb_str(&name), e);
		if (r < 0)
			return r;
	}
	sb_addf(&name, "/%s", part);
	return open_last(dir, part, sb_str(&name), forbid, ret_fd, e);
}

int securefile_open_any(const char *path, int *ret_fd, struct err *e)
{
	auto_close int fd = open(path, FILE_FLAGS);
	struct stat st;
	int r;

	if (fd < 0)
		return errno == ENOENT ? err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: %s", path,
						 strerror(ENOENT))
				       : err_os(e, errno, "%s", path);
	r = check_file(fd, path, &st, e);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int securefile_read(int fd, const char *name, size_t max, char **ret, size_t *ret_len,
		    struct err *e)
{
	/* One byte more than allowed tells a file that is too long from one that just fits. */
	auto_free char *buf = malloc(max + 2);
	size_t len = 0;

	if (!buf)
		return err_os(e, ENOMEM, "%s", name);
	while (len < max + 1) {
		ssize_t n = read(fd, buf + len, max + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(e, errno, "%s", name);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > max)
		return err_set(e, EX_CORDON_POLICY, EFBIG, "%s: larger than %zu bytes", name, max);
	buf[len] = '\0';
	*ret = TAKE_PTR(buf);
	*ret_len = len;
	return 0;
}
