/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in the format of wg-quick(8): types and the strict parser. */
#pragma once

#include "lib/err.h"
#include "lib/ini.h"
#include "lib/net.h"
#include "wgtun/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds; one more of any of these is an error with file and line. */
#define WGT_FILE_MAX (256 * 1024) /* bytes of one file */
#define WGT_LINE_MAX 4096	  /* bytes of a line without its newline */
#define WGT_PEERS_MAX 256
#define WGT_ALLOWED_MAX 4096 /* prefixes of one file */
#define WGT_ADDRESSES_MAX 16
#define WGT_DNS_MAX 16
#define WGT_SEARCH_MAX 32
#define WGT_HOST_MAX 253 /* bytes of a host's name (RFC 1035, in text) */
#define WGT_MTU_MIN 576u
#define WGT_MTU_MAX 65535u

/* An entry of Address: the prefix may have host bits. */
struct wgt_address {
	struct ip_addr addr;
	uint8_t len;
};

struct wgt_allowed {
	struct ip_prefix prefix;
	unsigned line;
};

struct wgt_peer {
	struct wgt_key public_key;
	struct wgt_key preshared_key;
	bool has_public_key, has_preshared_key;
	struct wgt_allowed *allowed;
	size_t n_allowed;
	char *host;	      /* of Endpoint, address or name; NULL: none */
	struct ip_addr where; /* what @host is, or was resolved to; family 0: not yet */
	uint16_t port;
	uint16_t keepalive; /* seconds, 0: off */
	unsigned line;	    /* of [Peer] */
	unsigned endpoint_line;
};

/* Zero-initialise, fill with wgt_conf_parse or wgt_conf_load, release with wgt_conf_free. */
struct wgt_conf {
	char *path; /* for messages */
	struct wgt_key private_key;
	bool has_private_key;
	struct wgt_address addresses[WGT_ADDRESSES_MAX];
	size_t n_addresses;
	struct ip_addr dns[WGT_DNS_MAX];
	size_t n_dns;
	char *search[WGT_SEARCH_MAX]; /* domains in DNS: shown, not handed to the guest */
	size_t n_search;
	uint32_t mtu;	      /* 0: to be computed */
	uint16_t listen_port; /* 0: any */
	uint32_t fwmark;      /* 0: none */
	struct wgt_peer *peers;
	size_t n_peers;
	size_t n_allowed; /* of all peers */
};

/**
 * wgt_conf_parse - read @len bytes of @text.
 * @path: used in messages, "PATH:LINE: [section] key: what is wrong"
 *
 * Keys and section names are case-insensitive, '#' begins a comment, as wg(8) has it. An unknown
 * or repeated key, a bad value, or one that this program refuses is an error (exit code 65); all
 * of a file's are reported at once, and none repeats a key.
 */
int wgt_conf_parse(const char *path, const char *text, size_t len, struct wgt_conf *ret,
		   struct err *e);

/**
 * wgt_conf_load - from a file that only root can read or change (see securefile_open).
 * @path: absolute; below @root, whose name it may have in front
 */
int wgt_conf_load(const char *root, const char *path, struct wgt_conf *ret, struct err *e);

/** wgt_conf_free - wipes the keys. */
void wgt_conf_free(struct wgt_conf *c);

/** wgt_conf_allows - whether some peer's AllowedIPs hold @ip. */
bool wgt_conf_allows(const struct wgt_conf *c, const struct ip_addr *ip);
