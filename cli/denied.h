/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets were denied, by domain and reason, as virt-cordon-netiso counts them. */
#pragma once

#include "lib/net.h"
#include "lib/strbuf.h"

#include <jansson.h>
#include <stdint.h>

/* Zero-initialise, release with denied_free. */
struct denied {
	json_t *doc; /* NULL: it cannot be told */
};

/** denied_load - of all domains and of the host; nothing without privilege. */
void denied_load(const char *root, struct denied *ret);
void denied_free(struct denied *d);
#define auto_denied __attribute__((cleanup(denied_free)))

/** denied_of - an object of reasons and packets, or NULL; @uuid NULL: of the whole host. */
json_t *denied_of(const struct denied *d, const struct uuid *uuid);

/** denied_sum - of all reasons; 0 for NULL. */
uint64_t denied_sum(const json_t *reasons);

/** denied_text - "range 3, host 1", without those that are 0; nothing for NULL. */
void denied_text(const json_t *reasons, struct strbuf *out);
