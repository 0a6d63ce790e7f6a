/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs run as another user: see provision/child.h. */
#include "provision/child.h"

#include "lib/parse.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <ctype.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define ENVIRON_MAX 24
#define MEMORY_MAX (UINT64_C(2) << 30) /* bytes of data: a guest chooses how much it says */
#define PROCESSES_MAX 4096
#define ENVIRON_BYTES 131072 /* of a process, that are looked at */

volatile sig_atomic_t child_stop;

int64_t child_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void child_sleep(int64_t end, int ms)
{
	const int64_t left = end - child_now_ms();

	if (!child_stop && left > 0)
		(void)poll(NULL, 0, left < ms ? (int)left : ms);
}

/* --- ending all that was started --- */

struct process {
	pid_t pid, parent;
	bool ours;
};

/* "PID (NAME) STATE PARENT …", proc(5); a name may hold anything, so from its last
 * bracket on. */
static bool read_process(const char *pid, struct process *ret)
{
	char path[64], text[512];
	auto_close int fd = -1;
	const char *bracket;
	uint64_t number;
	ssize_t n;

	if (!parse_u64(pid, INT_MAX, &number))
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	bracket = strrchr(text, ')');
	/* ") S PARENT" */
	if (!bracket || strlen(bracket) < 5)
		return false;
	*ret = (struct process){.pid = (pid_t)number,
				.parent = (pid_t)strtol(bracket + 4, NULL, 10)};
	return true;
}

static size_t list_processes(struct process *list, size_t max)
{
	auto_closedir DIR *d = opendir("/proc");
	struct dirent *de;
	size_t n = 0;

	while (d && n < max && (de = readdir(d)))
		if (isdigit((unsigned char)de->d_name[0]) && read_process(de->d_name, &list[n]))
			n++;
	return n;
}

static bool is_ours(const struct process *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pid == pid)
			return list[i].ours;
	return pid == getpid();
}

/* Returns how many there were. */
static size_t kill_once(struct process *list)
{
	const size_t n = list_processes(list, PROCESSES_MAX);
	size_t killed = 0, before;

	do {
		before = killed;
		for (size_t i = 0; i < n; i++) {
			if (list[i].ours || list[i].pid == getpid() ||
			    (list[i].parent != getpid() && !is_ours(list, n, list[i].parent)))
				continue;
			list[i].ours = true;
			killed++;
		}
	} while (killed > before);
	for (size_t i = 0; i < n; i++)
		if (list[i].ours)
			(void)kill(list[i].pid, SIGKILL);
	return killed;
}

void child_kill_all(void)
{
	auto_free struct process *list = calloc(PROCESSES_MAX, sizeof(*list));

	/* What is orphaned by this comes to us, and is found by the next round. */
	for (int i = 0; list && i < 100 && kill_once(list) > 0; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		(void)poll(NULL, 0, 5);
		memset(list, 0, PROCESSES_MAX * sizeof(*list));
	}
}

/* Whether "NAME=VALUE" is a variable of its environment, proc(5). */
static bool is_marked(pid_t pid, const char *mark, char *buf)
{
	const size_t len = strlen(mark);
	auto_close int fd = -1;
	char path[64];
	size_t n = 0;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < ENVIRON_BYTES && (got = read(fd, buf + n, ENVIRON_BYTES - n)) > 0)
		n += (size_t)got;
	buf[n] = '\0';
	for (size_t at = 0; at < n; at += strlen(buf + at) + 1)
		if (strncmp(buf + at, mark, len + 1) == 0)
			return true;
	return false;
}

void child_kill_marked(const char *mark)
{
	auto_free struct process *list = calloc(PROCESSES_MAX, sizeof(*list));
	auto_free char *buf = malloc(ENVIRON_BYTES + 1);
	size_t killed = 1;

	/* Again, since one may have started another meanwhile. */
	for (int i = 0; list && buf && killed && i < 100; i++) {
		const size_t n = list_processes(list, PROCESSES_MAX);

		killed = 0;
		for (size_t k = 0; k < n; k++)
			if (list[k].pid != getpid() && is_marked(list[k].pid, mark, buf) &&
			    kill(list[k].pid, SIGKILL) == 0)
				killed++;
		if (killed)
			(void)poll(NULL, 0, 5);
	}
}

/* --- one program --- */

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	(void)fflush(stderr);
	_exit(127);
}

static void become(const struct child *c)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};

	(void)setrlimit(RLIMIT_DATA, &memory);
	if (geteuid() == 0 && c->uid != 0 &&
	    (initgroups(c->user, c->gid) < 0 || setgid(c->gid) < 0 || setuid(c->uid) < 0))
		die("cannot become another user");
	/* After the change of user, which would undo it: dies with us, even when we are killed. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (chdir(c->cwd ? c->cwd : c->home) < 0 && chdir("/") < 0)
		die("no folder to work in");
}

static _Noreturn void run_child(const struct child *c, int out)
{
	char home[PATH_MAX + 8], user[300], logname[300];
	const char *env[ENVIRON_MAX + 1] = {"PATH=/usr/local/bin:/usr/bin:/bin",
					    "LC_ALL=C.UTF-8",
					    "LANG=C.UTF-8",
					    home,
					    user,
					    logname,
					    c->mark};
	size_t n = 7;
	sigset_t none;

	(void)snprintf(home, sizeof(home), "HOME=%s", c->home);
	(void)snprintf(user, sizeof(user), "USER=%s", c->user);
	(void)snprintf(logname, sizeof(logname), "LOGNAME=%s", c->user);
	for (const char *const *m = c->environ_more; m && *m && n < ENVIRON_MAX; m++)
		env[n++] = *m;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	(void)close(0);
	if (open("/dev/null", O_RDONLY) != 0)
		_exit(127);
	(void)syscall(SYS_close_range, 3, UINT_MAX, 0);
	become(c);
	(void)execve(c->argv[0], (char *const *)(uintptr_t)c->argv, (char *const *)(uintptr_t)env);
	die(c->argv[0]);
	_exit(127);
}

struct lines {
	const struct child *c;
	char text[CHILD_LINE_MAX + 1];
	size_t n;
};

static void end_line(struct lines *l)
{
	l->text[l->n] = '\0';
	if (l->c->line && l->n)
		l->c->line(l->text, l->c->arg);
	l->n = 0;
}

/* What the guest had a hand in is shown on a terminal later. */
static void take(struct lines *l, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char ch = (unsigned char)data[i];

		if (ch == '\n')
			end_line(l);
		else if (l->n < CHILD_LINE_MAX)
			l->text[l->n++] = (char)(ch < ' ' || ch >= 0x7f ? '?' : ch);
	}
}

/* Whether it ended; it is still to be waited for. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

/* Until the other end is closed, or it ended and what it left behind says nothing. */
static int read_all(const struct child *c, int fd, pid_t pid)
{
	struct lines l = {.c = c};
	char buf[4096];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		const int64_t left = c->end - child_now_ms();
		ssize_t n;
		int ready;

		if (child_stop)
			return -EINTR;
		if (left <= 0)
			return -ETIMEDOUT;
		ready = poll(&p, 1, left < 500 ? (int)left : 500);
		if (ready == 0 && has_ended(pid))
			break;
		if (ready == 0 && c->idle)
			c->idle(c->arg);
		if (ready <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		take(&l, buf, (size_t)n);
	}
	end_line(&l);
	/* One that closed its output may go on. */
	while (!has_ended(pid)) {
		if (child_stop)
			return -EINTR;
		if (child_now_ms() >= c->end)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 20);
	}
	return 0;
}

int child_run(const struct child *c, struct err *e)
{
	auto_close int from = -1, to = -1;
	int fds[2], status = 0, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, "cannot make a pipe");
	from = fds[0];
	to = fds[1];
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_os(e, errno, "cannot run %s", c->argv[0]);
	if (pid == 0)
		run_child(c, to);
	util_closep(&to);
	r = read_all(c, from, pid);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		child_kill_all();
		return err_set(e, EX_CORDON_TEMPFAIL, -r, "%s was %s", c->argv[0],
			       r == -EINTR ? "ended" : "not done in time");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(e, EX_CORDON_OS, ECHILD, "%s was ended by a signal", c->argv[0]);
}
