/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits: tells accidents apart, not malice. http://www.isthe.com/chongo/tech/comp/fnv */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FNV_BASIS 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

/** fnv_add - @len more bytes; begin with FNV_BASIS. */
static inline uint64_t fnv_add(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * FNV_PRIME;
	return h;
}
