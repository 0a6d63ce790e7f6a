/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be taken back: the file fsguard.undo in the domain's record. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

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

/** fsg_undo_add - remember a share before it is mounted; strings are copied. -ENOMEM. */
int fsg_undo_add(struct undo *u, const char *tag, const char *target);

/**
 * fsg_undo_print, fsg_undo_parse - the text of the file. Strict: what fsg_undo_print would not have
 * written is an error (exit code 65).
 */
void fsg_undo_print(const struct undo *u, struct strbuf *out);
int fsg_undo_parse(const char *text, size_t len, struct undo *ret, struct err *e);

/** fsg_undo_save, fsg_undo_load - atomically; a missing file is -ENOENT (exit code 66). */
int fsg_undo_save(const char *root, const struct uuid *uuid, const struct undo *u, struct err *e);
int fsg_undo_load(const char *root, const struct uuid *uuid, struct undo *ret, struct err *e);

/** fsg_undo_remove - nothing is in force any more. */
int fsg_undo_remove(const char *root, const struct uuid *uuid, struct err *e);

void fsg_undo_free(struct undo *u);
#define auto_undo __attribute__((cleanup(fsg_undo_free)))
