/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb counters of virt-cordon-netiso(8). */
#pragma once

#include "lib/cli.h"

/** counters_verb - as struct cli_verb's run: "REASON PACKETS", a line each; or JSON. */
int counters_verb(const struct cli *cli, struct err *e);
