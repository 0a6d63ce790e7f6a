/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that use a file system: who keeps a share busy, and who serves it to the guest. */
#pragma once

#include "lib/err.h"
#include "lib/record.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <sys/types.h>

#define HOLDERS_NAMED_MAX 5

/**
 * fsg_holders_list - "bash (pid 4711), rsync (pid 4712)" of those who have a file of @dev open or
 * stand in it, at most HOLDERS_NAMED_MAX; nothing when there is none. Returns how many there are.
 */
size_t fsg_holders_list(dev_t dev, struct strbuf *out);

/**
 * fsg_holders_serve - whether what serves the share to the domain really serves @root_ino of @dev.
 *
 * For virtiofs: a process of root's that has it as its root folder, as virtiofsd has in its
 * sandbox, or open. For 9p: QEMU, found by libvirt's pid file, has it open.
 */
bool fsg_holders_serve(const char *root, const struct record *rec, const struct record_fs *fs,
		       dev_t dev, ino_t root_ino);
