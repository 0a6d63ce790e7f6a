/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon reload: a changed policy on a running domain, whole or not at all. */
#include "cli/verbs.h"

#include "cli/domains.h"
#include "cli/live_keys.h"
#include "cli/netiso.h"
#include "cli/print.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/record_policy.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCK_MS 10000

struct reload {
	const struct cli *cli;
	struct host_config host;
	int worst; /* exit code: the highest of all */
};

/* What became of one domain. */
struct outcome {
	const char *done;
	size_t ended; /* connections */
};

/* One domain at work. */
struct change {
	const char *root;
	const struct record *rec;
	struct policy then, now;
	char *old; /* the text in force */
	size_t old_len;
};

static void change_free(struct change *c)
{
	policy_free(&c->then);
	policy_free(&c->now);
	free(c->old);
}

static int load_then(struct change *c, struct err *e)
{
	int r = record_file_read(c->root, &c->rec->uuid, RECORD_POLICY, &c->old, &c->old_len, e);

	return r < 0 ? r : record_policy_parse(c->root, c->rec, c->old, c->old_len, &c->then, e);
}

static int load_now(struct change *c, const struct host_config *host, struct err *e)
{
	auto_sb struct strbuf unbuilt = {0};
	int r = policy_load_domain(c->root, c->rec->name, host, &c->now, e);

	if (r == 0 && policy_unbuilt(&c->now, &unbuilt) > 0)
		r = err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "%s", sb_str(&unbuilt));
	return r;
}

/* As the hook does at a start. */
static int admit(const struct change *c, struct err *e)
{
	char text[UUID_STRLEN], where[512];

	if (c->now.has_uuid && !uuid_equal(&c->now.uuid, &c->rec->uuid))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: is not that of the running domain, %s",
			       policy_where(&c->now, KEY_DOMAIN_UUID, where, sizeof(where)),
			       uuid_str(&c->rec->uuid, text));
	for (size_t i = 0; i < c->rec->n_nics; i++) {
		const struct record_nic *nic = &c->rec->nics[i];

		if (!nic->gone && !nic->guarded && c->now.egress != EGRESS_INTERNET &&
		    !c->now.allow_unguarded)
			return err_set(e, EX_CORDON_POLICY, EINVAL,
				       "%s: the bridge %s is not guarded, and this would hold "
				       "there only as long as no one flushes nftables; write "
				       "allow_unguarded = yes, or restart the domain on the "
				       "network cordon",
				       policy_where(&c->now, KEY_NET_EGRESS, where, sizeof(where)),
				       nic->bridge);
	}
	return 0;
}

static int put(const struct change *c, const char *text, size_t len, struct err *e)
{
	return record_file_write(c->root, &c->rec->uuid, RECORD_POLICY, text, len, e);
}

/* What goes beside a tunnel, and who answers its queries, is known before the rules lead there. */
static int apply_network(const struct change *c, struct err *e)
{
	int r = 0;

	if (c->rec->parts & UINT32_C(1) << PART_WGTUN)
		r = part_uuid("wgtun", c->root, "apply", &c->rec->uuid, NULL, e);
	return r < 0 ? r : netiso_uuid(c->root, "apply", &c->rec->uuid, NULL, e);
}

/* Shares first: the rules are changed when nothing else can fail. */
static int put_in_force(const struct change *c, struct err *e)
{
	int r = 0;

	if (live_keys_grown(&c->then, &c->now))
		r = part_uuid("fsguard", c->root, "apply", &c->rec->uuid, NULL, e);
	if (r == 0 && c->rec->isolation)
		r = apply_network(c, e);
	return r;
}

/* The policy in the record is what apply makes the rules of, in one transaction with the removal of
 * the old ones. When that fails, the rules are the old ones, and so must the record be. */
static int switch_over(const struct change *c, struct err *e)
{
	auto_sb struct strbuf text = {0};
	int r;

	policy_print(&c->now, &text);
	if (text.failed)
		return err_os(e, ENOMEM, "policy");
	r = put(c, sb_str(&text), text.len, e);
	if (r == 0)
		r = put_in_force(c, e);
	if (r < 0 && put(c, c->old, c->old_len, NULL) == 0 && c->rec->isolation)
		(void)apply_network(c, NULL);
	return r;
}

static int end_denied(const struct change *c, struct outcome *o, struct err *e)
{
	auto_sb struct strbuf out = {0};
	char text[UUID_STRLEN];
	const char *args[] = {"flows", "--end", uuid_str(&c->rec->uuid, text), NULL};
	int r = netiso_run(c->root, args, &out, e);

	/* The number stands in front: of the list behind it, only the beginning may be here. */
	o->ended = strtoul(sb_str(&out), NULL, 10);
	return r;
}

static int reload_running(struct reload *rl, const struct record *rec, struct outcome *o,
			  struct err *e)
{
	__attribute__((cleanup(change_free))) struct change c = {.root = rl->cli->root, .rec = rec};
	auto_sb struct strbuf stuck = {0};
	int r = load_now(&c, &rl->host, e);

	if (r == 0)
		r = load_then(&c, e);
	if (r < 0)
		return r;
	if (policy_equal(&c.then, &c.now)) {
		o->done = "nothing was changed";
		return 0;
	}
	if (live_keys_stuck(&c.then, &c.now, &stuck) > 0)
		return err_set(e, EX_CORDON_POLICY, EBUSY, "%s", sb_str(&stuck));
	r = admit(&c, e);
	if (r == 0 && (rec->isolation || live_keys_grown(&c.then, &c.now)))
		r = switch_over(&c, e);
	if (r == 0 && rec->isolation)
		r = end_denied(&c, o, e);
	o->done = "new policy in force";
	return r;
}

static int reload_locked(struct reload *rl, const struct uuid *uuid, struct outcome *o,
			 struct err *e)
{
	auto_close int lock = record_lock_domain(rl->cli->root, uuid, LOCK_MS, e);
	const struct record none = {.uuid = *uuid};
	struct record rec = {0};
	struct err why = {0};
	int r;

	if (lock < 0)
		return lock;
	r = record_load(rl->cli->root, uuid, &rec, &why);
	if (r == -ENOENT) {
		(void)record_remove(rl->cli->root, &none, NULL);
		o->done = "has ended";
		return 0;
	}
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	if (rec.phase == PHASE_ISOLATED || rec.phase == PHASE_RUNNING)
		r = reload_running(rl, &rec, o, e);
	else
		r = err_set(e, EX_CORDON_TEMPFAIL, EAGAIN,
			    "is being started or stopped: left to libvirt's hook");
	record_free(&rec);
	return r;
}

static void reload_domain(struct reload *rl, const struct domain *d)
{
	struct outcome o = {.done = ""};
	auto_sb struct strbuf text = {0};
	struct err why = {0};

	if (reload_locked(rl, &d->uuid, &o, &why) < 0) {
		print_complaint("%s: %s", d->name, why.msg);
		rl->worst = (int)why.exit > rl->worst ? (int)why.exit : rl->worst;
		return;
	}
	if (rl->cli->quiet)
		return;
	sb_adds(&text, o.done);
	if (o.ended)
		sb_addf(&text, ", %zu connection%s ended", o.ended, o.ended > 1 ? "s" : "");
	print_lines(d->name, sb_str(&text), COLOUR_NONE);
}

static int reload_one(struct reload *rl, const struct domains *all, struct err *e)
{
	struct domain *d = NULL;
	int r = domains_find(all, rl->cli->args[0], &d, e);

	if (r < 0)
		return r;
	if (!d->has_record)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT,
			       d->runs_unmanaged
				       ? "domain '%s' runs since before its policy, without it; "
					 "restart the domain"
				       : "domain '%s' does not run; its policy holds from its "
					 "start",
			       d->name);
	reload_domain(rl, d);
	return 0;
}

int verb_reload(const struct cli *cli, struct err *e)
{
	auto_domains struct domains all = {0};
	struct reload rl = {.cli = cli};
	int r = domains_load(cli->root, &all, e);

	if (r == 0 && err_is_set(&all.blind))
		r = err_set(e, all.blind.exit, all.blind.errnum, "%s", all.blind.msg);
	if (r == 0)
		r = host_config_load(cli->root, &rl.host, e);
	if (r == 0 && cli->n_args == 1)
		r = reload_one(&rl, &all, e);
	for (size_t i = 0; r == 0 && cli->n_args == 0 && i < all.n; i++)
		if (all.list[i].has_record)
			reload_domain(&rl, &all.list[i]);
	host_config_free(&rl.host);
	if (r < 0 || rl.worst == EX_CORDON_OK)
		return r;
	e->exit = (enum exit_code)rl.worst;
	return -EIO;
}
