/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard's keys: their text, and wiping them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WGT_KEY_LEN 32
#define WGT_KEY_B64 45 /* 44 characters and NUL */
#define WGT_KEY_HEX 65 /* 64 digits and NUL */

/* A Curve25519 key, or a preshared key. Secret ones are wiped by their owner: wgt_wipe. */
struct wgt_key {
	uint8_t b[WGT_KEY_LEN];
};

/**
 * wgt_key_parse - 44 characters of base64 (RFC 4648) that stand for exactly 32 bytes; the whole
 * string. The bits that the last character has to spare are zero. Takes the same time whatever the
 * key is.
 */
bool wgt_key_parse(const char *s, struct wgt_key *ret);

/** wgt_key_b64, wgt_key_hex - as text into @buf; return @buf. */
const char *wgt_key_b64(const struct wgt_key *key, char buf[static WGT_KEY_B64]);
const char *wgt_key_hex(const struct wgt_key *key, char buf[static WGT_KEY_HEX]);

/** wgt_key_parse_hex - 64 lower-case hex digits at the start of @s, then @end. */
bool wgt_key_parse_hex(const char *s, char end, struct wgt_key *ret);

bool wgt_key_equal(const struct wgt_key *a, const struct wgt_key *b);
bool wgt_key_is_zero(const struct wgt_key *key);

/** wgt_wipe - overwrite; not optimised away. NULL is fine. */
void wgt_wipe(void *p, size_t len);

/** wgt_wipe_free - wipe a malloc'd string or block of @len bytes, and free it. */
void wgt_wipe_free(void *p, size_t len);
