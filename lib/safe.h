/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside on its way to a terminal: nothing in it is an order to that terminal. */
#pragma once

#include "lib/strbuf.h"

#include <stdint.h>
#include <stdio.h>

/**
 * safe_char - the character that @s, which is not empty, begins with.
 * @ret: its code point, or 0 when a terminal should not get it: C0 and C1 control characters (in
 *       UTF-8, too: U+009B begins an escape sequence as ESC [ does), DEL, line and paragraph
 *       separators, the controls that turn the direction of text around (Unicode UAX #9, 2), and a
 *       byte that is no UTF-8
 * Returns how many bytes of @s it takes.
 */
size_t safe_char(const char *s, uint32_t *ret);

/** safe_add - @s appended to @out, with '?' for each character that safe_char refuses. */
void safe_add(struct strbuf *out, const char *s);

/** safe_print - the same to @to; newlines and tabs are left as they are. */
void safe_print(FILE *to, const char *s);

/** safe_printf - as printf, and then as safe_print to stdout. */
void safe_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
