/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that a domain's NICs own in the kernel. */
#pragma once

#include "lib/err.h"
#include "lib/record.h"

#include <stdio.h>

/**
 * learnt_print - each address that was learnt from the host's own DHCP server, or that the policy
 * names, on a line of its own, in ascending order. No one but the domain can send from these.
 */
int learnt_print(const struct record *rec, FILE *out, struct err *e);
