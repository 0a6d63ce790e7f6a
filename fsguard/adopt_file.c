/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a copy: see fsguard/adopt_file.h. */
#include "fsguard/adopt_file.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define CHUNK (1 << 20)
#define XATTR_MAX 65536 /* bytes of a value and of a list: XATTR_SIZE_MAX of the kernel */

/* A path to the very file for calls that have no descriptor form: nothing in it is followed. */
static void proc_path(int dir, const char *name, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/proc/self/fd/%d/%s", dir, name);
}

static int copy_range(int in, int out, off_t at, off_t end, char *buf,
		      const struct adopt_clock *clock, const char *path, struct err *e)
{
	while (at < end) {
		const size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t n = pread(in, buf, want, at);
		int r = fsg_adopt_in_time(clock, e);

		if (r < 0)
			return r;
		if (n < 0)
			return err_os(e, errno, "cannot read %s", path);
		if (n == 0)
			return 0; /* shorter than it was: the comparison tells */
		for (ssize_t done = 0; done < n;) {
			ssize_t w = pwrite(out, buf + done, (size_t)(n - done), at + done);

			if (w < 0)
				return err_os(e, errno, "cannot write %s", path);
			done += w;
		}
		at += n;
	}
	return 0;
}

/* Only what is data; SEEK_DATA says ENXIO when there is none any more. */
int fsg_copy_data(int in, int out, off_t size, const struct adopt_clock *clock, const char *path,
		  struct err *e)
{
	auto_free char *buf = malloc(CHUNK);
	off_t at = 0, end;
	int r = 0;

	if (!buf)
		return err_os(e, ENOMEM, "copy");
	while (r == 0 && (at = lseek(in, at, SEEK_DATA)) >= 0) {
		end = lseek(in, at, SEEK_HOLE);
		if (end < 0)
			return err_os(e, errno, "cannot read %s", path);
		r = copy_range(in, out, at, end, buf, clock, path, e);
		at = end;
	}
	if (r == 0 && at < 0 && errno != ENXIO)
		return err_os(e, errno, "cannot read %s", path);
	return r == 0 && ftruncate(out, size) < 0 ? err_os(e, errno, "cannot write %s", path) : r;
}

static int open_same(const struct tree_entry *entry, int *ret_fd, struct err *e)
{
	auto_close int fd = openat(entry->dir, entry->name,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot open %s", entry->path);
	if (st.st_ino != entry->st.st_ino || st.st_dev != entry->st.st_dev || !S_ISREG(st.st_mode))
		return err_set(e, EX_CORDON_OS, ESTALE, "%s is another file than it was",
			       entry->path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int fsg_adopt_copy_file(const struct tree_entry *entry, int to, const struct adopt_clock *clock,
			struct err *e)
{
	auto_close int in = -1, out = -1;
	struct err local = {0};
	int r = open_same(entry, &in, e);

	if (r < 0)
		return r;
	out = openat(to, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_os(e, errno, "cannot make %s", entry->path);
	r = fsg_copy_data(in, out, entry->st.st_size, clock, entry->path, &local);
	if (r == -ENOSPC)
		return err_set(e, EX_CORDON_POLICY, ENOSPC,
			       "the share is too small for what the folder holds; write a larger "
			       "size");
	return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : 0;
}

/* Not the labels of the host's security module: the share has its own. */
static bool wanted(const char *name)
{
	return strncmp(name, "user.", 5) == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0 ||
	       strcmp(name, "security.capability") == 0;
}

/* Calls @each with every attribute of the source. */
static int each_xattr(const struct tree_entry *entry, const char *other,
		      int (*each)(const char *other, const char *name, const char *value, size_t n),
		      struct err *e)
{
	auto_free char *list = malloc(XATTR_MAX), *value = malloc(XATTR_MAX);
	char path[PATH_MAX];
	ssize_t len, n;

	if (!list || !value)
		return err_os(e, ENOMEM, "copy");
	proc_path(entry->dir, entry->name, path, sizeof(path));
	len = llistxattr(path, list, XATTR_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_os(e, errno, "attributes of %s", entry->path);
	for (char *name = list; name < list + len; name += strlen(name) + 1) {
		if (!wanted(name))
			continue;
		n = lgetxattr(path, name, value, XATTR_MAX);
		if (n < 0 || each(other, name, value, (size_t)n) < 0)
			return err_os(e, errno, "attribute %s of %s", name, entry->path);
	}
	return 0;
}

static int set_xattr(const char *path, const char *name, const char *value, size_t n)
{
	return lsetxattr(path, name, value, n, 0);
}

static int same_xattr(const char *path, const char *name, const char *value, size_t n)
{
	auto_free char *have = malloc(XATTR_MAX);
	ssize_t len = have ? lgetxattr(path, name, have, XATTR_MAX) : -1;

	if (len < 0)
		return -1;
	errno = ESTALE;
	return (size_t)len == n && memcmp(have, value, n) == 0 ? 0 : -1;
}

int fsg_adopt_copy_attributes(const struct tree_entry *entry, int to, struct err *e)
{
	const struct timespec times[2] = {entry->st.st_atim, entry->st.st_mtim};
	char path[PATH_MAX];
	int r;

	/* In this order: chown takes setuid bits and capabilities away, an ACL sets mode bits. */
	if (fchownat(to, entry->path, entry->st.st_uid, entry->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_os(e, errno, "owner of %s", entry->path);
	proc_path(to, entry->path, path, sizeof(path));
	r = each_xattr(entry, path, set_xattr, e);
	if (r < 0)
		return r;
	if (!S_ISLNK(entry->st.st_mode) &&
	    fchmodat(to, entry->path, entry->st.st_mode & 07777, 0) < 0)
		return err_os(e, errno, "mode of %s", entry->path);
	if (utimensat(to, entry->path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_os(e, errno, "times of %s", entry->path);
	return 0;
}

static int other_content(const struct tree_entry *entry, const char *what, struct err *e)
{
	return err_set(e, EX_CORDON_OS, ESTALE,
		       "%s: the copy has another %s: somebody writes to it; try again", entry->path,
		       what);
}

/* From where on there may be something other than zeros. */
static off_t next_data(int fd, off_t at, off_t size)
{
	const off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : at;
	return data;
}

static int compare_data(const struct tree_entry *entry, int to, const struct adopt_clock *clock,
			struct err *e)
{
	auto_close int a = -1, b = openat(to, entry->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *buf = malloc(2 * (size_t)CHUNK);
	const off_t size = entry->st.st_size;
	ssize_t n, m;
	int r = open_same(entry, &a, e);

	if (r < 0)
		return r;
	if (b < 0 || !buf)
		return err_os(e, errno, "cannot compare %s", entry->path);
	for (off_t at = 0; at < size; at += n) {
		const off_t in_a = next_data(a, at, size), in_b = next_data(b, at, size);

		r = fsg_adopt_in_time(clock, e);
		if (r < 0)
			return r;
		at = in_a < in_b ? in_a : in_b;
		n = pread(a, buf, CHUNK, at);
		m = pread(b, buf + CHUNK, CHUNK, at);
		if (n < 0 || m < 0)
			return err_os(e, errno, "cannot compare %s", entry->path);
		if (n != m || memcmp(buf, buf + CHUNK, (size_t)n) != 0)
			return other_content(entry, "content", e);
		if (n == 0)
			break;
	}
	return 0;
}

static int compare_link(const struct tree_entry *entry, int to, struct err *e)
{
	char link[PATH_MAX];
	ssize_t n = readlinkat(to, entry->path, link, sizeof(link) - 1);

	if (n < 0)
		return err_os(e, errno, "cannot read the link %s", entry->path);
	link[n] = '\0';
	return strcmp(link, entry->link) == 0 ? 0 : other_content(entry, "target", e);
}

int fsg_adopt_compare(const struct tree_entry *entry, int to, const struct adopt_clock *clock,
		      struct err *e)
{
	const struct stat *a = &entry->st;
	char path[PATH_MAX];
	struct stat b;

	if (fstatat(to, entry->path, &b, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? other_content(entry, "name", e)
				       : err_os(e, errno, "cannot look at %s", entry->path);
	if (a->st_mode != b.st_mode || a->st_uid != b.st_uid || a->st_gid != b.st_gid)
		return other_content(entry, "owner or mode", e);
	if (a->st_mtim.tv_sec != b.st_mtim.tv_sec || a->st_mtim.tv_nsec != b.st_mtim.tv_nsec)
		return other_content(entry, "time", e);
	if (!S_ISDIR(a->st_mode) && a->st_size != b.st_size)
		return other_content(entry, "size", e);
	proc_path(to, entry->path, path, sizeof(path));
	if (each_xattr(entry, path, same_xattr, NULL) < 0)
		return other_content(entry, "attribute", e);
	if (S_ISLNK(a->st_mode))
		return compare_link(entry, to, e);
	return S_ISREG(a->st_mode) ? compare_data(entry, to, clock, e) : 0;
}
