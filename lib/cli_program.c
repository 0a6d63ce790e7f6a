/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs behind a front end, as git has them: see lib/cli.h. */
#include "lib/cli.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* libvirt runs it, with arguments that no person types. */
#define NOT_FOR_PEOPLE "hook"

/* No path, no option, nothing to hide in a file's name. */
static bool plain_word(const char *s)
{
	return *s >= 'a' && *s <= 'z' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Runs PROGRAM-WORD with the arguments of @argv but that at @without (-1: all of them). */
static int exec_word(const char *program, const char *word, char **argv, int without, struct err *e)
{
	auto_free char **rest = NULL;
	char name[NAME_MAX], path[PATH_MAX];
	size_t n = 0;
	int r;

	if (!plain_word(word) ||
	    snprintf(name, sizeof(name), "%s-%s", program, word) >= (int)sizeof(name))
		return -ENOENT;
	r = run_sibling(name, path, sizeof(path), e);
	if (r < 0)
		return r;
	if (access(path, F_OK) < 0)
		return -ENOENT;
	for (int i = 0; argv[i]; i++)
		n++;
	rest = calloc(n + 1, sizeof(*rest));
	if (!rest)
		return err_os(e, ENOMEM, "arguments");
	n = 0;
	rest[n++] = path;
	for (int i = 1; argv[i]; i++)
		if (i != without)
			rest[n++] = argv[i];
	(void)execv(path, rest);
	return err_os(e, errno, "cannot run %s", path);
}

int cli_program_exec(const char *program, char **argv, int at, struct err *e)
{
	return exec_word(program, argv[at], argv, at, e);
}

int cli_program_exec_as(const char *program, const char *word, char **argv, struct err *e)
{
	return exec_word(program, word, argv, -1, e);
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t cli_program_words(const char *program, size_t max, char ***ret)
{
	char prefix[NAME_MAX], path[PATH_MAX];
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	size_t n = 0, len;
	char **words;

	*ret = NULL;
	if (snprintf(prefix, sizeof(prefix), "%s-", program) >= (int)sizeof(prefix) ||
	    run_sibling("", path, sizeof(path), NULL) < 0)
		return 0;
	len = strlen(prefix);
	d = opendir(path);
	words = d ? calloc(max + 1, sizeof(*words)) : NULL;
	while (words && n < max && (de = readdir(d))) {
		const char *word = de->d_name + len;

		if (strncmp(de->d_name, prefix, len) != 0 || !plain_word(word) ||
		    strcmp(word, NOT_FOR_PEOPLE) == 0 ||
		    faccessat(dirfd(d), de->d_name, X_OK, 0) < 0)
			continue;
		words[n] = strdup(word);
		if (words[n])
			n++;
	}
	if (n)
		qsort(words, n, sizeof(*words), compare_words);
	*ret = words;
	return n;
}

void cli_words_free(char ***words)
{
	for (char **w = *words; w && *w; w++)
		free(*w);
	free(*words);
	*words = NULL;
}
