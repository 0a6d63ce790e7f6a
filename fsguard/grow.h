/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A share made larger: its image, the loop device, the file system, mounted or not. */
#pragma once

#include "fsguard/job.h"
#include "fsguard/volume.h"
#include "lib/err.h"

#include <stdint.h>

/*
 * Theory of operation
 *
 * From the outside in: the file, the device, the file system. Each step leaves what is inside
 * smaller than what is around it, which harms nothing; whoever comes next goes on from there. An
 * image that no one has mounted is grown by resize2fs at the start. On a mounted one the kernel
 * does it (EXT4_IOC_RESIZE_FS), in transactions of the journal, while the guest works.
 */

/**
 * fsg_grow_file - make the image as large as the policy says, and allocate it if it says so, and
 * have the loop device, if there is one, follow. Smaller is an error (exit code 78).
 * @was: its size before, in bytes
 */
int fsg_grow_file(const struct share *share, struct volume *d, uint64_t *was, struct err *e);

/**
 * fsg_grow_back - take back what fsg_grow_file did, as far as no file system lies in it yet.
 * @was: as fsg_grow_file gave it
 */
void fsg_grow_back(struct volume *d, uint64_t was);

/**
 * fsg_grow_mounted - make the file system of a volume that is mounted on @fd as large as its
 * device. -EPERM with exit code 69 where this process may not.
 */
int fsg_grow_mounted(int fd, const struct volume *d, struct err *e);

/** fsg_grow_missing - whether the file system is smaller than a policy's @size says. */
bool fsg_grow_missing(const struct volume *d, uint64_t size);
