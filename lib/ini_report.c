/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collected errors of one file: see lib/ini.h. */
#include "lib/ini.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <stdarg.h>
#include <string.h>

void ini_report_vadd(struct ini_report *r, unsigned line, const char *section, const char *key,
		     const char *fmt, va_list ap)
{
	auto_free char *text = NULL;
	auto_sb struct strbuf sb = {0};

	if (r->n++ >= INI_REPORT_MAX)
		return;
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		r->oom = true;
		return;
	}

	sb_adds(&sb, r->path);
	if (line)
		sb_addf(&sb, ":%u", line);
	sb_adds(&sb, ":");
	if (section)
		sb_addf(&sb, " [%s]", section);
	if (key)
		sb_addf(&sb, " %s", key);
	if (section || key)
		sb_adds(&sb, ":");
	sb_addf(&sb, " %s", text);
	r->kept[r->n - 1].line = line;
	r->kept[r->n - 1].text = sb_take(&sb);
	if (!r->kept[r->n - 1].text)
		r->oom = true;
}

void ini_report_add(struct ini_report *r, unsigned line, const char *section, const char *key,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ini_report_vadd(r, line, section, key, fmt, ap);
	va_end(ap);
}

/* By line, and as they were found where that is the same: insertion keeps the order of equals. */
static void sort_problems(struct ini_problem *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct ini_problem moving = p[i];
		size_t j = i;

		for (; j > 0 && p[j - 1].line > moving.line; j--)
			p[j] = p[j - 1];
		p[j] = moving;
	}
}

int ini_report_finish(struct ini_report *r, struct err *e)
{
	size_t kept = r->n < INI_REPORT_MAX ? r->n : INI_REPORT_MAX;
	auto_sb struct strbuf sb = {0};

	if (r->oom)
		return err_os(e, ENOMEM, "%s", r->path);
	if (r->n == 0)
		return 0;

	sort_problems(r->kept, kept);
	for (size_t i = 0; i < kept; i++)
		sb_addf(&sb, "%s%s", i ? "\n" : "", r->kept[i].text);
	if (r->n > kept)
		sb_addf(&sb, "\n%s: %zu more errors", r->path, r->n - kept);
	if (sb.failed)
		return err_os(e, ENOMEM, "%s", r->path);
	return err_set(e, EX_CORDON_POLICY, EINVAL, "%s", sb_str(&sb));
}

void ini_report_free(struct ini_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < INI_REPORT_MAX; i++)
		free(r->kept[i].text);
	*r = (struct ini_report){.path = r->path};
}

const char *ini_quote(const char *s, char buf[static INI_QUOTE_MAX + 8])
{
	size_t len = strnlen(s, INI_QUOTE_MAX + 1);
	bool cut = len > INI_QUOTE_MAX;

	if (cut) {
		len = INI_QUOTE_MAX;
		/* Not in the middle of a UTF-8 sequence. */
		while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	(void)snprintf(buf, INI_QUOTE_MAX + 8, "'%.*s%s'", (int)len, s, cut ? "..." : "");
	return buf;
}
