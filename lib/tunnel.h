/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a domain's tunnel: the record that virt-cordon-wgtun leaves for the isolator. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the domain's folder: written by `virt-cordon-wgtun apply`, gone after `revert`. */
#define TUNNEL_FACTS "wgtun.facts"

#define TUNNEL_DNS_MAX 16
#define TUNNEL_ROUTES_MAX 4096
#define TUNNEL_WAYS_MAX 1024

/* Where what the policy lets out beside the tunnel goes, as the host's routes had it. */
struct tunnel_way {
	struct ip_prefix to;
	char link[IFNAMSIZ]; /* "": there was no way */
	struct ip_addr via;  /* family 0: the link itself */
};

/* Zero-initialise, release with tunnel_free. No secret in it. */
struct tunnel {
	char link[IFNAMSIZ];
	uint32_t mark; /* of the packets that go through it; its routing table, too */
	uint32_t mtu;
	struct ip_addr address;	 /* the guest's IPv4 address inside it */
	struct ip_addr address6; /* family 0: it has no IPv6 */
	struct ip_addr dns[TUNNEL_DNS_MAX];
	size_t n_dns;
	struct ip_prefix *routes; /* AllowedIPs of all peers but defaults, sorted, IPv4 first */
	size_t n_routes;
	bool to_all;  /* AllowedIPs has 0.0.0.0/0 */
	bool to_all6; /* and ::/0 */
	struct tunnel_way *ways;
	size_t n_ways;
};

/**
 * tunnel_print, tunnel_parse - the text form, a line per field. Strict: an unknown line, a missing
 * or a second one is an error (exit code 65). Same tunnel, same bytes.
 */
void tunnel_print(const struct tunnel *t, struct strbuf *out);
int tunnel_parse(const char *text, size_t len, struct tunnel *ret, struct err *e);

/** tunnel_load - of a recorded domain; -ENOENT (exit code 66) when it has none. */
int tunnel_load(const char *root, const struct uuid *uuid, struct tunnel *ret, struct err *e);
void tunnel_free(struct tunnel *t);

/** tunnel_reaches - whether it has a route to @ip, of either family. */
bool tunnel_reaches(const struct tunnel *t, const struct ip_addr *ip);

/** tunnel_n_dns - how many resolvers of @family it has. */
size_t tunnel_n_dns(const struct tunnel *t, int family);

/** tunnel_add_way - a copy of @way behind the others; false without memory or past the bound. */
bool tunnel_add_way(struct tunnel *t, const struct tunnel_way *way);

/** tunnel_link_ok - whether a link's name is one that tunnels get: "wgc" or "wgs" and a number. */
bool tunnel_link_ok(const char *s);
