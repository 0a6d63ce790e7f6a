/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of the form PROGRAM [OPTION…] VERB [ARG…]: a table of verbs, a table of options. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>
#include <stddef.h>

#define CLI_OPTIONS_MAX 32 /* in a program's table */
#define CLI_ANY_ARGS 4096  /* max_args of a verb that takes as many as there are */

/* What the options of all programs set; a program's table says which of them it has. */
struct cli {
	const char *root; /* "" by default */
	bool json;
	bool quiet;
	bool yes;
	bool all;
	bool follow;
	bool opened;
	bool from_host;
	bool end;
	bool print;
	bool watch;
	const char *facts; /* NULL by default */
	char **args;	   /* what follows the verb */
	int n_args;
};

struct cli_option {
	const char *name;  /* "--json" */
	const char *value; /* what --help calls its value, "DIR"; NULL: a flag */
	const char *verbs; /* the verbs that have it, blanks between them; NULL: every verb */
	const char *help;  /* one line */
	size_t field; /* offset in struct cli: of a const char * with a value, else of a bool */
};

/* Options that mean the same wherever they are. */
#define CLI_OPTION_ROOT                                                                            \
	{                                                                                          \
		"--root", "DIR", NULL, "use the files below DIR (for tests)",                      \
			offsetof(struct cli, root)                                                 \
	}
#define CLI_OPTION_JSON(verbs)                                                                     \
	{                                                                                          \
		"--json", NULL, verbs, "print JSON", offsetof(struct cli, json)                    \
	}
#define CLI_OPTION_QUIET(verbs)                                                                    \
	{                                                                                          \
		"--quiet", NULL, verbs, "print errors only", offsetof(struct cli, quiet)           \
	}
#define CLI_OPTION_YES(verbs)                                                                      \
	{                                                                                          \
		"--yes", NULL, verbs, "do not ask", offsetof(struct cli, yes)                      \
	}

struct cli_verb {
	const char *name;
	const char *args; /* for --help: "DOMAIN|FILE" */
	int min_args, max_args;
	const char *help;				  /* one line */
	int (*run)(const struct cli *cli, struct err *e); /* 0 or -errno */
};

/* A verb of a front end that another program has, and runs: NAME-PROGRAM VERB …. */
struct cli_alias {
	const char *name;
	const char *args;
	const char *help;
	const char *program;
};

struct cli_program {
	const char *name;
	const char *summary;	      /* one line */
	const char *example;	      /* lines, each a command that works */
	const struct cli_verb *verbs; /* ends with a NULL name */
	const struct cli_option
		*options;		 /* ends with a NULL name; --help and --version are added */
	const struct cli_alias *aliases; /* of a front end, ends with a NULL name; or NULL */
	size_t cli_size;		 /* of a struct that begins with a struct cli; 0: of that */
	bool front_end; /* "NAME WORD …" runs the program NAME-WORD when WORD is no verb */
};

/**
 * cli_main - parse, run the verb, print its error on stderr, return the exit code.
 *
 * Options come before or after the verb, "--" ends them; --help prints what the program has and
 * ends. Unknown verbs and options, and an option that the verb has not, are exit code 64.
 */
int cli_main(const struct cli_program *prog, int argc, char **argv);

enum cli_target_kind { CLI_FILE, CLI_UUID, CLI_NAME };

/** cli_target - an argument with '/' is a file, a well-formed UUID a UUID, all else a name. */
enum cli_target_kind cli_target(const char *arg, struct uuid *ret_uuid);

/**
 * cli_program_exec - run PROGRAM-WORD from the folder of the running program, in its place.
 * @argv: of this process; @at is the index of WORD. All else is handed on.
 *
 * Returns -ENOENT without an error set when there is no such program, else only on failure.
 */
int cli_program_exec(const char *program, char **argv, int at, struct err *e);

/** cli_program_exec_as - the same with PROGRAM-WORD for a given @word; nothing is taken out. */
int cli_program_exec_as(const char *program, const char *word, char **argv, struct err *e);

/**
 * cli_program_words - the WORDs that cli_program_exec would run, sorted.
 * @ret: malloc'd array of @max words at most, NULL-terminated; cli_words_free releases it
 * Returns how many; 0 also when the folder cannot be read.
 */
size_t cli_program_words(const char *program, size_t max, char ***ret);
void cli_words_free(char ***words);
