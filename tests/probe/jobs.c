// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders in the background: started, known to listen, waited for. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"

/* A job is a file named by its pid: its output while it runs, renamed when it is done. */
#define JOB_DIR "/run/probe"

enum { READY_WAIT_MS = 3000, JOB_WAIT_MS = 15000, POLL_US = 5000 };

static void job_path(char buf[static PATH_MAX], unsigned long pid, const char *suffix)
{
	(void)snprintf(buf, PATH_MAX, JOB_DIR "/job.%lu%s", pid, suffix);
}

/* The background process: its output goes to a file, whose new name then tells the verdict. */
static _Noreturn void job_child(int ready, int argc, char **argv)
{
	char from[PATH_MAX], to[PATH_MAX], suffix[16];
	int fd, verdict;

	(void)setsid();
	(void)signal(SIGINT, SIG_DFL);
	job_path(from, (unsigned long)getpid(), "");
	fd = open(from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(BROKEN);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(BROKEN);
	ready_to(ready);
	verdict = run_order(argc, argv);
	(void)fflush(stdout);
	(void)snprintf(suffix, sizeof(suffix), ".done%d", verdict);
	job_path(to, (unsigned long)getpid(), suffix);
	(void)rename(from, to);
	_exit(verdict);
}

/*
 * Starts an order in the background and returns once it listens (sniff, udplisten, serve) or is
 * done. Prints the job's number, which `wait` takes.
 */
int order_bg(int argc, char **argv)
{
	int fds[2];
	pid_t pid;
	char c;

	if (argc < 2)
		return say(BROKEN, "usage: bg ORDER …");
	if (mkdir(JOB_DIR, 0700) < 0 && errno != EEXIST)
		return broken(JOB_DIR);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return broken("pipe");
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return broken("fork");
	if (pid == 0) {
		close(fds[0]);
		job_child(fds[1], argc - 1, argv + 1);
	}
	close(fds[1]);
	/* a byte says ready, the end of the file that the order is over already */
	if (!wait_readable(fds[0], now_ms() + READY_WAIT_MS)) {
		(void)kill(pid, SIGKILL);
		return say(BROKEN, "%s did not get ready", argv[1]);
	}
	(void)!read(fds[0], &c, 1);
	close(fds[0]);
	return say(THROUGH, "%ld", (long)pid);
}

static void job_print(const char *path)
{
	auto_fclose FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		(void)fwrite(buf, 1, n, stdout);
	(void)fflush(stdout);
}

/* Prints what a background order printed, when it is done. Return: its verdict. */
int order_wait(int argc, char **argv)
{
	const char *timeout = option(argc, argv, "timeout");
	unsigned long pid, ms = JOB_WAIT_MS;
	char path[PATH_MAX];
	int64_t deadline;

	if (argc < 2 || !number(argv[1], 1, INT_MAX, &pid) ||
	    (timeout && !number(timeout, 0, 600000, &ms)))
		return say(BROKEN, "usage: wait JOB [timeout=MS]");
	deadline = now_ms() + (int64_t)ms;
	do {
		for (int verdict = THROUGH; verdict <= BROKEN; verdict++) {
			char suffix[16];

			(void)snprintf(suffix, sizeof(suffix), ".done%d", verdict);
			job_path(path, pid, suffix);
			if (access(path, F_OK) == 0) {
				job_print(path);
				(void)unlink(path);
				return verdict;
			}
		}
		(void)usleep(POLL_US);
	} while (now_ms() < deadline);
	return say(BROKEN, "job %lu is not done after %lu ms", pid, ms);
}

int order_stop(int argc, char **argv)
{
	char path[PATH_MAX];
	unsigned long pid;

	if (argc != 2 || !number(argv[1], 2, INT_MAX, &pid))
		return say(BROKEN, "usage: stop JOB");
	job_path(path, pid, "");
	if (unlink(path) < 0)
		return say(BROKEN, "job %lu does not run", pid);
	if (kill((pid_t)pid, SIGKILL) < 0)
		return broken("kill");
	return say(THROUGH, "stopped");
}

/* Lets `hold` go on; its verdict is then waited for. */
int order_go(int argc, char **argv)
{
	unsigned long pid;

	if (argc != 2 || !number(argv[1], 2, INT_MAX, &pid))
		return say(BROKEN, "usage: go JOB");
	if (kill((pid_t)pid, SIGUSR1) < 0)
		return broken("kill");
	return say(THROUGH, "told");
}
