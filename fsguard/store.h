/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of a domain's images, ROOT/var/lib/virt-cordon/UUID/shares: names, lock, opening. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define STORE_NAME_MAX 128 /* bytes of an image's file name: a tag has 36, each at most 3 here */

/**
 * fsg_store_dir - the path of the folder into @buf, for messages and programs. Returns @buf.
 * fsg_store_name - the file name of the image of @tag; the same tag, the same name.
 */
const char *fsg_store_dir(const char *root, const struct uuid *uuid, char *buf, size_t size);
void fsg_store_name(const char *tag, char buf[static STORE_NAME_MAX]);

/**
 * fsg_store_open - open the folder; it and those above it must be root's and nobody else's to
 * write.
 * @make: make what is missing
 * Without @make -ENOENT (exit code 66) when it is not there.
 */
int fsg_store_open(const char *root, const struct uuid *uuid, bool make, int *ret_fd,
		   struct err *e);

/**
 * fsg_store_lock - lock the folder against other runs, held until @dir is closed.
 * @deadline_ms: from now; -ETIMEDOUT with exit code 75 when another holds it longer
 */
int fsg_store_lock(int dir, const char *path, uint32_t deadline_ms, struct err *e);

/**
 * fsg_store_open_image - open an image for reading and writing, and see that it is one nobody
 * tampered with: a regular file of root's, mode 0600, one name. -ENOENT when there is none.
 * @path: of the folder, for messages
 */
int fsg_store_open_image(int dir, const char *path, const char *name, int *ret_fd,
			 struct stat *ret_st, struct err *e);
