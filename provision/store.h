/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a domain between its runs: /var/lib/virt-cordon/UUID. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define STORE_BASE "/var/lib/virt-cordon" /* with a folder for each UUID */
#define STORE_FILE_MAX (8 * 1024 * 1024)

/* Zero-initialise with dir = -1, release with store_close. */
struct store {
	int dir;
	char path[PATH_MAX]; /* as a person reads it, with the --root */
};

/**
 * store_open - open the folder of a domain.
 * @make: make it, and those above, when it is not there; else that is -ENOENT (exit code 66)
 *
 * 0711, so that QEMU's user reaches the seed in it and lists nothing. Root's alone to write.
 */
int store_open(const char *root, const struct uuid *uuid, bool make, struct store *ret,
	       struct err *e);
/** store_sub - a folder in it, the same way; @mode when it is made. */
int store_sub(const struct store *s, const char *name, bool make, mode_t mode, struct store *ret,
	      struct err *e);
void store_close(struct store *s);
#define auto_store __attribute__((cleanup(store_close)))

struct store_owner {
	uid_t uid;
	gid_t gid;
};

/**
 * store_write - write a file atomically: a reader sees the old or the new one, whole.
 * @owner: NULL for the caller
 * @sync: also after a crash of the machine; for what cannot be made again
 */
int store_write(const struct store *s, const char *name, const char *data, size_t len, mode_t mode,
		const struct store_owner *owner, bool sync, struct err *e);

/** store_read - the whole file, malloc'd, NUL-terminated; -ENOENT (exit code 66) without one. */
int store_read(const struct store *s, const char *name, char **ret, size_t *ret_len, struct err *e);

/** store_same - whether the file is there and holds exactly these bytes. */
bool store_same(const struct store *s, const char *name, const char *data, size_t len);

/** store_remove - remove a file; none there is success. */
int store_remove(const struct store *s, const char *name, struct err *e);
