/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest left in its share that could harm whoever reads it on the host. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>
#include <stddef.h>

enum finding {
	FOUND_LINK_OUT, /* a symbolic link that leaves the share */
	FOUND_DEVICE,	/* a device node */
	FOUND_SETUID,
	FOUND_SETGID,
	FOUND_SOCKET,
	FOUND_FIFO, /* a reader waits for ever */
	FOUND_NAME, /* a name with control characters, or that is not UTF-8 */
	FOUND_CASE, /* a name that differs from its neighbour's only in case */
	FOUND_RUNS, /* settings that a program of the host would obey, or run */
	FOUND_COUNT,
	FOUND_NONE = FOUND_COUNT,
};

const char *fsg_finding_name(enum finding f);

/** fsg_scan_link - whether @target, the text of a link at @path below the top, leads out. */
bool fsg_scan_link(const char *path, const char *target);

/** fsg_scan_name - whether a name would do something to a terminal, or is no UTF-8. */
bool fsg_scan_name(const char *name);

/** fsg_scan_fold - @name in lower case, in every script that has it, malloc'd. NULL: no memory. */
char *fsg_scan_fold(const char *name);

/** fsg_scan_runs - whether a program of the host would obey or run the file @path by itself. */
bool fsg_scan_runs(const char *path);

/** fsg_scan_is_git_config - whether @path is the settings of a repository. */
bool fsg_scan_is_git_config(const char *path);

/** fsg_scan_git_config - whether settings of git may run something. */
bool fsg_scan_git_config(const char *text);

/**
 * fsg_scan - print what is found in the share.
 * Returns -ESTALE with exit code 1 when there is anything.
 */
int fsg_scan(const char *root, const struct uuid *uuid, const char *tag, bool json, bool quiet,
	     struct err *e);
