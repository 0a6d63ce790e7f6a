/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-netiso(8): options and verbs. */
#include "lib/cli.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/target.h"
#include "lib/util.h"
#include "netiso/counters.h"
#include "netiso/domain.h"
#include "netiso/explain_verb.h"
#include "netiso/factsfile.h"
#include "netiso/flows.h"
#include "netiso/foreign.h"
#include "netiso/gather.h"
#include "netiso/guard.h"
#include "netiso/learnt.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void print_plan(const struct layout_params *p, const struct iso_plan *plan)
{
	auto_sb struct strbuf layout = {0};

	layout_emit(p, &layout);
	safe_printf("# shared by all domains\n%s# the host's prefixes\n%s%s# this domain\n%s",
		    sb_str(&layout), sb_str(&plan->public), sb_str(&plan->public6),
		    sb_str(&plan->apply));
}

static int plan_file(const struct cli *cli, const char *path, struct err *e)
{
	struct host_config host = {0};
	struct policy policy = {0};
	struct iso_facts facts = {0};
	struct iso_plan plan = {0};
	int r;

	r = host_config_load(cli->root, &host, e);
	if (r == 0)
		r = policy_load_file(path, false, &host, &policy, e);
	if (r == 0)
		r = cli->facts ? factsfile_load(cli->facts, &facts, e)
			       : factsfile_example(policy.ipv6 == IPV6_NAT, &facts, e);
	if (r == 0 && !policy.isolation)
		printf("# isolation = no: nothing would be done\n");
	else if (r == 0)
		r = iso_compile(&policy, &facts, &plan, e);
	if (r == 0 && policy.isolation)
		print_plan(&facts.layout, &plan);
	iso_plan_free(&plan);
	iso_facts_free(&facts);
	policy_free(&policy);
	host_config_free(&host);
	return r;
}

static int verb_plan(const struct cli *cli, struct err *e)
{
	struct layout_params params;
	struct iso_plan plan = {0};
	struct record rec = {0};
	struct uuid uuid;
	int r;

	if (cli_target(cli->args[0], &uuid) == CLI_FILE)
		return plan_file(cli, cli->args[0], e);
	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r == 0)
		r = domain_plan(cli->root, &rec, &params, &plan, e);
	if (r == 0)
		print_plan(&params, &plan);
	iso_plan_free(&plan);
	record_free(&rec);
	return r;
}

static int verb_apply(const struct cli *cli, struct err *e)
{
	struct record rec = {0};
	int r;

	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r == 0)
		r = domain_apply(cli->root, &rec.uuid, e);
	record_free(&rec);
	return r;
}

static int verb_revert(const struct cli *cli, struct err *e)
{
	struct record rec = {0};
	struct err local = {0};
	int r;

	r = target_load(cli->root, cli->args[0], &rec, &local);
	if (r == -ENOENT)
		return 0; /* nothing recorded, nothing to take back */
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	r = domain_revert(cli->root, &rec.uuid, e);
	record_free(&rec);
	return r;
}

static int verb_check(const struct cli *cli, struct err *e)
{
	auto_sb struct strbuf diff = {0};
	struct record rec = {0};
	struct err first = {0};
	int r;

	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r < 0)
		return r;
	r = domain_check(cli->root, &rec.uuid, cli->quiet ? NULL : &diff, &first);
	record_free(&rec);
	if (r < 0 && !diff.len)
		return err_set(e, first.exit, first.errnum, "%s", first.msg);
	safe_print(stdout, sb_str(&diff));
	/* The lines say it; no message besides. */
	if (r < 0)
		return err_set(e, EX_CORDON_DIFFERS, ESTALE,
			       "%s: the live system differs from the plan", cli->args[0]);
	return 0;
}

static int verb_digest(const struct cli *cli, struct err *e)
{
	struct domain_digests d = {0};
	struct record rec = {0};
	int r;

	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r == 0)
		r = domain_digests(cli->root, &rec.uuid, &d, e);
	record_free(&rec);
	if (r < 0)
		return r;
	printf("policy %016" PRIx64 "\n", d.policy);
	if (d.isolated)
		printf("rules %016" PRIx64 "\nkernel %016" PRIx64 "\n", d.rules, d.kernel);
	return 0;
}

static json_t *show_nic(const struct record_nic *nic)
{
	char mac[MAC_STRLEN];

	return json_pack("{s:s, s:s, s:s, s:s?, s:b, s:b}", "mac", mac_str(&nic->mac, mac), "tap",
			 nic->tap, "bridge", nic->bridge, "network", nic->network, "guarded",
			 nic->guarded, "gone", nic->gone);
}

static int show_json(const struct record *rec, bool in_force, struct err *e)
{
	char uuid[UUID_STRLEN];
	json_t *nics = json_array(), *doc;

	for (size_t i = 0; i < rec->n_nics; i++)
		(void)json_array_append_new(nics, show_nic(&rec->nics[i]));
	doc = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "name", rec->name, "uuid",
			uuid_str(&rec->uuid, uuid), "phase", record_phase_name(rec->phase),
			"isolation",
			!rec->isolation ? "off"
			: in_force	? "in force"
					: "broken",
			"slot", (int)rec->slot, "nics", nics);
	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0) {
		json_decref(doc);
		return err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	}
	putchar('\n');
	json_decref(doc);
	return 0;
}

static void show_text(const struct record *rec, bool in_force)
{
	char uuid[UUID_STRLEN], mac[MAC_STRLEN];

	safe_printf("%s  %s\nphase      %s\nisolation  %s\n", rec->name, uuid_str(&rec->uuid, uuid),
		    record_phase_name(rec->phase),
		    !rec->isolation ? "off"
		    : in_force	    ? "in force"
				    : "broken");
	for (size_t i = 0; i < rec->n_nics; i++) {
		const struct record_nic *nic = &rec->nics[i];

		safe_printf("nic        %s on %s, %s%s%s%s%s\n", nic->tap, nic->bridge,
			    mac_str(&nic->mac, mac), nic->network ? ", network " : "",
			    nic->network ? nic->network : "", nic->guarded ? ", guarded" : "",
			    nic->gone ? ", unplugged" : "");
	}
}

static int verb_show(const struct cli *cli, struct err *e)
{
	struct record rec = {0};
	bool in_force;
	int r;

	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r < 0)
		return r;
	in_force = domain_check(cli->root, &rec.uuid, NULL, NULL) == 0;
	if (cli->json)
		r = show_json(&rec, in_force, e);
	else
		show_text(&rec, in_force);
	record_free(&rec);
	return r;
}

static int verb_addresses(const struct cli *cli, struct err *e)
{
	struct record rec = {0};
	int r;

	r = target_load(cli->root, cli->args[0], &rec, e);
	if (r < 0)
		return r;
	r = learnt_print(&rec, stdout, e);
	record_free(&rec);
	return r;
}

static int guard_need(const struct cli *cli, int n, struct err *e)
{
	if (cli->n_args != n)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "usage: virt-cordon-netiso guard apply NETWORK BRIDGE, "
			       "guard revert|check NETWORK, guard plan BRIDGE");
	return 0;
}

static int print_diff(int r, const struct strbuf *text)
{
	safe_print(stdout, sb_str(text));
	return r;
}

static int verb_guard(const struct cli *cli, struct err *e)
{
	const char *what = cli->args[0];
	auto_sb struct strbuf text = {0};
	int r;

	if (strcmp(what, "apply") == 0) {
		r = guard_need(cli, 3, e);
		return r < 0 ? r : guard_apply(cli->root, cli->args[1], cli->args[2], e);
	}
	r = guard_need(cli, 2, e);
	if (r < 0)
		return r;
	if (strcmp(what, "revert") == 0)
		return guard_revert(cli->root, cli->args[1], e);
	if (strcmp(what, "check") == 0)
		return print_diff(guard_check(cli->root, cli->args[1], &text, e), &text);
	if (strcmp(what, "plan") == 0)
		return print_diff(guard_plan(cli->root, cli->args[1], &text, e), &text);
	return err_set(e, EX_CORDON_USAGE, EINVAL, "unknown: guard %s", what);
}

static const struct cli_verb verbs[] = {
	{"plan", "DOMAIN|FILE", 1, 1, "print the transaction; changes nothing", verb_plan},
	{"apply", "DOMAIN", 1, 1, "put a running domain's isolation in, or repair it", verb_apply},
	{"revert", "DOMAIN", 1, 1, "take it out by what was recorded", verb_revert},
	{"check", "DOMAIN", 1, 1, "print what differs from the plan; then exit 1", verb_check},
	{"digest", "DOMAIN", 1, 1, "numbers of its policy, its rules, and the kernel's",
	 verb_digest},
	{"addresses", "DOMAIN", 1, 1, "print what was learnt, or is in its policy", verb_addresses},
	{"show", "DOMAIN", 1, 1, "print NICs and whether isolation is in force", verb_show},
	{"explain", "DOMAIN|FILE DEST...", 2, CLI_ANY_ARGS, "whether a guest gets there, and why",
	 explain_verb},
	{"flows", "DOMAIN", 1, 1, "connections that the policy denies by now", flows_verb},
	{"foreign", "[BRIDGE]...", 0, CLI_ANY_ARGS, "other programs' rules that are in the way",
	 foreign_verb},
	{"counters", "[DOMAIN]", 0, 1, "packets denied, by reason", counters_verb},
	{"guard", "apply|revert|check|plan ...", 1, 3, "the guard of a network", verb_guard},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("show counters"),
	CLI_OPTION_QUIET(NULL),
	{"--end", NULL, "flows", "end them", offsetof(struct cli, end)},
	{"--from-host", NULL, "explain", "the other way, to the guest",
	 offsetof(struct cli, from_host)},
	{"--facts", "FILE", "plan explain", "facts for a policy file", offsetof(struct cli, facts)},
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-netiso",
		.summary = "Isolate the network of a libvirt domain with one nftables transaction.",
		.example = "  virt-cordon-netiso plan /etc/virt-cordon/domains/sandbox.ini\n"
			   "  virt-cordon-netiso check sandbox\n"
			   "  virt-cordon-netiso guard check cordon\n"
			   "  virt-cordon-netiso apply sandbox\n"
			   "  virt-cordon-netiso revert sandbox\n"
			   "  virt-cordon-netiso digest sandbox\n"
			   "  virt-cordon-netiso addresses sandbox\n"
			   "  virt-cordon-netiso show --json sandbox\n"
			   "  virt-cordon-netiso explain sandbox 192.168.1.50:443/tcp\n"
			   "  virt-cordon-netiso flows sandbox\n"
			   "  virt-cordon-netiso foreign virbr0\n"
			   "  virt-cordon-netiso counters sandbox\n",
		.verbs = verbs,
		.options = options,
	};

	umask(022);
	return cli_main(&prog, argc, argv);
}
