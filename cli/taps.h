/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The taps that a running domain's QEMU holds, whatever libvirt told the hook. */
#pragma once

#include "lib/err.h"

#include <net/if.h>
#include <stddef.h>

#define TAPS_MAX 64 /* of one domain; more are not looked at */

struct taps {
	char names[TAPS_MAX][IFNAMSIZ];
	size_t n;
};

/**
 * taps_of_domain - the interfaces behind each /dev/net/tun that its QEMU has open (the line "iff:"
 * of /proc/PID/fdinfo; drivers/net/tun.c).
 *
 * -ENOENT without an error when it has no pid file of libvirt's; what cannot be read for want of
 * privilege is exit code 77.
 */
int taps_of_domain(const char *root, const char *name, struct taps *ret, struct err *e);
