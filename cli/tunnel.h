/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running virt-cordon-wgtun for a domain that has a tunnel. */
#pragma once

#include "lib/err.h"
#include "lib/record.h"
#include "lib/strbuf.h"

#include <stdbool.h>

/** tunnel_wanted - whether the domain was started with a tunnel. */
bool tunnel_wanted(const struct record *rec);

/**
 * tunnel_verb - virt-cordon-wgtun VERB UUID.
 * @out: what it wrote to stdout is appended; NULL when it is not wanted
 *
 * Returns 0, or -EIO with its message and exit code in @e.
 */
int tunnel_verb(const char *root, const char *verb, const struct uuid *uuid, struct strbuf *out,
		struct err *e);
