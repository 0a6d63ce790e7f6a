/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State files: a record is read or refused, never read as another than was written. */
#include "lib/record.h"

#include "lib/util.h"
#include "tests/fuzz/require.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_sb struct strbuf again = {0};
	struct record r = {0};
	struct err e = {0};

	if (record_parse((const char *)data, size, &r, &e) < 0) {
		require(err_is_set(&e) && e.exit == EX_CORDON_DATA, "no error, or the wrong one");
		require(!r.name && !r.nics && !r.ports, "a record in spite of the error");
		return 0;
	}
	require(r.slot <= RECORD_SLOT_MAX && r.name && *r.name, "out of bounds");
	require(r.n_nics <= RECORD_NICS_MAX && r.n_ports <= RECORD_NICS_MAX, "too many NICs");
	record_print(&r, &again);
	require(again.len == size && memcmp(again.data, data, size) == 0, "another text");
	record_free(&r);
	return 0;
}
