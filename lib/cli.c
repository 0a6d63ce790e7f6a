/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines: see lib/cli.h. */
#include "lib/cli.h"

#include "lib/suggest.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void print_help(const struct cli_program *prog)
{
	printf("usage: %s [--root DIR] VERB [ARG]...\n%s\n\nverbs:\n", prog->name, prog->summary);
	for (const struct cli_verb *v = prog->verbs; v->name; v++)
		printf("  %-8s %-22s %s\n", v->name, v->args, v->help);
	printf("\noptions:\n"
	       "  --root DIR     use the files below DIR (for tests)\n"
	       "  --json         machine-readable output, where a verb has one\n"
	       "  --facts FILE   plan a policy file against these facts, not example ones\n"
	       "  --quiet        print errors only\n"
	       "  --help         this text\n"
	       "  --version      the version\n"
	       "  --             end of options\n"
	       "\nexamples:\n%s",
	       prog->example);
}

static const struct cli_verb *find_verb(const struct cli_program *prog, const char *name)
{
	for (const struct cli_verb *v = prog->verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static int unknown_verb(const struct cli_program *prog, const char *name, struct err *e)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (const struct cli_verb *v = prog->verbs; v->name && n < ARRAY_SIZE(names); v++)
		names[n++] = v->name;
	near = suggest_closest(name, names, n);
	return err_set(e, EX_CORDON_USAGE, EINVAL, "unknown verb '%s'%s%s%s; see %s --help", name,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
		       prog->name);
}

/* An option with a value: "--NAME VALUE" or "--NAME=VALUE". Returns 1 when it was that option. */
static int take_value(char ***argp, const char *name, const char **ret, struct err *e)
{
	const char *arg = **argp;
	const size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || (arg[n] != '\0' && arg[n] != '='))
		return 0;
	if (arg[n] == '=') {
		*ret = arg + n + 1;
		return 1;
	}
	if (!(*argp)[1])
		return err_set(e, EX_CORDON_USAGE, EINVAL, "%s needs a value", name);
	*ret = *++*argp;
	return 1;
}

static int take_option(struct cli *cli, char ***argp, struct err *e)
{
	const char *arg = **argp;
	int r;

	if (strcmp(arg, "--json") == 0) {
		cli->json = true;
		return 0;
	}
	if (strcmp(arg, "--quiet") == 0) {
		cli->quiet = true;
		return 0;
	}
	r = take_value(argp, "--root", &cli->root, e);
	if (r == 0)
		r = take_value(argp, "--facts", &cli->facts, e);
	if (r == 0)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "unknown option '%s'", arg);
	return r < 0 ? r : 0;
}

static int parse(const struct cli_program *prog, char **argv, struct cli *cli,
		 const struct cli_verb **verb, struct err *e)
{
	bool options = true;
	int r;

	for (char **arg = argv + 1; *arg; arg++) {
		if (options && strcmp(*arg, "--") == 0) {
			options = false;
		} else if (options && (*arg)[0] == '-' && (*arg)[1]) {
			r = take_option(cli, &arg, e);
			if (r < 0)
				return r;
		} else if (!*verb) {
			*verb = find_verb(prog, *arg);
			if (!*verb)
				return unknown_verb(prog, *arg, e);
		} else {
			cli->args[cli->n_args++] = *arg;
		}
	}
	if (!*verb)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "a verb is missing; see %s --help",
			       prog->name);
	if (cli->n_args < (*verb)->min_args || cli->n_args > (*verb)->max_args)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "usage: %s %s %s", prog->name,
			       (*verb)->name, (*verb)->args);
	return 0;
}

int cli_main(const struct cli_program *prog, int argc, char **argv)
{
	auto_free char **args = calloc((size_t)argc + 1, sizeof(*args));
	struct cli cli = {.root = "", .args = args};
	const struct cli_verb *verb = NULL;
	struct err e = {0};
	int r;

	if (!args)
		return EX_CORDON_OS;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(prog);
			return EX_CORDON_OK;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", prog->name, CORDON_VERSION);
			return EX_CORDON_OK;
		}
	}
	r = parse(prog, argv, &cli, &verb, &e);
	if (r == 0)
		r = verb->run(&cli, &e);
	if (fflush(stdout) != 0 && r == 0)
		r = err_os(&e, errno, "cannot write the output");
	if (r == 0)
		return EX_CORDON_OK;
	if (err_is_set(&e))
		fprintf(stderr, "%s: %s\n", prog->name, e.msg);
	return e.exit ? (int)e.exit : EX_CORDON_BUG;
}

enum cli_target_kind cli_target(const char *arg, struct uuid *ret_uuid)
{
	if (strchr(arg, '/'))
		return CLI_FILE;
	return uuid_parse(arg, ret_uuid) ? CLI_UUID : CLI_NAME;
}
