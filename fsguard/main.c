/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-fsguard(8): options and verbs. */
#include "fsguard/domain.h"
#include "fsguard/offline.h"
#include "fsguard/scan.h"
#include "fsguard/show.h"
#include "fsguard/snapshot.h"
#include "lib/cli.h"
#include "lib/confirm.h"
#include "lib/safe.h"
#include "lib/target.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What this program has besides the options of all. */
struct fsg_cli {
	struct cli common;
	const char *size;
	bool rw;
};

static const struct fsg_cli *own(const struct cli *cli)
{
	return (const struct fsg_cli *)cli; /* its first member */
}

static int verb_plan(const struct cli *cli, struct err *e)
{
	auto_sb struct strbuf out = {0};
	struct uuid uuid;
	int r = target_uuid(cli->root, cli->args[0], &uuid, e);

	if (r == 0)
		r = fsg_shares_plan(cli->root, &uuid, &out, e);
	safe_print(stdout, sb_str(&out));
	return r;
}

static int verb_apply(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = target_uuid(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_shares_apply(cli->root, &uuid, e);
}

static int verb_revert(const struct cli *cli, struct err *e)
{
	struct err local = {0};
	struct uuid uuid;
	int r = target_uuid(cli->root, cli->args[0], &uuid, &local);

	if (r == -ENOENT)
		return 0; /* nothing recorded, nothing to take back */
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	return fsg_shares_revert(cli->root, &uuid, e);
}

static int verb_check(const struct cli *cli, struct err *e)
{
	auto_sb struct strbuf diff = {0};
	struct err first = {0};
	struct uuid uuid;
	int r = target_uuid(cli->root, cli->args[0], &uuid, e);

	if (r < 0)
		return r;
	r = fsg_shares_check(cli->root, &uuid, &diff, &first);
	if (!cli->quiet)
		safe_print(stdout, sb_str(&diff));
	if (r == -ESTALE && !cli->quiet) /* the lines say it */
		return err_set(e, EX_CORDON_DIFFERS, ESTALE,
			       "%s: the live system differs from the plan", cli->args[0]);
	return r < 0 ? err_set(e, first.exit, first.errnum, "%s", first.msg) : 0;
}

static int verb_show(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = target_uuid(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_show_domain(cli->root, &uuid, cli->json, e);
}

static int verb_adopt(const struct cli *cli, struct err *e)
{
	return fsg_offline_adopt(cli->root, cli->args[0], cli->args[1], cli->args[2],
				 own(cli)->size, e);
}

static int verb_scan(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_scan(cli->root, &uuid, cli->args[1], cli->json, cli->quiet, e);
}

static int verb_mount(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r
		     : fsg_offline_mount(cli->root, &uuid, cli->args[1], cli->args[2], own(cli)->rw,
					 e);
}

static int verb_unmount(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_offline_unmount(cli->root, &uuid, cli->args[1], e);
}

static int verb_snapshot(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_snapshot_make(cli->root, &uuid, cli->args[1], cli->args[2], e);
}

static int verb_restore(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	if (r == 0)
		r = confirm(cli, "what the share holds now is lost; go back to the snapshot?", e);
	return r <= 0 ? r : fsg_snapshot_restore(cli->root, &uuid, cli->args[1], cli->args[2], e);
}

static int verb_delete(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	if (r == 0)
		r = confirm(cli, "delete the snapshot?", e);
	return r <= 0 ? r : fsg_snapshot_delete(cli->root, &uuid, cli->args[1], cli->args[2], e);
}

static int verb_list(const struct cli *cli, struct err *e)
{
	struct uuid uuid;
	int r = fsg_offline_domain(cli->root, cli->args[0], &uuid, e);

	return r < 0 ? r : fsg_snapshot_list(cli->root, &uuid, cli->args[1], cli->json, e);
}

static const struct cli_verb verbs[] = {
	{"plan", "DOMAIN", 1, 1, "print what apply would do", verb_plan},
	{"apply", "DOMAIN", 1, 1, "put the shares of a recorded domain in place", verb_apply},
	{"revert", "DOMAIN", 1, 1, "take them off by what was recorded", verb_revert},
	{"check", "DOMAIN", 1, 1, "print what differs from the plan; then exit 1", verb_check},
	{"show", "DOMAIN", 1, 1, "print the shares: size, use, who holds them", verb_show},
	{"adopt", "DOMAIN TAG FOLDER", 3, 3, "make an image from what a folder holds", verb_adopt},
	{"scan", "DOMAIN TAG", 2, 2, "list what the guest left that could harm the host",
	 verb_scan},
	{"mount", "DOMAIN TAG FOLDER", 3, 3, "look into the share of a domain that is off",
	 verb_mount},
	{"unmount", "DOMAIN TAG", 2, 2, "take such a mount off", verb_unmount},
	{"snapshot", "DOMAIN TAG NAME", 3, 3, "keep a share as it is now", verb_snapshot},
	{"restore", "DOMAIN TAG NAME", 3, 3, "set a share back to a snapshot", verb_restore},
	{"list", "DOMAIN TAG", 2, 2, "list the snapshots of a share", verb_list},
	{"delete", "DOMAIN TAG NAME", 3, 3, "delete a snapshot", verb_delete},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("show scan list"),
	CLI_OPTION_YES("restore delete"),
	CLI_OPTION_QUIET(NULL),
	{"--size", "SIZE", "adopt", "the size of the image, such as 10G",
	 offsetof(struct fsg_cli, size)},
	{"--rw", NULL, "mount", "for writing, too", offsetof(struct fsg_cli, rw)},
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-fsguard",
		.summary = "Put the shared folders of a libvirt domain on images of fixed size.",
		.example = "  virt-cordon-fsguard check sandbox\n"
			   "  virt-cordon-fsguard show --json sandbox\n"
			   "  virt-cordon-fsguard scan sandbox work\n"
			   "  virt-cordon-fsguard mount sandbox work /mnt\n"
			   "  virt-cordon-fsguard plan sandbox\n"
			   "  virt-cordon-fsguard apply sandbox\n"
			   "  virt-cordon-fsguard revert sandbox\n"
			   "  virt-cordon-fsguard adopt sandbox work /srv/work\n"
			   "  virt-cordon-fsguard unmount sandbox work\n"
			   "  virt-cordon-fsguard snapshot sandbox work ready\n"
			   "  virt-cordon-fsguard restore sandbox work ready\n"
			   "  virt-cordon-fsguard list sandbox work\n"
			   "  virt-cordon-fsguard delete sandbox work ready\n",

		.verbs = verbs,
		.options = options,
		.cli_size = sizeof(struct fsg_cli),
	};

	umask(022);
	return cli_main(&prog, argc, argv);
}
