/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb explain of virt-cordon-netiso(8). */
#pragma once

#include "lib/cli.h"

/** explain_verb - as struct cli_verb's run: a domain or file, then destinations. */
int explain_verb(const struct cli *cli, struct err *e);
