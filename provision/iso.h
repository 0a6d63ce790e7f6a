/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small ISO 9660 image with Joliet names, put together in memory. */
#pragma once

#include "lib/err.h"

#include <stddef.h>

#define ISO_FILES_MAX 16	       /* files of one image, all in its root */
#define ISO_NAME_MAX 64		       /* bytes of a name: ASCII, what Joliet allows */
#define ISO_SIZE_MAX (4 * 1024 * 1024) /* bytes of all files */
#define ISO_SECTOR 2048

struct iso_file {
	const char *name;
	const char *data;
	size_t len;
};

/**
 * iso_build - the image of @n files.
 * @label: volume name, 1..16 ASCII letters and digits
 * @files: by name in ascending order, as the format wants its records
 * @ret: malloc'd, @ret_len bytes, a multiple of ISO_SECTOR
 *
 * No clock and no owner goes in: same input, same bytes. ECMA-119 (ISO 9660) with names that Linux
 * maps to what they are (lower case, no version), and a Joliet volume with the names as they are.
 */
int iso_build(const char *label, const struct iso_file *files, size_t n, char **ret,
	      size_t *ret_len, struct err *e);
