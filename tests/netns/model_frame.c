// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets of the property test as bytes. */
#include "tests/netns/model_frame.h"

#include "lib/util.h"

#include <string.h>

/* Four bytes that stand before each token. */
static const uint8_t magic[4] = {0xc0, 0x4d, 0x0d, 0x31};

enum {
	ETH_BYTES = 14,
	IP_BYTES = 20,
	PAYLOAD_BYTES = 40, /* token and zeros */
	BOOTP_BYTES = 240,
};

void put(struct frame *f, const void *data, size_t len)
{
	if (len > sizeof(f->data) - f->len)
		bail("a frame of more than %zu bytes", sizeof(f->data));
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

void put_zeros(struct frame *f, size_t n)
{
	static const uint8_t zeros[256];

	put(f, zeros, n);
}

void put8(struct frame *f, unsigned v)
{
	const uint8_t b = (uint8_t)v;

	put(f, &b, 1);
}

void put16(struct frame *f, unsigned v)
{
	put8(f, v >> 8);
	put8(f, v & 255);
}

void put32(struct frame *f, uint32_t v)
{
	put16(f, v >> 16);
	put16(f, v & 0xffff);
}

void set16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_token(struct frame *f, const struct packet *p)
{
	put(f, magic, sizeof(magic));
	put32(f, p->token);
}

uint32_t token_find(const uint8_t *data, size_t len)
{
	const uint8_t *at = memmem(data, len, magic, sizeof(magic));

	if (!at || (size_t)(data + len - at) < TOKEN_BYTES)
		return 0;
	return (uint32_t)at[4] << 24 | (uint32_t)at[5] << 16 | (uint32_t)at[6] << 8 | at[7];
}

uint16_t packet_sport(const struct packet *p)
{
	return p->sport ? p->sport : p->fresh_port;
}

uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t pseudo_header(const struct packet *p, size_t len)
{
	uint32_t sum = p->proto + (uint32_t)len;

	for (size_t i = 0; p->kind == FRAME_IP6 && i < 16; i++)
		sum += (uint32_t)(p->six.src.s6_addr[i] + p->six.dst.s6_addr[i]) << (i % 2 ? 0 : 8);
	if (p->kind == FRAME_IP6)
		return sum;
	return (p->src >> 16) + (p->src & 0xffff) + (p->dst >> 16) + (p->dst & 0xffff) + p->proto +
	       (uint32_t)len;
}

/* RFC 951, RFC 2131: the fixed part, the magic cookie, option 53 first, as dnsmasq puts it. */
static void put_dhcp(struct frame *f, const struct packet *p)
{
	const struct dhcp_fields *d = &p->dhcp;

	put8(f, d->op);
	put8(f, d->htype);
	put8(f, d->hlen);
	put8(f, 0);
	put32(f, p->token); /* xid */
	put32(f, 0);	    /* secs, flags */
	put32(f, 0);	    /* ciaddr */
	put32(f, d->yiaddr);
	put32(f, 0); /* siaddr */
	put32(f, d->giaddr);
	put(f, d->chaddr, 6);
	put_zeros(f, 10);
	put_token(f, p);
	put_zeros(f, 192 - TOKEN_BYTES);
	put32(f, 0x63825363);
	put8(f, 53);
	put8(f, 1);
	put8(f, d->type);
	put8(f, 255);
}

static void put_payload(struct frame *f, const struct packet *p)
{
	if (p->kind == FRAME_IP6 && p->six.dhcp) /* RFC 8415, 8: type and transaction */
		put32(f, (uint32_t)p->six.dhcp << 24 | (p->token & 0xffffff));
	if (p->is_dhcp) {
		put_dhcp(f, p);
		return;
	}
	put_token(f, p);
	put_zeros(f, PAYLOAD_BYTES - 2 * TOKEN_BYTES);
	put_token(f, p); /* so that it is in both of two fragments */
}

static void put_udp(struct frame *f, const struct packet *p)
{
	const size_t at = f->len;

	put16(f, packet_sport(p));
	put16(f, p->dport);
	put32(f, 0);
	put_payload(f, p);
	set16(f->data + at + 4, p->flaw == FLAW_LENGTH4 ? 4 : (unsigned)(f->len - at));
	set16(f->data + at + 6, checksum(f->data + at, f->len - at, pseudo_header(p, f->len - at)));
}

static void put_tcp(struct frame *f, const struct packet *p)
{
	const size_t at = f->len;

	put16(f, packet_sport(p));
	put16(f, p->dport);
	put32(f, p->token);			   /* sequence number */
	put32(f, p->tcp_flags & FLAG_ACK ? 1 : 0); /* acknowledged */
	put8(f, p->flaw == FLAW_LENGTH4 ? 0xf0 : 0x50);
	put8(f, p->tcp_flags);
	put16(f, 1024);
	put32(f, 0);
	put_payload(f, p);
	set16(f->data + at + 16,
	      checksum(f->data + at, f->len - at, pseudo_header(p, f->len - at)));
}

static void put_icmp(struct frame *f, const struct packet *p)
{
	const size_t at = f->len;

	put8(f, p->icmp_type);
	put8(f, 0);
	put16(f, 0);
	put16(f, packet_sport(p)); /* identifier */
	put16(f, 1);
	put_payload(f, p);
	set16(f->data + at + 2, checksum(f->data + at, f->len - at,
					 p->kind == FRAME_IP6 ? pseudo_header(p, f->len - at) : 0));
}

void put_transport(struct frame *f, const struct packet *p)
{
	const size_t at = f->len;
	size_t sum_at = 0;

	if (p->proto == IPPROTO_TCP) {
		put_tcp(f, p);
		sum_at = 16;
	} else if (p->proto == IPPROTO_UDP) {
		put_udp(f, p);
		sum_at = 6;
	} else if (p->proto == (p->kind == FRAME_IP6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		put_icmp(f, p);
		sum_at = 2;
	} else {
		put32(f, 0);
		put32(f, p->token);
		put_payload(f, p);
	}
	if (p->flaw == FLAW_CHECKSUM4 && sum_at)
		f->data[at + sum_at] ^= 0x55;
}

/* RFC 791; padded to four bytes. A route leads on to the second gateway. */
static size_t put_options(struct frame *f, const struct packet *p)
{
	static const uint8_t bytes[N_OPTIONS][8] = {
		[OPTIONS_NOP] = {1, 1, 1, 1, 1, 1, 1, 0},
		[OPTIONS_RECORD_ROUTE] = {7, 7, 4, 0, 0, 0, 0, 0},
		[OPTIONS_LOOSE_ROUTE] = {131, 7, 4, 192, 168, 122, 2, 0},
		[OPTIONS_STRICT_ROUTE] = {137, 7, 4, 192, 168, 122, 2, 0},
		[OPTIONS_ALERT] = {148, 4, 0, 0, 0, 0, 0, 0},
	};

	if (!p->options)
		return 0;
	put(f, bytes[p->options], 8);
	return 8;
}

/* @offset and @more as in the header's fragment field; the payload follows. */
static void put_ip(struct frame *f, const struct packet *p, size_t offset, bool more,
		   const uint8_t *payload, size_t len)
{
	const size_t at = f->len;
	size_t head, total;

	put8(f, 0x45);
	put8(f, 0);
	put16(f, 0);
	put16(f, (p->token & 0xffff) | 1);
	put16(f, (unsigned)(offset / 8) | (more ? 0x2000 : 0));
	put8(f, p->ttl);
	put8(f, p->proto);
	put16(f, 0);
	put32(f, p->src);
	put32(f, p->dst);
	head = IP_BYTES + put_options(f, p);
	put(f, payload, len);

	total = head + len;
	if (p->flaw == FLAW_SHORT)
		total = IP_BYTES - 4;
	if (p->flaw == FLAW_LONG)
		total += 8;
	f->data[at] = (uint8_t)((p->flaw == FLAW_VERSION ? 0x60 : 0x40) | head / 4);
	if (p->flaw == FLAW_SMALL_IHL || p->flaw == FLAW_BIG_IHL)
		f->data[at] = p->flaw == FLAW_SMALL_IHL ? 0x44 : 0x4f;
	set16(f->data + at + 2, (unsigned)total);
	set16(f->data + at + 10, checksum(f->data + at, head, 0));
	if (p->flaw == FLAW_CHECKSUM)
		f->data[at + 10] ^= 0x55;
	if (p->flaw == FLAW_PADDED)
		put_zeros(f, 9);
	if (p->flaw == FLAW_CUT)
		f->len = at + 12;
}

void put_ethernet(struct frame *f, const struct packet *p, unsigned type)
{
	f->len = 0;
	if (p->from == AT_HOST)
		return;
	put(f, p->dmac, 6);
	put(f, p->smac, 6);
	if (p->tag == TAG_QINQ)
		put32(f, 0x88a80006);
	if (p->tag != TAG_NONE)
		put32(f, p->tag == TAG_PRIORITY ? 0x81006000 : 0x81000005);
	put16(f, type);
}

static size_t build_ip(const struct packet *p, struct frame out[static 2])
{
	struct frame whole = {.len = 0};
	size_t first;

	put_transport(&whole, p);
	put_ethernet(&out[0], p, 0x0800);
	put_ethernet(&out[1], p, 0x0800);
	if (p->fragments == FRAGMENTS_NONE) {
		put_ip(&out[0], p, 0, false, whole.data, whole.len);
		return 1;
	}
	/* The headers and the first token are in the first, the other token in the second. */
	first = p->proto == IPPROTO_TCP ? 32 : 24;
	put_ip(&out[0], p, 0, true, whole.data, first);
	put_ip(&out[1], p, first, false, whole.data + first, whole.len - first);
	if (p->fragments == FRAGMENTS_FIRST)
		return 1;
	if (p->fragments == FRAGMENTS_LAST || p->fragments == FRAGMENTS_REVERSED) {
		const struct frame swap = out[0];

		out[0] = out[1];
		out[1] = swap;
	}
	return p->fragments == FRAGMENTS_LAST ? 1 : 2;
}

static void build_arp(const struct packet *p, struct frame *f)
{
	const struct arp_fields *a = &p->arp;

	put_ethernet(f, p, 0x0806);
	put16(f, a->htype);
	put16(f, a->ptype);
	put8(f, a->hlen);
	put8(f, a->plen);
	put16(f, a->op);
	put(f, a->sha, 6);
	put32(f, a->spa);
	put(f, a->tha, 6);
	put32(f, a->tpa);
	put_token(f, p);
	put_zeros(f, 10);
}

/* Below 1536 a length stands in the type's place, and LLC behind it. */
static void build_other(const struct packet *p, struct frame *f)
{
	put_ethernet(f, p, p->type);
	if (p->type < 1536) {
		put8(f, 0x42);
		put8(f, 0x42);
		put8(f, 0x03);
	}
	if (p->type == 0x86dd) /* an IPv6 header, of no next header, from and to link-local */
		put32(f, 0x60000000);
	put_token(f, p);
	put_zeros(f, 40);
}

size_t frame_build(const struct packet *p, struct frame out[static 2])
{
	if (p->kind == FRAME_IP)
		return build_ip(p, out);
	if (p->kind == FRAME_IP6)
		return build_ip6(p, out);
	if (p->kind == FRAME_ARP)
		build_arp(p, &out[0]);
	else
		build_other(p, &out[0]);
	return 1;
}
