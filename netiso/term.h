/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and values of elements: as nft reads them, and as the kernel keeps them. */
#pragma once

#include "lib/net.h"
#include "netiso/compile.h"

#include <stdint.h>

/* A key or value with the text nft reads and the bytes the kernel keeps. */
struct term {
	char text[64];
	uint8_t bytes[ISO_KEY_MAX];
	uint8_t len;
};

struct term term_link(const char *name);
struct term term_mark(uint32_t mark);
/** term_priority - skb->priority, written as a traffic control handle: MAJOR:MINOR in hex. */
struct term term_priority(uint32_t priority);
/** term_mac, term_raw_ip - as raw payload, next to a link name. */
struct term term_mac(const struct mac *m);
struct term term_raw_ip(const struct ip_addr *ip);
/** term_raw_ip6, _net6, _rest6 - the same of IPv6: all of it, its first half, its last 12 bytes. */
struct term term_raw_ip6(const struct ip_addr *ip);
struct term term_raw_net6(const struct ip_addr *ip);
struct term term_raw_rest6(const struct ip_addr *ip);
/** term_ip - as an address, next to a mark. */
struct term term_ip(const struct ip_addr *ip);
struct term term_proto(uint8_t proto);
struct term term_port(uint16_t port);
/** term_icmp6 - a type of ICMPv6; unpadded, so no part of a concatenation. @name: as nft has it */
struct term term_icmp6(uint8_t type, const char *name);
/** term_zone - a conntrack zone, padded as in a key; a value of a map has two bytes. */
struct term term_zone(uint32_t slot);
/** term_join - a concatenation. */
struct term term_join(struct term a, struct term b);
