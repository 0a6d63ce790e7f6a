/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7) as far as tunnels alone need it: their links, and ways to targets. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/nl.h"
#include "lib/tunnel.h"

#include <stdint.h>

/** wgt_link_get - -ENODEV (exit code 1) when there is none. */
int wgt_link_get(struct nl *nl, const char *name, struct rtnl_link *ret, struct err *e);

/** wgt_link_add - of kind wireguard; -EOPNOTSUPP (exit code 69) when the kernel knows none. */
int wgt_link_add(struct nl *nl, const char *name, struct err *e);

/** wgt_link_del - nothing there is success. */
int wgt_link_del(struct nl *nl, const char *name, struct err *e);

/** wgt_link_up - set the MTU, then set it up. */
int wgt_link_up(struct nl *nl, const char *name, uint32_t mtu, struct err *e);

/** wgt_path_mtu - of the way to @ip: the route's, else that of the link; -errno without a way. */
int wgt_path_mtu(struct nl *nl, const struct ip_addr *ip, uint32_t *ret);

/**
 * wgt_ways - where the host sends what is for each of @targets now, into @t's ways: one for each
 * target, and one for each route of the host that lies inside it and leads elsewhere.
 * @targets: sorted, each once
 */
int wgt_ways(struct nl *nl, const struct ip_prefix *targets, size_t n, struct tunnel *t,
	     struct err *e);
