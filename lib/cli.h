/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of the form PROGRAM [OPTION…] VERB [ARG…]: one table of verbs, one parser. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>

/* The options that every program has. */
struct cli {
	const char *root;  /* --root DIR: "" by default */
	bool json;	   /* --json */
	bool quiet;	   /* --quiet */
	const char *facts; /* --facts FILE */
	char **args;	   /* what follows the verb */
	int n_args;
};

struct cli_verb {
	const char *name;
	const char *args; /* for --help: "DOMAIN|FILE" */
	int min_args, max_args;
	const char *help;				  /* one line */
	int (*run)(const struct cli *cli, struct err *e); /* 0 or -errno */
};

struct cli_program {
	const char *name;
	const char *summary;	      /* one line */
	const char *example;	      /* lines, each a command that works */
	const struct cli_verb *verbs; /* ends with a NULL name */
};

/**
 * cli_main - parse, run the verb, print its error on stderr, return the exit code.
 *
 * Options come before or after the verb, "--" ends them. Unknown verbs and options are exit code 64
 * with a suggestion.
 */
int cli_main(const struct cli_program *prog, int argc, char **argv);

enum cli_target_kind { CLI_FILE, CLI_UUID, CLI_NAME };

/** cli_target - an argument with '/' is a file, a well-formed UUID a UUID, all else a name. */
enum cli_target_kind cli_target(const char *arg, struct uuid *ret_uuid);
