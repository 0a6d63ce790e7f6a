/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running virt-cordon-wgtun: see cli/tunnel.h. */
#include "cli/tunnel.h"

#include "lib/run.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define PROGRAM "virt-cordon-wgtun"
#define DEADLINE_MS 60000 /* it waits for a lock and for names itself, 15 s unless told otherwise */

bool tunnel_wanted(const struct record *rec)
{
	return rec->parts & UINT32_C(1) << PART_WGTUN;
}

int tunnel_verb(const char *root, const char *verb, const struct uuid *uuid, struct strbuf *out,
		struct err *e)
{
	static const char head[] = PROGRAM ": ";
	char path[PATH_MAX], text[UUID_STRLEN];
	const char *argv[] = {
		path, "--root", root, verb, uuid_str(uuid, text), out ? NULL : "--quiet", NULL};
	auto_sb struct strbuf said = {0};
	const char *why;
	int r;

	r = run_sibling(PROGRAM, path, sizeof(path), e);
	if (r == 0)
		r = run_captured(argv, DEADLINE_MS, out, &said, e);
	if (r <= 0)
		return r;
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	why = said.len ? sb_str(&said) : PROGRAM " failed and said nothing";
	if (strncmp(why, head, sizeof(head) - 1) == 0)
		why += sizeof(head) - 1;
	return err_set(e, (enum exit_code)r, EIO, "%s", why);
}
