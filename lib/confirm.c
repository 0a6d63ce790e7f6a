/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking before something is deleted: see lib/confirm.h. */
#include "lib/confirm.h"

#include "lib/safe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int confirm(const struct cli *cli, const char *question, struct err *e)
{
	char answer[16] = "";

	if (cli->yes)
		return 1;
	if (!isatty(STDIN_FILENO))
		return err_set(e, EX_CORDON_USAGE, EINVAL, "%s No one can be asked here; say --yes",
			       question);
	(void)fflush(stdout);
	safe_print(stderr, question);
	fprintf(stderr, " [y/N] ");
	if (!fgets(answer, sizeof(answer), stdin))
		return 0;
	answer[strcspn(answer, "\n")] = '\0';
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
