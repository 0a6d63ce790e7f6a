/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon snapshot, snapshots, reset: for a person; the hook's reset is prov_apply's. */
#include "provision/verbs.h"

#include "lib/confirm.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/layers.h"
#include "provision/qcow2.h"
#include "provision/virt.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOCK_MS 10000

/* A domain that is shut off, held so. */
struct idle {
	struct virt virt;
	struct facts facts;
	struct store store;
	struct snaps all;
	struct instance inst;
	const char *root;
	int lock;
};

/* The folder that the lock made goes, unless there is a record in it. */
static void idle_free(struct idle *i)
{
	const struct record none = {.uuid = i->facts.uuid};

	if (i->lock >= 0 && record_file_gone(i->root, &none.uuid, "record"))
		(void)record_remove(i->root, &none, NULL);
	util_closep(&i->lock);
	snaps_free(&i->all);
	store_close(&i->store);
	facts_free(&i->facts);
	virt_close(&i->virt);
}
#define auto_idle __attribute__((cleanup(idle_free)))
#define IDLE_NONE                                                                                  \
	{                                                                                          \
		.store = {.dir = -1}, .lock = -1                                                   \
	}

static int open_store(struct idle *i, bool make, struct err *e)
{
	int r = store_open(i->root, &i->facts.uuid, make, &i->store, e);

	if (r == 0 && make)
		r = layers_recover(&i->store, i->facts.disks, i->facts.n_disks, e);
	if (r == 0)
		r = snaps_load(&i->store, &i->all, e);
	return r < 0 ? r : instance_load(&i->store, &i->inst, e);
}

/* libvirt asks the hook before it starts a domain, and the hook waits for this lock. */
static int open_idle(const char *root, const char *arg, struct idle *i, struct err *e)
{
	int r;

	i->root = root;
	r = virt_open(arg, &i->virt, &i->facts, e);
	if (r < 0)
		return r;
	i->lock = record_lock_domain(root, &i->facts.uuid, LOCK_MS, e);
	if (i->lock < 0)
		return i->lock;
	r = virt_need_idle(&i->virt, i->facts.name, e);
	return r < 0 ? r : open_store(i, true, e);
}

/* The first "sN" that is free. */
static const char *next_name(const struct snaps *all, char buf[static 24])
{
	for (size_t n = all->n + 1;; n++) {
		(void)snprintf(buf, 24, "s%zu", n);
		if (!snaps_find(all, buf))
			return buf;
	}
}

static int find_snapshot(const struct idle *i, const char *name, const struct snap **ret,
			 struct err *e)
{
	*ret = snaps_find(&i->all, name);
	return *ret ? 0
		    : err_set(e, EX_CORDON_NOINPUT, ENOENT,
			      "domain '%s' has no snapshot '%s'; see virt-cordon snapshots '%s'",
			      i->facts.name, name, i->facts.name);
}

static int delete_snapshot(const struct cli *cli, struct idle *i, struct err *e)
{
	auto_sb struct strbuf question = {0};
	const struct snap *snap = NULL;
	int r;

	if (cli->n_args < 2)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "which one is missing; write virt-cordon snapshot --delete '%s' "
			       "NAME",
			       i->facts.name);
	r = find_snapshot(i, cli->args[1], &snap, e);
	if (r == 0 && snap)
		r = layers_can_drop(i->root, &i->facts.uuid, &i->all, snap, e);
	if (r < 0 || !snap)
		return r;
	sb_addf(&question,
		"Delete the snapshot '%s' of '%s'? Its disks and other snapshots stay as they "
		"are.",
		snap->name, i->facts.name);
	r = confirm(cli, sb_str(&question), e);
	if (r > 0)
		r = layers_drop(&i->store, i->root, &i->facts.uuid, &i->all, snap, e);
	return r;
}

int verb_snapshot(const struct cli *cli, struct err *e)
{
	auto_idle struct idle i = IDLE_NONE;
	char buf[24];
	const char *name;
	int r;

	r = open_idle(cli->root, cli->args[0], &i, e);
	if (r == 0 && ((const struct prov_cli *)cli)->delete)
		return delete_snapshot(cli, &i, e);
	if (r < 0)
		return r;
	name = cli->n_args > 1 ? cli->args[1] : next_name(&i.all, buf);
	r = layers_snapshot(&i.store, i.facts.disks, i.facts.n_disks, name, &i.inst, e);
	if (r == 0 && !cli->quiet)
		safe_printf("%s\n", name);
	return r;
}

static int find_target(const struct idle *i, const struct cli *cli, const struct snap **ret,
		       struct err *e)
{
	if (cli->n_args > 1)
		return find_snapshot(i, cli->args[1], ret, e);
	*ret = layers_on(&i->all, i->facts.disks, i->facts.n_disks);
	return *ret ? 0
		    : err_set(e, EX_CORDON_NOINPUT, ENOENT,
			      "the disks of '%s' stand on no snapshot; make one: virt-cordon "
			      "snapshot '%s'",
			      i->facts.name, i->facts.name);
}

int verb_reset(const struct cli *cli, struct err *e)
{
	const bool anew = ((const struct prov_cli *)cli)->new_instance;
	auto_idle struct idle i = IDLE_NONE;
	auto_sb struct strbuf question = {0};
	const struct snap *to = NULL;
	struct instance inst;
	int r;

	r = open_idle(cli->root, cli->args[0], &i, e);
	if (r == 0)
		r = find_target(&i, cli, &to, e);
	if (r == 0)
		r = layers_can_reset(&i.all, to, i.facts.disks, i.facts.n_disks, e);
	if (r < 0 || !to)
		return r;
	sb_addf(&question,
		"Set the disks of '%s' back to the snapshot '%s'? All that was written "
		"since is lost.",
		i.facts.name, to->name);
	r = confirm(cli, sb_str(&question), e);
	if (r <= 0)
		return r;
	/* First what is noted: with disks of before, and a note of after, a guest would wait for
	 * what the seed no longer has. */
	inst = to->inst;
	if (anew)
		inst = (struct instance){.number = (i.inst.number > to->inst.number
							    ? i.inst.number
							    : to->inst.number) +
						   1};
	r = instance_save(&i.store, &inst, e);
	if (r == 0)
		r = layers_reset(&i.store, &i.all, to, i.facts.disks, i.facts.n_disks, e);
	if (r < 0)
		(void)instance_save(&i.store, &i.inst, NULL);
	if (r == 0 && !cli->quiet)
		safe_printf("%s is at %s\n", i.facts.name, to->name);
	return r;
}

static const char *local_time(int64_t when, char buf[static 32])
{
	const time_t t = (time_t)when;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(buf, 32, "%lld", (long long)when);
	return buf;
}

static void print_table(const struct snaps *all, const struct snap *on)
{
	char buf[32];

	for (size_t k = 0; k < all->n; k++) {
		const struct snap *s = &all->list[k];

		safe_printf("%s %-24s %s  %zu disk%s%s%s\n", s == on ? "*" : " ", s->name,
			    local_time(s->when, buf), s->n_disks, s->n_disks == 1 ? "" : "s",
			    s->going  ? ", half deleted"
			    : s->done ? ""
				      : ", not finished",
			    s->ours ? "" : ", the image");
	}
}

static int print_json(const struct snaps *all, const struct snap *on, struct err *e)
{
	json_t *list = json_array(), *doc;

	for (size_t k = 0; k < all->n; k++) {
		const struct snap *s = &all->list[k];
		json_t *disks = json_array();

		for (size_t d = 0; d < s->n_disks; d++)
			(void)json_array_append_new(disks, json_pack("{s:s, s:s}", "target",
								     s->disks[d].target, "file",
								     s->disks[d].layer));
		(void)json_array_append_new(
			list, json_pack("{s:s, s:I, s:b, s:b, s:b, s:o}", "name", s->name, "when",
					(json_int_t)s->when, "finished", (int)s->done, "image",
					(int)!s->ours, "current", s == on, "disks", disks));
	}
	doc = json_pack("{s:o}", "snapshots", list);
	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0) {
		json_decref(doc);
		return err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	}
	putchar('\n');
	json_decref(doc);
	return 0;
}

int verb_snapshots(const struct cli *cli, struct err *e)
{
	auto_idle struct idle i = IDLE_NONE;
	struct err why = {0};
	const struct snap *on;
	int r;

	i.root = cli->root;
	r = virt_open(cli->args[0], &i.virt, &i.facts, e);
	if (r < 0)
		return r;
	r = open_store(&i, false, &why);
	if (r < 0 && r != -ENOENT)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	on = layers_on(&i.all, i.facts.disks, i.facts.n_disks);
	if (cli->json)
		return print_json(&i.all, on, e);
	print_table(&i.all, on);
	return 0;
}
