/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of a share's image, to go back to: by reflink where the file system below has it. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>

/** fsg_snapshot_name_ok - 1 to 64 letters, digits, '_', '-', '.', no '.' at the start. */
bool fsg_snapshot_name_ok(const char *name);

/** fsg_snapshot_make - keep the image as it is under @name. The domain must be off. */
int fsg_snapshot_make(const char *root, const struct uuid *uuid, const char *tag, const char *name,
		      struct err *e);

/** fsg_snapshot_restore - put a copy of @name in place of the image. The domain must be off. */
int fsg_snapshot_restore(const char *root, const struct uuid *uuid, const char *tag,
			 const char *name, struct err *e);

/** fsg_snapshot_delete - forget @name. */
int fsg_snapshot_delete(const char *root, const struct uuid *uuid, const char *tag,
			const char *name, struct err *e);

/** fsg_snapshot_list - print the names, when they were made, and what they take on the disk. */
int fsg_snapshot_list(const char *root, const struct uuid *uuid, const char *tag, bool json,
		      struct err *e);
