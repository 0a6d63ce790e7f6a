/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon(8): options and verbs. */
#include "cli/verbs.h"

#include <locale.h>
#include <sys/stat.h>

static const struct cli_verb verbs[] = {
	{"adopt", "DOMAIN|XML", 1, 1, "write a policy for a domain that is there", verb_adopt},
	{"check", "[DOMAIN|FILE]...", 0, CLI_ANY_ARGS,
	 "policies for mistakes, what runs against its plan", verb_check},
	{"status", "[DOMAIN]", 0, 1, "what is known, running, in force", verb_status},
	{"explain", "DOMAIN|FILE DEST...", 2, CLI_ANY_ARGS, "whether a guest gets there, and why",
	 verb_explain},
	{"keys", "[KEY]...", 0, CLI_ANY_ARGS, "what a policy can say, and the defaults here",
	 verb_keys},
	{"log", "[DOMAIN]", 0, 1, "what is denied, as it happens", verb_log},
	{"apply", "[DOMAIN]", 0, 1, "put isolation back, after a flush say", verb_apply},
	{"reload", "[DOMAIN]", 0, 1, "take in a policy that was changed", verb_reload},
	{"forget", "DOMAIN|UUID", 1, 1, "let a domain run without a policy again", verb_forget},
	{"gc", "", 0, 0, "remove what a crash left behind", verb_gc},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_alias aliases[] = {
	{"new", "NAME --image FILE", "make a guest from an image", "guest"},
	{"remove", "DOMAIN", "remove a guest that was made so", "guest"},
	{"ssh", "DOMAIN [COMMAND]...", "log in to a guest", "provision"},
	{"forward", "DOMAIN PORT...", "bring a guest's ports to this host's loopback", "provision"},
	{"ip", "DOMAIN", "print a guest's addresses", "provision"},
	{"snapshot", "DOMAIN [NAME]", "keep a domain's disks as they are now", "guest"},
	{"snapshots", "DOMAIN", "list what was kept", "guest"},
	{"reset", "DOMAIN [NAME]", "set a domain's disks back", "guest"},
	{"resize", "DOMAIN SIZE [DISK]", "make a domain's disk larger", "guest"},
	{NULL, NULL, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("status log"),
	{"--follow", NULL, "log", "until interrupted", offsetof(struct cli, follow)},
	{"-f", NULL, "log", "the same", offsetof(struct cli, follow)},
	{"--from-host", NULL, "explain", "the other way, to the guest",
	 offsetof(struct cli, from_host)},
	{"--opened", NULL, "log", "connections that were opened, too",
	 offsetof(struct cli, opened)},
	{"--watch", NULL, "status", "again every two seconds", offsetof(struct cli, watch)},
	{"--print", NULL, "adopt", "write nothing", offsetof(struct cli, print)},
	{"--all", NULL, "apply", "every running domain, every guard", offsetof(struct cli, all)},
	CLI_OPTION_YES("forget gc"),
	CLI_OPTION_QUIET("check apply reload"),
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon",
		.summary = "Check and watch the cordon around libvirt domains.",
		.example = "  virt-cordon adopt --print sandbox\n"
			   "  virt-cordon check /etc/virt-cordon/domains/sandbox.ini\n"
			   "  virt-cordon status --json\n"
			   "  virt-cordon explain sandbox 192.168.1.50:443/tcp\n"
			   "  virt-cordon keys network.dns\n"
			   "  virt-cordon log sandbox --follow\n"
			   "  virt-cordon apply --all\n"
			   "  virt-cordon netiso plan sandbox\n"
			   "  virt-cordon reload sandbox\n"
			   "  virt-cordon forget sandbox\n"
			   "  virt-cordon gc --yes\n",
		.verbs = verbs,
		.options = options,
		.aliases = aliases,
		.front_end = true,
	};

	umask(022);
	/* For the width of names in tables. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cli_main(&prog, argc, argv);
}
