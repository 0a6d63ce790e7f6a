/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own for each test, as a --root. */
#pragma once

#include "lib/util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

/* Removes a folder and all in it; links are not followed. */
static inline void tree_remove(const char *path)
{
	auto_closedir DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)) != NULL) {
		auto_free char *name = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0)
			abort();
		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
			tree_remove(name);
		else
			(void)unlink(name);
	}
	(void)rmdir(path);
}

/* cmocka's setup and teardown: *state is the folder's path. */
static inline int tree_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/cordon-tree-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(path)) {
		free(path);
		return -1;
	}
	(void)chmod(path, 0755);
	*state = path;
	return 0;
}

static inline int tree_teardown(void **state)
{
	tree_remove(*state);
	free(*state);
	return 0;
}

/* A path below the tree; the last four answers stay valid. */
static inline const char *tree_path(const char *root, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline const char *tree_path(const char *root, const char *fmt, ...)
{
	static char bufs[4][4096];
	static unsigned next;
	char *buf = bufs[next++ % 4];
	int n = snprintf(buf, sizeof(bufs[0]), "%s/", root);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + n, sizeof(bufs[0]) - (size_t)n, fmt, ap);
	va_end(ap);
	return buf;
}

static inline void tree_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) == EOF || fclose(f) != 0)
		abort();
}
