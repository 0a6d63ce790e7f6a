/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running programs: what a child inherits, what is kept of its output, deadlines, exit codes. */
#include "lib/run.h"

#include "lib/util.h"
#include "tests/unit/child_help.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define MS_PER_S 1000

/* --- what the child does: this program again, `test_run child MODE [ARG]` --- */

static _Noreturn void child_hang(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	for (;;)
		(void)pause();
}

static int child_flood(const char *arg, FILE *to, FILE *other)
{
	size_t n = strtoul(arg, NULL, 10);

	while (n-- > 0)
		(void)fputc('x', to);
	fputs("err", other);
	return 0;
}

/* The child ends, and one of its own goes on holding its output. */
static int child_leave(void)
{
	if (fork() == 0)
		(void)sleep(5);
	return 0;
}

/* Says who it is in the file @path, and stays. */
static _Noreturn void child_stay(const char *path)
{
	FILE *f = fopen(path, "we");

	if (f)
		(void)fprintf(f, "%d\n", (int)getpid());
	if (f)
		(void)fclose(f);
	child_hang();
}

static int child_main(const char *mode, const char *arg)
{
	if (strcmp(mode, "stay") == 0)
		child_stay(arg);
	if (strcmp(mode, "exit") == 0)
		return (int)strtol(arg, NULL, 10);
	if (strcmp(mode, "abort") == 0)
		(void)raise(SIGKILL);
	if (strcmp(mode, "hang") == 0)
		child_hang();
	if (strcmp(mode, "flood") == 0)
		return child_flood(arg, stderr, stdout);
	if (strcmp(mode, "flood stdout") == 0)
		return child_flood(arg, stdout, stderr);
	if (strcmp(mode, "leave") == 0)
		return child_leave();
	if (strcmp(mode, "environment") == 0)
		child_environment();
	if (strcmp(mode, "descriptors") == 0)
		child_descriptors();
	if (strcmp(mode, "signals") == 0)
		child_signals();
	if (strcmp(mode, "say") == 0) {
		fputs("to stdout\n", stdout);
		fputs("to stderr\n", stderr);
	}
	if (strcmp(mode, "deaf") == 0) { /* closes its output, and goes on */
		(void)fclose(stdout);
		(void)fclose(stderr);
		child_hang();
	}
	return 0;
}

/* --- the tests --- */

static char self[PATH_MAX];

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * MS_PER_S + ts.tv_nsec / 1000000;
}

static int run(const char *mode, const char *arg, uint32_t deadline_ms, struct strbuf *out,
	       struct strbuf *said, struct err *e)
{
	const char *argv[] = {self, "child", mode, arg, NULL};

	*e = (struct err){0};
	return run_captured(argv, deadline_ms, out, said, e);
}

static void test_exit_codes(void **state)
{
	static const int codes[] = {0, 1, 64, 78, 127, 255};
	char text[8];
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		(void)snprintf(text, sizeof(text), "%d", codes[i]);
		assert_int_equal(run("exit", text, 10 * MS_PER_S, NULL, NULL, &e), codes[i]);
		assert_false(err_is_set(&e));
	}
}

static void test_signal(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run("abort", NULL, 10 * MS_PER_S, NULL, NULL, &e), -ECHILD);
	assert_int_equal(e.exit, EX_CORDON_BUG);
	assert_non_null(strstr(e.msg, "signal 9"));
}

static void test_no_such_program(void **state)
{
	const char *argv[] = {"/nonexistent/program", NULL};
	struct err e = {0};

	(void)state;
	assert_int_equal(run_program(argv, 1000, NULL, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_OS);
	assert_non_null(strstr(e.msg, argv[0]));
}

static void test_output(void **state)
{
	struct strbuf out = {0}, said = {0};
	struct err e;

	(void)state;
	sb_adds(&said, "before: ");
	assert_int_equal(run("say", NULL, 10 * MS_PER_S, &out, &said, &e), 0);
	assert_string_equal(sb_str(&out), "to stdout\n");
	assert_string_equal(sb_str(&said), "before: to stderr\n");
	sb_free(&out);
	sb_free(&said);
	/* What is not asked for goes nowhere: this process's stdout is a report of tests. */
	assert_int_equal(run("say", NULL, 10 * MS_PER_S, NULL, &said, &e), 0);
	assert_string_equal(sb_str(&said), "to stderr\n");
	sb_free(&said);
	assert_int_equal(run("say", NULL, 10 * MS_PER_S, NULL, NULL, &e), 0);
}

/* What is over the bound is read, so that the program does not wait, and dropped. */
static void test_output_bound(void **state)
{
	static const struct {
		const char *said;
		size_t kept;
	} cases[] = {{"16383", RUN_OUTPUT_MAX - 1},
		     {"16384", RUN_OUTPUT_MAX},
		     {"16385", RUN_OUTPUT_MAX},
		     {"1000000", RUN_OUTPUT_MAX}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out = {0}, said = {0};
		struct err e;

		assert_int_equal(run("flood", cases[i].said, 30 * MS_PER_S, &out, &said, &e), 0);
		assert_int_equal(said.len, cases[i].kept);
		assert_string_equal(sb_str(&out), "err");
		sb_free(&out);
		sb_free(&said);
	}
}

/* What was asked for may be long. */
static void test_stdout_bound(void **state)
{
	static const struct {
		const char *said;
		size_t kept;
	} cases[] = {{"1048575", RUN_STDOUT_MAX - 1},
		     {"1048576", RUN_STDOUT_MAX},
		     {"1048577", RUN_STDOUT_MAX}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out = {0}, said = {0};
		struct err e;

		assert_int_equal(run("flood stdout", cases[i].said, 30 * MS_PER_S, &out, &said, &e),
				 0);
		assert_int_equal(out.len, cases[i].kept);
		assert_string_equal(sb_str(&said), "err");
		sb_free(&out);
		sb_free(&said);
	}
}

static void check_deadline(const char *mode, uint32_t deadline_ms)
{
	const int64_t begin = now_ms();
	struct strbuf said = {0};
	struct err e;

	assert_int_equal(run(mode, NULL, deadline_ms, NULL, &said, &e), -ETIMEDOUT);
	assert_int_equal(e.exit, EX_CORDON_TEMPFAIL);
	assert_in_range(now_ms() - begin, deadline_ms, deadline_ms + 5 * MS_PER_S);
	sb_free(&said);
	/* It was killed and waited for: no child is left, not even a dead one. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_deadline(void **state)
{
	(void)state;
	check_deadline("hang", 100);
	check_deadline("hang", 0);
	check_deadline("deaf", 100);
	check_deadline("leave", 300);
}

static void on_usr1(int sig)
{
	(void)sig;
}

/* Signals to the caller neither shorten the wait nor make it endless. */
static void test_deadline_with_signals(void **state)
{
	struct sigaction sa = {.sa_handler = on_usr1};
	const pid_t parent = getpid();
	pid_t pid;

	(void)state;
	(void)sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < 1000; i++) {
			struct timespec pause = {.tv_nsec = 10000000};

			(void)kill(parent, SIGUSR1);
			(void)nanosleep(&pause, NULL);
		}
		_exit(0);
	}
	const int64_t begin = now_ms();
	struct err e;
	const int r = run("hang", NULL, 300, NULL, NULL, &e);
	const int64_t took = now_ms() - begin;

	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_int_equal(r, -ETIMEDOUT);
	assert_in_range(took, 300, 5 * MS_PER_S);
}

static void test_environment(void **state)
{
	struct strbuf out = {0};
	struct err e;

	(void)state;
	assert_int_equal(setenv("LD_PRELOAD_NOT", "x", 1), 0);
	assert_int_equal(run("environment", NULL, 10 * MS_PER_S, &out, NULL, &e), 0);
	assert_string_equal(sb_str(&out), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C.UTF-8\n");
	sb_free(&out);
}

/* libvirt's pipes, and whatever else the caller was left with, end with the caller. */
static void test_descriptors(void **state)
{
	const int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 200);
	struct strbuf out = {0};
	struct err e;

	(void)state;
	assert_true(low >= 0 && high >= 200);
	assert_int_equal(run("descriptors", NULL, 10 * MS_PER_S, &out, NULL, &e), 0);
	assert_string_equal(sb_str(&out), "0 1 2 stdin /dev/null");
	(void)close(low);
	(void)close(high);
	sb_free(&out);
}

/* A daemon may have none of the three; the pipes then must not take their numbers. */
static void test_closed_stdio(void **state)
{
	int saved[3];
	struct strbuf out = {0}, said = {0};
	struct err e;
	int r;

	(void)state;
	(void)fflush(NULL);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		(void)close(fd);
	}
	r = run("say", NULL, 10 * MS_PER_S, &out, &said, &e);
	for (int fd = 0; fd < 3; fd++) {
		(void)dup2(saved[fd], fd);
		(void)close(saved[fd]);
	}
	assert_int_equal(r, 0);
	assert_string_equal(sb_str(&out), "to stdout\n");
	assert_string_equal(sb_str(&said), "to stderr\n");
	sb_free(&out);
	sb_free(&said);
}

static void test_signals(void **state)
{
	struct strbuf out = {0};
	sigset_t usr1, old;
	struct err e;

	(void)state;
	(void)sigemptyset(&usr1);
	(void)sigaddset(&usr1, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr1, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run("signals", NULL, 10 * MS_PER_S, &out, NULL, &e), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	assert_string_equal(sb_str(&out), "blocked 0 ignored 0");
	sb_free(&out);
}

static void test_no_descriptor_left(void **state)
{
	struct err e;
	const int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int after;

	(void)state;
	(void)close(before);
	for (int i = 0; i < 20; i++) {
		struct strbuf out = {0};

		(void)run(i % 2 ? "say" : "abort", NULL, 10 * MS_PER_S, &out, NULL, &e);
		sb_free(&out);
	}
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)close(after);
	assert_int_equal(before, after);
}

/* A parent that dies right before its child would be tied to it. */
static bool die_early;
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);

int __wrap_prctl(int option, ...)
{
	const pid_t parent = getppid();
	va_list ap;
	int arg;

	va_start(ap, option);
	arg = va_arg(ap, int);
	va_end(ap);

	if (die_early) {
		(void)kill(parent, SIGKILL);
		while (getppid() == parent)
			(void)usleep(1000);
	}
	return __real_prctl(option, arg, 0, 0, 0);
}

/* Forks one that runs `stay PATH` and waits for it for ever. */
static pid_t fork_parent(const char *path)
{
	const pid_t pid = fork();
	struct err e;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)run("stay", path, 60 * MS_PER_S, NULL, NULL, &e);
		_exit(0);
	}
	return pid;
}

/* The number in the file @path, waited for. */
static pid_t read_pid(const char *path)
{
	const int64_t end = now_ms() + 20 * (int64_t)MS_PER_S;
	char text[16] = "";

	while (!strchr(text, '\n') && now_ms() < end) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			(void)usleep(5000);
		(void)close(fd);
	}
	return (pid_t)strtol(text, NULL, 10);
}

/* Whether @pid ends within @ms; it is no child of this process. */
static bool ends(pid_t pid, int ms)
{
	const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const bool ended = fd < 0 || poll(&p, 1, ms) == 1;

	(void)close(fd);
	return ended;
}

static void test_parent_dies(void **state)
{
	char path[] = "/tmp/test_run.XXXXXX";
	const int fd = mkstemp(path);
	pid_t parent, program;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	parent = fork_parent(path);
	program = read_pid(path);
	assert_true(program > 0);
	assert_false(ends(program, 100)); /* control: it stays as long as its parent does */
	(void)kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(ends(program, 10 * MS_PER_S));
	assert_int_equal(unlink(path), 0);
}

static void test_parent_dies_early(void **state)
{
	char path[] = "/tmp/test_run.XXXXXX";
	const int fd = mkstemp(path);
	int pipes[2], status = 0;
	char byte;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(pipe(pipes), 0); /* held by both until they end */
	die_early = true;
	const pid_t parent = fork_parent(path);

	die_early = false;
	(void)close(pipes[1]);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	(void)close(pipes[0]);
	assert_int_equal(access(path, F_OK), -1); /* the program was not run */
}

static void test_sibling(void **state)
{
	char path[PATH_MAX], small[8];
	struct err e = {0};

	(void)state;
	assert_int_equal(run_sibling("test_run", path, sizeof(path), &e), 0);
	assert_string_equal(path, self);
	assert_int_equal(run_sibling("test_run", small, sizeof(small), &e), -ENAMETOOLONG);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_no_such_program),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_output_bound),
		cmocka_unit_test(test_stdout_bound),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_deadline_with_signals),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_closed_stdio),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_parent_dies_early),
		cmocka_unit_test(test_sibling),
	};
	ssize_t n;

	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return child_main(argv[2], argc > 3 ? argv[3] : "");
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
