/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain's taps have carried. */
#pragma once

#include "lib/record.h"

#include <stdbool.h>
#include <stdint.h>

struct traffic {
	uint64_t bytes, packets;
};

struct counters {
	struct traffic out, in; /* from the guest, to the guest */
};

/** counters_read - of all taps of @rec together, since they exist; false when there is none. */
bool counters_read(const struct record *rec, struct counters *ret);

/** counters_number - 1234567 as "1234k", at most six characters; returns @buf. */
const char *counters_number(uint64_t n, char buf[static 32]);

/** counters_text - 1234567 bytes as "1.2 MB", at most seven characters; returns @buf. */
const char *counters_text(uint64_t bytes, char buf[static 32]);
