/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward_port to a service on the host's loopback: net.ipv4.conf.BRIDGE.route_localnet. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

/*
 * The kernel takes a packet for 127.0.0.0/8 from a bridge only where route_localnet is 1
 * (Documentation/networking/ip-sysctl.rst). That opens the host's loopback to whatever arrives
 * there; so it is set on bridges of guarded networks alone, where an ip rule that needs no nftables
 * closes everything without a policy's mark, and the guest chain closes the rest.
 */

/**
 * localnet_open - set it to 1 for domain @uuid on @bridge, after noting so. Needs the host lock.
 * localnet_stands - whether it is 1: 1, 0 or -errno.
 */
int localnet_open(const char *root, const char *bridge, const struct uuid *uuid, struct err *e);
int localnet_stands(const char *bridge, struct err *e);

/**
 * localnet_close - the domain needs it no more; nothing when it never did. With the last domain the
 * value that was there before comes back. A bridge that is gone is as it was. Needs the host lock.
 */
int localnet_close(const char *root, const char *bridge, const struct uuid *uuid, struct err *e);
