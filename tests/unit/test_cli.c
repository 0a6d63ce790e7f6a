/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines: options before and after the verb, refusals with a suggestion, help. */
#include "lib/cli.h"

#include "lib/util.h"
#include "tests/unit/tree_help.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 8

/* What the verb was called with; a copy, since the line is gone afterwards. */
static struct {
	unsigned calls;
	struct cli cli;
	char *args[8];
} seen;

static int note(const struct cli *cli, struct err *e)
{
	seen.calls++;
	seen.cli = *cli;
	for (int i = 0; i < cli->n_args; i++)
		seen.args[i] = cli->args[i];
	(void)e;
	return 0;
}

static int run_fail(const struct cli *cli, struct err *e)
{
	(void)cli;
	return err_set(e, EX_CORDON_POLICY, EINVAL, "it failed");
}

/* An exit code whose reason was already printed. */
static int run_said(const struct cli *cli, struct err *e)
{
	(void)cli;
	e->exit = EX_CORDON_DIFFERS;
	return -EIO;
}

static int run_bug(const struct cli *cli, struct err *e)
{
	(void)cli;
	(void)e;
	return -EIO;
}

static const struct cli_verb verbs[] = {
	{"show", "[DOMAIN]...", 0, 3, "shows", note},
	{"plan", "DOMAIN", 1, 1, "plans", note},
	{"a-verb-with-a-long-name", "AND|MANY|ARGUMENTS...", 0, 0, "help of it", note},
	{"fail", "", 0, 0, "fails", run_fail},
	{"said", "", 0, 0, "has said it", run_said},
	{"bug", "", 0, 0, "forgets to say why", run_bug},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("show"),
	CLI_OPTION_YES("planning show"),
	CLI_OPTION_QUIET(NULL),
	{"--facts", "FILE", "plan", "facts", offsetof(struct cli, facts)},
	{NULL, NULL, NULL, NULL, 0},
};

static const struct cli_program program = {
	.name = "test-cli",
	.summary = "Summary.",
	.example = "  test-cli show\n",
	.verbs = verbs,
	.options = options,
};

/* What a run printed; stdout and stderr of this process otherwise stay the report's. */
static char printed[2][16384];

static void capture_begin(int saved[2], FILE *files[2])
{
	for (int i = 0; i < 2; i++) {
		(void)fflush(i ? stderr : stdout);
		files[i] = tmpfile();
		assert_non_null(files[i]);
		saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
		assert_int_equal(dup2(fileno(files[i]), i + 1), i + 1);
	}
}

static void capture_end(const int saved[2], FILE *files[2])
{
	for (int i = 0; i < 2; i++) {
		(void)fflush(i ? stderr : stdout);
		assert_int_equal(dup2(saved[i], i + 1), i + 1);
		(void)close(saved[i]);
		rewind(files[i]);
		printed[i][fread(printed[i], 1, sizeof(printed[i]) - 1, files[i])] = '\0';
		(void)fclose(files[i]);
	}
}

/* The words, separated by blanks, behind the program's name. Returns the exit code. */
static int run_line(const struct cli_program *prog, const char *line)
{
	static char copy[512];
	char *argv[16] = {(char *)(uintptr_t)prog->name}, *save = NULL;
	int saved[2], argc = 1, r;
	FILE *files[2];

	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	memset(&seen, 0, sizeof(seen));
	capture_begin(saved, files);
	r = cli_main(prog, argc, argv);
	capture_end(saved, files);
	return r;
}

static int run(const char *line)
{
	return run_line(&program, line);
}

static void test_options(void **state)
{
	static const char *const lines[] = {
		"--root /r --json --quiet show a b",
		"show --root /r --json --quiet a b",
		"show a b --json --quiet --root /r",
		"--root=/r show a --json b --quiet",
		"--quiet --quiet show --json a --root /x --root /r b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (run(lines[i]) != 0 || seen.calls != 1)
			fail_msg("%s: %s", lines[i], printed[1]);
		assert_string_equal(seen.cli.root, "/r");
		assert_true(seen.cli.json && seen.cli.quiet);
		assert_false(seen.cli.yes || seen.cli.all);
		assert_int_equal(seen.cli.n_args, 2);
		assert_string_equal(seen.args[0], "a");
		assert_string_equal(seen.args[1], "b");
	}
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(run("show"), 0);
	assert_string_equal(seen.cli.root, "");
	assert_null(seen.cli.facts);
	assert_false(seen.cli.json || seen.cli.quiet || seen.cli.yes || seen.cli.all);
	assert_int_equal(seen.cli.n_args, 0);
}

/* A domain may be named like an option. */
static void test_end_of_options(void **state)
{
	(void)state;
	assert_int_equal(run("show -- --json --"), 0);
	assert_int_equal(seen.cli.n_args, 2);
	assert_string_equal(seen.args[0], "--json");
	assert_string_equal(seen.args[1], "--");
	assert_false(seen.cli.json);
	assert_int_equal(run("show - --json"), 0);
	assert_string_equal(seen.args[0], "-");
	assert_int_equal(run("plan -- --help"), 0);
	assert_string_equal(seen.args[0], "--help");
	assert_int_equal(run("-- show --json"), 0);
	assert_string_equal(seen.args[0], "--json");
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"", "a verb is missing; see test-cli --help"},
		{"--json", "a verb is missing"},
		{"shwo", "unknown verb 'shwo', did you mean 'show'; see test-cli --help"},
		{"xyzzyxyzzy", "unknown verb 'xyzzyxyzzy'; see"},
		{"show --jsno", "unknown option '--jsno', did you mean '--json'"},
		{"show --rot=/x", "unknown option '--rot', did you mean '--root'"},
		{"show -x", "unknown option '-x'; see"},
		{"show --all", "unknown option '--all'"}, /* of struct cli, not of this program */
		{"show --js", "unknown option '--js'"},
		{"show --json=yes", "--json takes no value"},
		{"show --root", "--root needs a value"},
		{"plan a --json", "plan has no --json, only: show"},
		{"--json plan a", "plan has no --json, only: show"},
		{"plan a --yes", "plan has no --yes, only: planning show"},
		{"show --facts f", "show has no --facts, only: plan"},
		{"plan", "usage: test-cli plan DOMAIN"},
		{"plan a b", "usage: test-cli plan DOMAIN"},
		{"show a b c d", "usage: test-cli show [DOMAIN]..."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (run(cases[i].line) != EX_CORDON_USAGE || seen.calls ||
		    strncmp(printed[1], "test-cli: ", 10) != 0 ||
		    strncmp(printed[1] + 10, cases[i].message, strlen(cases[i].message)) != 0 ||
		    printed[0][0])
			fail_msg("'%s': %s%s", cases[i].line, printed[0], printed[1]);
	}
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(run("fail"), EX_CORDON_POLICY);
	assert_string_equal(printed[1], "test-cli: it failed\n");
	assert_int_equal(run("said"), EX_CORDON_DIFFERS);
	assert_string_equal(printed[1], "");
	assert_int_equal(run("bug"), EX_CORDON_BUG);
}

static void test_help(void **state)
{
	static const char want[] =
		"usage: test-cli [OPTION]... VERB [ARG]...\n"
		"Summary.\n"
		"\n"
		"verbs:\n"
		"  show [DOMAIN]...            shows\n"
		"  plan DOMAIN                 plans\n"
		"  a-verb-with-a-long-name AND|MANY|ARGUMENTS...\n"
		"                              help of it\n"
		"  fail                        fails\n"
		"  said                        has said it\n"
		"  bug                         forgets to say why\n"
		"\n"
		"options:\n"
		"  --root DIR                  use the files below DIR (for tests)\n"
		"  --json                      print JSON; of show\n"
		"  --yes                       do not ask; of planning show\n"
		"  --quiet                     print errors only\n"
		"  --facts FILE                facts; of plan\n"
		"  --help                      this text\n"
		"  --version                   the version\n"
		"  --                          end of options\n"
		"\n"
		"examples:\n"
		"  test-cli show\n";
	static const char *const lines[] = {"--help", "-h", "--root x --help"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(run(lines[i]), 0);
		assert_string_equal(printed[0], want);
		assert_int_equal(seen.calls, 0);
	}
	assert_int_equal(run("--version"), 0);
	assert_string_equal(printed[0], "test-cli " CORDON_VERSION "\n");
}

/* Behind a verb: its own usage, options and examples. */
static void test_verb_help(void **state)
{
	static const char want[] =
		"usage: test-cli [OPTION]... plan DOMAIN\n"
		"plans\n"
		"\n"
		"options:\n"
		"  --root DIR                  use the files below DIR (for tests)\n"
		"  --quiet                     print errors only\n"
		"  --facts FILE                facts\n"
		"  --help                      this text\n"
		"  --                          end of options\n"
		"\n"
		"examples:\n";
	static const char *const lines[] = {"plan --help", "plan a -h"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(run(lines[i]), 0);
		assert_string_equal(printed[0], want);
		assert_int_equal(seen.calls, 0);
	}
	assert_int_equal(run("show --help"), 0);
	assert_non_null(strstr(printed[0], "examples:\n  test-cli show\n"));
	assert_non_null(strstr(printed[0], "--json                      print JSON\n"));
}

/* A disk that is full must not look like an answer. */
static void test_output_fails(void **state)
{
	char *argv[] = {(char *)(uintptr_t) "test-cli", (char *)(uintptr_t) "--help", NULL};
	const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int saved, r;

	(void)state;
	assert_true(full >= 0);
	(void)fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	(void)dup2(full, STDOUT_FILENO);
	r = cli_main(&program, 2, argv);
	(void)dup2(saved, STDOUT_FILENO);
	(void)close(saved);
	(void)close(full);
	clearerr(stdout);
	assert_int_equal(r, EX_CORDON_OS);
}

static void test_target(void **state)
{
	static const struct {
		const char *arg;
		enum cli_target_kind kind;
	} cases[] = {
		{"web", CLI_NAME},
		{"", CLI_NAME},
		{"./web", CLI_FILE},
		{"web/", CLI_FILE},
		{"/", CLI_FILE},
		{"5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c01", CLI_UUID},
		{"5D1C25F5-1D4E-4FBC-9B0A-2F0B0A6F3C01", CLI_UUID},
		{"5d1c25f51d4e4fbc9b0a2f0b0a6f3c01", CLI_NAME},
		{"5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c0", CLI_NAME},
		{"5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c011", CLI_NAME},
		{"/5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c01", CLI_FILE},
	};
	struct uuid uuid;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cli_target(cases[i].arg, &uuid) != cases[i].kind)
			fail_msg("'%s'", cases[i].arg);
}

/* Programs of a front end stand beside this one. */
static char beside[4096];

static const char *program_beside(const char *name)
{
	static char path[8192];

	(void)snprintf(path, sizeof(path), "%s/%s", beside, name);
	return path;
}

static void put_program(const char *name, mode_t mode)
{
	tree_write(program_beside(name), "#!/bin/sh\nexit 0\n");
	assert_int_equal(chmod(program_beside(name), mode), 0);
}

static int front_setup(void **state)
{
	char *slash;
	ssize_t n = readlink("/proc/self/exe", beside, sizeof(beside) - 1);

	(void)state;
	if (n <= 0)
		return -1;
	beside[n] = '\0';
	slash = strrchr(beside, '/');
	*slash = '\0';
	put_program("front-cli-zebra", 0755);
	put_program("front-cli-apple", 0755);
	put_program("front-cli-hook", 0755);
	put_program("front-cli-data", 0644);
	put_program("front-cli-Odd.Name", 0755);
	return 0;
}

static int front_teardown(void **state)
{
	static const char *const names[] = {"zebra", "apple", "hook", "data", "Odd.Name"};
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(name, sizeof(name), "front-cli-%s", names[i]);
		(void)unlink(program_beside(name));
	}
	return 0;
}

static const struct cli_program front = {
	.name = "front-cli",
	.summary = "Summary.",
	.example = "",
	.verbs = verbs,
	.options = options,
	.front_end = true,
};

static void test_programs(void **state)
{
	char **words = NULL;

	(void)state;
	assert_int_equal(cli_program_words("front-cli", WORDS_MAX, &words), 2);
	assert_string_equal(words[0], "apple");
	assert_string_equal(words[1], "zebra");
	assert_null(words[2]);
	cli_words_free(&words);
	assert_null(words);
	assert_int_equal(cli_program_words("front-cli", 1, &words), 1);
	cli_words_free(&words);
	assert_int_equal(run_line(&front, "--help"), 0);
	assert_non_null(strstr(printed[0], "  apple ...                   runs front-cli-apple\n"));
	assert_int_equal(run_line(&front, "aple"), EX_CORDON_USAGE);
	assert_non_null(strstr(printed[1], "did you mean 'apple'"));
	/* A program that is there and cannot be run is not "unknown". */
	assert_int_equal(run_line(&front, "data"), EX_CORDON_NOPERM);
	assert_int_equal(run_line(&program, "zebra"), EX_CORDON_USAGE);
}

/* Nothing but a plain word becomes part of a file's name. */
static void test_no_path(void **state)
{
	static const char *const words[] = {"../front-cli-zebra", "x/../zebra", ".",	 "",
					    "Odd.Name",		  "zebra/",	"zebra "};
	char *argv[] = {(char *)(uintptr_t) "front-cli", NULL, NULL};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		argv[1] = (char *)(uintptr_t)words[i];
		assert_int_equal(cli_program_exec("front-cli", argv, 1, &e), -ENOENT);
		assert_false(err_is_set(&e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_verb_help),
		cmocka_unit_test(test_output_fails),
		cmocka_unit_test(test_target),
		cmocka_unit_test_setup_teardown(test_programs, front_setup, front_teardown),
		cmocka_unit_test_setup_teardown(test_no_path, front_setup, front_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
