/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a qcow2 image: how large its disk is, and what it stands on. */
#pragma once

#include "lib/err.h"

#include <limits.h>
#include <stdint.h>

#define QCOW2_HEADER_MAX 65536 /* bytes that the header and the name of the backing file lie in */

#define QCOW2_FORMAT_MAX 16

struct qcow2 {
	uint64_t size;		       /* of the virtual disk, bytes */
	char backing[PATH_MAX];	       /* as written in it; "" for none */
	char format[QCOW2_FORMAT_MAX]; /* of the backing file; "" when it does not say */
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

/** qcow2_resize - make the disk in an image larger, by qemu-img; @format "qcow2" or "raw". */
int qcow2_resize(const char *path, const char *format, uint64_t size, struct err *e);

/**
 * qcow2_rebase - let the image @path stand on @backing ("": on nothing) and be what it was: what it
 * had of its old backing file alone is copied into it, by qemu-img.
 * @format: of @backing
 *
 * Only for a copy that nobody needs yet, and to be looked at by qcow2_same then: qemu-img 7.2
 * writes the new name before it has written all data, and when writing fails at its very end it
 * says so and exits with 0.
 */
int qcow2_rebase(const char *path, const char *backing, const char *format, struct err *e);

/** qcow2_same - whether a guest would read the same of both images; else -EIO. Reads them all. */
int qcow2_same(const char *a, const char *b, struct err *e);
