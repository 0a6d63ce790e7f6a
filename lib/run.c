/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program: see lib/run.h. */
#include "lib/run.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
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

static int spawn(const char *const *argv, int out_fd, int err_fd, pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	r = posix_spawn_file_actions_init(&fa);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return -r;
	}
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	if (!r && out_fd < 0)
		r = posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	else if (!r)
		r = posix_spawn_file_actions_adddup2(&fa, out_fd, 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&fa, err_fd, 2);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (!r)
		r = posix_spawn(ret, argv[0], &fa, &attr, (char *const *)(uintptr_t)argv,
				environment);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	return -r;
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
	r = spawn(argv, std.to, err.to, &pid);
	util_closep(&err.to);
	util_closep(&std.to);
	if (r < 0)
		return err_os(e, -r, "cannot run %s", argv[0]);

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
