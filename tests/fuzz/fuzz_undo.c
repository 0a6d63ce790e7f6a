/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted, as fsguard.undo has it: read as it was written, or refused. */
#include "fsguard/undo.h"

#include "lib/policy.h"
#include "lib/util.h"
#include "tests/fuzz/require.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_sb struct strbuf again = {0};
	auto_undo struct undo u = {0};
	struct err e = {0};

	if (fsg_undo_parse((const char *)data, size, &u, &e) < 0) {
		require(err_is_set(&e) && e.exit == EX_CORDON_DATA, "no error, or the wrong one");
		require(!u.list && !u.n, "something to undo in spite of the error");
		return 0;
	}
	require(u.n <= POLICY_SHARES_MAX, "too many shares");
	for (size_t i = 0; i < u.n; i++)
		require(*u.list[i].tag && *u.list[i].target, "an empty name");
	fsg_undo_print(&u, &again);
	require(again.len == size && memcmp(again.data, data, size) == 0, "another text");
	return 0;
}
