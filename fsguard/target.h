/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder that a share is mounted on: opened without links, and not in a place of its own. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>

#define TARGET_PATH_MAX 1024 /* bytes */

/**
 * fsg_target_open - a descriptor (O_PATH) of the folder @path, which must be absolute, without "."
 * and "..", and lead through no symbolic link: a name that somebody can turn elsewhere is refused.
 */
int fsg_target_open(const char *path, int *ret_fd, struct err *e);

/**
 * fsg_target_clean - @path without double and trailing slashes, malloc'd. NULL when it is not
 * absolute, has "." or ".." in it, or is too long.
 */
char *fsg_target_clean(const char *path);

/**
 * fsg_target_related - whether one folder is the other or lies in it, by device and inode of each
 * folder above; bind mounts and all. Negative on error.
 */
int fsg_target_related(int a, int b, struct err *e);

/**
 * fsg_target_admit - refuse a folder that is, lies in, or contains one that the host itself lives
 * of: /etc, /usr, /run, …, the folders of policies, hooks and images. Exit code 78.
 * @root: of --root, whose folders count, too
 */
int fsg_target_admit(const char *root, int fd, const char *path, struct err *e);

/** fsg_target_empty - 1 when there is nothing in the folder, 0 when there is, or -errno. */
int fsg_target_empty(int fd, const char *path, struct err *e);
