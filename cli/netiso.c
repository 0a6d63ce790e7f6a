/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running virt-cordon-netiso: see cli/netiso.h. */
#include "cli/netiso.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define PROGRAM "virt-cordon-netiso"
#define DEADLINE_MS 60000 /* it waits for a lock itself, 10 s unless told otherwise */

int netiso_run(const char *root, const char *const *args, struct strbuf *out, struct err *e)
{
	const char *argv[10] = {NULL, "--root", root}, *why;
	auto_sb struct strbuf said = {0};
	char path[PATH_MAX];
	size_t n = 3;
	int r;

	r = run_sibling(PROGRAM, path, sizeof(path), e);
	if (r < 0)
		return r;
	argv[0] = path;
	for (; *args && n < ARRAY_SIZE(argv) - 1; args++)
		argv[n++] = *args;
	r = run_captured(argv, DEADLINE_MS, out, &said, e);
	if (r <= 0)
		return r;
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	why = said.len ? sb_str(&said) : PROGRAM " failed and said nothing";
	if (strncmp(why, PROGRAM ": ", strlen(PROGRAM ": ")) == 0)
		why += strlen(PROGRAM ": ");
	return err_set(e, (enum exit_code)r, EIO, "%s", why);
}

int netiso_uuid(const char *root, const char *verb, const struct uuid *uuid, struct strbuf *out,
		struct err *e)
{
	char text[UUID_STRLEN];
	/* A list of differences costs the kernel a while: only when someone reads it. */
	const char *args[] = {verb, uuid_str(uuid, text), out ? NULL : "--quiet", NULL};

	return netiso_run(root, args, out, e);
}

enum isolation_state isolation_of(const char *root, const struct domain *d)
{
	struct err why = {0};
	int r;

	if (!d->has_record)
		return d->runs_unmanaged ? ISOLATION_OFF : ISOLATION_NONE;
	if (d->unread)
		return ISOLATION_UNKNOWN;
	if (!d->rec.isolation)
		return ISOLATION_OFF;
	if (d->rec.phase != PHASE_ISOLATED && d->rec.phase != PHASE_RUNNING)
		return ISOLATION_PENDING;
	r = netiso_uuid(root, "check", &d->rec.uuid, NULL, &why);
	if (r == 0)
		return ISOLATION_IN_FORCE;
	/* Not in force, or not known: what could not be looked at is not called broken. */
	return r != -EIO || why.exit == EX_CORDON_NOPERM || why.exit == EX_CORDON_TEMPFAIL ||
			       why.exit == EX_CORDON_UNAVAILABLE
		       ? ISOLATION_UNKNOWN
		       : ISOLATION_BROKEN;
}
