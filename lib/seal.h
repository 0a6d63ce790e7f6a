/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seal of a domain: all of its isolation was compared, and nothing has touched it since. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/record.h"

#include <stdbool.h>
#include <stdint.h>

/* In the domain's folder. */
#define SEAL_FILE "netiso.seal"

/**
 * seal_generation - a number that each change of nf_tables in this network namespace, by whomever,
 * makes another one. What a packet adds to a dynamic set, or an element that expires, is no change.
 * @nf: an open socket of NETLINK_NETFILTER
 */
int seal_generation(struct nl *nf, uint32_t *ret, struct err *e);

/**
 * seal_write - note that @generation was current when the comparison began that found no difference.
 */
int seal_write(const char *root, const struct uuid *uuid, uint32_t generation, struct err *e);

/**
 * seal_holds - whether it is still current, and each NIC of the record an isolated port of its
 * bridge. False when in doubt, and with a NIC on a guarded network, whose guard is outside nf_tables.
 */
bool seal_holds(const char *root, const struct record *rec);
