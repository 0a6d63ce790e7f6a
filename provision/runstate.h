/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far the setting up of a running guest is: in the record, while it goes on. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdint.h>

enum run_phase { RUN_ADDRESS, RUN_SSH, RUN_CLOUD_INIT, RUN_PLAYBOOK };

struct runstate {
	enum run_phase phase;
	int64_t since;	/* seconds since the epoch, of the whole run */
	char last[160]; /* the last line that was said; printable */
};

/** runstate_phase - what it waits for: "address", "ssh", "cloud-init", "playbook". */
const char *runstate_phase(enum run_phase p);

int runstate_write(const char *root, const struct uuid *uuid, const struct runstate *s,
		   struct err *e);
/** runstate_read - -ENOENT when nothing goes on. */
int runstate_read(const char *root, const struct uuid *uuid, struct runstate *ret, struct err *e);
