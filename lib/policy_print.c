/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy as canonical text, and where its keys stand. See lib/policy.h. */
#include "lib/policy_internal.h"

#include <stdio.h>
#include <string.h>

#define PRINT_WIDTH 78 /* columns; a list goes on under a label after that */

/* "key = a, b", then "key.2 = c, d" and so on. */
static void print_list(const struct policy_row *row, const struct policy *p, struct strbuf *out)
{
	size_t n = row->count(p), start = out->len;
	unsigned label = 1;

	sb_addf(out, "%s =", row->name);
	for (size_t i = 0; i < n; i++) {
		auto_sb struct strbuf item = {0};
		bool first = out->len > start && out->data[out->len - 1] == '=';

		row->print(p, i, &item);
		if (!first && out->len - start + 2 + item.len > PRINT_WIDTH) {
			sb_adds(out, "\n");
			start = out->len;
			sb_addf(out, "%s.%u =", row->name, ++label);
			first = true;
		}
		sb_addf(out, "%s%s", first ? " " : ", ", sb_str(&item));
		out->failed |= item.failed;
	}
	sb_adds(out, "\n");
}

static void print_key(const struct policy_row *row, const struct policy *p, size_t i,
		      struct strbuf *out)
{
	size_t mark;

	if (row->count) {
		print_list(row, p, out);
		return;
	}
	sb_addf(out, "%s = ", row->name);
	mark = out->len;
	row->print(p, i, out);
	if (out->len == mark && mark > 0 && !out->failed)
		out->data[--out->len] = '\0'; /* no blank after the '=' of an empty value */
	sb_adds(out, "\n");
}

static void print_keys(enum policy_section section, const struct policy *p, size_t i,
		       struct strbuf *out)
{
	for (size_t k = 0; k < KEY_COUNT; k++) {
		const struct policy_row *row = &policy_rows[k];

		if (row->section != section)
			continue;
		/* Without isolation the other keys mean nothing, and would be refused beside it. */
		if (section == SEC_NETWORK && !p->isolation && row->key != KEY_NET_ISOLATION)
			continue;
		print_key(row, p, i, out);
	}
}

void policy_print(const struct policy *p, struct strbuf *out)
{
	for (enum policy_section s = 0; s < SEC_COUNT; s++) {
		if (s == SEC_SHARE) {
			for (size_t i = 0; i < p->n_shares; i++) {
				sb_addf(out, "\n[share %s]\n", p->shares[i].tag);
				print_keys(s, p, i, out);
			}
			continue;
		}
		sb_addf(out, "%s[%s]\n", s == 0 ? "" : "\n", policy_section_names[s]);
		print_keys(s, p, 0, out);
	}
}

const char *policy_key_name(enum policy_key key, const char **ret_section)
{
	*ret_section = policy_section_names[policy_rows[key].section];
	return policy_rows[key].name;
}

void policy_key_print(const struct policy *p, enum policy_key key, struct strbuf *out)
{
	const struct policy_row *row = &policy_rows[key];
	const size_t n = row->count ? row->count(p) : 1;

	for (size_t i = 0; i < n; i++) {
		if (i)
			sb_adds(out, ", ");
		row->print(p, i, out);
	}
}

const char *policy_where(const struct policy *p, enum policy_key key, char *buf, size_t size)
{
	const struct policy_row *row = &policy_rows[key];
	const char *path = p->path ? p->path : "virt-cordon.ini";
	char line[16] = "";

	if (p->line[key])
		(void)snprintf(line, sizeof(line), ":%u", p->line[key]);
	(void)snprintf(buf, size, "%s%s: [%s] %s", path, line, policy_section_names[row->section],
		       row->name);
	return buf;
}
