/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnftables: one buffer of commands is one transaction. */
#pragma once

#include "lib/err.h"

/**
 * iso_nft_apply - run @text as one transaction: all of it or nothing.
 *
 * libnftables may exit() the process and prints some errors itself, which is why netiso is a
 * program of its own. Exit code 71, 69 when the kernel lacks a feature, 77 without privilege.
 *
 * The netlink socket stays open until the process ends: in close() the kernel waits until it has
 * freed what transactions deleted (nft_rcv_nl_event in net/netfilter/nf_tables_api.c), which takes
 * an RCU grace period, 5 to 30 ms.
 */
int iso_nft_apply(const char *text, struct err *e);

/**
 * iso_nft_leave - to be called when all is done, and before a socket of nf_tables is closed: lets a
 * child wait for the kernel in our stead. It has nothing open but these sockets and is gone within
 * that grace period. When there can be no child, we wait ourselves.
 */
void iso_nft_leave(void);

/** iso_nft_list - the text of a "list …" command, malloc'd; numeric and without counters' values.
 */
int iso_nft_list(const char *command, char **ret, struct err *e);

/** iso_nft_list_state - the same with counters' values and how long elements stay. */
int iso_nft_list_state(const char *command, char **ret, struct err *e);

/** iso_nft_json - the same as JSON. */
int iso_nft_json(const char *command, char **ret, struct err *e);
