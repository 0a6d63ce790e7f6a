/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output for people: see cli/print.h. */
#include "cli/print.h"

#include "lib/safe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

bool print_on_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* https://no-color.org: set and not empty, whatever it is. */
static bool in_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return print_on_terminal() && !(no && *no);
}

static const char *colour_on(enum colour c)
{
	static const char *const codes[] = {
		[COLOUR_GOOD] = "\033[32m", [COLOUR_WARN] = "\033[33m", [COLOUR_BAD] = "\033[31m"};

	return c != COLOUR_NONE && in_colour() ? codes[c] : "";
}

static const char *colour_off(enum colour c)
{
	return c != COLOUR_NONE && in_colour() ? "\033[0m" : "";
}

/* As safe_char; @ret_columns: those it takes, or -1 when a terminal should not see it. */
static size_t next_char(const char *s, int *ret_columns)
{
	uint32_t c;
	const size_t n = safe_char(s, &c);

	*ret_columns = c ? wcwidth((wchar_t)c) : -1;
	return n;
}

/* As safe_add, but at most @width columns. Returns the columns used; @ret_cut: not all fitted. */
static int fit(const char *s, int width, bool *ret_cut, struct strbuf *out)
{
	int used = 0;
	int columns;

	*ret_cut = false;
	for (size_t n; *s; s += n) {
		n = next_char(s, &columns);
		if (used + (columns < 0 ? 1 : columns) > width) {
			*ret_cut = true;
			break;
		}
		if (columns < 0)
			sb_adds(out, "?");
		else
			sb_add(out, s, n);
		used += columns < 0 ? 1 : columns;
	}
	return used;
}

void print_cell(const char *s, int width, enum colour colour)
{
	auto_sb struct strbuf text = {0};
	bool cut;
	int used = fit(s, width, &cut, &text);

	if (cut) {
		sb_free(&text);
		used = fit(s, width - 1, &cut, &text) + 1;
	}
	printf("%s%s%s%s%*s", colour_on(colour), sb_str(&text), cut ? "~" : "", colour_off(colour),
	       width - used + 1, "");
}

void print_lines(const char *who, const char *text, enum colour colour)
{
	auto_sb struct strbuf name = {0};

	if (who)
		safe_add(&name, who);
	while (*text) {
		const size_t n = strcspn(text, "\n");
		auto_sb struct strbuf line = {0}, safe = {0};

		sb_add(&line, text, n);
		safe_add(&safe, sb_str(&line));
		printf("%s%s%s%s%s\n", sb_str(&name), who ? ": " : "", colour_on(colour),
		       sb_str(&safe), colour_off(colour));
		text += text[n] ? n + 1 : n;
	}
}

void print_complaint(const char *fmt, ...)
{
	auto_sb struct strbuf safe = {0};
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	(void)fflush(stdout);
	for (char *line = text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		sb_free(&safe);
		safe_add(&safe, line);
		fprintf(stderr, "%s\n", sb_str(&safe));
	}
	free(text);
}
