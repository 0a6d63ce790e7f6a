/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements in the kernel that no plan asks for, such as a port that someone opened by hand. */
#include "netiso/job.h"

#include "lib/util.h"
#include "netiso/kernel.h"

#include <stdio.h>
#include <string.h>

enum owner { OWNER_NOBODY, OWNER_MARK, OWNER_TAP };

/* What the first field of a set's key says whose an element is. What packets add is no drift. */
static enum owner owner_of(const char *text)
{
	static const struct {
		const char *head;
		enum owner owner;
	} heads[] = {{"{ type mark", OWNER_MARK},
		     {"{ typeof meta mark", OWNER_MARK},
		     {"{ type ifname", OWNER_TAP},
		     {"{ typeof iifname", OWNER_TAP}};

	for (size_t i = 0; i < ARRAY_SIZE(heads) && !strstr(text, "dynamic"); i++)
		if (strncmp(text, heads[i].head, strlen(heads[i].head)) == 0)
			return heads[i].owner;
	return OWNER_NOBODY;
}

/* Of either class: a policy may have changed it. */
static bool is_own_mark(const struct job *j, const struct kern_key *k)
{
	uint32_t mark;

	if (k->len < sizeof(mark))
		return false;
	memcpy(&mark, k->bytes, sizeof(mark));
	return (mark & ~LAYOUT_CLASS_INTERNET) ==
	       (j->params.mark_base | (j->rec.slot & LAYOUT_SLOT_MASK));
}

static bool is_own_tap(const struct job *j, const struct kern_key *k)
{
	char tap[IFNAMSIZ] = "";

	if (k->len < IFNAMSIZ)
		return false;
	memcpy(tap, k->bytes, IFNAMSIZ - 1);
	for (size_t i = 0; i < j->facts.n_nics; i++)
		if (strcmp(j->facts.nics[i].tap, tap) == 0)
			return true;
	return false;
}

static bool is_planned(const struct job *j, const char *family, const char *set,
		       const struct kern_key *k)
{
	for (size_t i = 0; i < j->plan.n_elements; i++) {
		const struct iso_element *el = &j->plan.elements[i];

		if (strcmp(el->family, family) == 0 && strcmp(el->set, set) == 0 &&
		    el->key_len == k->len && memcmp(el->key, k->bytes, k->len) == 0)
			return true;
	}
	return false;
}

/* --- a key as nft reads it ----------------------------------------------------------------- */

static void put_host(const uint8_t *b, struct strbuf *out)
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	sb_addf(out, "0x%08x", v);
}

static void put_handle(const uint8_t *b, struct strbuf *out)
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	sb_addf(out, "%x:%x", v >> 16, v & 0xffff);
}

static void put_zone(const uint8_t *b, struct strbuf *out)
{
	uint16_t v;

	memcpy(&v, b, sizeof(v));
	sb_addf(out, "%u", v);
}

static void put_link(const uint8_t *b, struct strbuf *out)
{
	sb_addf(out, "\"%.*s\"", IFNAMSIZ - 1, (const char *)b);
}

static void put_ip(const uint8_t *b, struct strbuf *out)
{
	sb_addf(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void put_byte(const uint8_t *b, struct strbuf *out)
{
	sb_addf(out, "%u", b[0]);
}

static void put_port(const uint8_t *b, struct strbuf *out)
{
	sb_addf(out, "%u", b[0] << 8 | b[1]);
}

static void put_raw_4(const uint8_t *b, struct strbuf *out)
{
	sb_addf(out, "0x%02x%02x%02x%02x", b[0], b[1], b[2], b[3]);
}

static void put_raw_6(const uint8_t *b, struct strbuf *out)
{
	put_raw_4(b, out);
	sb_addf(out, "%02x%02x", b[4], b[5]);
}

/* By how the layout writes them; @len is padded to four bytes. */
static const struct field {
	const char *text;
	uint8_t len;
	void (*put)(const uint8_t *b, struct strbuf *out);
} fields[] = {
	{"meta mark", 4, put_host},	  {"mark", 4, put_host},
	{"meta priority", 4, put_handle}, {"ct original zone", 4, put_zone},
	{"iifname", IFNAMSIZ, put_link},  {"oifname", IFNAMSIZ, put_link},
	{"ifname", IFNAMSIZ, put_link},	  {"ip daddr", 4, put_ip},
	{"ipv4_addr", 4, put_ip},	  {"meta l4proto", 4, put_byte},
	{"inet_proto", 4, put_byte},	  {"th dport", 4, put_port},
	{"inet_service", 4, put_port},	  {"@nh,96,32", 4, put_raw_4},
	{"@ll,48,48", 8, put_raw_6},
};

static const struct field *field_at(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const size_t n = strlen(fields[i].text);

		if (strncmp(text, fields[i].text, n) == 0 && strchr(" ;", text[n]))
			return &fields[i];
	}
	return NULL;
}

/* False when it has a field that is not known here: then as bytes. */
static bool print_key(const struct kern_key *k, const char *text, struct strbuf *out)
{
	size_t at = 0;

	text += strcspn(text, "e") + 2; /* behind "type " or "typeof " */
	text += strncmp(text, "f ", 2) == 0 ? 2 : 0;
	for (const struct field *f; (f = field_at(text)) && at + f->len <= k->len; at += f->len) {
		sb_adds(out, at ? " . " : "");
		f->put(k->bytes + at, out);
		text += strlen(f->text);
		if (strncmp(text, " . ", 3) != 0)
			return at + f->len == k->len;
		text += 3;
	}
	for (; at < k->len; at++)
		sb_addf(out, "%s%02x", at % 4 ? "" : " 0x", k->bytes[at]);
	return false;
}

/* One set's. */
static int added_in(struct job *j, const char *family, const char *set, const char *text,
		    struct strbuf *lines, struct strbuf *commands, struct err *e)
{
	const enum owner owner = owner_of(text);
	auto_free struct kern_key *keys = NULL;
	struct err why = {0};
	int count = 0;
	size_t n = 0;

	if (owner == OWNER_NOBODY)
		return 0;
	/* A set that is gone is told by others. */
	if (kern_set_keys(&j->nf, family, set, &keys, &n, &why) < 0)
		return why.exit != EX_CORDON_NOPERM
			       ? 0
			       : err_set(e, why.exit, why.errnum, "%s", why.msg);
	for (size_t i = 0; i < n; i++) {
		auto_sb struct strbuf key = {0};
		bool whole;

		if (!(owner == OWNER_MARK ? is_own_mark(j, &keys[i]) : is_own_tap(j, &keys[i])) ||
		    is_planned(j, family, set, &keys[i]))
			continue;
		count++;
		whole = print_key(&keys[i], text, &key);
		if (lines)
			sb_addf(lines, "added: %s " LAYOUT_TABLE " %s { %s }\n", family, set,
				sb_str(&key));
		if (commands && whole)
			sb_addf(commands, "delete element %s " LAYOUT_TABLE " %s { %s }\n", family,
				set, sb_str(&key));
	}
	return count;
}

int job_added(struct job *j, struct strbuf *lines, struct strbuf *commands, struct err *e)
{
	char family[8], set[32];
	const char *text;
	int count = 0;

	for (size_t i = 0; layout_set(i, family, set, &text); i++) {
		const int r = added_in(j, family, set, text, lines, commands, e);

		if (r < 0)
			return r;
		count += r;
	}
	return count;
}
