/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon forget: a domain that has had a policy may run without one again. */
#include "cli/verbs.h"

#include "lib/confirm.h"
#include "cli/domains.h"
#include "cli/print.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOCK_MS 10000

struct history {
	struct record_history *list;
	size_t n;
};

static void history_free(struct history *h)
{
	record_history_free(h->list, h->n);
}

static int not_found(const struct history *h, const char *arg, struct err *e)
{
	auto_free const char **names = calloc(h->n + 1, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; names && h->list && i < h->n; i++)
		names[i] = h->list[i].name;
	if (names)
		near = suggest_closest(arg, names, h->n);
	return err_set(
		e, EX_CORDON_NOINPUT, ENOENT,
		"no domain '%s' is known to have had a policy%s%s%s; one that was renamed is "
		"known by its UUID (virsh domuuid) and its old name",
		arg, near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

/* Two domains may have had the same name, one after the other. */
static int ambiguous(const struct history *h, const char *name, struct err *e)
{
	auto_sb struct strbuf uuids = {0};
	char text[UUID_STRLEN];

	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->list[i].name, name) == 0)
			sb_addf(&uuids, " %s", uuid_str(&h->list[i].uuid, text));
	return err_set(e, EX_CORDON_USAGE, EINVAL,
		       "more than one domain was called '%s'; name one by its UUID:%s", name,
		       sb_str(&uuids));
}

static int find(const struct history *h, const char *arg, const struct record_history **ret,
		struct err *e)
{
	const struct record_history *found = NULL;
	struct uuid uuid = {0};
	enum cli_target_kind kind = cli_target(arg, &uuid);

	if (kind == CLI_FILE)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is a file; name a domain", arg);
	for (size_t i = 0; i < h->n; i++) {
		const struct record_history *entry = &h->list[i];

		if (kind == CLI_UUID ? !uuid_equal(&entry->uuid, &uuid)
				     : strcmp(entry->name, arg) != 0)
			continue;
		if (found)
			return ambiguous(h, arg, e);
		found = entry;
	}
	if (!found)
		return not_found(h, arg, e);
	*ret = found;
	return 0;
}

/* Not while it runs: what it is under would look like something that no one asked for. */
static int refuse_running(const char *root, const struct record_history *entry, struct err *e)
{
	struct record rec = {0};
	struct err why = {0};
	int r;

	r = record_load(root, &entry->uuid, &rec, &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	r = err_set(
		e, EX_CORDON_POLICY, EBUSY,
		"domain '%s' is under its policy now; shut it down first (when it does not run, "
		"virt-cordon gc removes the record)",
		rec.name);
	record_free(&rec);
	return r;
}

static int remove_history(const char *root, const struct record_history *entry, struct err *e)
{
	const struct record none = {.uuid = entry->uuid};
	auto_close int lock = record_lock_domain(root, &entry->uuid, LOCK_MS, e);
	int r;

	if (lock < 0)
		return lock;
	r = refuse_running(root, entry, e);
	if (r < 0)
		return r;
	r = record_history_remove(root, &entry->uuid, e);
	/* The folder that the lock made. */
	(void)record_remove(root, &none, NULL);
	return r;
}

/* A policy of its old name would bring it all back, which someone may not expect. */
static void mention_policy(const char *root, const char *name)
{
	auto_free char *path = domain_policy_path(root, name);

	if (path && access(path, F_OK) == 0)
		print_complaint("note: %s is still there: a domain '%s' that starts is under it "
				"again",
				path, name);
}

int verb_forget(const struct cli *cli, struct err *e)
{
	__attribute__((cleanup(history_free))) struct history h = {0};
	const struct record_history *entry = NULL;
	auto_sb struct strbuf question = {0}, done = {0};
	char uuid[UUID_STRLEN];
	int r;

	r = record_history_list(cli->root, &h.list, &h.n, e);
	if (r == 0)
		r = find(&h, cli->args[0], &entry, e);
	if (r == 0)
		r = refuse_running(cli->root, entry, e);
	if (r < 0 || !entry)
		return r;
	uuid_str(&entry->uuid, uuid);
	sb_adds(&question, "Let domain '");
	safe_add(&question, entry->name);
	sb_addf(&question, "' (%s) run without a policy?", uuid);
	r = confirm(cli, sb_str(&question), e);
	if (r <= 0)
		return r;
	r = remove_history(cli->root, entry, e);
	if (r < 0)
		return r;
	sb_addf(&done, "forgotten: %s %s", uuid, entry->name);
	print_lines(NULL, sb_str(&done), COLOUR_NONE);
	mention_policy(cli->root, entry->name);
	return 0;
}
