/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image that a new guest begins with. */
#pragma once

#include "lib/err.h"

#include <limits.h>
#include <stdint.h>

struct image {
	char path[PATH_MAX]; /* without links */
	const char *format;  /* "qcow2" or "raw" */
	uint64_t size;	     /* of its disk, bytes */
};

/**
 * image_open - look at an image.
 *
 * An image says itself, when it is qcow2, which other file it stands on; of one that was downloaded
 * that may be any file of the host. So one that stands on another is refused, as is one that QEMU's
 * user cannot reach (folders above @root are not looked at). Exit codes 66 and 78.
 */
int image_open(const char *root, const char *path, struct image *ret, struct err *e);

/**
 * image_refuse_written - exit code 78 when a guest that runs writes it. One that others stand on is
 * only read.
 */
int image_refuse_written(const struct image *image, struct err *e);

/** image_verify - compare its SHA-256 with @want, 64 hexadecimal digits. Exit code 65 if not. */
int image_verify(const struct image *image, const char *want, struct err *e);

/** image_protect - nobody writes it any more: overlays stand on it. */
int image_protect(const struct image *image, struct err *e);
