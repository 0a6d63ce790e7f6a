/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What deletes asks first. */
#pragma once

#include "lib/cli.h"

/**
 * confirm - ask "QUESTION [y/N]" on stderr and read a line, unless --yes was given.
 *
 * Returns 1 for yes, 0 for anything else; an error (exit code 64) where no one can be asked.
 */
int confirm(const struct cli *cli, const char *question, struct err *e);
