// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets of the property test as bytes: IPv6 (RFC 8200) and Neighbour Discovery (RFC 4861). */
#include "tests/netns/model_frame.h"

#include "lib/util.h"

#include <string.h>

enum { ETHERTYPE = 0x86dd, HEADER_BYTES = 40 };

/* The token stands where all but router advertisements and redirects have nothing. */
static void put_nd(struct frame *f, const struct packet *p)
{
	const size_t at = f->len;

	put8(f, p->icmp_type);
	put8(f, p->six.code);
	put16(f, 0);
	put32(f, p->token);
	if (p->icmp_type != ND_ROUTER_SOLICIT)
		put(f, &p->six.target, 16);
	for (size_t i = 0; i < ARRAY_SIZE(p->six.options); i++) {
		if (!p->six.options[i].type)
			continue;
		put8(f, p->six.options[i].type);
		put8(f, 1); /* of 8 bytes */
		put(f, p->six.options[i].mac, 6);
	}
	set16(f->data + at + 2, checksum(f->data + at, f->len - at, pseudo_header(p, f->len - at)));
	if (p->flaw == FLAW_CHECKSUM4)
		f->data[at + 2] ^= 0x55;
}

/* The extension header itself, and what stands before the transport; returns the first of them. */
static unsigned put_extension(struct frame *f, const struct packet *p)
{
	static const unsigned numbers[N_EXTENSIONS] = {
		[EXT_HOPS] = 0,		[EXT_DESTINATION] = 60,	  [EXT_ROUTING] = 43,
		[EXT_AUTH] = 51,	[EXT_MOBILITY] = 135,	  [EXT_ATOMIC] = 44,
		[EXT_IN_FRAGMENT] = 44, [EXT_EXPERIMENTAL] = 253, [EXT_NOTHING] = 59,
	};
	const enum extension ext = p->six.ext;

	if (ext == EXT_NONE)
		return p->proto;
	put8(f, ext == EXT_IN_FRAGMENT ? 60 : ext == EXT_MOBILITY ? 59 : p->proto);
	put8(f, ext == EXT_AUTH ? 2 : 0);
	if (ext == EXT_HOPS || ext == EXT_DESTINATION) {
		put(f, "\x01\x04\x00\x00\x00\x00", 6); /* PadN */
	} else if (ext == EXT_IN_FRAGMENT) {
		put16(f, 1); /* the first of more */
		put32(f, p->token);
		put8(f, p->proto);
		put(f, "\x00\x01\x04\x00\x00\x00\x00", 7);
	} else {
		put_zeros(f, ext == EXT_AUTH ? 14 : 6);
	}
	return numbers[ext];
}

static void put_header(struct frame *f, const struct packet *p, unsigned next, size_t len)
{
	const size_t at = f->len;

	put32(f, p->flaw == FLAW_VERSION ? 0x40000000 : 0x60000000);
	if (p->flaw == FLAW_SHORT)
		len = 4;
	if (p->flaw == FLAW_LONG)
		len += 8;
	put16(f, (unsigned)len);
	put8(f, next);
	put8(f, p->ttl);
	put(f, &p->six.src, 16);
	put(f, &p->six.dst, 16);
	if (f->len - at != HEADER_BYTES)
		bail("an IPv6 header of %zu bytes", f->len - at);
}

static void put_fragment(struct frame *f, const struct packet *p, size_t offset, bool more,
			 const uint8_t *payload, size_t len)
{
	put_ethernet(f, p, ETHERTYPE);
	put_header(f, p, 44, len + 8);
	put8(f, p->proto);
	put8(f, 0);
	put16(f, (unsigned)offset | more);
	put32(f, p->token);
	put(f, payload, len);
}

static size_t build_fragments(const struct packet *p, const struct frame *whole,
			      struct frame out[static 2])
{
	/* The headers and the first token are in the first, the other token in the second. */
	const size_t first = p->proto == IPPROTO_TCP ? 32 : 24;
	const bool reversed = p->fragments == FRAGMENTS_LAST || p->fragments == FRAGMENTS_REVERSED;

	put_fragment(&out[reversed], p, 0, true, whole->data, first);
	put_fragment(&out[!reversed], p, first, false, whole->data + first, whole->len - first);
	return p->fragments == FRAGMENTS_FIRST || p->fragments == FRAGMENTS_LAST ? 1 : 2;
}

size_t build_ip6(const struct packet *p, struct frame out[static 2])
{
	struct frame body = {.len = 0}, ext = {.len = 0};
	const unsigned next = put_extension(&ext, p);
	size_t start;

	if (p->six.is_nd)
		put_nd(&body, p);
	else
		put_transport(&body, p);
	if (p->fragments != FRAGMENTS_NONE)
		return build_fragments(p, &body, out);
	put_ethernet(&out[0], p, ETHERTYPE);
	start = out[0].len;
	put_header(&out[0], p, next, ext.len + body.len);
	put(&out[0], ext.data, ext.len);
	put(&out[0], body.data, body.len);
	if (p->flaw == FLAW_PADDED)
		put_zeros(&out[0], 9);
	if (p->flaw == FLAW_CUT)
		out[0].len = start + 12;
	return 1;
}
