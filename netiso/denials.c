/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting of what is denied: see netiso/denials.h. */
#include "netiso/denials.h"

#include "lib/util.h"
#include "netiso/kernel.h"
#include "netiso/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SET "denied"

/* By number. What stands in rules as text is DENIALS_RULE's. */
static const char *const names[] = {
	NULL,	 "host",       "range",	 "attached", "dns",  "egress",
	"flows", "redirected", "source", "frame",    "rate", "ipv6",
};
_Static_assert(ARRAY_SIZE(names) == DENIALS_REASONS + 1, "each reason has a name");

/* Those that a family has. In inet each has a chain of its own, since there it is logged, too. */
static const struct {
	const char *family;
	unsigned reasons[DENIALS_REASONS + 1]; /* ends with 0 */
} families[] = {
	{"netdev", {2, 4, 5, 6, 8, 9, 10, 11, 0}},
	{"bridge", {3, 8, 9, 10, 0}},
	{"inet", {1, 2, 3, 4, 5, 6, 7, 0}},
};

#define COUNT "add @" SET " { meta mark . meta priority counter }"

const char *denials_name(unsigned number)
{
	return number && number < ARRAY_SIZE(names) ? names[number] : NULL;
}

void denials_emit_objects(struct strbuf *out)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		sb_addf(out,
			"add set %s " LAYOUT_TABLE " " SET
			" { typeof meta mark . meta priority; size 65536; flags dynamic; }\n",
			families[f].family);
		for (const unsigned *r = families[f].reasons; *r; r++)
			sb_addf(out, "add counter %s " LAYOUT_TABLE " deny_%s\n",
				families[f].family, names[*r]);
	}
}

void denials_rule(const char *reason, struct strbuf *out)
{
	unsigned number = 1;

	while (number < DENIALS_REASONS && strcmp(names[number], reason) != 0)
		number++;
	sb_addf(out, DENIALS_RULE("%s", "%x"), reason, number);
}

/* In inet, @number's chain: counted, logged, refused. */
static void emit_chain(unsigned number, struct strbuf *out)
{
	const char *r = names[number];

	sb_addf(out,
		"add rule inet " LAYOUT_TABLE " deny_%s counter name \"deny_%s\" "
		"meta priority set 0:%x " COUNT "\n",
		r, r, number);
	sb_addf(out, "add rule inet " LAYOUT_TABLE " deny_%s meta mark vmap @logged\n", r);
	sb_addf(out, "add rule inet " LAYOUT_TABLE " deny_%s goto refuse\n", r);
}

void denials_log_prefix(const struct uuid *uuid, const char *reason,
			char buf[static DENIALS_PREFIX_MAX])
{
	char text[UUID_STRLEN];

	(void)snprintf(buf, DENIALS_PREFIX_MAX, "virt-cordon %s %s ", uuid_str(uuid, text), reason);
}

/* By the number that the chain that denies has set. */
void denials_log_rules(const struct layout_params *p, const struct uuid *uuid, const char *chain,
		       struct strbuf *out)
{
	const unsigned *reasons = families[ARRAY_SIZE(families) - 1].reasons;
	char prefix[DENIALS_PREFIX_MAX];

	sb_addf(out,
		"add rule inet " LAYOUT_TABLE
		" %s limit rate over 10/second burst 20 packets return\n",
		chain);
	for (const unsigned *r = reasons; *r; r++) {
		denials_log_prefix(uuid, names[*r], prefix);
		sb_addf(out,
			"add rule inet " LAYOUT_TABLE " %s meta priority 0:%x log prefix \"%s\" "
			"group %u\n",
			chain, *r, prefix, p->log_group);
	}
}

void denials_emit_rules(struct strbuf *out)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		const char *family = families[f].family;

		if (strcmp(family, "inet") == 0)
			for (const unsigned *r = families[f].reasons; *r; r++)
				emit_chain(*r, out);
		else
			sb_addf(out,
				"add rule %s " LAYOUT_TABLE " deny " COUNT
				"\nadd rule %s " LAYOUT_TABLE " deny drop\n",
				family, family);
	}
}

/* Of the set @family, when it is there. */
static void clear_one(struct nl *nf, const char *family, uint32_t mark, unsigned number,
		      struct strbuf *out)
{
	const struct term key = term_join(term_mark(mark), term_priority(number));
	struct iso_element el = {.family = family, .set = SET, .key_len = key.len};

	memcpy(el.key, key.bytes, key.len);
	if (kern_element_matches(nf, &el) == 1)
		sb_addf(out, "delete element %s " LAYOUT_TABLE " " SET " { %s }\n", family,
			key.text);
}

/* Asked one by one: a list would grow with the number of domains. */
void denials_clear(struct nl *nf, const struct layout_params *p, uint32_t slot, struct strbuf *out)
{
	const uint32_t mark = p->mark_base | (slot & LAYOUT_SLOT_MASK);

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		for (const unsigned *r = families[f].reasons; *r; r++) {
			clear_one(nf, families[f].family, mark, *r, out);
			clear_one(nf, families[f].family, mark | LAYOUT_CLASS_INTERNET, *r, out);
			clear_one(nf, families[f].family, mark | LAYOUT_BESIDE, *r, out);
		}
	}
}

static int add(const struct kern_key *key, struct denials **list, size_t *n)
{
	uint32_t mark, number;
	struct denials *d = NULL;

	if (key->len != sizeof(mark) + sizeof(number))
		return 0;
	memcpy(&mark, key->bytes, sizeof(mark));
	memcpy(&number, key->bytes + sizeof(mark), sizeof(number));
	if (!denials_name(number))
		return 0;
	for (size_t i = 0; i < *n && !d; i++)
		if ((*list)[i].slot == (mark & LAYOUT_SLOT_MASK))
			d = &(*list)[i];
	if (!d) {
		struct denials *grown = realloc(*list, (*n + 1) * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		*list = grown;
		d = &grown[(*n)++];
		*d = (struct denials){.slot = mark & LAYOUT_SLOT_MASK};
	}
	d->packets[number] += key->packets;
	return 0;
}

int denials_read(struct nl *nf, struct denials **ret, size_t *n_ret, struct err *e)
{
	struct denials *list = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t f = 0; f < ARRAY_SIZE(families) && r == 0; f++) {
		auto_free struct kern_key *keys = NULL;
		struct err why = {0};
		size_t n_keys = 0;

		r = kern_set_keys(nf, families[f].family, SET, &keys, &n_keys, &why);
		if (r == -ENOENT)
			r = 0;
		else if (r < 0)
			(void)err_set(e, why.exit, why.errnum, "%s", why.msg);
		for (size_t i = 0; i < n_keys && r == 0; i++)
			r = add(&keys[i], &list, &n);
		if (r == -ENOMEM)
			(void)err_os(e, ENOMEM, "counters");
	}
	if (r < 0) {
		free(list);
		return r;
	}
	*ret = list;
	*n_ret = n;
	return 0;
}
