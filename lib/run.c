/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program: see lib/run.h. */
#include "lib/run.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				    (char *)"LC_ALL=C.UTF-8", NULL};

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A pipe from the program; @from is -1 when what it would carry is not wanted. */
struct channel {
	int from;
	int to;
	struct strbuf *output;
	size_t max; /* bytes kept in it */
};

static void channel_close(struct channel *c)
{
	util_closep(&c->from);
	util_closep(&c->to);
}
#define auto_channel __attribute__((cleanup(channel_close)))

static int channel_open(struct channel *c, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, "cannot make a pipe");
	c->from = fds[0];
	c->to = fds[1];
	/* Where stdin, stdout or stderr is closed, the pipe must not take its number. */
	if (c->to <= STDERR_FILENO) {
		c->to = fcntl(fds[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		(void)close(fds[1]);
		if (c->to < 0)
			return err_os(e, errno, "cannot make a pipe");
	}
	return 0;
}

/* What a child is to become. */
struct launch {
	const char *const *argv;
	int out_fd; /* -1: its stdout is /dev/null */
	int err_fd;
	pid_t parent;
};

/* In the child, where only what is safe between fork and exec may be called. */
static int become(const struct launch *l)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t none;
	int null;

	/*
	 * It must not go on alone: a checker whose start was killed would still write to the image
	 * that the next start mounts. Whoever died before that has another for a parent.
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return errno;
	if (getppid() != l->parent)
		return ESRCH;
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &by_default, NULL);
	null = open("/dev/null", O_RDWR); /* may become one of the three itself */
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(l->out_fd < 0 ? null : l->out_fd, STDOUT_FILENO) < 0 ||
	    dup2(l->err_fd, STDERR_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return errno;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(l->argv[0], (char *const *)(uintptr_t)l->argv, environment);
	return errno;
}

/* By fork, not posix_spawn, which cannot tie the child's life to the parent's. */
static int spawn(const char *const *argv, int out_fd, int err_fd, pid_t *ret, struct err *e)
{
	const struct launch l = {argv, out_fd, err_fd, getpid()};
	auto_channel struct channel failed = {.from = -1, .to = -1};
	sigset_t all, old;
	int why = 0, r;
	pid_t pid;

	r = channel_open(&failed, e);
	if (r < 0)
		return r;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		why = become(&l);
		_exit(write(failed.to, &why, sizeof(why)) < 0 ? 126 : 127);
	}
	r = -errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return err_os(e, -r, "cannot run %s", argv[0]);
	util_closep(&failed.to);
	/* Nothing comes of it when the program runs: exec closes the other end. */
	while ((r = (int)read(failed.from, &why, sizeof(why))) < 0 && errno == EINTR)
		;
	if (r != (int)sizeof(why)) {
		*ret = pid;
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err_os(e, why, "cannot run %s", argv[0]);
}

/* Reads what there is. Returns false at the end of the stream. */
static bool read_some(struct channel *c)
{
	char buf[4096];
	ssize_t n = read(c->from, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	if (c->output && c->output->len < c->max) {
		const size_t room = c->max - c->output->len;

		sb_add(c->output, buf, (size_t)n < room ? (size_t)n : room);
	}
	return true;
}

/* Reads until the other ends are closed. Returns false when the deadline came first. */
static bool drain(struct channel *channels, size_t n, int64_t end)
{
	struct pollfd p[2] = {{.fd = -1}, {.fd = -1}};

	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = channels[i].from, .events = POLLIN};
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		const int64_t left = end - now_ms();

		if (left <= 0)
			return false;
		if (poll(p, ARRAY_SIZE(p), (int)left) <= 0)
			continue; /* the time is up, or a signal came */
		for (size_t i = 0; i < n; i++)
			if (p[i].fd >= 0 && p[i].revents && !read_some(&channels[i]))
				p[i].fd = -1;
	}
	return true;
}

/* Waits for @pid until @end. Returns 1 when it ended, 0 when not, -errno. */
static int wait_until(pid_t pid, int64_t end, int *status)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t left;

	while (pidfd >= 0 && (left = end - now_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			break;
	if (pidfd >= 0 && end - now_ms() <= 0)
		return 0;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 1;
}

static int decode(const char *name, int status, struct err *e)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(e, EX_CORDON_BUG, ECHILD, "%s was ended by signal %d", name,
		       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

int run_captured(const char *const *argv, uint32_t deadline_ms, struct strbuf *out,
		 struct strbuf *said, struct err *e)
{
	const int64_t end = now_ms() + deadline_ms;
	auto_channel struct channel err = {-1, -1, said, RUN_OUTPUT_MAX};
	auto_channel struct channel std = {-1, -1, out, RUN_STDOUT_MAX};
	int status = 0, r;
	pid_t pid = -1;

	r = channel_open(&err, e);
	if (r == 0 && out)
		r = channel_open(&std, e);
	if (r < 0)
		return r;
	r = spawn(argv, std.to, err.to, &pid, e);
	util_closep(&err.to);
	util_closep(&std.to);
	if (r < 0)
		return r;

	if (drain((struct channel[]){err, std}, 2, end)) {
		r = wait_until(pid, end, &status);
		if (r == 1)
			return decode(argv[0], status, e);
		if (r < 0)
			return err_os(e, -r, "cannot wait for %s", argv[0]);
	}
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT, "%s was not done within %u ms", argv[0],
		       deadline_ms);
}

int run_program(const char *const *argv, uint32_t deadline_ms, struct strbuf *output, struct err *e)
{
	return run_captured(argv, deadline_ms, NULL, output, e);
}

int run_sibling(const char *name, char *buf, size_t size, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return err_os(e, errno, "cannot read /proc/self/exe");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return err_set(e, EX_CORDON_BUG, EINVAL, "/proc/self/exe is '%s'", self);
	*slash = '\0';
	if (snprintf(buf, size, "%s/%s", self, name) >= (int)size)
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path of %s too long", name);
	return 0;
}
