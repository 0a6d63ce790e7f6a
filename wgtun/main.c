/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-wgtun(8): options and verbs. */
#include "lib/cli.h"
#include "lib/marks.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/target.h"
#include "lib/util.h"
#include "wgtun/domain.h"
#include "wgtun/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The UUID of the recorded domain that an argument names. */
static int load_target(const struct cli *cli, struct uuid *ret, struct err *e)
{
	struct record rec = {0};
	int r = target_load(cli->root, cli->args[0], &rec, e);

	*ret = rec.uuid;
	record_free(&rec);
	return r;
}

static void print_plan(const struct wgt_plan *plan, const struct wgt_conf *conf)
{
	auto_sb struct strbuf text = {0};

	wgt_plan_print(plan, conf, &text);
	safe_print(stdout, sb_str(&text));
}

/* Of a policy's file: for the first number there is. */
static int plan_file(const struct cli *cli, const char *path, struct err *e)
{
	struct host_config host = {0};
	struct policy policy = {0};
	struct wgt_conf conf = {0};
	struct wgt_plan plan = {0};
	int r;

	r = host_config_load(cli->root, &host, e);
	if (r == 0)
		r = policy_load_file(path, false, &host, &policy, e);
	if (r == 0 && policy.egress != EGRESS_TUNNEL)
		printf("# no tunnel: nothing would be done\n");
	if (r == 0 && policy.egress == EGRESS_TUNNEL) {
		r = wgt_conf_load(cli->root, policy.tunnel_config, &conf, e);
		if (r == 0)
			r = wgt_compile(&policy, &conf, host.mark_base, 1, &plan, e);
		if (r == 0)
			print_plan(&plan, &conf);
	}
	wgt_plan_free(&plan);
	wgt_conf_free(&conf);
	policy_free(&policy);
	host_config_free(&host);
	return r;
}

static int verb_plan(const struct cli *cli, struct err *e)
{
	struct wgt_job j = {0};
	struct uuid uuid;
	int r;

	if (cli_target(cli->args[0], &uuid) == CLI_FILE)
		return plan_file(cli, cli->args[0], e);
	r = load_target(cli, &uuid, e);
	if (r < 0)
		return r;
	r = wgt_job_load(cli->root, &uuid, &j, e);
	if (r == 0 && j.conf.path)
		print_plan(&j.plan, &j.conf);
	else if (r == 0)
		printf("# no tunnel: nothing would be done\n");
	wgt_job_free(&j);
	return r;
}

static int verb_apply(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = load_target(cli, &uuid, e);

	return r < 0 ? r : wgt_domain_apply(cli->root, &uuid, e);
}

static int verb_revert(const struct cli *cli, struct err *e)
{
	struct err local = {0};
	struct uuid uuid;
	int r = load_target(cli, &uuid, &local);

	if (r == -ENOENT)
		return 0; /* nothing recorded, nothing to take back */
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	return wgt_domain_revert(cli->root, &uuid, e);
}

static int verb_check(const struct cli *cli, struct err *e)
{
	auto_sb struct strbuf diff = {0};
	struct err first = {0};
	struct uuid uuid;
	int r = load_target(cli, &uuid, e);

	if (r < 0)
		return r;
	r = wgt_domain_check(cli->root, &uuid, cli->quiet ? NULL : &diff, &first);
	safe_print(stdout, sb_str(&diff));
	if (r < 0 && diff.len)
		return err_set(e, EX_CORDON_DIFFERS, ESTALE,
			       "%s: the live system differs from the plan", cli->args[0]);
	return r < 0 ? err_set(e, first.exit, first.errnum, "%s", first.msg) : 0;
}

static int verb_show(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = load_target(cli, &uuid, e);

	return r < 0 ? r : wgt_show(cli->root, &uuid, cli->json, e);
}

static const struct cli_verb verbs[] = {
	{"plan", "DOMAIN|FILE", 1, 1, "print what would be done; changes nothing", verb_plan},
	{"apply", "DOMAIN", 1, 1, "put a running domain's tunnel in, or repair it", verb_apply},
	{"revert", "DOMAIN", 1, 1, "take it out by what was recorded", verb_revert},
	{"check", "DOMAIN", 1, 1, "print what differs from the plan; then exit 1", verb_check},
	{"show", "DOMAIN", 1, 1, "print interface, peers, handshakes, transfer", verb_show},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("show"),
	CLI_OPTION_QUIET(NULL),
	{NULL, NULL, NULL, NULL, 0},
};

/* It holds private keys: no core file, no other process of the user looks in. A limit of 1 byte is
 * one that the kernel, in do_coredump(), also keeps for a core_pattern that is a pipe, as it does
 * with no other; and the process of a tunnel inherits it. */
static void leave_no_core(void)
{
	const struct rlimit least = {1, 1}, none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &least) < 0)
		(void)setrlimit(RLIMIT_CORE, &none); /* was 0, and may not be raised */
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-wgtun",
		.summary = "Lead all that a libvirt domain sends through a WireGuard tunnel.",
		.example = "  virt-cordon-wgtun plan /etc/virt-cordon/domains/sandbox.ini\n"
			   "  virt-cordon-wgtun show sandbox\n"
			   "  virt-cordon-wgtun apply sandbox\n"
			   "  virt-cordon-wgtun check sandbox\n"
			   "  virt-cordon-wgtun revert sandbox\n",
		.verbs = verbs,
		.options = options,
	};

	leave_no_core();
	umask(022);
	return cli_main(&prog, argc, argv);
}
