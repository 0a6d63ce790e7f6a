/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network value types, their parsers and printers: see lib/net.h. */
#include "lib/net.h"

#include "lib/parse.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The value of one hex digit, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Two hex digits; the second is not looked at when the first is the end of the string. */
static bool hex_byte(const char *s, uint8_t *ret)
{
	int hi = hex_value(s[0]), lo = hi < 0 ? -1 : hex_value(s[1]);

	if (lo < 0)
		return false;
	*ret = (uint8_t)(hi << 4 | lo);
	return true;
}

bool mac_parse(const char *s, struct mac *ret)
{
	struct mac mac;

	for (size_t i = 0; i < MAC_LEN; i++, s += 3) {
		if (!hex_byte(s, &mac.b[i]))
			return false;
		if (s[2] != (i + 1 < MAC_LEN ? ':' : '\0'))
			return false;
	}
	*ret = mac;
	return true;
}

const char *mac_str(const struct mac *mac, char buf[static MAC_STRLEN])
{
	(void)snprintf(buf, MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1],
		       mac->b[2], mac->b[3], mac->b[4], mac->b[5]);
	return buf;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->b, b->b, MAC_LEN) == 0;
}

/* Whether a hyphen stands before byte @i of a UUID's text. */
static bool uuid_hyphen_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

bool uuid_parse(const char *s, struct uuid *ret)
{
	struct uuid uuid;

	for (size_t i = 0; i < UUID_LEN; i++, s += 2) {
		if (uuid_hyphen_before(i) && *s++ != '-')
			return false;
		if (!hex_byte(s, &uuid.b[i]))
			return false;
	}
	if (*s != '\0')
		return false;
	*ret = uuid;
	return true;
}

const char *uuid_str(const struct uuid *uuid, char buf[static UUID_STRLEN])
{
	static const char digits[] = "0123456789abcdef";
	char *p = buf;

	for (size_t i = 0; i < UUID_LEN; i++) {
		if (uuid_hyphen_before(i))
			*p++ = '-';
		*p++ = digits[uuid->b[i] >> 4];
		*p++ = digits[uuid->b[i] & 15];
	}
	*p = '\0';
	return buf;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, UUID_LEN) == 0;
}

/*
 * inet_pton is stricter than its relatives: four decimal fields, no leading zeros, no zone. The
 * tests hold it to that.
 */
bool ip_parse(const char *s, struct ip_addr *ret)
{
	struct ip_addr ip;

	memset(&ip, 0, sizeof(ip));
	if (inet_pton(AF_INET, s, &ip.v4) == 1) {
		ip.family = AF_INET;
	} else {
		memset(&ip, 0, sizeof(ip));
		if (inet_pton(AF_INET6, s, &ip.v6) != 1)
			return false;
		ip.family = AF_INET6;
	}
	*ret = ip;
	return true;
}

const char *ip_str(const struct ip_addr *ip, char buf[static PREFIX_STRLEN])
{
	buf[0] = '\0';
	if (ip->family == AF_INET || ip->family == AF_INET6)
		(void)inet_ntop(ip->family, ip->b, buf, PREFIX_STRLEN);
	return buf;
}

/* Bytes of an address of this family. */
static size_t ip_bytes(int family)
{
	switch (family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, ip_bytes(a->family)) == 0;
}

/* Whether the first @bits bits of @a and @b are the same. */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

bool ip_prefix_parse(const char *s, struct ip_prefix *ret)
{
	const char *slash = strchr(s, '/');
	size_t addr_len = slash ? (size_t)(slash - s) : strlen(s);
	struct ip_addr host_bits;
	char addr[PREFIX_STRLEN];
	struct ip_prefix p;
	uint64_t len;

	if (addr_len >= sizeof(addr))
		return false;
	memcpy(addr, s, addr_len);
	addr[addr_len] = '\0';
	if (!ip_parse(addr, &p.addr))
		return false;

	len = ip_bytes(p.addr.family) * 8;
	if (slash && !parse_u64(slash + 1, len, &len))
		return false;
	p.len = (uint8_t)len;

	host_bits = p.addr;
	for (size_t bit = p.len; bit < ip_bytes(p.addr.family) * 8; bit++)
		host_bits.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	if (!ip_equal(&host_bits, &p.addr))
		return false;
	*ret = p;
	return true;
}

const char *ip_prefix_str(const struct ip_prefix *p, char buf[static PREFIX_STRLEN])
{
	size_t used;

	ip_str(&p->addr, buf);
	used = strlen(buf);
	if (p->len != ip_bytes(p->addr.family) * 8)
		(void)snprintf(buf + used, PREFIX_STRLEN - used, "/%u", p->len);
	return buf;
}

bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *ip)
{
	return p->addr.family == ip->family && ip_bytes(ip->family) != 0 &&
	       bits_equal(p->addr.b, ip->b, p->len);
}

bool ip_prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_contains(a->len <= b->len ? a : b, a->len <= b->len ? &b->addr : &a->addr);
}

bool proto_parse(const char *s, uint8_t *ret)
{
	if (strcmp(s, "tcp") == 0)
		*ret = IPPROTO_TCP;
	else if (strcmp(s, "udp") == 0)
		*ret = IPPROTO_UDP;
	else
		return false;
	return true;
}

const char *proto_str(uint8_t proto)
{
	switch (proto) {
	case 0:
		return "any";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "?";
	}
}

bool port_parse(const char *s, uint16_t *ret)
{
	uint64_t v;

	if (!parse_u64(s, UINT16_MAX, &v) || v == 0)
		return false;
	*ret = (uint16_t)v;
	return true;
}
