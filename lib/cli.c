/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines: see lib/cli.h. */
#include "lib/cli.h"

#include "lib/safe.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 32   /* of programs behind a front end */
#define HELP_COLUMN 30 /* where the explanations begin */

/* A command line while it is read. */
struct parse {
	const struct cli_program *prog;
	struct cli *cli;
	char **argv;
	const struct cli_verb *verb;
	uint32_t seen; /* bit N: options[N] */
	bool done;     /* --help or --version: nothing else is wanted */
};

/* "  LEFT", and in its column or, where LEFT is too long, on a line of its own, "HELP". */
static void help_line(const char *name, const char *arg, const char *help)
{
	int n = printf("  %s%s%s", name, *arg ? " " : "", arg);

	if (n >= HELP_COLUMN)
		n = printf("\n") - 1;
	printf("%*s%s\n", HELP_COLUMN - n, "", help);
}

static const struct cli_verb *find_verb(const struct cli_program *prog, const char *name)
{
	for (const struct cli_verb *v = prog->verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static void help_programs(const struct cli_program *prog)
{
	char **words = NULL;
	char name[128];

	if (cli_program_words(prog->name, WORDS_MAX, &words) > 0)
		printf("\nprograms, each with a --help:\n");
	for (char **w = words; w && *w; w++) {
		if (find_verb(prog, *w))
			continue;
		(void)snprintf(name, sizeof(name), "runs %s-%s", prog->name, *w);
		help_line(*w, "...", name);
	}
	cli_words_free(&words);
}

/* Whether @word is one of the words of @list. */
static bool has_word(const char *list, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' '))
			return true;
	return false;
}

/* Of all options those of @verb; NULL: all, each with its verbs. */
static void help_options(const struct cli_program *prog, const char *verb)
{
	printf("\noptions:\n");
	for (const struct cli_option *o = prog->options; o->name; o++) {
		const bool told = !verb && o->verbs;
		char help[160];

		if (verb && o->verbs && !has_word(o->verbs, verb))
			continue;
		(void)snprintf(help, sizeof(help), "%s%s%s", o->help, told ? "; of " : "",
			       told ? o->verbs : "");
		help_line(o->name, o->value ? o->value : "", help);
	}
	help_line("--help", "", "this text");
	if (!verb)
		help_line("--version", "", "the version");
	help_line("--", "", "end of options");
}

/* The examples' lines that have @verb behind the program's name; options may stand between. */
static void help_examples(const struct cli_program *prog, const char *verb)
{
	const char *line = prog->example;

	printf("\nexamples:\n");
	while (*line) {
		const size_t n = strcspn(line, "\n");
		auto_free char *copy = strndup(line, n);

		if (copy && has_word(copy, verb))
			printf("%s\n", copy);
		line += n + (line[n] == '\n');
	}
}

static void print_verb_help(const struct cli_program *prog, const struct cli_verb *v)
{
	printf("usage: %s [OPTION]... %s%s%s\n%s\n", prog->name, v->name, *v->args ? " " : "",
	       v->args, v->help);
	help_options(prog, v->name);
	help_examples(prog, v->name);
}

static void print_help(const struct cli_program *prog)
{
	printf("usage: %s [OPTION]... VERB [ARG]...\n%s\n\nverbs:\n", prog->name, prog->summary);
	for (const struct cli_verb *v = prog->verbs; v->name; v++)
		help_line(v->name, v->args, v->help);
	for (const struct cli_alias *a = prog->aliases; a && a->name; a++)
		help_line(a->name, a->args, a->help);
	if (prog->front_end)
		help_programs(prog);
	help_options(prog, NULL);
	printf("\nexamples:\n%s", prog->example);
}

static int unknown_verb(const struct cli_program *prog, const char *name, struct err *e)
{
	const char *names[64 + WORDS_MAX];
	char **words = NULL;
	const char *near;
	size_t n = 0;
	int r;

	for (const struct cli_verb *v = prog->verbs; v->name && n < 64; v++)
		names[n++] = v->name;
	for (const struct cli_alias *a = prog->aliases; a && a->name && n < 64; a++)
		names[n++] = a->name;
	if (prog->front_end)
		(void)cli_program_words(prog->name, WORDS_MAX, &words);
	for (char **w = words; w && *w; w++)
		names[n++] = *w;
	near = suggest_closest(name, names, n);
	r = err_set(e, EX_CORDON_USAGE, EINVAL, "unknown verb '%s'%s%s%s; see %s --help", name,
		    near ? ", did you mean '" : "", near ? near : "", near ? "'" : "", prog->name);
	cli_words_free(&words);
	return r;
}

static int unknown_option(const struct cli_program *prog, const char *arg, struct err *e)
{
	const char *names[CLI_OPTIONS_MAX];
	auto_free char *word = strndup(arg, strcspn(arg, "="));
	const char *near;
	size_t n = 0;

	if (!word)
		return err_os(e, ENOMEM, "option");
	for (const struct cli_option *o = prog->options; o->name && n < ARRAY_SIZE(names); o++)
		names[n++] = o->name;
	near = suggest_closest(word, names, n);
	return err_set(e, EX_CORDON_USAGE, EINVAL, "unknown option '%s'%s%s%s; see %s --help", word,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
		       prog->name);
}

static void *field(struct cli *cli, const struct cli_option *o)
{
	return (char *)cli + o->field;
}

/* The option @o, which stands at *@argp; an option with a value moves on to it. */
static int take(struct cli *cli, const struct cli_option *o, char ***argp, struct err *e)
{
	const char *equals = strchr(**argp, '=');

	if (!o->value) {
		if (equals)
			return err_set(e, EX_CORDON_USAGE, EINVAL, "%s takes no value", o->name);
		*(bool *)field(cli, o) = true;
		return 0;
	}
	if (!equals && !(*argp)[1])
		return err_set(e, EX_CORDON_USAGE, EINVAL, "%s needs a value", o->name);
	*(const char **)field(cli, o) = equals ? equals + 1 : *++*argp;
	return 0;
}

static int take_option(struct parse *p, char ***argp, struct err *e)
{
	const char *arg = **argp;
	const size_t n = strcspn(arg, "=");

	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		if (p->verb)
			print_verb_help(p->prog, p->verb);
		else
			print_help(p->prog);
		p->done = true;
		return 0;
	}
	if (strcmp(arg, "--version") == 0) {
		printf("%s %s\n", p->prog->name, CORDON_VERSION);
		p->done = true;
		return 0;
	}
	for (unsigned i = 0; i < CLI_OPTIONS_MAX && p->prog->options[i].name; i++) {
		const struct cli_option *o = &p->prog->options[i];

		if (strncmp(arg, o->name, n) != 0 || o->name[n])
			continue;
		p->seen |= UINT32_C(1) << i;
		return take(p->cli, o, argp, e);
	}
	return unknown_option(p->prog, arg, e);
}

/* Only a failure comes back from there. */
static int missing_program(const struct parse *p, const struct cli_alias *a, int r, struct err *e)
{
	if (r == -ENOENT && !err_is_set(e))
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
			       "%s needs %s-%s, which is not installed", a->name, p->prog->name,
			       a->program);
	return r;
}

static int take_verb(struct parse *p, char **arg, struct err *e)
{
	int r;

	p->verb = find_verb(p->prog, *arg);
	if (p->verb)
		return 0;
	for (const struct cli_alias *a = p->prog->aliases; a && a->name; a++)
		if (strcmp(a->name, *arg) == 0)
			return missing_program(
				p, a, cli_program_exec_as(p->prog->name, a->program, p->argv, e),
				e);
	if (p->prog->front_end) {
		r = cli_program_exec(p->prog->name, p->argv, (int)(arg - p->argv), e);
		if (r != -ENOENT || err_is_set(e))
			return r;
	}
	return unknown_verb(p->prog, *arg, e);
}

/* What can only be said of the whole line. */
static int check_line(const struct parse *p, struct err *e)
{
	const struct cli_verb *v = p->verb;

	if (!v)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "a verb is missing; see %s --help",
			       p->prog->name);
	for (unsigned i = 0; i < CLI_OPTIONS_MAX && p->prog->options[i].name; i++) {
		const struct cli_option *o = &p->prog->options[i];

		if ((p->seen & UINT32_C(1) << i) && o->verbs && !has_word(o->verbs, v->name))
			return err_set(e, EX_CORDON_USAGE, EINVAL, "%s has no %s, only: %s",
				       v->name, o->name, o->verbs);
	}
	if (p->cli->n_args < v->min_args || p->cli->n_args > v->max_args)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "usage: %s %s %s", p->prog->name,
			       v->name, v->args);
	return 0;
}

static int parse(struct parse *p, struct err *e)
{
	bool options = true;
	int r;

	for (char **arg = p->argv + 1; *arg; arg++) {
		r = 0;
		if (options && strcmp(*arg, "--") == 0)
			options = false;
		else if (options && (*arg)[0] == '-' && (*arg)[1])
			r = take_option(p, &arg, e);
		else if (!p->verb)
			r = take_verb(p, arg, e);
		else
			p->cli->args[p->cli->n_args++] = *arg;
		if (r < 0 || p->done)
			return r;
	}
	return check_line(p, e);
}

int cli_main(const struct cli_program *prog, int argc, char **argv)
{
	auto_free char **args = calloc((size_t)argc + 1, sizeof(*args));
	const size_t size = prog->cli_size ? prog->cli_size : sizeof(struct cli);
	auto_free struct cli *cli = calloc(1, size);
	struct parse p = {.prog = prog, .cli = cli, .argv = argv};
	struct err e = {0};
	int r;

	if (!args || !cli)
		return EX_CORDON_OS;
	cli->root = "";
	cli->args = args;
	r = parse(&p, &e);
	if (r == 0 && p.verb && !p.done)
		r = p.verb->run(cli, &e);
	if (fflush(stdout) != 0 && r == 0)
		r = err_os(&e, errno, "cannot write the output");
	if (r == 0)
		return EX_CORDON_OK;
	if (err_is_set(&e)) {
		fprintf(stderr, "%s: ", prog->name);
		safe_print(stderr, e.msg);
		(void)fputc('\n', stderr);
	}
	return e.exit ? (int)e.exit : EX_CORDON_BUG;
}

enum cli_target_kind cli_target(const char *arg, struct uuid *ret_uuid)
{
	if (strchr(arg, '/'))
		return CLI_FILE;
	return uuid_parse(arg, ret_uuid) ? CLI_UUID : CLI_NAME;
}
