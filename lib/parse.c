/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalar parsers for text from outside: see lib/parse.h. */
#include "lib/parse.h"

#include "lib/util.h"

#include <string.h>

#define DOMAIN_NAME_MAX 247 /* bytes; what libvirt takes when a domain is defined */

struct unit {
	const char *name;
	uint64_t factor;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at the start of @s without a leading zero; returns what follows them, or NULL. */
static const char *digits(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!is_digit(*s) || (*s == '0' && is_digit(s[1])))
		return NULL;
	for (; is_digit(*s); s++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return NULL;
	}
	*ret = v;
	return s;
}

/* Digits and one of the units, to the product. */
static bool number_with_unit(const char *s, const struct unit *units, size_t n, uint64_t *ret)
{
	uint64_t v;
	const char *unit = digits(s, &v);

	if (!unit)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(v, units[i].factor, &v))
			return false;
		*ret = v;
		return true;
	}
	return false;
}

bool parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	const char *rest = digits(s, &v);

	if (!rest || *rest != '\0' || v > max)
		return false;
	*ret = v;
	return true;
}

bool parse_hex32(const char *s, uint32_t *ret)
{
	uint64_t v = 0;

	if (s[0] != '0' || s[1] != 'x') {
		if (!parse_u64(s, UINT32_MAX, &v))
			return false;
		*ret = (uint32_t)v;
		return true;
	}

	s += 2;
	if (strlen(s) < 1 || strlen(s) > 8 || strspn(s, "0123456789abcdefABCDEF") != strlen(s))
		return false;
	for (; *s; s++)
		v = v << 4 | (uint64_t)(is_digit(*s) ? *s - '0' : (*s | 0x20) - 'a' + 10);
	*ret = (uint32_t)v;
	return true;
}

bool parse_bool(const char *s, bool *ret)
{
	bool yes = strcmp(s, "yes") == 0;

	if (!yes && strcmp(s, "no") != 0)
		return false;
	*ret = yes;
	return true;
}

bool parse_size(const char *s, uint64_t *ret)
{
	static const struct unit units[] = {
		{"", 1},
		{"K", UINT64_C(1) << 10},
		{"M", UINT64_C(1) << 20},
		{"G", UINT64_C(1) << 30},
		{"T", UINT64_C(1) << 40},
	};

	return number_with_unit(s, units, ARRAY_SIZE(units), ret);
}

bool parse_rate(const char *s, uint64_t *ret)
{
	static const struct unit units[] = {
		{"kbit", 1000},
		{"mbit", 1000000},
		{"gbit", 1000000000},
	};
	uint64_t v;

	if (!number_with_unit(s, units, ARRAY_SIZE(units), &v) || v == 0)
		return false;
	*ret = v;
	return true;
}

bool parse_duration(const char *s, uint64_t *ret_ms)
{
	static const struct unit units[] = {
		{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
	};

	return number_with_unit(s, units, ARRAY_SIZE(units), ret_ms);
}

bool parse_domain_name(const char *s)
{
	size_t len = strnlen(s, DOMAIN_NAME_MAX + 1);

	if (len == 0 || len > DOMAIN_NAME_MAX)
		return false;
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] == '/' || (unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return parse_utf8_valid(s);
}

/*
 * The number of bytes of the sequence that starts at @s, or 0: table 3-7 of the Unicode standard,
 * which leaves out overlong forms, surrogates and what lies above U+10FFFF.
 */
static size_t utf8_sequence(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;

	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

size_t parse_utf8_char(const char *s, uint32_t *ret)
{
	static const uint8_t first[] = {0, 0x7f, 0x1f, 0x0f, 0x07}; /* bits that count */
	const size_t len = utf8_sequence((const unsigned char *)s);
	uint32_t c = (unsigned char)*s & first[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	if (len)
		*ret = c;
	return len;
}

bool parse_utf8_valid(const char *s)
{
	while (*s) {
		size_t len = utf8_sequence((const unsigned char *)s);

		if (len == 0)
			return false;
		s += len;
	}
	return true;
}
