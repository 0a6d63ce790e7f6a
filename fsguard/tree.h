/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a tree by descriptors, nothing followed; for copying, comparing and scanning. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>
#include <sys/stat.h>

#define TREE_DEPTH_MAX 256 /* folders in one another; a descriptor each */

/* An entry; @path is below the top, for messages and printing. */
struct tree_entry {
	int dir; /* folder that @name is in */
	const char *name;
	const char *path;
	struct stat st;
	const char *link; /* where a symbolic link leads, else NULL */
};

/**
 * fsg_tree_walk - call @each for every entry below @top, a folder before what is in it, in the
 * order of names. It ends at the first that returns other than 0, with that.
 * @after: called for a folder after what is in it; may be NULL
 *
 * Another file system below @top is -EXDEV.
 */
struct tree_visitor {
	int (*each)(const struct tree_entry *entry, void *arg, struct err *e);
	int (*after)(const struct tree_entry *entry, void *arg, struct err *e);
	void *arg;
};
int fsg_tree_walk(int top, const struct tree_visitor *v, struct err *e);
