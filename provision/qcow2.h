/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a qcow2 image: how large its disk is, and what it stands on. */
#pragma once

#include "lib/err.h"

#include <limits.h>
#include <stdint.h>

#define QCOW2_HEADER_MAX 65536 /* bytes that the header and the name of the backing file lie in */

struct qcow2 {
	uint64_t size;		/* of the virtual disk, bytes */
	char backing[PATH_MAX]; /* as written in it; "" for none */
};

/**
 * qcow2_parse - the first @len bytes of an image.
 *
 * Layout: QEMU's docs/interop/qcow2.txt. Guests write into the disk, never into the header. Exit
 * code 65 for what is not qcow2 version 2 or 3, or has its data in another file.
 */
int qcow2_parse(const char *data, size_t len, struct qcow2 *ret, struct err *e);

/** qcow2_read - of the file @path; its name goes before an error. */
int qcow2_read(const char *path, struct qcow2 *ret, struct err *e);

/**
 * qcow2_overlay - make the new file @path, an empty image on @backing, by qemu-img. Takes the same
 * time for any size. @backing is not opened.
 * @format: of @backing
 */
int qcow2_overlay(const char *path, const char *backing, const char *format, uint64_t size,
		  struct err *e);
