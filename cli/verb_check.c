/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon check: policies for mistakes, running domains against their plan, the hooks. */
#include "cli/verbs.h"

#include "cli/domains.h"
#include "cli/hooks.h"
#include "cli/lint.h"
#include "cli/netiso.h"
#include "cli/print.h"
#include "cli/tunnel.h"
#include "lib/policy.h"
#include "lib/util.h"

#include <stdio.h>
#include <string.h>

struct check {
	const char *root;
	bool quiet;
	bool has_host; /* virt-cordon.ini could be read: without it policies have no defaults */
	struct host_config host;
	struct domains domains;
	int worst; /* exit code: the highest of all */
};

static void check_free(struct check *c)
{
	host_config_free(&c->host);
	domains_free(&c->domains);
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

static void check_tunnel(struct check *c, const struct domain *d)
{
	auto_sb struct strbuf diff = {0};
	struct err why = {0};
	int r;

	if (!tunnel_wanted(&d->rec))
		return;
	r = tunnel_verb(c->root, "check", &d->rec.uuid, c->quiet ? NULL : &diff, &why);
	compared(c, d->name, r, &diff, &why, "tunnel in force");
}

static void check_live(struct check *c, const struct domain *d)
{
	auto_sb struct strbuf diff = {0};
	struct err why = {0};
	int r;

	if (!d->rec.isolation) {
		say(c, d->name, "runs with isolation = no", COLOUR_WARN);
		return;
	}
	if (d->rec.phase == PHASE_PREPARED || d->rec.phase == PHASE_STOPPING) {
		say(c, d->name,
		    d->rec.phase == PHASE_PREPARED ? "is being started, not compared"
						   : "is being stopped, not compared",
		    COLOUR_NONE);
		return;
	}
	r = netiso_uuid(c->root, "check", &d->rec.uuid, c->quiet ? NULL : &diff, &why);
	compared(c, d->name, r, &diff, &why, "isolation in force");
	check_tunnel(c, d);
}

/* The policy that the domain was started with, against the one in its file. */
static void check_edited(const struct check *c, const struct domain *d, const struct policy *now)
{
	struct host_config no_defaults = {0};
	auto_free char *text = NULL;
	struct policy then = {0};
	size_t len;

	if (record_file_read(c->root, &d->rec.uuid, "policy.ini", &text, &len, NULL) < 0)
		return;
	policy_defaults(&no_defaults.defaults);
	if (policy_parse("policy.ini", text, len, &no_defaults, &then, NULL) == 0 &&
	    !policy_equal(now, &then))
		say(c, d->name,
		    "its policy was changed since it started; virt-cordon reload takes it in",
		    COLOUR_WARN);
	policy_free(&then);
	policy_free(&no_defaults.defaults);
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

static void check_all(struct check *c)
{
	for (size_t i = 0; i < c->domains.n; i++)
		check_domain(c, &c->domains.list[i]);
	if (err_is_set(&c->domains.blind))
		complain(c, NULL, &c->domains.blind);
	check_guards(c);
	check_hook(c, "qemu");
	check_hook(c, "network");
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
