/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared nftables layout as commands: see netiso/layout.h. */
#include "netiso/layout.h"

#include "lib/util.h"
#include "netiso/denials.h"

#include <stdio.h>
#include <string.h>

/* Appends @text with each $WORD of the vocabulary replaced. */
static void emit_filled(struct strbuf *out, const char *text, const struct layout_params *p)
{
	while (*text) {
		const size_t plain = strcspn(text, "$");

		sb_add(out, text, plain);
		text += plain;
		if (strncmp(text, "$BASE", 5) == 0 || strncmp(text, "$DHCP", 5) == 0)
			sb_addf(out, "0x%08x", p->mark_base), text += 5;
		else if (strncmp(text, "$BESIDE", 7) == 0)
			sb_addf(out, "0x%08x", LAYOUT_BESIDE), text += 7;
		else if (strncmp(text, "$CLASS", 6) == 0)
			sb_addf(out, "0x%08x", LAYOUT_CLASS_INTERNET), text += 6;
		else if (strncmp(text, "$MAIN", 5) == 0)
			sb_addf(out, "0x%08x", p->mark_base | LAYOUT_CLASS_INTERNET), text += 5;
		else if (strncmp(text, "$WIDE", 5) == 0)
			sb_addf(out, "0x%08x", LAYOUT_MARK_MASK | LAYOUT_CLASS_INTERNET), text += 5;
		else if (strncmp(text, "$MASK", 5) == 0)
			sb_addf(out, "0x%08x", LAYOUT_MARK_MASK), text += 5;
		else if (*text)
			sb_add(out, text++, 1);
	}
}

static const struct layout_part *const parts[] = {&layout_ipv4, &layout_ipv6};

const struct layout_chain *layout_chain_at(size_t i)
{
	for (size_t p = 0; p < ARRAY_SIZE(parts); i -= parts[p++]->n_chains)
		if (i < parts[p]->n_chains)
			return &parts[p]->chains[i];
	return NULL;
}

static void emit_chains(struct strbuf *out)
{
	const struct layout_chain *c;

	for (size_t i = 0; (c = layout_chain_at(i)); i++) {
		sb_addf(out, "add chain %s " LAYOUT_TABLE " %s", c->family, c->name);
		if (c->hook)
			sb_addf(out, " { %s }", c->hook);
		sb_addf(out, "\nflush chain %s " LAYOUT_TABLE " %s\n", c->family, c->name);
	}
}

static void emit_refused(const char *set, const struct ip_range *list, size_t n, struct strbuf *out)
{
	char first[PREFIX_STRLEN], last[PREFIX_STRLEN];

	sb_addf(out,
		"flush set inet " LAYOUT_TABLE " %s\n"
		"add element inet " LAYOUT_TABLE " %s { ",
		set, set);
	for (size_t i = 0; i < n; i++)
		sb_addf(out, "%s%s-%s", i ? ", " : "", ip_str(&list[i].first, first),
			ip_str(&list[i].last, last));
	sb_adds(out, " }\n");
}

static void emit_rules(const struct layout_params *p, const struct layout_part *part,
		       struct strbuf *out)
{
	for (size_t i = 0; i < part->n_rules; i++) {
		const struct layout_rule *r = &part->rules[i];

		sb_addf(out, "add rule %s " LAYOUT_TABLE " %s ", r->family, r->chain);
		emit_filled(out, r->text, p);
		sb_adds(out, "\n");
	}
}

void layout_emit(const struct layout_params *p, struct strbuf *out)
{
	static const char *const families[] = {"netdev", "bridge", "inet"};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		sb_addf(out, "add table %s " LAYOUT_TABLE "\n", families[i]);
	for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
		for (size_t i = 0; i < parts[k]->n_sets; i++)
			sb_addf(out, "add %s " LAYOUT_TABLE " %s\n", parts[k]->sets[i].kind,
				parts[k]->sets[i].text);
	denials_emit_objects(out);
	emit_chains(out);
	emit_refused("refused", layout_refused, layout_n_refused, out);
	emit_refused("refused6", layout_refused6, layout_n_refused6, out);
	for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
		emit_rules(p, parts[k], out);
	denials_emit_rules(out);
}

bool layout_set(size_t i, char family[static 8], char name[static 32], const char **ret_text)
{
	const struct layout_set *set = NULL;

	for (size_t p = 0; p < ARRAY_SIZE(parts) && !set; i -= set ? 0 : parts[p++]->n_sets)
		if (i < parts[p]->n_sets)
			set = &parts[p]->sets[i];
	if (!set || sscanf(set->kind, "%*s %7s", family) != 1 ||
	    sscanf(set->text, "%31s", name) != 1)
		return false;
	*ret_text = strchr(set->text, '{');
	return true;
}

void layout_emit_remove(struct strbuf *out)
{
	static const char *const families[] = {"netdev", "bridge", "inet"};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		sb_addf(out, "add table %s " LAYOUT_TABLE "\ndelete table %s " LAYOUT_TABLE "\n",
			families[i], families[i]);
}
