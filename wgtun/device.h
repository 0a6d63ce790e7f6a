/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A WireGuard device as bytes: configuration to netlink messages and to UAPI text, answers to a
 * state. Pure. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/nl.h"
#include "wgtun/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WGT_NL_MSG_MAX (NL_BUF_SIZE - 512) /* bytes after which the next message begins */

/* How far a configuration is sent: zero-initialise. */
struct wgt_nl_cursor {
	size_t peer, allowed;
	bool done;
};

/**
 * wgt_nl_set - the next WG_CMD_SET_DEVICE message (linux/wireguard.h).
 * @buf: NL_BUF_SIZE bytes; the caller wipes it, the first message has the private key
 * @family: id of the generic netlink family
 *
 * The first message replaces all that the device has; peers, and the AllowedIPs of one peer, go on
 * in as many messages as they need until @cur is done. Endpoints must be resolved.
 */
struct nlmsghdr *wgt_nl_set(char *buf, uint16_t family, const char *link, const struct wgt_conf *c,
			    struct wgt_nl_cursor *cur);

/**
 * wgt_uapi_set - the "set=1" request of the cross-platform interface, malloc'd; NULL without
 * memory. @ret_size: bytes allocated, to be wiped by wgt_wipe_free.
 */
char *wgt_uapi_set(const struct wgt_conf *c, size_t *ret_size);

struct wgt_peer_state {
	struct wgt_key public_key;
	struct ip_addr endpoint; /* family 0: none */
	uint16_t port;
	uint16_t keepalive;
	int64_t handshake; /* seconds of the epoch, 0: never */
	uint64_t rx, tx;   /* bytes */
	struct ip_prefix *allowed;
	size_t n_allowed;
};

/* Zero-initialise, release with wgt_state_free. */
struct wgt_state {
	struct wgt_key private_key;
	uint16_t listen_port;
	uint32_t fwmark;
	struct wgt_peer_state *peers;
	size_t n_peers;
};

/**
 * wgt_nl_get - one message of the answer to WG_CMD_GET_DEVICE, added to @ret. A peer that does not
 * fit one message goes on in the next, under the same key. -EBADMSG for what no kernel sends.
 */
int wgt_nl_get(const struct nlmsghdr *nlh, struct wgt_state *ret);

/** wgt_uapi_get - the answer to "get=1", to its empty line. -EBADMSG, or -errno of the answer. */
int wgt_uapi_get(const char *text, size_t len, struct wgt_state *ret);

/** wgt_uapi_errno - the errno of an answer "errno=N": 0, or negative; -EBADMSG when it has none. */
int wgt_uapi_errno(const char *text, size_t len);

/** wgt_state_free - wipes the private key. */
void wgt_state_free(struct wgt_state *s);

/**
 * wgt_state_same - whether the device does what @c says: keys, peers, AllowedIPs. Endpoints may
 * have moved, as WireGuard has it.
 * @why: set to what differs, when not NULL; a constant
 */
bool wgt_state_same(const struct wgt_state *s, const struct wgt_conf *c, const char **why);

/** wgt_state_same_key - whether both have the same private key. */
bool wgt_state_same_key(const struct wgt_state *s, const struct wgt_conf *c);

/** wgt_state_same_way - whether each peer of @c with an endpoint is where @c has it. */
bool wgt_state_same_way(const struct wgt_state *s, const struct wgt_conf *c);

/**
 * wgt_peer_due - seconds from one handshake with the peer to the next one, at most; 0: nothing is
 * promised. Only a keepalive makes WireGuard speak by itself, and only to a peer whose endpoint is
 * known.
 *
 * Who began a session makes a new one with what it sends after 120 s, who did not with what it
 * sends after 180 s (REKEY_AFTER_TIME, REJECT_AFTER_TIME; section 6.2 of the WireGuard paper), and
 * that is a keepalive later at most. A handshake that gets lost is tried again after 5 s.
 */
uint32_t wgt_peer_due(const struct wgt_peer_state *p);

/* For the parsers: a further peer, a further prefix; NULL without memory, or past the bounds. */
struct wgt_peer_state *wgt_state_add_peer(struct wgt_state *s);
struct ip_prefix *wgt_state_add_allowed(struct wgt_peer_state *p);
