/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb show: what the shares of a domain are and hold. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>

/** fsg_show_domain - print the shares of the recorded domain @uuid. */
int fsg_show_domain(const char *root, const struct uuid *uuid, bool json, struct err *e);
