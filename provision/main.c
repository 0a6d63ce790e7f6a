/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-provision(8): options and verbs. */
#include "lib/cli.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/domain.h"
#include "provision/run.h"
#include "provision/runstate.h"
#include "provision/verbs.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int verb_plan(const struct cli *cli, struct err *e)
{
	return prov_print_plan(cli->root, cli->args[0], e);
}

static int verb_apply(const struct cli *cli, struct err *e)
{
	return prov_apply(cli->root, cli->args[0], e);
}

static int verb_check(const struct cli *cli, struct err *e)
{
	return prov_check(cli->root, cli->args[0], e);
}

static int verb_revert(const struct cli *cli, struct err *e)
{
	struct err why = {0};
	auto_prov struct prov p = PROV_NONE;
	int r;

	r = prov_open(cli->root, cli->args[0], &p, &why);
	if (r == -ENOENT)
		return 0; /* nothing recorded, nothing to take back */
	/* A UUID is enough to end it, whatever else of the record cannot be read. */
	if (r < 0 && cli_target(cli->args[0], &p.rec.uuid) != CLI_UUID)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	return run_stop(cli->root, &p.rec.uuid, e);
}

/* What goes on now; NULL when nothing does. */
static const char *phase_now(const struct prov *p, struct runstate *s)
{
	if (!run_alive(p->root, &p->rec.uuid) && !run_busy(p))
		return NULL;
	return runstate_read(p->root, &p->rec.uuid, s, NULL) < 0 ? "begin"
								 : runstate_phase(s->phase);
}

static int show_json(const struct prov *p, bool seed, struct err *e)
{
	struct runstate state;
	char uuid[UUID_STRLEN];
	json_t *doc = json_pack("{s:s, s:s, s:s?, s:i, s:b, s:s, s:I, s:s, s:s?, s:b}", "name",
				p->rec.name, "uuid", uuid_str(&p->rec.uuid, uuid), "seed",
				!prov_wants_seed(&p->pol) ? NULL
				: seed			  ? "in place"
							  : "another file",
				"instance", (int)p->inst.number, "booted", (int)p->inst.booted,
				"result", instance_result_name(p->inst.result), "when",
				(json_int_t)p->inst.when, "message", p->inst.said, "phase",
				phase_now(p, &state), "due", (int)run_due(p));

	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0) {
		json_decref(doc);
		return err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	}
	putchar('\n');
	json_decref(doc);
	return 0;
}

static int verb_show(const struct cli *cli, struct err *e)
{
	auto_prov struct prov p = PROV_NONE;
	struct runstate state = {0};
	char uuid[UUID_STRLEN];
	const char *phase;
	bool seed;
	int r;

	r = prov_open(cli->root, cli->args[0], &p, e);
	if (r < 0)
		return r;
	seed = prov_check(cli->root, cli->args[0], NULL) == 0;
	if (cli->json)
		return show_json(&p, seed, e);
	safe_printf("%s  %s\nseed       %s\ninstance   %u%s\nplaybook   %s%s%s\n", p.rec.name,
		    uuid_str(&p.rec.uuid, uuid),
		    !prov_wants_seed(&p.pol) ? "none"
		    : seed		     ? "in place"
					     : "another file",
		    (unsigned)p.inst.number, p.inst.booted ? ", set up" : "",
		    instance_result_name(p.inst.result), *p.inst.said ? ": " : "", p.inst.said);
	phase = phase_now(&p, &state);
	if (phase)
		safe_printf("now        %s%s%s\n", phase, *state.last ? ": " : "", state.last);
	return 0;
}

static const struct cli_verb verbs[] = {
	{"plan", "DOMAIN|FILE", 1, 1, "print the seed's files; changes nothing", verb_plan},
	{"apply", "DOMAIN", 1, 1, "write the seed of a domain that starts", verb_apply},
	{"revert", "DOMAIN", 1, 1, "end what runs for it", verb_revert},
	{"check", "DOMAIN", 1, 1, "whether the seed is the one that was written", verb_check},
	{"show", "DOMAIN", 1, 1, "print what was done to the guest", verb_show},
	{"begin", "DOMAIN", 1, 1, "as the hook does: start a run, if something is to be done",
	 verb_begin},
	{"run", "DOMAIN", 1, 1, "wait for the guest, run its playbook", verb_run},
	{"ssh", "DOMAIN [COMMAND]...", 1, CLI_ANY_ARGS, "log in with the domain's key", verb_ssh},
	{"forward", "DOMAIN PORT...", 2, 1 + FORWARDS_MAX,
	 "ports of this host's loopback lead to the guest's", verb_forward},
	{"ip", "DOMAIN", 1, 1, "print the guest's addresses", verb_ip},
	{NULL, NULL, 0, 0, NULL, NULL},
};

#define OWN(field) offsetof(struct prov_cli, field)

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("show"),
	CLI_OPTION_QUIET(NULL),
	{"--wait", NULL, "run", "until it is done, with its progress", OWN(wait)},
	{"--deadline", "TIME", "run", "the longest of its waits", OWN(deadline)},
	{"--worker", NULL, "run", "be the one that does it (for its own use)", OWN(worker)},
	{"--forced", NULL, "run", "a playbook that ran already, too (the same)", OWN(forced)},
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-provision",
		.summary = "Set guests up: a seed for cloud-init, a playbook for Ansible.",
		.example = "  virt-cordon-provision plan /etc/virt-cordon/domains/sandbox.ini\n"
			   "  virt-cordon-provision run sandbox --wait\n"
			   "  virt-cordon-provision show sandbox\n"
			   "  virt-cordon-provision apply sandbox\n"
			   "  virt-cordon-provision revert sandbox\n"
			   "  virt-cordon-provision check sandbox\n"
			   "  virt-cordon-provision begin sandbox\n"
			   "  virt-cordon-provision ssh sandbox uname -a\n"
			   "  virt-cordon-provision forward sandbox 8080\n"
			   "  virt-cordon-provision ip sandbox\n",
		.verbs = verbs,
		.options = options,
		.cli_size = sizeof(struct prov_cli),
	};
	const struct rlimit no_core = {0, 0};

	/* Keys pass through here. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(022);
	return cli_main(&prog, argc, argv);
}
