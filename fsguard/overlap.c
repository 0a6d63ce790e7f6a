/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares against one another, and against the disk below. See fsguard/domain.h. */
#include "fsguard/domain.h"
#include "fsguard/target.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* Whether one path is the other or leads into it. */
static bool path_related(const char *a, const char *b)
{
	const size_t la = strlen(a), lb = strlen(b), n = la < lb ? la : lb;
	const char *longer = la < lb ? b : a;

	return strncmp(a, b, n) == 0 && (longer[n] == '\0' || longer[n] == '/' || n == 1);
}

static int refuse(const struct share *share, const char *tag, const char *target, const char *owner,
		  struct err *e)
{
	return err_set(e, EX_CORDON_POLICY, EEXIST,
		       "[share %s]: its folder %s and %s of share %s%s%s are one, or one lies in "
		       "the other; share another folder",
		       share->policy->tag, share->target, target, tag, *owner ? " of domain " : "",
		       owner);
}

static int check_own(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->n_shares; i++) {
		const struct share *a = &j->shares[i];

		for (size_t k = 0; k < i; k++) {
			const struct share *b = &j->shares[k];
			int r = path_related(a->target, b->target)
					? 1
					: fsg_target_related(a->target_fd, b->target_fd, e);

			if (r)
				return r < 0 ? r : refuse(a, b->policy->tag, b->target, "", e);
		}
	}
	return 0;
}

/* A share of another domain, by its name and, when the folder is there, by what it is. */
static int check_other(const struct job *j, const struct undo_share *other, const char *owner,
		       struct err *e)
{
	auto_close int fd = -1;

	(void)fsg_target_open(other->target, &fd, NULL);
	for (size_t i = 0; i < j->n_shares; i++) {
		const struct share *share = &j->shares[i];
		int r = path_related(share->target, other->target);

		if (r == 0 && fd >= 0)
			r = fsg_target_related(share->target_fd, fd, e);
		if (r)
			return r < 0 ? r : refuse(share, other->tag, other->target, owner, e);
	}
	return 0;
}

static int check_domain(const struct job *j, const struct uuid *uuid, struct err *e)
{
	auto_undo struct undo undo = {0};
	struct record rec = {0};
	struct err local = {0};
	char owner[UUID_STRLEN];
	int r;

	r = fsg_undo_load(j->root, uuid, &undo, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0) /* what it has mounted is not known */
		return err_set(e, local.exit, local.errnum, "domain %s: %s", uuid_str(uuid, owner),
			       local.msg);
	(void)record_load(j->root, uuid, &rec, NULL);
	uuid_str(uuid, owner);
	for (size_t i = 0; i < undo.n && r == 0; i++)
		r = check_other(j, &undo.list[i], rec.name ? rec.name : owner, e);
	record_free(&rec);
	return r;
}

int fsg_overlap_check(const struct job *j, struct err *e)
{
	auto_free struct uuid *list = NULL;
	size_t n = 0;
	int r;

	r = check_own(j, e);
	if (r == 0)
		r = record_list(j->root, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!uuid_equal(&list[i], &j->rec.uuid))
			r = check_domain(j, &list[i], e);
	return r;
}

/* What the images in a folder may still take. */
static uint64_t may_grow_in(int dir)
{
	int fd = openat(dir, "shares", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0, used;
	struct dirent *de;
	struct stat st;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return 0;
	}
	while ((de = readdir(d))) {
		if (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
		    strchr(de->d_name, '@'))
			continue; /* a snapshot stays as it is */
		used = (uint64_t)st.st_blocks * 512;
		sum += (uint64_t)st.st_size > used ? (uint64_t)st.st_size - used : 0;
	}
	return sum;
}

/* Every domain's, running or not: they share the disk. */
static uint64_t may_grow(const char *root)
{
	char path[PATH_MAX];
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	uint64_t sum = 0;

	(void)snprintf(path, sizeof(path), "%s/var/lib/virt-cordon", root);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		auto_close int dir =
			de->d_name[0] == '.'
				? -1
				: openat(dirfd(d), de->d_name,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (dir >= 0)
			sum += may_grow_in(dir);
	}
	return sum;
}

void fsg_pressure_warn(const struct job *j, struct strbuf *out)
{
	const uint64_t grow = may_grow(j->root);
	struct statvfs fs;
	uint64_t left;

	if (j->store < 0 || fstatvfs(j->store, &fs) < 0)
		return;
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (grow > left)
		sb_addf(out,
			"warning: the images of all shares may grow by %llu MiB, the disk has "
			"%llu MiB left; write reserve = yes, or smaller sizes\n",
			(unsigned long long)(grow >> 20), (unsigned long long)(left >> 20));
}
