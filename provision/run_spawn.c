/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting and ending the process that sets a guest up. See provision/run.h. */
#include "provision/run.h"

#include "lib/parse.h"
#include "lib/run.h"
#include "lib/util.h"
#include "provision/child.h"
#include "provision/runstate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STOP_MS 5000

/* When the process began, in clock ticks since the machine did: field 22 of proc(5)'s stat. With
 * it a number that was given away again is another process. 0 when there is none. */
static uint64_t started_at(pid_t pid)
{
	char path[64], text[1024];
	auto_close int fd = -1;
	const char *p;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')');
	/* A dead one that no one waited for yet is no process. */
	if (p && strncmp(p, ") Z", 3) == 0)
		return 0;
	/* The bracket ends field 2. */
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p ? strtoull(p, NULL, 10) : 0;
}

/* Of the caller of run_spawn: whose record it is. */
static int note_worker(pid_t pid, void *arg, struct err *e)
{
	const struct prov *p = arg;
	char text[64];

	(void)snprintf(text, sizeof(text), "%d %" PRIu64 "\n", (int)pid, started_at(pid));
	return record_file_write(p->root, &p->rec.uuid, PROV_RECORD_UNDO, text, strlen(text), e);
}

void run_forget(const char *root, const struct uuid *uuid)
{
	char dir[PATH_MAX], path[PATH_MAX];
	static const char *const files[] = {"provision.run", PROV_RECORD_UNDO};

	record_dir(root, uuid, dir, sizeof(dir));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (snprintf(path, sizeof(path), "%s/%s", dir, files[i]) < (int)sizeof(path))
			(void)unlink(path);
}

/* Asked first, so that it notes why and ends what it started. */
static void end_process(pid_t pid)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
	if (poll(&p, 1, STOP_MS) == 1)
		return;
	/* Its session: what the programs it ran did not leave on purpose. */
	(void)kill(-pid, SIGKILL);
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	(void)poll(&p, 1, STOP_MS);
}

/* The process that is noted, if it is that one; 0 without. */
static int noted_worker(const char *root, const struct uuid *uuid, pid_t *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct err why = {0};
	uint64_t pid = 0, start = 0;
	char *blank;
	size_t len;
	int r;

	*ret = 0;
	r = record_file_read(root, uuid, PROV_RECORD_UNDO, &text, &len, &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	text[strcspn(text, "\n")] = '\0';
	blank = strchr(text, ' ');
	if (blank)
		*blank = '\0';
	if (blank && parse_u64(text, INT_MAX, &pid) && parse_u64(blank + 1, UINT64_MAX, &start) &&
	    pid > 1 && start && started_at((pid_t)pid) == start)
		*ret = (pid_t)pid;
	return 0;
}

void run_mark(const struct uuid *uuid, char buf[static RUN_MARK_LEN])
{
	char text[UUID_STRLEN];

	(void)snprintf(buf, RUN_MARK_LEN, "VIRT_CORDON_RUN=%s", uuid_str(uuid, text));
}

/* What one that was killed left running. Only with none that is alive. */
static void end_orphans(const struct uuid *uuid)
{
	char mark[RUN_MARK_LEN];

	run_mark(uuid, mark);
	child_kill_marked(mark);
}

int run_spawn(const struct prov *p, uint64_t cap_ms, bool forced, struct err *e)
{
	char program[PATH_MAX], uuid[UUID_STRLEN], cap[32];
	const char *argv[] = {program,
			      "--root",
			      p->root,
			      "--worker",
			      "--deadline",
			      cap,
			      "run",
			      uuid_str(&p->rec.uuid, uuid),
			      forced ? "--forced" : NULL,
			      NULL};
	int r;

	end_orphans(&p->rec.uuid);
	(void)snprintf(cap, sizeof(cap), "%" PRIu64 "ms", cap_ms);
	r = run_sibling("virt-cordon-provision", program, sizeof(program), e);
	return r < 0 ? r : run_detached(argv, NULL, note_worker, (void *)(uintptr_t)p, NULL, e);
}

bool run_alive(const char *root, const struct uuid *uuid)
{
	pid_t pid;

	return noted_worker(root, uuid, &pid, NULL) == 0 && pid > 0;
}

int run_stop(const char *root, const struct uuid *uuid, struct err *e)
{
	pid_t pid;
	int r = noted_worker(root, uuid, &pid, e);

	if (r < 0)
		return r;
	if (pid > 0)
		end_process(pid);
	end_orphans(uuid);
	run_forget(root, uuid);
	return 0;
}
