/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two makers of a WireGuard device: the kernel, and a process on the host. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "wgtun/device.h"

#include <stdbool.h>
#include <sys/types.h>

enum wgt_backend { WGT_KERNEL, WGT_USERSPACE };

const char *wgt_backend_name(enum wgt_backend b);

/**
 * wgt_device_ensure - see that a device of this name and kind stands and can be configured.
 * @route: a NETLINK_ROUTE socket
 * @auto_: in place of a kernel without WireGuard take a process; @b says which it became
 * @made: whether it was made just now: without keys, down
 *
 * A device of another kind by that name is not touched: -EEXIST.
 */
int wgt_device_ensure(struct nl *route, const char *link, bool auto_, enum wgt_backend *b,
		      bool *made, struct err *e);

/** wgt_device_set - configure it: all that it had is replaced. */
int wgt_device_set(enum wgt_backend b, const char *link, const struct wgt_conf *c, struct err *e);

/** wgt_device_get - -ENODEV (exit code 1) when there is none, or its process does not answer. */
int wgt_device_get(enum wgt_backend b, const char *link, struct wgt_state *ret, struct err *e);

/** wgt_device_remove - the link, and the process and its socket; nothing there is success. */
int wgt_device_remove(struct nl *route, enum wgt_backend b, const char *link, struct err *e);

/* The kernel's, by generic netlink (device_nl.c). */
int wgt_kernel_set(const char *link, const struct wgt_conf *c, struct err *e);
int wgt_kernel_get(const char *link, struct wgt_state *ret, struct err *e);

/* A process of wireguard-go in a session of its own, by its socket. */
int wgt_user_start(const char *link, struct err *e);
int wgt_user_stop(const char *link, struct err *e);
int wgt_user_set(const char *link, const struct wgt_conf *c, struct err *e);
int wgt_user_get(const char *link, struct wgt_state *ret, struct err *e);
/** wgt_user_socket - the path of the socket of @link's process, whoever started that. */
void wgt_user_socket(const char *link, char *buf, size_t size);
/** wgt_user_find - the process that runs @link in this network namespace; 0: none. */
pid_t wgt_user_find(const char *link);
