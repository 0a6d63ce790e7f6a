/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon explain: answered by virt-cordon-netiso, which has the compiled policy. */
#include "cli/verbs.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define OPTIONS_MAX 8

int verb_explain(const struct cli *cli, struct err *e)
{
	const size_t n_args = (size_t)cli->n_args;
	auto_free const char **argv = calloc(n_args + OPTIONS_MAX + 1, sizeof(*argv));
	char path[PATH_MAX];
	size_t n = 0;
	int r = run_sibling("virt-cordon-netiso", path, sizeof(path), e);

	if (r < 0)
		return r;
	if (!argv)
		return err_os(e, ENOMEM, "arguments");
	argv[n++] = path;
	argv[n++] = "--root";
	argv[n++] = cli->root;
	argv[n++] = "explain";
	if (cli->from_host)
		argv[n++] = "--from-host";
	argv[n++] = "--";
	for (size_t i = 0; i < n_args; i++)
		argv[n++] = cli->args[i];
	(void)fflush(stdout);
	(void)execv(path, (char *const *)(uintptr_t)argv);
	return err_os(e, errno, "cannot run %s", path);
}
