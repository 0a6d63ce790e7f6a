/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One device of a <domain> as text again, for a command that takes it out: see lib/facts.h. */
#include "lib/facts.h"
#include "lib/facts_xml.h"
#include "lib/strbuf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Without what only lays it out: blanks between elements. Inside of attributes and text '<' and '>'
 * are entities. */
static void add_on_one_line(const char *s, struct strbuf *out)
{
	while (*s) {
		const size_t blank = strspn(s, " \t\r\n");

		if (blank && out->len && out->data[out->len - 1] == '>' && s[blank] == '<') {
			s += blank;
			continue;
		}
		sb_add(out, *s == '\n' || *s == '\r' ? " " : s, 1);
		s++;
	}
}

static const xmlNode *find(const xmlNode *devices, unsigned line)
{
	const xmlNode *node = NULL, *found = NULL;

	while ((node = fx_next(devices, node, NULL))) {
		if (fx_line(node) != line)
			continue;
		if (found)
			return NULL;
		found = node;
	}
	return found;
}

int facts_element(const char *xml, size_t len, unsigned line, char name[static 32],
		  struct strbuf *out, struct err *e)
{
	auto_fx struct fx x = {0};
	const xmlNode *node;
	xmlBuffer *buf;
	int r = fx_open(&x, xml, len, "domain XML", "domain", e);

	if (r < 0)
		return r;
	node = find(fx_only(&x, fx_root(&x), "devices"), line);
	if (!node)
		return -ENOENT;
	buf = xmlBufferCreate();
	if (buf && xmlNodeDump(buf, x.doc, (xmlNode *)(uintptr_t)node, 0, 0) >= 0)
		add_on_one_line((const char *)xmlBufferContent(buf), out);
	else
		out->failed = true;
	if (buf)
		xmlBufferFree(buf);
	(void)snprintf(name, 32, "%s", (const char *)node->name);
	return out->failed ? err_os(e, ENOMEM, "domain XML") : 0;
}
