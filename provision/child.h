/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs run as another user, their output read line by line; and the end of all of them. */
#pragma once

#include "lib/err.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_LINE_MAX 512 /* bytes of a line that are kept */

struct child {
	const char *const *argv; /* argv[0] is a path */
	uid_t uid;
	gid_t gid;
	const char *user;
	const char *home;
	const char *mark;		 /* "NAME=VALUE", for child_kill_marked */
	const char *cwd;		 /* NULL: home */
	const char *const *environ_more; /* "NAME=VALUE", NULL-terminated; or NULL */
	int64_t end;			 /* milliseconds of child_now_ms: it is killed then */
	/* Each line of stdout and stderr, made printable; may be NULL. */
	void (*line)(const char *line, void *arg);
	/* Twice a second while it says nothing; may be NULL. */
	void (*idle)(void *arg);
	void *arg;
};

/** child_now_ms - the clock that deadlines are on, also while the machine sleeps not. */
int64_t child_now_ms(void);

/**
 * child_run - run it and wait. No input, no descriptor but output, only the groups of the user.
 *
 * Returns the exit code (0..255); -ETIMEDOUT at its end, -EINTR when child_stop was set, -ECHILD
 * when a signal ended it. Whatever it left running is killed in each of these cases.
 */
int child_run(const struct child *c, struct err *e);

/** child_stop - set by a signal handler: what is waited for is ended. */
extern volatile sig_atomic_t child_stop;

/** child_sleep - until @end or @ms from now, whichever is first; shorter when child_stop is set. */
void child_sleep(int64_t end, int ms);

/** child_kill_marked - every process but the caller that has this variable in its environment. */
void child_kill_marked(const char *mark);

/** child_kill_all - every descendant of this process, which must adopt orphans (prctl(2)). */
void child_kill_all(void);
