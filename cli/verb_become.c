/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon explain and adopt: answered by programs of their own, in this one's place. */
#include "cli/verbs.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define OPTIONS_MAX 8

/* @option: one more, or NULL */
static int become(const struct cli *cli, const char *program, const char *verb, const char *option,
		  struct err *e)
{
	const size_t n_args = (size_t)cli->n_args;
	auto_free const char **argv = calloc(n_args + OPTIONS_MAX + 1, sizeof(*argv));
	char path[PATH_MAX];
	size_t n = 0;
	int r = run_sibling(program, path, sizeof(path), e);

	if (r < 0)
		return r;
	if (!argv)
		return err_os(e, ENOMEM, "arguments");
	argv[n++] = path;
	argv[n++] = "--root";
	argv[n++] = cli->root;
	argv[n++] = verb;
	if (option)
		argv[n++] = option;
	argv[n++] = "--";
	for (size_t i = 0; i < n_args; i++)
		argv[n++] = cli->args[i];
	(void)fflush(stdout);
	(void)execv(path, (char *const *)(uintptr_t)argv);
	if (errno == ENOENT)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
			       "%s is not installed; Debian has it in the package "
			       "virt-cordon-libvirt",
			       path);
	return err_os(e, errno, "cannot run %s", path);
}

/* It has the compiled policy. */
int verb_explain(const struct cli *cli, struct err *e)
{
	return become(cli, "virt-cordon-netiso", "explain", cli->from_host ? "--from-host" : NULL,
		      e);
}

/* It has libvirt, which none of the others needs. */
int verb_adopt(const struct cli *cli, struct err *e)
{
	return become(cli, "virt-cordon-adopt", cli->print ? "plan" : "apply", NULL, e);
}
