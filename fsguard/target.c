/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder that a share is mounted on: see fsguard/target.h. */
#include "fsguard/target.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define DEPTH_MAX 512 /* folders above one another */

static const char *const forbidden[] = {
	"/etc",	 "/usr",
	"/run",	 "/var/lib/virt-cordon",
	"/boot", "/dev",
	"/proc", "/sys",
	"/bin",	 "/sbin",
	"/lib",	 "/lib64",
	"/efi",	 "/var/lib/libvirt/qemu",
};

static int open_no_links(const char *path, int *ret_fd)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	*ret_fd = fd;
	return fd < 0 ? -errno : 0;
}

char *fsg_target_clean(const char *path)
{
	auto_sb struct strbuf out = {0};
	auto_free char *copy = strdup(path);
	char *save = NULL;

	if (!copy || *path != '/' || strlen(path) >= TARGET_PATH_MAX)
		return NULL;
	for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0 || strlen(part) > NAME_MAX)
			return NULL;
		sb_addf(&out, "/%s", part);
	}
	if (!out.len)
		sb_adds(&out, "/");
	return sb_take(&out);
}

int fsg_target_open(const char *path, int *ret_fd, struct err *e)
{
	auto_free char *real = NULL;
	auto_close int fd = -1;
	int r = open_no_links(path, &fd);

	if (r == -ELOOP) {
		real = realpath(path, NULL);
		return err_set(e, EX_CORDON_POLICY, ELOOP,
			       "the folder %s is reached through a symbolic link; write "
			       "<source dir='%s'/>",
			       path, real ? real : "the path without links");
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return err_set(e, EX_CORDON_NOINPUT, -r, "%s: no such folder; write: mkdir -p '%s'",
			       path, path);
	if (r < 0)
		return err_os(e, -r, "cannot open the folder %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* 1 when @fd is @above or lies in it. */
static int lies_in(int fd, const struct stat *above, struct err *e)
{
	auto_close int at = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct stat here, up;

	if (at < 0 || fstat(at, &here) < 0)
		return err_os(e, errno, "cannot look at the folder");
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		int next;

		if (same(&here, above))
			return 1;
		next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (next < 0 || fstat(next, &up) < 0)
			return err_os(e, errno, "cannot look at the folder above");
		(void)close(at);
		at = next;
		if (same(&here, &up))
			return 0;
		here = up;
	}
	return err_set(e, EX_CORDON_OS, ELOOP, "more than %d folders above one another", DEPTH_MAX);
}

int fsg_target_related(int a, int b, struct err *e)
{
	struct stat sa, sb;
	int r;

	if (fstat(a, &sa) < 0 || fstat(b, &sb) < 0)
		return err_os(e, errno, "cannot look at the folder");
	r = lies_in(a, &sb, e);
	return r ? r : lies_in(b, &sa, e);
}

static int admit_one(const char *place, int fd, const char *path, struct err *e)
{
	auto_close int other = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (other < 0)
		return 0; /* not there, so nothing of the host's is in it */
	r = fsg_target_related(fd, other, e);
	if (r == 1)
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "the folder %s is, contains or lies in %s, which the host itself "
			       "lives of; share another one",
			       path, place);
	return r;
}

int fsg_target_admit(const char *root, int fd, const char *path, struct err *e)
{
	static const char *const own[] = {"/etc/virt-cordon", "/etc/libvirt/hooks",
					  "/run/virt-cordon", "/var/lib/virt-cordon"};
	char place[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(forbidden) && r == 0; i++)
		r = admit_one(forbidden[i], fd, path, e);
	for (size_t i = 0; i < ARRAY_SIZE(own) && r == 0 && *root; i++) {
		(void)snprintf(place, sizeof(place), "%s%s", root, own[i]);
		r = admit_one(place, fd, path, e);
	}
	return r;
}

int fsg_target_empty(int fd, const char *path, struct err *e)
{
	auto_close int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *de;

	if (!d)
		return err_os(e, errno, "cannot read the folder %s", path);
	(void)TAKE_FD(dir);
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			return 0;
	return 1;
}
