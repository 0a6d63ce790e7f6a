/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict scan of INI text: see lib/ini.h. */
#include "lib/ini.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <string.h>
#include <strings.h>

struct scanner {
	struct ini *ini;
	struct ini_report *r;
	const char *exact;
	unsigned line;
	size_t section; /* the one that is open, INI_NO_SECTION after a bad header */
	bool headless;	/* no section line yet */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Cuts the blanks at both ends of @s in place. */
static char *trim(char *s)
{
	size_t len;

	while (is_blank(*s))
		s++;
	len = strlen(s);
	while (len > 0 && is_blank(s[len - 1]))
		s[--len] = '\0';
	return s;
}

/* @array, which has @n elements of @size bytes, with room for one more. */
static void *grow(struct ini_report *r, void *array, size_t n, size_t size)
{
	void *more = reallocarray(array, n + 1, size);

	if (!more)
		r->oom = true;
	return more;
}

/* What is wrong with a line whatever it holds, or NULL. Such lines are not read any further. */
static const char *line_fault(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\0')
			return "a NUL byte; remove it";
		if (c == '\r')
			return "a carriage return inside the line; end lines with a newline";
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return "a control character; remove it";
	}
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len > 0 && s[len - 1] == '\\')
		return "a backslash at the end would join it with the next line; remove it (a list "
		       "goes on under a label: KEY.LABEL = ...)";
	return NULL;
}

/* Whether two section names are the same one. */
static bool same_section(const char *exact, const char *a, const char *b)
{
	size_t len = exact ? strlen(exact) : 0;

	if (len && strncasecmp(a, exact, len) == 0 && a[len] == ' ')
		return strncasecmp(a, b, len + 1) == 0 && strcmp(a + len, b + len) == 0;
	return strcasecmp(a, b) == 0;
}

/* What is wrong with the text between the brackets, or NULL. */
static const char *section_fault(const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return "a section without a name; write [network] or another";
	if (is_blank(name[0]) || is_blank(name[len - 1]) || strchr(name, '\t'))
		return "blanks inside the brackets; write [NAME] without them";
	if (strchr(name, '[') || strchr(name, ']'))
		return "a bracket inside the section's name; write one [NAME] per line, comments "
		       "on "
		       "lines of their own";
	if (strchr(name, ':'))
		return "a ':' in a section's name cannot be told from a key; choose another name";
	if (strstr(name, " #") || strstr(name, " ;"))
		return "a comment inside the brackets; write it on a line of its own";
	if (!parse_utf8_valid(name))
		return "a section's name that is not UTF-8";
	return NULL;
}

static void add_section(struct scanner *sc, const char *name)
{
	struct ini *ini = sc->ini;
	struct ini_section *more;
	char quoted[INI_QUOTE_MAX + 8];

	for (size_t i = 0; i < ini->n_sections; i++) {
		if (!same_section(sc->exact, ini->sections[i].name, name))
			continue;
		ini_report_add(sc->r, sc->line, NULL, NULL,
			       "section %s is there already, on line %u; write each section once",
			       ini_quote(name, quoted), ini->sections[i].line);
		sc->section = i;
		return;
	}
	if (ini->n_sections == INI_SECTIONS_MAX) {
		ini_report_add(sc->r, sc->line, NULL, NULL, "more than %d sections",
			       INI_SECTIONS_MAX);
		return;
	}

	more = grow(sc->r, ini->sections, ini->n_sections, sizeof(*more));
	if (!more)
		return;
	ini->sections = more;
	more += ini->n_sections;
	*more = (struct ini_section){.name = strdup(name), .line = sc->line};
	if (more->name)
		sc->section = ini->n_sections++;
	else
		sc->r->oom = true;
}

/* A line that begins with '['. */
static void scan_section(struct scanner *sc, char *s)
{
	size_t len = strlen(s);
	const char *fault;

	/* Until the header turns out good, the keys below it belong nowhere. */
	sc->section = INI_NO_SECTION;
	sc->headless = false;
	if (s[len - 1] != ']') {
		ini_report_add(
			sc->r, sc->line, NULL, NULL,
			"%s; write [NAME] and nothing else on the line, comments on lines of "
			"their own",
			strchr(s, ']') ? "text after the section's name"
				       : "a section line without its closing bracket");
		return;
	}
	s[len - 1] = '\0';
	fault = section_fault(s + 1);
	if (fault)
		ini_report_add(sc->r, sc->line, NULL, NULL, "%s", fault);
	else
		add_section(sc, s + 1);
}

/* What is wrong with a value, or NULL. */
static const char *value_fault(const char *value)
{
	size_t len = strlen(value);

	if (strpbrk(value, "#;"))
		return "'#' or ';' in a value; write comments on lines of their own";
	if (len && (strchr("\"'", value[0]) || strchr("\"'", value[len - 1])))
		return "quotes around a value; write it without them";
	if (!parse_utf8_valid(value))
		return "a value that is not UTF-8";
	return NULL;
}

/* Stores a good entry, unless its key is there already. */
static void add_entry(struct scanner *sc, const char *key, const char *value)
{
	struct ini *ini = sc->ini;
	struct ini_entry entry = {.section = sc->section, .line = sc->line}, *more;

	for (size_t i = 0; i < ini->n_entries; i++) {
		if (ini->entries[i].section != sc->section || strcmp(ini->entries[i].key, key) != 0)
			continue;
		ini_report_add(sc->r, sc->line, ini->sections[sc->section].name, key,
			       "set already, on line %u; write it once (a list goes on under a "
			       "label: KEY.LABEL = ...)",
			       ini->entries[i].line);
		return;
	}
	if (ini->n_entries == INI_ENTRIES_MAX) {
		ini_report_add(sc->r, sc->line, NULL, NULL, "more than %d keys", INI_ENTRIES_MAX);
		return;
	}

	more = grow(sc->r, ini->entries, ini->n_entries, sizeof(*more));
	if (!more)
		return;
	ini->entries = more;
	entry.key = strdup(key);
	entry.value = strdup(value);
	if (!entry.key || !entry.value) {
		sc->r->oom = true;
		free(entry.key);
		free(entry.value);
		return;
	}
	more[ini->n_entries++] = entry;
}

/* A line that is neither empty, comment nor section. */
static void scan_entry(struct scanner *sc, char *s)
{
	char *equals = strchr(s, '='), quoted[INI_QUOTE_MAX + 8], *key, *value;
	const char *section, *fault;

	if (!equals) {
		ini_report_add(
			sc->r, sc->line, NULL, NULL,
			"%s is neither a [section], a key nor a comment; write KEY = VALUE (a "
			"list goes on under a label: KEY.LABEL = ...)",
			ini_quote(s, quoted));
		return;
	}
	*equals = '\0';
	key = trim(s);
	value = trim(equals + 1);
	for (char *p = key; *p; p++)
		*p = fold(*p);

	if (sc->headless) {
		ini_report_add(sc->r, sc->line, NULL, NULL,
			       "%s before any section; write its [section] above it",
			       ini_quote(key, quoted));
		return;
	}
	if (sc->section == INI_NO_SECTION)
		return;

	section = sc->ini->sections[sc->section].name;
	if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_-.")]) {
		ini_report_add(sc->r, sc->line, section, NULL,
			       "%s is not a key; keys are letters, digits and '_'",
			       ini_quote(key, quoted));
		return;
	}
	fault = value_fault(value);
	if (fault)
		ini_report_add(sc->r, sc->line, section, key, "%s", fault);
	else
		add_entry(sc, key, value);
}

/* One line of @len bytes without its newline. */
static void scan_line(struct scanner *sc, const char *text, size_t len)
{
	char buf[INI_LINE_MAX + 1], *s;
	const char *fault;

	if (sc->line == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		ini_report_add(sc->r, sc->line, NULL, NULL,
			       "a byte order mark; save the file as UTF-8 without it");
		text += 3;
		len -= 3;
	}
	if (len > INI_LINE_MAX) {
		ini_report_add(sc->r, sc->line, NULL, NULL,
			       "a line of %zu bytes, %d are allowed; a list goes on under a label: "
			       "KEY.LABEL = ...",
			       len, INI_LINE_MAX);
		return;
	}
	if (len && text[len - 1] == '\r')
		len--;
	memcpy(buf, text, len);
	buf[len] = '\0';

	fault = line_fault(buf, len);
	if (fault) {
		ini_report_add(sc->r, sc->line, NULL, NULL, "%s", fault);
		/* A header that is not read must not leave its keys to the section before. */
		if (buf[strspn(buf, " \t")] == '[') {
			sc->section = INI_NO_SECTION;
			sc->headless = false;
		}
		return;
	}

	s = trim(buf);
	if (*s == '\0' || *s == '#' || *s == ';')
		return;
	if (*s == '[')
		scan_section(sc, s);
	else
		scan_entry(sc, s);
}

void ini_scan(const char *text, size_t len, const char *exact, struct ini *ret,
	      struct ini_report *r)
{
	struct scanner sc = {
		.ini = ret, .r = r, .exact = exact, .section = INI_NO_SECTION, .headless = true};

	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;

		sc.line++;
		scan_line(&sc, text, n);
		n += newline != NULL;
		text += n;
		len -= n;
	}
}

void ini_load(const char *text, size_t len, const char *exact, struct ini *ret,
	      struct ini_report *r)
{
	ini_scan(text, len, exact, ret, r);
	r->unread = r->n > 0;
	if (r->n == 0 && !r->oom)
		ini_cross_check(ret, text, len, r);
}

void ini_free(struct ini *ini)
{
	if (!ini)
		return;
	for (size_t i = 0; i < ini->n_sections; i++)
		free(ini->sections[i].name);
	for (size_t i = 0; i < ini->n_entries; i++) {
		free(ini->entries[i].key);
		free(ini->entries[i].value);
	}
	free(ini->sections);
	free(ini->entries);
	*ini = (struct ini){0};
}
