/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domains need something of a bridge that they share: empty files, a name each. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>

/*
 * ROOT/run/virt-cordon/KIND/BRIDGE/NAME, where NAME is a domain's UUID, or what else is to be
 * remembered of the bridge. All need the host lock. @kind and @name are constants or UUIDs, @bridge
 * is a link's name.
 */

/** notes_add - there already is success. */
int notes_add(const char *root, const char *kind, const char *bridge, const char *name,
	      struct err *e);

/** notes_has - whether it is there. */
bool notes_has(const char *root, const char *kind, const char *bridge, const char *name);

/** notes_remove - not there is success; removes folders that are empty then. */
int notes_remove(const char *root, const char *kind, const char *bridge, const char *name,
		 struct err *e);

/** notes_others - whether there is one of another name than @but; on error, true. */
bool notes_others(const char *root, const char *kind, const char *bridge, const char *but);
