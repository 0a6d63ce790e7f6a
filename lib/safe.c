/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside on its way to a terminal: see lib/safe.h. */
#include "lib/safe.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <stdarg.h>
#include <string.h>

static bool is_order(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t safe_char(const char *s, uint32_t *ret)
{
	uint32_t c = 0;
	size_t n = parse_utf8_char(s, &c);

	*ret = n == 0 || is_order(c) ? 0 : c;
	return n ? n : 1;
}

void safe_add(struct strbuf *out, const char *s)
{
	uint32_t c;

	for (size_t n; *s; s += n) {
		n = safe_char(s, &c);
		if (c)
			sb_add(out, s, n);
		else
			sb_adds(out, "?");
	}
}

void safe_print(FILE *to, const char *s)
{
	uint32_t c;

	for (size_t n; *s; s += n) {
		n = safe_char(s, &c);
		if (c || *s == '\n' || *s == '\t')
			(void)fwrite(s, 1, n, to);
		else
			(void)fputc('?', to);
	}
}

void safe_printf(const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		safe_print(stdout, text);
}
