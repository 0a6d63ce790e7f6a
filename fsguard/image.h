/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in an image: making the file system, its superblock, repairing it. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

#define IMAGE_BLOCK 4096		  /* bytes of a block; sizes are multiples of it */
#define IMAGE_GROUP (UINT64_C(128) << 20) /* bytes of a group: 32768 blocks */
#define IMAGE_REST (UINT64_C(16) << 20)	  /* more than the tables of a group take */

/** fsg_image_bytes - the size of the image of a share of @size bytes: whole blocks. */
static inline uint64_t fsg_image_bytes(uint64_t size)
{
	return size / IMAGE_BLOCK * IMAGE_BLOCK;
}

/**
 * fsg_image_fits - how large a file system in an image of @bytes is at least: a last group of
 * blocks that is too small for its own tables is left out.
 */
static inline uint64_t fsg_image_fits(uint64_t bytes)
{
	const uint64_t rest = bytes % IMAGE_GROUP;

	return bytes > IMAGE_GROUP && rest < IMAGE_REST ? bytes - rest : bytes;
}

struct fsg_image_super {
	uint64_t bytes; /* of the file system */
	bool clean;	/* unmounted, without errors, nothing in the journal */
};

/**
 * fsg_image_super - read the superblock of an image, or of the device that it is behind. When that
 * is mounted, @ret->clean means nothing. Exit code 65: no ext4.
 */
int fsg_image_super(int fd, const char *path, struct fsg_image_super *ret, struct err *e);

/**
 * fsg_image_format - make the file system with mke2fs in the new, empty image @path.
 * @tag: becomes its label, cut at 16 bytes
 * @bytes: of the image
 */
int fsg_image_format(const char *path, const char *tag, uint64_t bytes, uint32_t deadline_ms,
		     struct err *e);

/**
 * fsg_image_repair - e2fsck -p on @device; what it cannot do alone refuses the start.
 * @path: of the image, for the message that says what to do
 */
int fsg_image_repair(const char *device, const char *path, uint32_t deadline_ms, struct err *e);

/** fsg_image_grow - make the file system as large as @device: e2fsck -f -p, then resize2fs. */
int fsg_image_grow(const char *device, const char *path, uint32_t deadline_ms, struct err *e);
