/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded reader of XML from libvirt over libxml2's tree; for lib/facts*.c only. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

#include <libxml/tree.h>

/*
 * One document and the first error of reading it. The error is sticky: after it every getter
 * returns NULL, so that a caller reads a whole element and looks at @rc once.
 */
struct fx {
	xmlDoc *doc;
	const char *what; /* "domain XML", "hook data": begins each message */
	struct err *e;	  /* the caller's, or NULL */
	int rc;		  /* 0, or -errno */
};

/**
 * fx_open - parse @len bytes as UTF-8 and keep the tree.
 * @what: what it is, for messages
 * @root: name that the root element must have, in no namespace
 *
 * No network, no DTD, no entity but XML's own five; a DOCTYPE ends the parse before anything in it
 * is read. libxml2 prints nothing: its first error is in the message, with its line. Returns 0 or
 * -errno with exit code 65. fx_close is needed, and harmless, either way.
 */
int fx_open(struct fx *x, const char *xml, size_t len, const char *what, const char *root,
	    struct err *e);
void fx_close(struct fx *x);

#define auto_fx __attribute__((cleanup(fx_close)))

/** fx_root - the root element. */
const xmlNode *fx_root(const struct fx *x);

/** fx_fail - record an error at the line of @node; the first one is kept. Returns x->rc. */
int fx_fail(struct fx *x, const xmlNode *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * fx_next - the direct child element of @parent in no namespace that follows @prev (NULL: the
 * first), named @name (NULL: any); NULL at the end, or when @parent is NULL.
 */
const xmlNode *fx_next(const xmlNode *parent, const xmlNode *prev, const char *name);

/** fx_only - the one such child, or NULL; a second one is an error, since readers differ on it. */
const xmlNode *fx_only(struct fx *x, const xmlNode *parent, const char *name);

/** fx_is - whether the element's name is @name. */
bool fx_is(const xmlNode *node, const char *name);

/**
 * fx_attr - an attribute in no namespace, of at most FACTS_STR_MAX bytes; owned by the document.
 * NULL when it, or @node, is not there.
 */
const char *fx_attr(struct fx *x, const xmlNode *node, const char *name);

/** fx_attr_or - the same, with @fallback when there is none. */
const char *fx_attr_or(struct fx *x, const xmlNode *node, const char *name, const char *fallback);

/** fx_text - the text of an element that holds nothing else, "" when empty; NULL without @node. */
const char *fx_text(struct fx *x, const xmlNode *node);

/**
 * fx_copy_printable - copy @src for a message: cut to @size - 1 bytes at the border of a character,
 * what a terminal or a log could take for control (C0, DEL, C1) replaced by '?'.
 */
void fx_copy_printable(char *dst, size_t size, const char *src);

/** fx_dup - a malloc'd copy; NULL for NULL, and with the error set when memory is short. */
char *fx_dup(struct fx *x, const char *s);

/**
 * fx_grow - room for one more element in an array of @n, the new one zeroed.
 *
 * Returns the array, perhaps moved. NULL, and @array as it was, with the error set when memory is
 * short or there are @max already ("more than 32 network interfaces").
 */
void *fx_grow(struct fx *x, const xmlNode *node, void *array, size_t n, size_t size, size_t max,
	      const char *noun);

/** fx_line - the line of @node in the document. */
unsigned fx_line(const xmlNode *node);
