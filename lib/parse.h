/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalar parsers for text from outside: the whole string, and no change on failure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** parse_u64 - decimal digits only, no sign, blank or leading zero, at most @max. */
bool parse_u64(const char *s, uint64_t max, uint64_t *ret);
/** parse_hex32 - "0x" and one to eight hex digits, or decimal as parse_u64. */
bool parse_hex32(const char *s, uint32_t *ret);
/** parse_bool - "yes" or "no", nothing else. */
bool parse_bool(const char *s, bool *ret);
/** parse_size - digits and an optional K, M, G or T (powers of 1024) to bytes; no overflow. */
bool parse_size(const char *s, uint64_t *ret);
/** parse_rate - digits and "kbit", "mbit" or "gbit" (powers of 1000) to bit/s; not 0. */
bool parse_rate(const char *s, uint64_t *ret);
/** parse_duration - digits and "ms", "s", "m", "h" or "d" to milliseconds. */
bool parse_duration(const char *s, uint64_t *ret_ms);
/**
 * parse_domain_name - whether @s can be a libvirt domain's name here: 1..247 bytes, valid UTF-8, no
 * '/', no control character, not "." or "..". (libvirt 9.0: virDomainDefNameValidate refuses only
 * '/' and, when defined, newline.)
 */
bool parse_domain_name(const char *s);
/** parse_utf8_valid - whether @s is well-formed UTF-8 (no overlong form, no surrogate). */
bool parse_utf8_valid(const char *s);
/**
 * parse_utf8_char - the code point that @s begins with.
 * Returns its bytes, 1 to 4, or 0 (and @ret as it was) when they are not well-formed.
 */
size_t parse_utf8_char(const char *s, uint32_t *ret);
