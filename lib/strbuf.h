/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string that grows. Out of memory is remembered, so that only the end needs a check. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised. @data is NUL-terminated whenever it is not NULL. */
struct strbuf {
	char *data;
	size_t len;
	size_t cap;
	bool failed; /* an allocation failed; all later writes are ignored */
};

/** sb_addf - append formatted text. */
void sb_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** sb_adds - append a string. */
void sb_adds(struct strbuf *sb, const char *s);

/** sb_add - append @len bytes. */
void sb_add(struct strbuf *sb, const void *data, size_t len);

/** sb_str - the text, never NULL ("" when empty); owned by @sb. */
const char *sb_str(const struct strbuf *sb);

/** sb_take - give the text away (malloc'd, never NULL unless @sb failed); @sb is empty afterwards.
 */
char *sb_take(struct strbuf *sb);

/** sb_free - release; NULL and zeroed objects are fine. */
void sb_free(struct strbuf *sb);

#define auto_sb __attribute__((cleanup(sb_free)))
