/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon apply: isolation of running domains and guards of networks, put back. */
#include "cli/verbs.h"

#include "cli/domains.h"
#include "cli/netiso.h"
#include "cli/print.h"
#include "lib/record.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>

#define LOCK_MS 10000

struct apply {
	const struct cli *cli;
	int worst; /* exit code: the highest of all */
};

static void said(struct apply *a, const char *kind, const char *name, int r, const char *done,
		 const struct err *why)
{
	auto_sb struct strbuf who = {0};

	sb_addf(&who, "%s%s", kind, name);
	if (r < 0) {
		print_complaint("%s: %s", sb_str(&who), why->msg);
		if ((int)why->exit > a->worst)
			a->worst = (int)why->exit;
	} else if (!a->cli->quiet) {
		print_lines(sb_str(&who), done, COLOUR_NONE);
	}
}

/* Under the domain's lock, as the hook: what was true before may not be. */
static int apply_locked(const char *root, const struct uuid *uuid, const char **ret_done,
			struct err *e)
{
	auto_close int lock = record_lock_domain(root, uuid, LOCK_MS, e);
	const struct record none = {.uuid = *uuid};
	struct record rec = {0};
	struct err why = {0};
	int r;

	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &rec, &why);
	if (r == -ENOENT) {
		(void)record_remove(root, &none, NULL);
		*ret_done = "has ended";
		return 0;
	}
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	if (!rec.isolation) {
		*ret_done = "runs with isolation = no: nothing to do";
	} else if (rec.phase == PHASE_PREPARED || rec.phase == PHASE_STOPPING) {
		*ret_done = "is being started or stopped: left to libvirt's hook";
	} else {
		*ret_done = "isolation in force";
		/* First what the isolation leads to. */
		if (rec.parts & UINT32_C(1) << PART_WGTUN) {
			*ret_done = "tunnel and isolation in force";
			r = part_uuid("wgtun", root, "apply", uuid, NULL, e);
		} else {
			r = 0;
		}
		if (r == 0)
			r = netiso_uuid(root, "apply", uuid, NULL, e);
	}
	/* Last: a share that cannot be mended must not keep the network open. */
	if (r == 0 && rec.phase != PHASE_PREPARED && rec.phase != PHASE_STOPPING &&
	    rec.parts & UINT32_C(1) << PART_FSGUARD)
		r = part_uuid("fsguard", root, "apply", uuid, NULL, e);
	record_free(&rec);
	return r;
}

static void apply_domain(struct apply *a, const struct domain *d)
{
	const char *done = "";
	struct err why = {0};
	int r = apply_locked(a->cli->root, &d->uuid, &done, &why);

	said(a, "", d->name, r, done, &why);
}

/* Guards first: they close, domains open. */
static int apply_guards(struct apply *a, struct err *e)
{
	struct record_network *list = NULL;
	size_t n = 0;
	int r;

	r = record_network_list(a->cli->root, &list, &n, e);
	for (size_t i = 0; i < n; i++) {
		const char *args[] = {"guard", "apply", "--", list[i].name, list[i].bridge, NULL};
		struct err why = {0};

		said(a, "network ", list[i].name, netiso_run(a->cli->root, args, NULL, &why),
		     "guard in force", &why);
	}
	record_network_free(list, n);
	return r;
}

static int apply_one(struct apply *a, const struct domains *all, struct err *e)
{
	struct domain *d = NULL;
	int r;

	r = domains_find(all, a->cli->args[0], &d, e);
	if (r < 0)
		return r;
	if (!d->has_record)
		return err_set(
			e, EX_CORDON_NOINPUT, ENOENT,
			d->runs_unmanaged
				? "domain '%s' runs since before its policy, without it; "
				  "restart the domain"
				: "domain '%s' does not run; its policy holds from its start",
			d->name);
	apply_domain(a, d);
	return 0;
}

int verb_apply(const struct cli *cli, struct err *e)
{
	auto_domains struct domains all = {0};
	struct apply a = {.cli = cli};
	int r;

	if (cli->all == (cli->n_args == 1))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "usage: virt-cordon apply DOMAIN, or virt-cordon apply --all");
	r = domains_load(cli->root, &all, e);
	if (r == 0 && err_is_set(&all.blind))
		r = err_set(e, all.blind.exit, all.blind.errnum, "%s", all.blind.msg);
	if (r == 0)
		r = cli->all ? apply_guards(&a, e) : apply_one(&a, &all, e);
	for (size_t i = 0; cli->all && r == 0 && i < all.n; i++)
		if (all.list[i].has_record)
			apply_domain(&a, &all.list[i]);
	if (r < 0 || a.worst == EX_CORDON_OK)
		return r;
	e->exit = (enum exit_code)a.worst;
	return -EIO;
}
