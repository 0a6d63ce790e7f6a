/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of endpoints to addresses, with a deadline. */
#pragma once

#include "lib/err.h"
#include "wgtun/conf.h"

#define WGT_RESOLVE_MS 5000 /* for all names of a file together */

/**
 * wgt_resolve - fill in the address of each endpoint that is a name, by the host's resolver.
 *
 * The resolver has no deadline of its own that could be relied on, so a child process asks it and
 * is killed when the time is up. A name that does not resolve is an error with its line.
 */
int wgt_resolve(struct wgt_conf *c, struct err *e);
