/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that another version of virt-cordon has made: see netiso/renew.h. */
#include "netiso/renew.h"

#include "lib/util.h"
#include "netiso/nft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what guests' packets have added ---------------------------------------------------------- */

/* Sets of it, by name or (ending with '_') by the beginning of it. */
static const struct {
	const char *family, *name;
} learnt[] = {
	{"bridge", "address_owner"}, {"bridge", "address6_owner"}, {"netdev", "own_"},
	{"netdev", "flows_"},	     {"netdev", "ending_"},
};

static bool is_learnt(const char *family, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(learnt); i++) {
		const size_t n = strlen(learnt[i].name);
		const bool whole = learnt[i].name[n - 1] != '_';

		if (strcmp(learnt[i].family, family) == 0 && (whole ? len == n : len > n) &&
		    strncmp(learnt[i].name, name, n) == 0)
			return true;
	}
	return false;
}

/* "\tset NAME {" or "\tmap NAME {": the name. */
static const char *set_name(const char *line, size_t *ret_len)
{
	static const char *const kinds[] = {"\tset ", "\tmap "};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(line, kinds[i], strlen(kinds[i])) != 0)
			continue;
		line += strlen(kinds[i]);
		*ret_len = strcspn(line, " \n");
		return line;
	}
	return NULL;
}

#define ELEMENTS "\telements = "

void renew_learnt(const char *family, const char *listing, const char *plans, struct strbuf *out)
{
	for (const char *line = listing; line && *line;) {
		const char *end, *from, *name;
		char made[160] = "";
		size_t n = 0;

		name = set_name(line, &n);
		end = strstr(line, name ? "\n\t}" : "\n");
		if (!end)
			return;
		from = name && is_learnt(family, name, n) ? strstr(line, ELEMENTS "{") : NULL;
		if (plans && from)
			(void)snprintf(made, sizeof(made), "add set %s " LAYOUT_TABLE " %.*s {",
				       family, (int)n, name);
		if (from && from < end && (!plans || strstr(plans, made))) {
			sb_addf(out, "add element %s " LAYOUT_TABLE " %.*s ", family, (int)n, name);
			for (from += strlen(ELEMENTS); from < end; from++)
				sb_add(out, *from == '\n' || *from == '\t' ? " " : from, 1);
			sb_adds(out, "\n");
		}
		line = end + 1;
	}
}

/* A table that is not there has nothing. */
static void keep_learnt(const char *family, const char *plans, struct strbuf *out)
{
	auto_free char *listing = NULL;
	char command[64];

	(void)snprintf(command, sizeof(command), "list table %s " LAYOUT_TABLE, family);
	if (iso_nft_list_state(command, &listing, NULL) == 0)
		renew_learnt(family, listing, plans, out);
}

/* --- the other domains ------------------------------------------------------------------------ */

void renewal_free(struct renewal *n)
{
	for (size_t i = 0; i < n->n; i++) {
		job_free(n->list[i]);
		free(n->list[i]);
	}
	free(n->list);
	*n = (struct renewal){0};
}

static struct job *add_job(struct renewal *n, const char *root)
{
	struct job **grown = realloc(n->list, (n->n + 1) * sizeof(struct job *));

	if (!grown)
		return NULL;
	n->list = grown;
	grown[n->n] = calloc(1, sizeof(struct job));
	if (!grown[n->n])
		return NULL;
	grown[n->n]->root = root;
	return grown[n->n++];
}

/* One pair of sockets for all: there may be more domains than descriptors. */
static void lend(struct job *from, struct job *to)
{
	to->route = from->route;
	to->nf = from->nf;
	from->route = (struct nl){0};
	from->nf = (struct nl){0};
}

/* Its plan; from now until the transaction is through, its undo takes back the old and the new. */
static int add_one(struct job *o, struct commands *c, struct err *e)
{
	auto_sb struct strbuf undo = {0};
	int r;

	r = job_compile(o, true, e);
	if (r == 0)
		r = job_addresses(o, true, &c->learnt, e);
	if (r == 0)
		r = job_old_undo(o->root, &o->rec.uuid, &undo, e);
	if (r < 0)
		return r;
	sb_adds(&c->rest, sb_str(&o->plan.public6));
	for (size_t i = 0; i < o->plan.n_chains; i++) {
		sb_adds(&c->rest, sb_str(&o->plan.chains[i].make));
		o->chain_made[i] = true;
	}
	sb_adds(&c->rest, sb_str(&o->plan.fresh));
	commands_add_guests(c, &o->plan);
	sb_adds(&undo, sb_str(&o->plan.undo));
	return undo.failed ? err_os(e, ENOMEM, "nftables commands")
			   : job_write_undo(o, sb_str(&undo), e);
}

static int add_domain(struct job *j, const struct uuid *uuid, struct renewal *n, struct commands *c,
		      struct err *e)
{
	struct job *o = add_job(n, j->root);
	char text[UUID_STRLEN];
	struct err why = {0};
	int r;

	if (!o)
		return err_os(e, ENOMEM, "domains");
	r = record_load(j->root, uuid, &o->rec, &why);
	if (r == 0 && !job_has_tap(o)) {
		job_free(o);
		free(o);
		n->n--;
		return 0;
	}
	lend(j, o);
	if (r == 0)
		r = add_one(o, c, &why);
	lend(o, j);
	if (r < 0)
		return err_set(e, why.exit, why.errnum,
			       "the tables are of another version of virt-cordon, and that of "
			       "domain %s cannot be put in anew: %s; stop it first",
			       o->rec.name ? o->rec.name : uuid_str(uuid, text), why.msg);
	return 0;
}

int renew_others(struct job *j, struct renewal *ret, struct commands *c, struct err *e)
{
	auto_free struct uuid *list = NULL;
	size_t n = 0;
	int r;

	r = record_list(j->root, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!uuid_equal(&list[i], &j->rec.uuid) &&
		    !record_file_gone(j->root, &list[i], UNDO_FILE))
			r = add_domain(j, &list[i], ret, c, e);
	return r;
}

int renew_done(struct job *j, const struct renewal *n, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < n->n; i++) {
		struct job *o = n->list[i];
		struct err why = {0};
		int r = job_write_undo(o, sb_str(&o->plan.undo), &why);

		lend(j, o);
		if (r == 0)
			r = job_note_chains(o, &why);
		lend(o, j);
		if (r < 0)
			ret = err_set(e, why.exit, why.errnum, "domain %s: %s", o->rec.name,
				      why.msg);
	}
	return ret;
}

/* One that differs is told, and the rest are compared. */
int renew_compare(struct job *j, const struct renewal *n, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < n->n; i++) {
		struct job *o = n->list[i];
		struct err why = {0};
		int r;

		lend(j, o);
		r = job_compare_own(o, NULL, &why);
		lend(o, j);
		if (r < 0)
			ret = err_set(e, why.exit, why.errnum,
				      "the rules of domain %s were put in anew and differ: %s",
				      o->rec.name, why.msg);
	}
	return ret;
}

/* --- the transaction -------------------------------------------------------------------------- */

void renew_keep_learnt(struct commands *c)
{
	keep_learnt("bridge", NULL, &c->learnt);
}

void renew_keep_learnt_last(struct commands *c)
{
	keep_learnt("netdev", sb_str(&c->rest), &c->last);
}

/* nft 1.0.6 may fail where a transaction adds the same to a set with auto-merge several times. */
void commands_add_guests(struct commands *c, const struct iso_plan *plan)
{
	auto_free char *copy = strdup(sb_str(&plan->guests));
	char *save = NULL;

	if (!copy) {
		c->guests.failed = true;
		return;
	}
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strstr(sb_str(&c->guests), line))
			sb_addf(&c->guests, "%s\n", line);
}

void commands_free(struct commands *c)
{
	sb_free(&c->first);
	sb_free(&c->guests);
	sb_free(&c->learnt);
	sb_free(&c->rest);
	sb_free(&c->last);
}

static int run(const struct commands *c, bool learnt_too, struct err *e)
{
	auto_sb struct strbuf text = {0};

	sb_adds(&text, sb_str(&c->first));
	sb_adds(&text, sb_str(&c->guests));
	if (learnt_too)
		sb_adds(&text, sb_str(&c->learnt));
	sb_adds(&text, sb_str(&c->rest));
	if (learnt_too)
		sb_adds(&text, sb_str(&c->last));
	if (text.failed || c->first.failed || c->guests.failed || c->learnt.failed ||
	    c->rest.failed || c->last.failed)
		return err_os(e, ENOMEM, "nftables commands");
	return iso_nft_apply(sb_str(&text), e);
}

int commands_run(const struct commands *c, struct err *e)
{
	struct err why = {0};
	int r = run(c, true, &why);

	if (r < 0 && (c->learnt.len || c->last.len))
		return run(c, false, e);
	return r < 0 ? err_set(e, why.exit, why.errnum, "%s", why.msg) : 0;
}
