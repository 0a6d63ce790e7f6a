/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon check: policies for mistakes, running domains against their plan, the hooks. */
#include "cli/verbs.h"

#include "cli/apparmor.h"
#include "cli/domains.h"
#include "cli/hooks.h"
#include "cli/lint.h"
#include "cli/netiso.h"
#include "cli/print.h"
#include "cli/taps.h"
#include "lib/policy.h"
#include "lib/record_policy.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct check {
	const char *root;
	bool quiet;
	bool has_host; /* virt-cordon.ini could be read: without it policies have no defaults */
	struct host_config host;
	struct domains domains;
	struct apparmor *apparmor; /* NULL: not looked for */
	int worst;		   /* exit code: the highest of all */
};

static void check_free(struct check *c)
{
	host_config_free(&c->host);
	domains_free(&c->domains);
	free(c->apparmor);
}
#define auto_check __attribute__((cleanup(check_free)))

static void note(struct check *c, int code)
{
	if (code > c->worst)
		c->worst = code;
}

static void complain(struct check *c, const char *who, const struct err *why)
{
	print_complaint("%s%s%s", who ? who : "", who ? ": " : "", why->msg);
	note(c, (int)why->exit);
}

static void say(const struct check *c, const char *who, const char *text, enum colour colour)
{
	if (!c->quiet)
		print_lines(who, text, colour);
}

/* One comparison by virt-cordon-netiso, which printed @diff and returned @r. */
static void compared(struct check *c, const char *who, int r, const struct strbuf *diff,
		     const struct err *why, const char *good)
{
	if (r == 0) {
		say(c, who, good, COLOUR_GOOD);
		return;
	}
	if (diff->len) {
		print_lines(who, sb_str(diff), COLOUR_BAD);
		note(c, (int)why->exit);
	} else {
		complain(c, who, why);
	}
}

/* The programs besides the isolator that the policy asked for. */
static void check_parts(struct check *c, const struct domain *d)
{
	static const char *const good[] = {[PART_FSGUARD] = "shares in force",
					   [PART_WGTUN] = "tunnel in force",
					   [PART_PROVISION] = "provisioning in force"};

	for (unsigned i = 0; i < PART_COUNT; i++) {
		const char *part = record_part_name((enum record_part)i);
		auto_sb struct strbuf diff = {0};
		struct err why = {0};
		int r;

		if (!(d->rec.parts & UINT32_C(1) << i))
			continue;
		r = part_uuid(part, c->root, "check", &d->rec.uuid, c->quiet ? NULL : &diff, &why);
		if (r == 0 && diff.len) /* warnings */
			say(c, d->name, sb_str(&diff), COLOUR_WARN);
		compared(c, d->name, r, &diff, &why, good[i]);
	}
}

/* What libvirt told no hook of: an <interface type='bridge'> attached while the domain runs. */
static void check_taps(struct check *c, const struct domain *d)
{
	struct taps taps;
	struct err why = {0};

	if (taps_of_domain(c->root, d->name, &taps, &why) < 0) {
		if (err_is_set(&why))
			complain(c, d->name, &why);
		return;
	}
	for (size_t i = 0; i < taps.n; i++) {
		auto_sb struct strbuf text = {0};
		bool known = false;

		for (size_t k = 0; k < d->rec.n_nics; k++)
			known = known || (!d->rec.nics[k].gone &&
					  strcmp(d->rec.nics[k].tap, taps.names[i]) == 0);
		if (known)
			continue;
		sb_addf(&text,
			"the tap %s is not in the cordon: a NIC that was attached while the "
			"domain runs; detach it, or restart libvirt's daemon or the domain",
			taps.names[i]);
		print_lines(d->name, sb_str(&text), COLOUR_BAD);
		note(c, EX_CORDON_DIFFERS);
	}
}

static void check_guarded(const struct check *c, const struct domain *d)
{
	for (size_t i = 0; i < d->rec.n_nics; i++) {
		const struct record_nic *nic = &d->rec.nics[i];
		auto_sb struct strbuf text = {0};

		if (nic->gone || nic->guarded)
			continue;
		sb_addf(&text,
			"warning: %s is on %s, which is not guarded: a flush of the packet filter "
			"opens it",
			nic->tap, nic->network ? nic->network : nic->bridge);
		say(c, d->name, sb_str(&text), COLOUR_WARN);
	}
}

/* What was compared: the same rules, the same number. */
static void say_digests(const struct check *c, const struct domain *d)
{
	auto_sb struct strbuf text = {0};
	struct digests digests;

	if (c->quiet)
		return;
	netiso_digests(c->root, &d->uuid, &digests);
	if (digests.rules[0])
		sb_addf(&text, "policy %s, rules %s, kernel %s", digests.policy, digests.rules,
			digests.kernel);
	print_lines(d->name, sb_str(&text),
		    strcmp(digests.rules, digests.kernel) == 0 ? COLOUR_NONE : COLOUR_BAD);
}

static void check_network(struct check *c, const struct domain *d)
{
	auto_sb struct strbuf diff = {0};
	struct err why = {0};
	int r;

	if (!d->rec.isolation) {
		say(c, d->name, "runs with isolation = no", COLOUR_WARN);
		return;
	}
	r = netiso_uuid(c->root, "check", &d->rec.uuid, c->quiet ? NULL : &diff, &why);
	compared(c, d->name, r, &diff, &why, "isolation in force");
	say_digests(c, d);
	check_guarded(c, d);
	check_taps(c, d);
}

static void check_live(struct check *c, const struct domain *d)
{
	if (d->rec.phase == PHASE_PREPARED || d->rec.phase == PHASE_STOPPING) {
		say(c, d->name,
		    d->rec.phase == PHASE_PREPARED ? "is being started, not compared"
						   : "is being stopped, not compared",
		    COLOUR_NONE);
		return;
	}
	check_network(c, d);
	check_parts(c, d);
}

/* The policy that the domain was started with, against the one in its file. */
static void check_edited(const struct check *c, const struct domain *d, const struct policy *now)
{
	struct policy then = {0};

	if (record_policy_load(c->root, &d->rec, &then, NULL) == 0 && !policy_equal(now, &then))
		say(c, d->name,
		    "its policy was changed since it started; virt-cordon reload takes it in",
		    COLOUR_WARN);
	policy_free(&then);
}

/* @uuid: NULL for programs of ours. */
static void check_apparmor(const struct check *c, const char *who, const struct uuid *uuid)
{
	auto_sb struct strbuf lines = {0};

	if (c->apparmor)
		apparmor_lines(c->apparmor, uuid, &lines);
	say(c, who, sb_str(&lines), COLOUR_WARN);
}

static void check_domain(struct check *c, const struct domain *d)
{
	struct policy now = {0};
	int code = -1;

	if (d->has_policy && c->has_host) {
		code = lint_domain(c->root, d->name, &c->host, c->quiet, &now);
		note(c, code);
	}
	if (d->unread) {
		complain(c, NULL, d->unread);
	} else if (d->has_record) {
		check_live(c, d);
		if (code == EX_CORDON_OK)
			check_edited(c, d, &now);
	} else if (d->runs_unmanaged) {
		print_lines(d->name, "runs since before its policy, without it; restart the domain",
			    COLOUR_BAD);
		note(c, EX_CORDON_DIFFERS);
	}
	/* Of one that did not start only the policy may know it. */
	if (d->has_uuid || now.has_uuid)
		check_apparmor(c, d->name, d->has_uuid ? &d->uuid : &now.uuid);
	policy_free(&now);
}

static void check_guards(struct check *c)
{
	struct record_network *list = NULL;
	struct err why = {0};
	size_t n = 0;

	if (record_network_list(c->root, &list, &n, &why) < 0)
		complain(c, NULL, &why);
	for (size_t i = 0; i < n; i++) {
		const char *args[] = {"guard", "check", "--", list[i].name, NULL};
		auto_sb struct strbuf diff = {0}, who = {0};
		struct err local = {0};
		int r = netiso_run(c->root, args, &diff, &local);

		sb_addf(&who, "network %s", list[i].name);
		compared(c, sb_str(&who), r, &diff, &local, "guard in force");
	}
	record_network_free(list, n);
}

static void check_hook(struct check *c, const char *kind)
{
	auto_sb struct strbuf why = {0};

	switch (hook_state(c->root, kind, &why)) {
	case HOOK_MISSING:
		print_lines(NULL, sb_str(&why), COLOUR_BAD);
		note(c, EX_CORDON_DIFFERS);
		break;
	case HOOK_STALE:
		say(c, NULL, sb_str(&why), COLOUR_WARN);
		break;
	case HOOK_LOADED:
		break;
	}
}

/* A guarded network that is up, by the file that libvirt keeps of one, and has no guard. */
static void check_unguarded(struct check *c)
{
	for (size_t i = 0; c->has_host && i < c->host.n_guarded_networks; i++) {
		const char *name = c->host.guarded_networks[i];
		auto_sb struct strbuf path = {0}, text = {0};
		char bridge[IFNAMSIZ];

		sb_addf(&path, "%s/run/libvirt/network/%s.xml", c->root, name);
		if (access(sb_str(&path), F_OK) < 0 ||
		    record_network_bridge(c->root, name, bridge, NULL) != -ENOENT)
			continue;
		sb_addf(&text,
			"network %s is up without its guard: it was started before the hook was "
			"there; virsh net-destroy %s && virsh net-start %s",
			name, name, name);
		print_lines(NULL, sb_str(&text), COLOUR_BAD);
		note(c, EX_CORDON_DIFFERS);
	}
}

static bool add_bridge(const char **list, size_t *n, size_t max, const char *bridge)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i], bridge) == 0)
			return true;
	if (*n == max || !*bridge)
		return false;
	list[(*n)++] = bridge;
	return true;
}

#define BRIDGES_MAX 32 /* that are asked about; a host has a few */

/* Other programs' tables and routing rules, as far as they concern the bridges that are in use. */
static void check_foreign(struct check *c)
{
	const char *args[BRIDGES_MAX + 3] = {"foreign", "--"};
	auto_sb struct strbuf out = {0};
	struct err why = {0};
	size_t n = 0;

	for (size_t i = 0; i < c->domains.n; i++) {
		const struct record *rec = &c->domains.list[i].rec;

		for (size_t k = 0; k < rec->n_nics; k++)
			if (rec->isolation && !rec->nics[k].gone)
				(void)add_bridge(args + 2, &n, BRIDGES_MAX, rec->nics[k].bridge);
	}
	if (c->quiet || n == 0)
		return;
	if (netiso_run(c->root, args, &out, &why) < 0)
		complain(c, NULL, &why);
	print_lines(NULL, sb_str(&out), COLOUR_WARN);
}

/* Without the folder of the policies the hook lets nothing start. */
static void check_folder(struct check *c)
{
	struct err why = {0};

	if (!c->domains.no_folder)
		return;
	(void)err_set(&why, EX_CORDON_POLICY, ENOENT,
		      "%s" POLICY_DIR ": no such folder, so no domain starts; write: "
		      "mkdir -p -m 0755 '%s" POLICY_DIR "'",
		      c->root, c->root);
	complain(c, NULL, &why);
}

static void check_all(struct check *c)
{
	check_folder(c);
	for (size_t i = 0; i < c->domains.n; i++)
		check_domain(c, &c->domains.list[i]);
	if (err_is_set(&c->domains.blind))
		complain(c, NULL, &c->domains.blind);
	check_guards(c);
	check_unguarded(c);
	check_foreign(c);
	check_hook(c, "qemu");
	check_hook(c, "network");
	check_apparmor(c, NULL, NULL);
}

static void check_target(struct check *c, const char *arg)
{
	struct domain *d = NULL;
	struct err why = {0};
	struct uuid uuid;

	if (cli_target(arg, &uuid) == CLI_FILE) {
		if (c->has_host)
			note(c, lint_file(c->root, arg, &c->host, c->quiet));
		return;
	}
	if (domains_find(&c->domains, arg, &d, &why) < 0)
		complain(c, NULL, &why);
	else
		check_domain(c, d);
}

/* Drafts are looked at by people who may not see what runs here. */
static bool only_files(const struct cli *cli)
{
	struct uuid uuid;

	for (int i = 0; i < cli->n_args; i++)
		if (cli_target(cli->args[i], &uuid) != CLI_FILE)
			return false;
	return cli->n_args > 0;
}

int verb_check(const struct cli *cli, struct err *e)
{
	auto_check struct check c = {.root = cli->root, .quiet = cli->quiet};
	struct err why = {0};
	int r = only_files(cli) ? 0 : domains_load(cli->root, &c.domains, e);

	if (r < 0)
		return r;
	c.has_host = host_config_load(cli->root, &c.host, &why) == 0;
	if (!c.has_host)
		complain(&c, NULL, &why);
	/* Warnings, which --quiet does not print; the last domain to fail may have no record. */
	if (!cli->quiet && !only_files(cli))
		c.apparmor = calloc(1, sizeof(*c.apparmor));
	if (c.apparmor)
		apparmor_load(cli->root, c.apparmor);
	for (int i = 0; i < cli->n_args; i++)
		check_target(&c, cli->args[i]);
	if (cli->n_args == 0)
		check_all(&c);
	if (c.worst == EX_CORDON_OK)
		return 0;
	/* All is said; what is left is the exit code. */
	e->exit = (enum exit_code)c.worst;
	return -EIO;
}
