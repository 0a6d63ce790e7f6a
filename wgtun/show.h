/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `virt-cordon-wgtun show` prints of a tunnel. */
#pragma once

#include "lib/err.h"
#include "wgtun/domain.h"

#include <stdbool.h>

/** wgt_show - interface, backend, peers, handshakes, transfer, DNS, leaks by design; no secret. */
int wgt_show(const char *root, const struct uuid *uuid, bool json, struct err *e);
