/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program: argument vector, built environment, closed descriptors, deadline. */
#pragma once

#include "lib/err.h"
#include "lib/strbuf.h"

#include <stdint.h>
#include <sys/types.h>

#define RUN_OUTPUT_MAX 16384 /* bytes kept of what a program says; the rest is read and dropped */
#define RUN_STDOUT_MAX (1024 * 1024) /* and of what it was asked for */

/**
 * run_program - run @argv (argv[0] is a path) and wait for it.
 * @deadline_ms: after that it is killed
 * @output: what it wrote to stderr is appended, at most RUN_OUTPUT_MAX bytes; may be NULL
 *
 * stdin and stdout are /dev/null; every other descriptor is closed; the environment is PATH and
 * LC_ALL. It is killed when the calling thread dies, so that it does not go on alone; what it has
 * started itself does not. Returns its exit code (0..255); -ETIMEDOUT (exit code 75) when it was
 * killed for time;
 * -ECHILD (exit code 70) when a signal ended it; -errno when it could not be started.
 */
int run_program(const char *const *argv, uint32_t deadline_ms, struct strbuf *output,
		struct err *e);

/**
 * run_captured - the same, and what it wrote to stdout is appended to @out, at most
 * RUN_STDOUT_MAX bytes.
 */
int run_captured(const char *const *argv, uint32_t deadline_ms, struct strbuf *out,
		 struct strbuf *said, struct err *e);

/* Called with the number of a process that waits to become the program; 0 lets it. */
typedef int (*run_begin)(pid_t pid, void *arg, struct err *e);

/**
 * run_detached - start @argv (argv[0] is a path) in a session of its own; it outlives the caller.
 * @env: "NAME=VALUE"…, NULL-terminated; NULL: PATH and LC_ALL
 * @begin: called before the program runs, with @arg, so that its number can be noted; a failure, or
 * the end of the caller, keeps it from running; may be NULL
 * @ret: its number; may be NULL. A caller that goes on may wait for it.
 *
 * stdin, stdout and stderr are /dev/null, every other descriptor is closed, the folder is "/", no
 * signal is blocked or ignored. Returns 0 once the program runs; -errno when it could not.
 */
int run_detached(const char *const *argv, const char *const *env, run_begin begin, void *arg,
		 pid_t *ret, struct err *e);

/**
 * run_sibling - the path of a program in the folder of the running one (/proc/self/exe), so that an
 * installed tree and a build tree each use their own. Returns @buf.
 */
int run_sibling(const char *name, char *buf, size_t size, struct err *e);
