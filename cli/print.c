/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output for people: see cli/print.h. */
#include "cli/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* https://no-color.org: set and not empty, whatever it is. */
static bool in_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
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

/*
 * The next character of @s: its bytes in @ret_len, and the columns it takes, or -1 when a terminal
 * should not see it. Bytes that are no UTF-8 go one by one.
 */
static int next_char(const char *s, size_t *ret_len)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t n = mbrtowc(&c, s, strlen(s), &state);

	if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
		*ret_len = 1;
		return -1;
	}
	*ret_len = n;
	return wcwidth(c);
}

/* As print_safe, but at most @width columns. Returns the columns used; @ret_cut: not all fitted. */
static int fit(const char *s, int width, bool *ret_cut, struct strbuf *out)
{
	int used = 0;
	size_t n;

	*ret_cut = false;
	for (; *s; s += n) {
		int columns = next_char(s, &n);

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

void print_safe(const char *s, struct strbuf *out)
{
	size_t n;

	for (; *s; s += n) {
		if (next_char(s, &n) < 0)
			sb_adds(out, "?");
		else
			sb_add(out, s, n);
	}
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
		print_safe(who, &name);
	while (*text) {
		const size_t n = strcspn(text, "\n");
		auto_sb struct strbuf line = {0}, safe = {0};

		sb_add(&line, text, n);
		print_safe(sb_str(&line), &safe);
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
		print_safe(line, &safe);
		fprintf(stderr, "%s\n", sb_str(&safe));
	}
	free(text);
}
