/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parsers of single values have in common: messages, words, lists. */
#include "lib/policy_internal.h"

#include "lib/parse.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <stdarg.h>
#include <string.h>

void reader_bad(struct policy_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ini_report_vadd(r->report, r->line, r->section, r->key, fmt, ap);
	va_end(ap);
}

void *reader_grow(struct policy_reader *r, void *array, size_t n, size_t size)
{
	void *more;

	if (n == POLICY_LIST_MAX) {
		reader_bad(r, "more than %d entries", POLICY_LIST_MAX);
		return NULL;
	}
	more = reallocarray(array, n + 1, size);
	if (!more)
		r->report->oom = true;
	return more;
}

/* "a, b or c". */
static void add_choice(struct strbuf *sb, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sb_addf(sb, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
}

bool reader_word(struct policy_reader *r, const char *value, const char *const *words, size_t n,
		 unsigned *ret)
{
	auto_sb struct strbuf choice = {0};
	char quoted[INI_QUOTE_MAX + 8];
	const char *closest;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], value) == 0) {
			*ret = (unsigned)i;
			return true;
		}
	}
	add_choice(&choice, words, n);
	closest = suggest_closest(value, words, n);
	reader_bad(r, "%s is not known; write %s%s%s", ini_quote(value, quoted), sb_str(&choice),
		   closest ? "; did you mean " : "", closest ? closest : "");
	return false;
}

bool reader_bool(struct policy_reader *r, const char *value, bool *ret)
{
	char quoted[INI_QUOTE_MAX + 8];

	if (parse_bool(value, ret))
		return true;
	reader_bad(r, "%s is neither yes nor no; write yes or no", ini_quote(value, quoted));
	return false;
}

void reader_items(struct policy_reader *r, const char *value,
		  void (*item)(struct policy_reader *r, const char *value, void *arg), void *arg)
{
	auto_free char *copy = strdup(value);
	char *rest = copy, *s;

	if (!copy)
		r->report->oom = true;
	if (!copy || !*copy)
		return;
	while ((s = strsep(&rest, ",")) != NULL) {
		size_t len;

		s += strspn(s, " \t");
		len = strlen(s);
		while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
			s[--len] = '\0';
		if (*s)
			item(r, s, arg);
		else
			reader_bad(r, "an empty entry in the list; remove the extra comma");
	}
}
