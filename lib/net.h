/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network value types, their parsers and printers. Parsers change nothing on failure. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_LEN 6
#define MAC_STRLEN 18 /* "52:54:00:12:34:56" and NUL */
#define UUID_LEN 16
#define UUID_STRLEN 37	 /* 8-4-4-4-12 and NUL */
#define PREFIX_STRLEN 50 /* longest IPv6 text, '/', three digits, NUL */

struct mac {
	uint8_t b[MAC_LEN];
};

struct uuid {
	uint8_t b[UUID_LEN];
};

/* @family is AF_INET or AF_INET6; AF_UNSPEC (0) means "no address". Network byte order inside. */
struct ip_addr {
	int family;
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t b[16];
	};
};

struct ip_prefix {
	struct ip_addr addr; /* host bits are zero */
	uint8_t len;	     /* 0..32 or 0..128 */
};

/** mac_parse - six two-digit hex groups with colons, either case; whole string. Returns success. */
bool mac_parse(const char *s, struct mac *ret);
/** mac_str - lower-case text into @buf; returns @buf. */
const char *mac_str(const struct mac *mac, char buf[static MAC_STRLEN]);
bool mac_equal(const struct mac *a, const struct mac *b);

/** uuid_parse - the 8-4-4-4-12 form of RFC 4122, either case; whole string. */
bool uuid_parse(const char *s, struct uuid *ret);
/** uuid_str - lower-case text into @buf; returns @buf. */
const char *uuid_str(const struct uuid *uuid, char buf[static UUID_STRLEN]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);

/** ip_parse - a dotted quad (four fields without leading zeros) or RFC 4291 text; no zone. */
bool ip_parse(const char *s, struct ip_addr *ret);
/** ip_str - canonical text into @buf (PREFIX_STRLEN bytes); returns @buf. */
const char *ip_str(const struct ip_addr *ip, char buf[static PREFIX_STRLEN]);
bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);

/**
 * ip_prefix_parse - "ADDR" (a host prefix) or "ADDR/LEN". Host bits set are refused (false), since
 * a person who writes 10.1.2.3/8 may mean either.
 */
bool ip_prefix_parse(const char *s, struct ip_prefix *ret);
/** ip_prefix_str - "ADDR/LEN", or "ADDR" alone for a host prefix; returns @buf. */
const char *ip_prefix_str(const struct ip_prefix *p, char buf[static PREFIX_STRLEN]);
bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *ip);
/** ip_prefix_overlap - whether some address lies in both. Different families never overlap. */
bool ip_prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b);

/** proto_parse - "tcp" or "udp" to IPPROTO_TCP or IPPROTO_UDP. */
bool proto_parse(const char *s, uint8_t *ret);
/** proto_str - "tcp", "udp", or "any" for 0. */
const char *proto_str(uint8_t proto);
/** port_parse - decimal 1..65535 without sign, blanks or leading zeros. */
bool port_parse(const char *s, uint16_t *ret);
