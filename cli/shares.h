/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared folders as virt-cordon-fsguard sees them, for status. */
#pragma once

#include "cli/domains.h"

#include <jansson.h>

/**
 * shares_of - what `virt-cordon-fsguard show --json` says of a domain: see there. NULL when it has
 * no shares, or nothing can be found out. The caller releases it.
 */
json_t *shares_of(const char *root, const struct domain *d);

/** shares_busy - whether shares of a domain that is off stay mounted, in use by someone. */
bool shares_busy(const char *root, const struct domain *d);

/**
 * shares_holders - of what shares_of gave: the shares that someone uses, a list of objects with
 * "tag", "folder" and "holders", to be released. NULL for NULL.
 */
json_t *shares_holders(const json_t *shares);

/** shares_warning - that the host's disk has not room for all of them, or NULL. */
const char *shares_warning(const json_t *shares);
