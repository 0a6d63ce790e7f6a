/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the argument DOMAIN of a command line to its record. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/record.h"

/**
 * target_load - the record of the domain that @arg names, by cli_target's rules.
 *
 * -ENOENT (exit code 66) when it has none; exit code 64 for a file.
 */
int target_load(const char *root, const char *arg, struct record *ret, struct err *e);

/**
 * target_uuid - its UUID. One that is written out is taken as it is: a damaged record, or none, can
 * be named by it.
 */
int target_uuid(const char *root, const char *arg, struct uuid *ret, struct err *e);
