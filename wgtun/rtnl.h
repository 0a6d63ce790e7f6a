/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7) as far as tunnels need it: their links, and the routes of their tables. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/nl.h"

#include <stdbool.h>
#include <stdint.h>

struct wgt_link {
	int index;
	uint32_t mtu;
	bool up;
	char kind[16]; /* "wireguard", "tun" */
};

/** wgt_link_get - -ENODEV when there is none. */
int wgt_link_get(struct nl *nl, const char *name, struct wgt_link *ret, struct err *e);

/** wgt_link_add - of kind wireguard; -EOPNOTSUPP (exit code 69) when the kernel knows none. */
int wgt_link_add(struct nl *nl, const char *name, struct err *e);

/** wgt_link_del - nothing there is success. */
int wgt_link_del(struct nl *nl, const char *name, struct err *e);

/** wgt_link_up - set the MTU, then set it up. */
int wgt_link_up(struct nl *nl, const char *name, uint32_t mtu, struct err *e);

/* A route of a tunnel's table. */
struct wgt_route {
	struct ip_prefix to;
	int link;	 /* index; 0: unreachable */
	uint32_t metric; /* 0: the kernel's default */
};

/** wgt_route_add - one that stands already is success. */
int wgt_route_add(struct nl *nl, uint32_t table, const struct wgt_route *route, struct err *e);
int wgt_route_del(struct nl *nl, uint32_t table, const struct wgt_route *route, struct err *e);

/** wgt_route_list - IPv4 routes of @table, malloc'd. */
int wgt_route_list(struct nl *nl, uint32_t table, struct wgt_route **ret, size_t *n_ret,
		   struct err *e);

/** wgt_path_mtu - of the way to @ip: the route's, else that of the link; -errno without a way. */
int wgt_path_mtu(struct nl *nl, const struct ip_addr *ip, uint32_t *ret);
