/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of endpoints to addresses, with a deadline. */
#pragma once

#include "lib/err.h"
#include "wgtun/conf.h"

#define WGT_RESOLVE_MS 5000 /* for all names of a file together */

#define WGT_ANSWER_MAX 16 /* addresses of one name that are looked at */

/* What the host's resolver says of the name of an endpoint. */
struct wgt_answer {
	bool asked; /* false: it is no name, or the time was up */
	int error;  /* of getaddrinfo */
	struct ip_addr ips[WGT_ANSWER_MAX];
	size_t n;
};

/**
 * wgt_resolve_ask - ask about each endpoint that is a name and has no address yet.
 * @ret: malloc'd, one for each peer of @c, which is not changed
 */
int wgt_resolve_ask(struct wgt_conf *c, struct wgt_answer **ret, struct err *e);

/**
 * wgt_resolve - fill in the address of each endpoint that is a name, by the host's resolver.
 *
 * The resolver has no deadline of its own that could be relied on, so a child process asks it and
 * is killed when the time is up. A name that does not resolve is an error with its line.
 */
int wgt_resolve(struct wgt_conf *c, struct err *e);
