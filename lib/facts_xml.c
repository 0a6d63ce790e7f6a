/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded reader of XML from libvirt: see lib/facts_xml.h. */
#include "lib/facts_xml.h"

#include "lib/facts.h"
#include "lib/util.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * XML_PARSE_HUGE stays off: libxml2's own bounds on depth, names and text hold. Neither NOENT nor
 * DTDLOAD nor XINCLUDE: nothing outside of the buffer is ever opened.
 */
#define FX_OPTIONS (XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES)

/* What the callbacks of one parse leave behind; libxml2's context points to it. */
struct fx_parse {
	bool failed;
	bool doctype;
	int line;
	char msg[256];
};

/* The message ends in a newline, and may quote the document. */
static void fx_keep_message(struct fx_parse *p, const char *text, int line)
{
	if (p->failed)
		return;
	p->failed = true;
	p->line = line;
	(void)snprintf(p->msg, sizeof(p->msg), "%.*s", (int)strcspn(text ? text : "", "\n"),
		       text ? text : "");
}

/* The type of the second argument is const from libxml2 2.12 on. */
#if LIBXML_VERSION >= 21200
typedef const xmlError fx_error;
#else
typedef xmlError fx_error;
#endif

static void fx_on_error(void *ctx, fx_error *error)
{
	xmlParserCtxt *ctxt = ctx;
	struct fx_parse *p = ctxt ? ctxt->_private : NULL;

	if (p && error && error->level >= XML_ERR_ERROR)
		fx_keep_message(p, error->message, error->line);
}

/* Called once the name and the identifiers of a DOCTYPE are read, before its internal subset. */
static void fx_on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
			  const xmlChar *system)
{
	xmlParserCtxt *ctxt = ctx;
	struct fx_parse *p = ctxt->_private;

	(void)name;
	(void)external;
	(void)system;
	p->doctype = true;
	xmlStopParser(ctxt);
}

static int fx_judge(struct fx *x, const struct fx_parse *p, const char *root)
{
	const xmlNode *node;

	if (p->doctype)
		return fx_fail(x, NULL, "a document type declaration is refused");
	if (p->failed || !x->doc)
		return fx_fail(x, NULL, "line %d: %s", p->line,
			       p->msg[0] ? p->msg : "not well-formed");
	node = xmlDocGetRootElement(x->doc);
	if (!node || node->ns || !fx_is(node, root))
		return fx_fail(x, node, "the root element is not <%s>", root);
	return 0;
}

int fx_open(struct fx *x, const char *xml, size_t len, const char *what, const char *root,
	    struct err *e)
{
	struct fx_parse p = {0};
	xmlParserCtxt *ctxt;

	*x = (struct fx){.what = what, .e = e};
	if (len > FACTS_XML_MAX)
		return fx_fail(x, NULL, "more than %d bytes", FACTS_XML_MAX);
	if (!xml || len == 0)
		return fx_fail(x, NULL, "it is empty");

	ctxt = xmlNewParserCtxt();
	if (!ctxt)
		return x->rc = err_os(e, ENOMEM, "%s", what);
	ctxt->_private = &p;
	ctxt->sax->serror = fx_on_error;
	ctxt->sax->internalSubset = fx_on_doctype;
	/* The encoding given here wins over a declaration and over byte order marks. */
	x->doc = xmlCtxtReadMemory(ctxt, xml, (int)len, NULL, "UTF-8", FX_OPTIONS);
	xmlFreeParserCtxt(ctxt);
	return fx_judge(x, &p, root);
}

void fx_close(struct fx *x)
{
	if (x->doc)
		xmlFreeDoc(x->doc);
	x->doc = NULL;
}

const xmlNode *fx_root(const struct fx *x)
{
	return xmlDocGetRootElement(x->doc);
}

unsigned fx_line(const xmlNode *node)
{
	long line = xmlGetLineNo(node);

	return line > 0 ? (unsigned)line : 0;
}

int fx_fail(struct fx *x, const xmlNode *node, const char *fmt, ...)
{
	char raw[512], msg[512];
	va_list ap;

	if (x->rc)
		return x->rc;
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	fx_copy_printable(msg, sizeof(msg), raw);
	if (node)
		x->rc = err_set(x->e, EX_CORDON_DATA, EINVAL, "%s: line %u: %s", x->what,
				fx_line(node), msg);
	else
		x->rc = err_set(x->e, EX_CORDON_DATA, EINVAL, "%s: %s", x->what, msg);
	return x->rc;
}

bool fx_is(const xmlNode *node, const char *name)
{
	return strcmp((const char *)node->name, name) == 0;
}

const xmlNode *fx_next(const xmlNode *parent, const xmlNode *prev, const char *name)
{
	const xmlNode *node = prev ? prev->next : parent ? parent->children : NULL;

	for (; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE && !node->ns && (!name || fx_is(node, name)))
			return node;
	return NULL;
}

const xmlNode *fx_only(struct fx *x, const xmlNode *parent, const char *name)
{
	const xmlNode *node = fx_next(parent, NULL, name);
	const xmlNode *second = node ? fx_next(parent, node, name) : NULL;

	if (second) {
		(void)fx_fail(x, second, "a second <%s> in <%s>", name, (const char *)parent->name);
		return NULL;
	}
	return x->rc ? NULL : node;
}

/*
 * The content of an element or attribute whose children are @list. The parser joins adjacent text,
 * so anything but one text node is a comment, a CDATA section or an element: never of libvirt's.
 */
static const char *fx_content(struct fx *x, const xmlNode *owner, const char *name,
			      const xmlNode *list)
{
	const char *text;

	if (!list)
		return "";
	if (list->next || list->type != XML_TEXT_NODE || !list->content) {
		(void)fx_fail(x, owner, "%s holds more than text", name);
		return NULL;
	}
	text = (const char *)list->content;
	if (strnlen(text, FACTS_STR_MAX + 1) > FACTS_STR_MAX) {
		(void)fx_fail(x, owner, "%s is longer than %d bytes", name, FACTS_STR_MAX);
		return NULL;
	}
	return text;
}

const char *fx_attr(struct fx *x, const xmlNode *node, const char *name)
{
	const xmlAttr *attr;

	if (!node || x->rc)
		return NULL;
	for (attr = node->properties; attr; attr = attr->next)
		if (!attr->ns && strcmp((const char *)attr->name, name) == 0)
			return fx_content(x, node, name, attr->children);
	return NULL;
}

const char *fx_attr_or(struct fx *x, const xmlNode *node, const char *name, const char *fallback)
{
	const char *value = fx_attr(x, node, name);

	return value ? value : fallback;
}

const char *fx_text(struct fx *x, const xmlNode *node)
{
	if (!node || x->rc)
		return NULL;
	return fx_content(x, node, (const char *)node->name, node->children);
}

void fx_copy_printable(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size);
	unsigned char *p = (unsigned char *)dst;

	if (len == size)
		for (len = size - 1; len > 0 && ((unsigned char)src[len] & 0xc0) == 0x80;)
			len--;
	memcpy(dst, src, len);
	dst[len] = '\0';
	for (; *p; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}

char *fx_dup(struct fx *x, const char *s)
{
	char *copy;

	if (!s || x->rc)
		return NULL;
	copy = strdup(s);
	if (!copy)
		x->rc = err_os(x->e, ENOMEM, "%s", x->what);
	return copy;
}

void *fx_grow(struct fx *x, const xmlNode *node, void *array, size_t n, size_t size, size_t max,
	      const char *noun)
{
	char *grown;

	if (x->rc)
		return NULL;
	if (n >= max) {
		(void)fx_fail(x, node, "more than %zu %s", max, noun);
		return NULL;
	}
	grown = reallocarray(array, n + 1, size);
	if (!grown) {
		x->rc = err_os(x->e, ENOMEM, "%s", x->what);
		return NULL;
	}
	memset(grown + n * size, 0, size);
	return grown;
}
