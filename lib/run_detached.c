/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting a program that outlives the caller: see lib/run.h. */
#include "lib/run.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void default_signals(void)
{
	const struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* 0, or the number of what went wrong. */
static int leave_behind(void)
{
	const int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    chdir("/") < 0)
		return errno;
	/* Closed by the exec, not now: @talk still tells when that fails. */
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return errno;
	return 0;
}

/* The three standard ones are replaced, so the socket must be none of them. */
static int above_stdio(int fd)
{
	return fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static _Noreturn void become(int talk, const char *const *argv, const char *const *env)
{
	char go;
	int what;

	(void)setsid();
	default_signals();
	/* A caller that ended before it could note who we are has closed its end. */
	if (recv(talk, &go, 1, 0) != 1)
		_exit(1);
	talk = above_stdio(talk);
	what = leave_behind();
	if (what == 0) {
		(void)execve(argv[0], (char *const *)(uintptr_t)argv,
			     (char *const *)(uintptr_t)env);
		what = errno;
	}
	(void)send(talk, &what, sizeof(what), MSG_NOSIGNAL);
	_exit(127);
}

/* Lets it go on; 0 when the program runs, else the number of what kept it from it. */
static int let_go(int talk)
{
	int what = 0;
	ssize_t n;

	if (send(talk, "g", 1, MSG_NOSIGNAL) != 1)
		return errno;
	do
		n = recv(talk, &what, sizeof(what), MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	return n == 0 ? 0 : n == (ssize_t)sizeof(what) ? what : EIO;
}

int run_detached(const char *const *argv, const char *const *env, run_begin begin, void *arg,
		 pid_t *ret, struct err *e)
{
	static const char *const usual[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					    NULL};
	auto_close int talk = -1, its = -1;
	int fds[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_os(e, errno, "cannot start %s", argv[0]);
	talk = fds[0];
	its = fds[1];
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)close(talk);
		become(its, argv, env ? env : usual);
	}
	if (pid < 0)
		return err_os(e, errno, "cannot start %s", argv[0]);
	util_closep(&its);
	r = begin ? begin(pid, arg, e) : 0;
	if (r == 0) {
		const int what = let_go(talk);

		if (what)
			r = err_os(e, what, "cannot run %s", argv[0]);
	}
	if (r < 0) {
		util_closep(&talk);
		(void)waitpid(pid, NULL, 0);
	} else if (ret) {
		*ret = pid;
	}
	return r;
}
