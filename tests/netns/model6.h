/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 half of the property test: its world, packets, verdicts. See model.c. */
#pragma once

#include "lib/strbuf.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet;
struct rng;
struct round;
struct seen;
struct situation;

enum { MAX_OWN6 = 24 };

/* What stands between the fixed header and the transport (RFC 8200, RFC 4302, RFC 6275). */
enum extension {
	EXT_NONE,
	EXT_HOPS,	  /* hop-by-hop options */
	EXT_DESTINATION,  /* destination options */
	EXT_ROUTING,	  /* type 0, with nothing left to go to */
	EXT_AUTH,	  /* authentication header */
	EXT_MOBILITY,	  /* which ends the chain */
	EXT_ATOMIC,	  /* a fragment that is the whole (RFC 6946) */
	EXT_IN_FRAGMENT,  /* destination options inside of a first fragment */
	EXT_NOTHING,	  /* no next header */
	EXT_EXPERIMENTAL, /* 253 */
	N_EXTENSIONS,
};

/* An option of Neighbour Discovery (RFC 4861, 4.6); type 0: none. */
struct nd_option {
	uint8_t type;
	uint8_t mac[6];
};

/* What a packet of FRAME_IP6 has beside the fields that it shares with IPv4. */
struct packet6 {
	struct in6_addr src, dst;
	enum extension ext;
	uint8_t dhcp; /* type of a DHCPv6 message, 0: none */
	/* Of ICMPv6 types 133 to 137, and of others that begin like them. */
	bool is_nd;
	uint8_t code;
	struct in6_addr target;
	struct nd_option options[2];
};

enum nd_type {
	ND_ROUTER_SOLICIT = 133,
	ND_ROUTER_ADVERT = 134,
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_REDIRECT_TO = 137,
};

/* --- the world -------------------------------------------------------------------------------- */

struct in6_addr ip6(const char *text);
bool ip6_same(const struct in6_addr *a, const struct in6_addr *b);
/* Whether @ip lies in "PREFIX/LEN". */
bool ip6_in(const struct in6_addr *ip, const char *prefix);
const char *ip6_text(const struct in6_addr *ip, char buf[static INET6_ADDRSTRLEN]);

#define GUEST_NET6 "fd12:3456:789a:1::/64"
#define OTHER_NET6 "2a0e:8::/64"
#define GATEWAY6 "fd12:3456:789a:1::1"
#define GATEWAY6_LINK "fe80::5054:ff:fe00:fe"

enum { N_HOST6 = 11 };
extern const char *const host6[N_HOST6];
bool is_host6(const struct in6_addr *ip);
/* An address of the guest's bridge, of either scope. */
bool is_gateway6(const struct in6_addr *ip);
/* The address that a NIC makes of its MAC in a /64 (RFC 4291, appendix A). */
struct in6_addr eui64(const char *net, const uint8_t mac[static 6]);

/* What the host has of IPv6, as text for `ip -batch`. */
void world6(struct strbuf *out);

/* --- packets ---------------------------------------------------------------------------------- */

/* How many rate-limited messages may still be sent from the tap, and addresses be claimed. */
struct budget6 {
	unsigned nd, router, dhcp, claims;
};

/** packet6_plain - an ordinary one of the guest or of another: UDP by way of the gateway. */
void packet6_plain(struct packet *p, int from, const struct in6_addr *src,
		   const struct in6_addr *dst);
/** packet6_generate - a random packet of the guest. */
void packet6_generate(struct rng *r, const struct situation *s, struct budget6 *budget,
		      struct packet *p);
/** any_address6 - of the world, at the edges of ranges, or any at all. */
struct in6_addr any_address6(struct rng *r);
void text_packet6(const struct packet *p, struct strbuf *out);

/* --- verdicts --------------------------------------------------------------------------------- */

struct verdict;

/** judge6 - as judge; a packet that claims an address adds it to what the guest owns. */
struct verdict judge6(struct situation *s, const struct packet *p);
bool situation_owns6(const struct situation *s, const struct in6_addr *ip);
void situation_own6(struct situation *s, const struct in6_addr *ip);

/* --- one policy ------------------------------------------------------------------------------- */

void shots6_outward(struct round *r);
void shots6_from_host(struct round *r);
void shots6_from_others(struct round *r);
