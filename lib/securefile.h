/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening files that only root may have written: every folder on the way is checked too. */
#pragma once

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

#define SECUREFILE_SHARED 022  /* others may read it: only writing is forbidden */
#define SECUREFILE_PRIVATE 077 /* a secret */

/**
 * securefile_open - open a file for reading that nobody but root could have changed.
 * @root: "" or the folder of --root; folders above it are not looked at, itself is
 * @path: absolute, below @root
 * @forbid: mode bits that the file itself must not have, SECUREFILE_SHARED or _PRIVATE
 *
 * Goes down folder by folder with openat and O_NOFOLLOW, and checks each by fstat on the
 * descriptor that is then used: owned by root, not writable by group or others (a sticky bit is
 * no excuse), no symbolic link. The file must be a regular one; a FIFO does not block.
 *
 * Returns -ENOENT (exit code 66) only when the file, or a folder on the way below @root, is not
 * there although the folder it would be in could be searched; @e->errnum is ENOTDIR when it is a
 * folder that lacks. Everything else is another error: 78 for an owner, a mode or a type that is
 * refused, 77 when a folder or the file may not be opened, 71 for the rest.
 */
int securefile_open(const char *root, const char *path, mode_t forbid, int *ret_fd, struct err *e);

/**
 * securefile_read - all of a regular file of at most @max bytes.
 * @name: for messages
 * @ret: malloc'd, NUL-terminated (not counted in @ret_len)
 *
 * More than @max bytes is -EFBIG, exit code 78.
 */
int securefile_read(int fd, const char *name, size_t max, char **ret, size_t *ret_len,
		    struct err *e);

/**
 * securefile_open_any - open a regular file by any path, links and all: what a person names on a
 * command line. -ENOENT has exit code 66.
 */
int securefile_open_any(const char *path, int *ret_fd, struct err *e);
