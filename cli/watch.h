/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report that is shown again and again: on a terminal in place, elsewhere one after the other. */
#pragma once

#include "lib/cli.h"

/**
 * watch_run - what @frame prints to stdout and stderr, every @seconds, until SIGINT, SIGTERM,
 * SIGHUP or SIGQUIT, which is success.
 * @json: never in place
 *
 * On a terminal the other screen of it is used, without wrapping and without a cursor, and no more
 * lines than fit are shown; a changed size is seen at once. Whatever ends it, and a stop (SIGTSTP),
 * gives the terminal back as it was. These signals stay blocked.
 *
 * Returns 0, what @frame failed with, or -errno (exit code 71) when stdout cannot be written.
 */
int watch_run(const struct cli *cli, unsigned seconds,
	      int (*frame)(const struct cli *cli, struct err *e), struct err *e);
