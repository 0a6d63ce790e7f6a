/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard's keys: see wgtun/key.h. */
#include "wgtun/key.h"

#include <stdlib.h>
#include <string.h>

/* All without tables and branches on key bits: no secret shows in the cache or in time. */

/* 0xff when a <= x <= b, else 0; for arguments below 0x8000. */
static unsigned in_range(unsigned x, unsigned a, unsigned b)
{
	return ((a - x - 1) & (x - b - 1)) >> 8 & 0xff;
}

/* The value of a base64 digit; 0x100 when it is none. */
static unsigned b64_value(unsigned char c)
{
	unsigned v = 0, known = 0, m;

	m = in_range(c, 'A', 'Z');
	v |= m & (c - 'A'), known |= m;
	m = in_range(c, 'a', 'z');
	v |= m & (c - 'a' + 26), known |= m;
	m = in_range(c, '0', '9');
	v |= m & (c - '0' + 52), known |= m;
	m = in_range(c, '+', '+');
	v |= m & 62, known |= m;
	m = in_range(c, '/', '/');
	v |= m & 63, known |= m;
	return v | (~known & 1) << 8;
}

static char b64_digit(unsigned v)
{
	unsigned c = in_range(v, 0, 25) & (v + 'A');

	c |= in_range(v, 26, 51) & (v - 26 + 'a');
	c |= in_range(v, 52, 61) & (v - 52 + '0');
	c |= in_range(v, 62, 62) & '+';
	c |= in_range(v, 63, 63) & '/';
	return (char)c;
}

bool wgt_key_parse(const char *s, struct wgt_key *ret)
{
	uint8_t out[WGT_KEY_LEN + 1];
	unsigned bad = 0;
	bool ok;

	if (strnlen(s, WGT_KEY_B64) != WGT_KEY_B64 - 1 || s[WGT_KEY_B64 - 2] != '=')
		return false;
	for (size_t i = 0; i < 11; i++) {
		unsigned v = 0;

		for (size_t k = 0; k < 4; k++) {
			const bool pad = i == 10 && k == 3;
			const unsigned d = pad ? 0 : b64_value((unsigned char)s[i * 4 + k]);

			bad |= d & 0x100;
			v = v << 6 | (d & 63);
		}
		out[i * 3] = (uint8_t)(v >> 16);
		out[i * 3 + 1] = (uint8_t)(v >> 8);
		out[i * 3 + 2] = (uint8_t)v;
	}
	/* 43 digits have two bits more than 32 bytes. */
	ok = !(bad | out[WGT_KEY_LEN]);
	if (ok)
		memcpy(ret->b, out, WGT_KEY_LEN);
	wgt_wipe(out, sizeof(out));
	return ok;
}

const char *wgt_key_b64(const struct wgt_key *key, char buf[static WGT_KEY_B64])
{
	for (size_t i = 0; i < 11; i++) {
		const uint8_t *b = &key->b[i * 3];
		const unsigned v =
			(unsigned)b[0] << 16 | (unsigned)b[1] << 8 | (i < 10 ? b[2] : 0u);

		for (size_t k = 0; k < 4; k++)
			buf[i * 4 + k] = b64_digit(v >> (18 - 6 * k) & 63);
	}
	buf[WGT_KEY_B64 - 2] = '=';
	buf[WGT_KEY_B64 - 1] = '\0';
	return buf;
}

static char hex_digit(unsigned v)
{
	return (char)((in_range(v, 0, 9) & (v + '0')) | (in_range(v, 10, 15) & (v - 10 + 'a')));
}

const char *wgt_key_hex(const struct wgt_key *key, char buf[static WGT_KEY_HEX])
{
	for (size_t i = 0; i < WGT_KEY_LEN; i++) {
		buf[i * 2] = hex_digit(key->b[i] >> 4);
		buf[i * 2 + 1] = hex_digit(key->b[i] & 15);
	}
	buf[WGT_KEY_HEX - 1] = '\0';
	return buf;
}

bool wgt_key_parse_hex(const char *s, char end, struct wgt_key *ret)
{
	unsigned bad = 0;

	if (strnlen(s, WGT_KEY_HEX) < WGT_KEY_HEX - 1 || s[WGT_KEY_HEX - 1] != end)
		return false;
	for (size_t i = 0; i < WGT_KEY_LEN; i++) {
		unsigned v = 0;

		for (size_t k = 0; k < 2; k++) {
			const unsigned c = (unsigned char)s[i * 2 + k];
			const unsigned dec = in_range(c, '0', '9'), hex = in_range(c, 'a', 'f');

			bad |= ~(dec | hex) & 1;
			v = v << 4 | (((dec & (c - '0')) | (hex & (c - 'a' + 10))) & 15);
		}
		ret->b[i] = (uint8_t)v;
	}
	return !bad;
}

bool wgt_key_equal(const struct wgt_key *a, const struct wgt_key *b)
{
	unsigned diff = 0;

	for (size_t i = 0; i < WGT_KEY_LEN; i++)
		diff |= (unsigned)(a->b[i] ^ b->b[i]);
	return diff == 0;
}

bool wgt_key_is_zero(const struct wgt_key *key)
{
	static const struct wgt_key zero;

	return wgt_key_equal(key, &zero);
}

void wgt_wipe(void *p, size_t len)
{
	if (p)
		explicit_bzero(p, len);
}

void wgt_wipe_free(void *p, size_t len)
{
	wgt_wipe(p, len);
	free(p);
}
