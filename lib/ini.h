/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INI files, read strictly.
 *
 * Theory of operation: iniparser reads the file that a person wrote, but it folds case, lets the
 * last of two win, cuts values at '#' and ';', glues lines together and knows no line numbers. So
 * the text is first scanned here, line by line. A line of which a person and iniparser could
 * think differently is an error that says what to write instead. What is left is so plain that
 * both readers must see the same; ini_cross_check holds them to it, and the values used are the
 * scanned ones, which have line numbers and the case of section names.
 *
 * Errors are collected in a report, so that a person sees all of a file's at once.
 */
#pragma once

#include "lib/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define INI_LINE_MAX 1022    /* bytes of a line without its newline: iniparser's buffer is 1024 */
#define INI_ENTRIES_MAX 2048 /* "key = value" lines of one file */
#define INI_SECTIONS_MAX 128 /* [section] lines of one file */
#define INI_QUOTE_MAX 60     /* bytes of a value that messages repeat */

#define INI_REPORT_MAX 20 /* errors kept; more are only counted */

struct ini_problem {
	unsigned line; /* 0: none */
	char *text;
};

/* Zero-initialise with a path, release with ini_report_free. */
struct ini_report {
	const char *path; /* borrowed */
	size_t n;	  /* errors seen, kept or not */
	struct ini_problem kept[INI_REPORT_MAX];
	bool unread; /* a line, or more, could not even be read: what it held is not known */
	bool oom;    /* an allocation failed somewhere: what was read is not complete */
};

/**
 * ini_report_add - note "PATH:LINE: [section] key: text"; @section and @key may be NULL.
 * @line: 0 when no line stands for the error
 */
void ini_report_add(struct ini_report *r, unsigned line, const char *section, const char *key,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void ini_report_vadd(struct ini_report *r, unsigned line, const char *section, const char *key,
		     const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/**
 * ini_report_finish - all errors, in the order of their lines, as one error of exit code 78.
 * Returns 0 when there is none, -ENOMEM (exit code 71) after a failed allocation, else -EINVAL.
 */
int ini_report_finish(struct ini_report *r, struct err *e);
void ini_report_free(struct ini_report *r);

/** ini_quote - @s in quotes, cut after INI_QUOTE_MAX bytes; for messages. Returns @buf. */
const char *ini_quote(const char *s, char buf[static INI_QUOTE_MAX + 8]);

struct ini_section {
	char *name; /* what stands between the brackets, its case kept */
	unsigned line;
};

#define INI_NO_SECTION ((size_t)-1)

struct ini_entry {
	size_t section; /* index into sections; entries without a good section are not kept */
	char *key;	/* in lower case */
	char *value;	/* without blanks around it; may be empty */
	unsigned line;
};

/* Zero-initialise, release with ini_free. Sections and entries are in the order of the file. */
struct ini {
	struct ini_section *sections;
	size_t n_sections;
	struct ini_entry *entries;
	size_t n_entries;
};

/**
 * ini_scan - read @len bytes of @text; errors go to @r, good lines to @ret all the same.
 * @exact: a word such that the rest of a section "WORD REST" is told apart by case; or NULL
 */
void ini_scan(const char *text, size_t len, const char *exact, struct ini *ret,
	      struct ini_report *r);

/**
 * ini_cross_check - let iniparser read @text too and compare every section, key and value.
 * A difference, or a text that iniparser refuses, is an error in @r. For a scan without errors.
 */
void ini_cross_check(const struct ini *ini, const char *text, size_t len, struct ini_report *r);

/** ini_load - ini_scan, and ini_cross_check when it found no error. */
void ini_load(const char *text, size_t len, const char *exact, struct ini *ret,
	      struct ini_report *r);
void ini_free(struct ini *ini);
