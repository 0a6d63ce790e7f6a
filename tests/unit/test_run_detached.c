/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that outlive who starts them: what they inherit, when they do not run. */
#include "lib/run.h"

#include "lib/util.h"
#include "tests/unit/child_help.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char self[PATH_MAX];

/* --- what the child does: this program again, `test_run_detached child FILE` --- */

/* What a detached one is, into the file @path, which appears whole. */
static int child_detached(const char *path)
{
	auto_free char *tmp = NULL;
	char cwd[PATH_MAX];
	FILE *f;

	if (asprintf(&tmp, "%s.new", path) < 0 || !getcwd(cwd, sizeof(cwd)))
		return 1;
	f = freopen(tmp, "w", stdout);
	if (!f)
		return 1;
	printf("session %d folder %s ", getsid(0) == getpid(), cwd);
	child_descriptors();
	printf(" ");
	child_signals();
	printf("\n");
	child_environment();
	return fclose(f) == 0 && rename(tmp, path) == 0 ? 0 : 1;
}

/* --- the tests --- */

struct begun {
	pid_t pid;
	int answer; /* of the callback */
};

static int on_begin(pid_t pid, void *arg, struct err *e)
{
	struct begun *b = arg;

	b->pid = pid;
	return b->answer ? err_set(e, EX_CORDON_OS, -b->answer, "not now") : 0;
}

static void detached_path(char *buf, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(buf, size, "%s/detached.%d", tmp ? tmp : "/tmp", (int)getpid());
}

static void test_detached(void **state)
{
	static const char *const env[] = {"ONE=1", "TWO=2", NULL};
	const int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 200);
	char path[PATH_MAX], text[1024] = "";
	const char *argv[] = {self, "child", path, NULL};
	struct begun b = {0};
	struct err e = {0};
	pid_t pid = 0;
	int status;
	FILE *f;

	(void)state;
	detached_path(path, sizeof(path));
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run_detached(argv, env, on_begin, &b, &pid, &e), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(pid, b.pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(low);
	(void)close(high);
	f = fopen(path, "r");
	assert_non_null(f);
	(void)!fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	(void)unlink(path);
	assert_string_equal(text, "session 1 folder / 0 1 2 stdin /dev/null blocked 0 ignored 0\n"
				  "ONE=1\nTWO=2\n");
}

/* What cannot be noted does not run; what is not there is told. */
static void test_detached_refused(void **state)
{
	char path[PATH_MAX];
	const char *argv[] = {self, "child", path, NULL};
	const char *none[] = {"/nonexistent/program", NULL};
	struct begun b = {.answer = -ENOSPC};
	struct err e = {0};
	pid_t pid = 0;

	(void)state;
	detached_path(path, sizeof(path));
	assert_int_equal(run_detached(argv, NULL, on_begin, &b, &pid, &e), -ENOSPC);
	assert_string_equal(e.msg, "not now");
	assert_int_equal(pid, 0);
	assert_true(b.pid > 0);
	assert_int_equal(access(path, F_OK), -1);
	e = (struct err){0};
	assert_int_equal(run_detached(none, NULL, NULL, NULL, NULL, &e), -ENOENT);
	assert_non_null(strstr(e.msg, none[0]));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detached),
		cmocka_unit_test(test_detached_refused),
	};
	ssize_t n;

	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return child_detached(argv[2]);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
