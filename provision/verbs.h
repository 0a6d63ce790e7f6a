/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of virt-cordon-provision(8) that have files of their own. */
#pragma once

#include "lib/cli.h"

#define FORWARDS_MAX 16 /* ports of one virt-cordon forward */

/* What the options of this program set. */
struct prov_cli {
	struct cli cli; /* first */
	bool new_instance;
	bool delete; /* of snapshot */
	/* of new */
	const char *image, *sha256, *memory, *vcpus, *disk, *network, *share, *tunnel, *user_data,
		*playbook, *run_as, *ssh_user, *firmware, *virt_type;
	bool graphics, print;
	/* of run */
	const char *deadline;
	bool wait, worker, forced;
};

/* Each as struct cli_verb's run. */
int verb_snapshot(const struct cli *cli, struct err *e);
int verb_snapshots(const struct cli *cli, struct err *e);
int verb_begin(const struct cli *cli, struct err *e);
int verb_run(const struct cli *cli, struct err *e);
int verb_ssh(const struct cli *cli, struct err *e);
int verb_forward(const struct cli *cli, struct err *e);
int verb_ip(const struct cli *cli, struct err *e);
int verb_new(const struct cli *cli, struct err *e);
int verb_remove(const struct cli *cli, struct err *e);
int verb_resize(const struct cli *cli, struct err *e);
int verb_reset(const struct cli *cli, struct err *e);
