/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a bridge a switched one: ports that lead out of the host, and the router behind them.
 */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/record.h"
#include "netiso/compile.h"

/* In the domain's folder: the routers that its rules were made with. */
#define ROUTERS_FILE "netiso.routers"

/** uplink_on - whether @bridge has a port that leads out. @root: "" or the folder of --root, for
 * /sys/class/net. */
bool uplink_on(const char *root, const char *bridge);

/**
 * uplink_gather - fill switched, uplinks and router of @nic, whose bridge is known.
 * @uuid: the domain, whose ROUTERS_FILE is the answer while the router does not answer; or NULL
 * @ask: wait for a router whose hardware address the host does not know at the moment,
 * also when it is in that file
 */
int uplink_gather(const char *root, const struct uuid *uuid, struct nl *route, int bridge_index,
		  bool ask, struct iso_nic *nic, struct err *e);

/** uplink_note - write ROUTERS_FILE; nothing when no NIC is on a switched bridge. */
int uplink_note(const char *root, const struct uuid *uuid, const struct iso_facts *f,
		struct err *e);
