/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be taken back: the file fsguard.undo in the domain's record. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>
#include <stddef.h>

#define UNDO_FILE "fsguard.undo"

struct undo_share {
	char *tag;
	char *target; /* the folder it is mounted on */
};

struct undo {
	struct undo_share *list;
	size_t n;
};

/** undo_add - remember a share before it is mounted; strings are copied. -ENOMEM. */
int undo_add(struct undo *u, const char *tag, const char *target);

/** undo_save, undo_load - atomically; a missing file is -ENOENT (exit code 66). */
int undo_save(const char *root, const struct uuid *uuid, const struct undo *u, struct err *e);
int undo_load(const char *root, const struct uuid *uuid, struct undo *ret, struct err *e);

/** undo_remove - nothing is in force any more. */
int undo_remove(const char *root, const struct uuid *uuid, struct err *e);

void undo_free(struct undo *u);
#define auto_undo __attribute__((cleanup(undo_free)))
