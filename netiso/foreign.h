/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other programs have in the kernel that gets in a policy's way. */
#pragma once

#include "lib/cli.h"
#include "lib/err.h"
#include "lib/strbuf.h"

#include <stddef.h>

/**
 * foreign_tables - a line for each chain of another program that drops by default, and whose table
 * does not name a bridge of @bridges: what a policy allows may end there. Pure.
 * @json: what `nft -j list ruleset` prints
 *
 * Returns how many; 0 also when @json is not understood.
 */
size_t foreign_tables(const char *json, const char *const *bridges, size_t n, struct strbuf *out);

/** foreign_verb - as struct cli_verb's run: warnings about tables, and about routing rules that
 * match our marks. */
int foreign_verb(const struct cli *cli, struct err *e);
