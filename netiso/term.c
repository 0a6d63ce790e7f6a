/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and values of elements: see netiso/term.h. */
#include "netiso/term.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static struct term term_bytes(const void *data, size_t len)
{
	struct term t = {.len = (uint8_t)((len + 3) / 4 * 4)};

	memcpy(t.bytes, data, len);
	return t;
}

struct term term_link(const char *name)
{
	char padded[IFNAMSIZ] = {0};
	struct term t;

	memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	t = term_bytes(padded, sizeof(padded));
	(void)snprintf(t.text, sizeof(t.text), "\"%s\"", padded);
	return t;
}

struct term term_mark(uint32_t mark)
{
	struct term t = term_bytes(&mark, sizeof(mark));

	(void)snprintf(t.text, sizeof(t.text), "0x%08x", mark);
	return t;
}

/* skb->priority is written as a traffic control handle: MAJOR:MINOR in hex. */
struct term term_priority(uint32_t mark)
{
	struct term t = term_bytes(&mark, sizeof(mark));

	(void)snprintf(t.text, sizeof(t.text), "%x:%x", mark >> 16, mark & 0xffff);
	return t;
}

struct term term_mac(const struct mac *m)
{
	struct term t = term_bytes(m->b, MAC_LEN);

	(void)snprintf(t.text, sizeof(t.text), "0x%02x%02x%02x%02x%02x%02x", m->b[0], m->b[1],
		       m->b[2], m->b[3], m->b[4], m->b[5]);
	return t;
}

/* As raw payload, next to a link name; and as an address, next to a mark. */
struct term term_raw_ip(const struct ip_addr *ip)
{
	struct term t = term_bytes(ip->b, 4);

	(void)snprintf(t.text, sizeof(t.text), "0x%08x", ntohl(ip->v4.s_addr));
	return t;
}

static struct term term_raw6(const struct ip_addr *ip, size_t from, size_t len)
{
	struct term t = term_bytes(ip->b + from, len);
	size_t n = (size_t)snprintf(t.text, sizeof(t.text), "0x");

	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(t.text + n, sizeof(t.text) - n, "%02x", ip->b[from + i]);
	return t;
}

struct term term_raw_ip6(const struct ip_addr *ip)
{
	return term_raw6(ip, 0, 16);
}

struct term term_raw_net6(const struct ip_addr *ip)
{
	return term_raw6(ip, 0, 8);
}

struct term term_raw_rest6(const struct ip_addr *ip)
{
	return term_raw6(ip, 4, 12);
}

struct term term_ip(const struct ip_addr *ip)
{
	struct term t = term_bytes(ip->b, ip->family == AF_INET6 ? 16 : 4);
	char buf[PREFIX_STRLEN];

	(void)snprintf(t.text, sizeof(t.text), "%s", ip_str(ip, buf));
	return t;
}

struct term term_proto(uint8_t proto)
{
	struct term t = term_bytes(&proto, 1);

	(void)snprintf(t.text, sizeof(t.text), "%s", proto_str(proto));
	return t;
}

struct term term_icmp6(uint8_t type, const char *name)
{
	struct term t = {.bytes = {type}, .len = sizeof(type)};

	(void)snprintf(t.text, sizeof(t.text), "%s", name);
	return t;
}

/* A conntrack zone is of 16 bits in host order; as a value it is not padded. */
struct term term_zone(uint32_t slot)
{
	const uint16_t zone = (uint16_t)slot;
	struct term t = term_bytes(&zone, sizeof(zone));

	(void)snprintf(t.text, sizeof(t.text), "%u", zone);
	return t;
}

struct term term_port(uint16_t port)
{
	const uint16_t be = htons(port);
	struct term t = term_bytes(&be, sizeof(be));

	(void)snprintf(t.text, sizeof(t.text), "%u", port);
	return t;
}

/* A concatenation. */
struct term term_join(struct term a, struct term b)
{
	struct term t = a;
	const size_t n = strlen(t.text);

	(void)snprintf(t.text + n, sizeof(t.text) - n, " . %s", b.text);
	memcpy(t.bytes + a.len, b.bytes, b.len);
	t.len = (uint8_t)(a.len + b.len);
	return t;
}
