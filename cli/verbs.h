/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of virt-cordon(8). */
#pragma once

#include "lib/cli.h"

/* Each as struct cli_verb's run. */
int verb_adopt(const struct cli *cli, struct err *e);
int verb_apply(const struct cli *cli, struct err *e);
int verb_check(const struct cli *cli, struct err *e);
int verb_explain(const struct cli *cli, struct err *e);
int verb_forget(const struct cli *cli, struct err *e);
int verb_gc(const struct cli *cli, struct err *e);
int verb_keys(const struct cli *cli, struct err *e);
int verb_log(const struct cli *cli, struct err *e);
int verb_reload(const struct cli *cli, struct err *e);
int verb_status(const struct cli *cli, struct err *e);
