/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying what a folder holds into a new share, and comparing the copy. */
#pragma once

#include "lib/err.h"

#include <stdint.h>

/**
 * fsg_adopt_tree - copy all below @from into @to, then compare the two.
 * @from: the source folder, O_PATH; @to: the share's top folder, empty
 * @path: of the source, for messages
 * @deadline_ms: for all of it, 0 for none
 *
 * Nothing is followed: a symbolic link is copied as one, another file system below the source ends
 * the copy. Owners, modes, times, extended attributes, ACLs, holes and hard links are kept. Device
 * nodes are refused. With standard error a terminal it shows how far it is.
 */
int fsg_adopt_tree(int from, const char *path, int to, uint32_t deadline_ms, struct err *e);
