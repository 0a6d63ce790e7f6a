/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program that a test ran has inherited, on its standard output. */
#pragma once

#include "lib/util.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

static inline void child_environment(void)
{
	for (char **p = environ; *p; p++)
		printf("%s\n", *p);
}

/* Numbers of its open descriptors, but for the one that lists them. */
static inline void child_descriptors(void)
{
	auto_closedir DIR *d = opendir("/proc/self/fd");
	char target[PATH_MAX] = "";
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.' || (int)strtol(de->d_name, NULL, 10) == dirfd(d))
			continue;
		printf("%s ", de->d_name);
	}
	if (readlink("/proc/self/fd/0", target, sizeof(target) - 1) > 0)
		printf("stdin %s", target);
}

static inline void child_signals(void)
{
	struct sigaction sa;
	sigset_t set;

	(void)sigprocmask(SIG_SETMASK, NULL, &set);
	(void)sigaction(SIGPIPE, NULL, &sa);
	printf("blocked %d ignored %d", sigismember(&set, SIGUSR1), sa.sa_handler == SIG_IGN);
}
