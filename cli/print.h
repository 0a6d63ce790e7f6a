/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person sees: names without control characters, columns, colours on terminals. */
#pragma once

#include "lib/strbuf.h"

#include <stdbool.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD };

/** print_on_terminal - whether stdout is one that knows more than letters ($TERM is not "dumb"). */
bool print_on_terminal(void);

/**
 * print_cell - @s by safe_add on stdout, as one cell of a table: padded to @width columns, or cut
 * to one less and '~', and a blank behind.
 */
void print_cell(const char *s, int width, enum colour colour);

/** print_lines - "WHO: TEXT" on stdout for each line of @text, in colour; @who may be NULL. */
void print_lines(const char *who, const char *text, enum colour colour);

/** print_complaint - the text, which may have several lines, on stderr. */
void print_complaint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
