/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a tree by descriptors: see fsguard/tree.h. */
#include "fsguard/tree.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	const struct tree_visitor *v;
	dev_t dev;
	unsigned depth;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int read_names(int dir, char ***ret, size_t *n_ret)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0, cap = 0;
	struct dirent *de;
	char **names = NULL;

	if (!d) {
		const int saved = errno;

		if (fd >= 0)
			(void)close(fd);
		return -saved;
	}
	while ((errno = 0, de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (n == cap) {
			char **grown = reallocarray(names, cap ? cap * 2 : 64, sizeof(*names));

			if (!grown)
				break;
			names = grown;
			cap = cap ? cap * 2 : 64;
		}
		names[n] = strdup(de->d_name);
		if (!names[n])
			break;
		n++;
	}
	if (de || errno) {
		free_names(names, n);
		return errno ? -errno : -ENOMEM;
	}
	if (n)
		qsort(names, n, sizeof(*names), compare_names);
	*ret = names;
	*n_ret = n;
	return 0;
}

static int walk_dir(struct walk *w, int dir, const char *path, struct err *e);

static int visit(struct walk *w, int dir, const char *name, const char *path, struct err *e)
{
	struct tree_entry entry = {.dir = dir, .name = name, .path = path};
	auto_close int sub = -1;
	char link[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r;

	if (fstatat(dir, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot look at %s", path);
	if (entry.st.st_dev != w->dev)
		return err_set(e, EX_CORDON_DATA, EXDEV,
			       "%s is the top of another file system; unmount it", path);
	if (S_ISLNK(entry.st.st_mode)) {
		n = readlinkat(dir, name, link, sizeof(link) - 1);
		if (n < 0)
			return err_os(e, errno, "cannot read the link %s", path);
		link[n] = '\0';
		entry.link = link;
	}
	r = w->v->each(&entry, w->v->arg, e);
	if (r || !S_ISDIR(entry.st.st_mode))
		return r;
	sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0 || fstat(sub, &st) < 0)
		return err_os(e, errno, "cannot open the folder %s", path);
	if (st.st_dev != entry.st.st_dev || st.st_ino != entry.st.st_ino)
		return err_set(e, EX_CORDON_OS, ESTALE, "%s is another folder than it was", path);
	if (w->depth >= TREE_DEPTH_MAX)
		return err_set(e, EX_CORDON_DATA, ELOOP, "more than %d folders in one another: %s",
			       TREE_DEPTH_MAX, path);
	w->depth++;
	r = walk_dir(w, sub, path, e);
	w->depth--;
	if (r == 0 && w->v->after)
		r = w->v->after(&entry, w->v->arg, e);
	return r;
}

static int walk_dir(struct walk *w, int dir, const char *path, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	int r;

	r = read_names(dir, &names, &n);
	if (r < 0)
		return err_os(e, -r, "cannot read the folder %s", *path ? path : ".");
	for (size_t i = 0; i < n && r == 0; i++) {
		auto_sb struct strbuf sub = {0};

		sb_addf(&sub, "%s%s%s", path, *path ? "/" : "", names[i]);
		r = sub.failed ? err_os(e, ENOMEM, "tree")
			       : visit(w, dir, names[i], sb_str(&sub), e);
	}
	free_names(names, n);
	return r;
}

int fsg_tree_walk(int top, const struct tree_visitor *v, struct err *e)
{
	struct walk w = {.v = v};
	struct stat st;

	if (fstat(top, &st) < 0)
		return err_os(e, errno, "cannot look at the folder");
	w.dev = st.st_dev;
	return walk_dir(&w, top, "", e);
}
