/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnftables: one buffer of commands is one transaction. */
#pragma once

#include "lib/err.h"

/**
 * iso_nft_apply - run @text as one transaction: all of it or nothing.
 *
 * libnftables may exit() the
 * process and prints some errors itself, which is why netiso is a program of its own. Exit code 71,
 * 69 when the kernel lacks a feature, 77 without privilege.
 */
int iso_nft_apply(const char *text, struct err *e);

/** iso_nft_list - the text of a "list …" command, malloc'd; numeric and without counters' values.
 */
int iso_nft_list(const char *command, char **ret, struct err *e);
