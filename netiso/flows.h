/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb flows of virt-cordon-netiso(8). */
#pragma once

#include "lib/cli.h"

/** flows_verb - as struct cli_verb's run: connections that a domain's policy no longer allows. */
int flows_verb(const struct cli *cli, struct err *e);
