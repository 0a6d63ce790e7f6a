/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a copy: its data, its attributes, whether the copy is the same. */
#pragma once

#include "fsguard/tree.h"
#include "lib/err.h"

#include <stdint.h>

struct adopt_clock {
	uint64_t end_ms; /* of the monotonic clock, 0: no end */
};

/** fsg_adopt_in_time - 0, or -ETIMEDOUT with exit code 75. */
int fsg_adopt_in_time(const struct adopt_clock *clock, struct err *e);

/** fsg_copy_data - the first @size bytes of @in into the empty file @out, holes kept. */
int fsg_copy_data(int in, int out, off_t size, const struct adopt_clock *clock, const char *path,
		  struct err *e);

/** fsg_adopt_copy_file - make @entry->path below @to and copy the data, holes kept. */
int fsg_adopt_copy_file(const struct tree_entry *entry, int to, const struct adopt_clock *clock,
			struct err *e);

/** fsg_adopt_copy_attributes - owner, mode, extended attributes with ACLs, times. */
int fsg_adopt_copy_attributes(const struct tree_entry *entry, int to, struct err *e);

/** fsg_adopt_compare - kind, owner, mode, times, size, data, link and attributes are the same. */
int fsg_adopt_compare(const struct tree_entry *entry, int to, const struct adopt_clock *clock,
		      struct err *e);
