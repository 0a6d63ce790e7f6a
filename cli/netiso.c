/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the programs of the parts: see cli/netiso.h. */
#include "cli/netiso.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DEADLINE_MS 60000 /* it waits for a lock itself, 10 s unless told otherwise */

int part_run(const char *part, const char *root, const char *const *args, struct strbuf *out,
	     struct err *e)
{
	const char *argv[48] = {NULL, "--root", root}, *why;
	char path[PATH_MAX], program[64], none[96];
	auto_sb struct strbuf said = {0};
	size_t n = 3;
	int r;

	(void)snprintf(program, sizeof(program), "virt-cordon-%s", part);
	r = run_sibling(program, path, sizeof(path), e);
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
	(void)snprintf(none, sizeof(none), "%s failed and said nothing", program);
	why = said.len ? sb_str(&said) : none;
	if (strncmp(why, program, strlen(program)) == 0 &&
	    strncmp(why + strlen(program), ": ", 2) == 0)
		why += strlen(program) + 2;
	return err_set(e, (enum exit_code)r, EIO, "%s", why);
}

int part_uuid(const char *part, const char *root, const char *verb, const struct uuid *uuid,
	      struct strbuf *out, struct err *e)
{
	char text[UUID_STRLEN];
	/* A list of differences costs the kernel a while: only when someone reads it. */
	const char *args[] = {verb, uuid_str(uuid, text), out ? NULL : "--quiet", NULL};

	return part_run(part, root, args, out, e);
}

int netiso_run(const char *root, const char *const *args, struct strbuf *out, struct err *e)
{
	return part_run("netiso", root, args, out, e);
}

int netiso_uuid(const char *root, const char *verb, const struct uuid *uuid, struct strbuf *out,
		struct err *e)
{
	return part_uuid("netiso", root, verb, uuid, out, e);
}

/* The word behind @name at the start of a line. */
static void take_digest(const char *text, const char *name, char ret[static 17])
{
	const size_t n = strlen(name);

	while (*text) {
		if (strncmp(text, name, n) == 0 && text[n] == ' ') {
			(void)snprintf(ret, 17, "%.16s", text + n + 1);
			ret[strcspn(ret, "\n")] = '\0';
			return;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

void netiso_digests(const char *root, const struct uuid *uuid, struct digests *ret)
{
	char text[UUID_STRLEN];
	const char *args[] = {"digest", uuid_str(uuid, text), NULL};
	auto_sb struct strbuf out = {0};

	*ret = (struct digests){0};
	if (netiso_run(root, args, &out, NULL) < 0)
		return;
	take_digest(sb_str(&out), "policy", ret->policy);
	take_digest(sb_str(&out), "rules", ret->rules);
	take_digest(sb_str(&out), "kernel", ret->kernel);
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
