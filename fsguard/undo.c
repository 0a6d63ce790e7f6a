/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be taken back: see fsguard/undo.h. */
#include "fsguard/undo.h"

#include "lib/policy.h"
#include "lib/record.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define HEAD "virt-cordon-fsguard 1"

int fsg_undo_add(struct undo *u, const char *tag, const char *target)
{
	struct undo_share share = {strdup(tag), strdup(target)}, *grown;

	grown = reallocarray(u->list, u->n + 1, sizeof(*grown));
	if (grown)
		u->list = grown;
	if (!grown || !share.tag || !share.target) {
		free(share.tag);
		free(share.target);
		return -ENOMEM;
	}
	grown[u->n++] = share;
	return 0;
}

int fsg_undo_save(const char *root, const struct uuid *uuid, const struct undo *u, struct err *e)
{
	auto_sb struct strbuf text = {0};

	sb_adds(&text, HEAD "\n");
	for (size_t i = 0; i < u->n; i++) {
		sb_adds(&text, "share ");
		record_encode(u->list[i].tag, &text);
		sb_adds(&text, " ");
		record_encode(u->list[i].target, &text);
		sb_adds(&text, "\n");
	}
	sb_adds(&text, "end\n");
	if (text.failed)
		return err_os(e, ENOMEM, UNDO_FILE);
	return record_file_write(root, uuid, UNDO_FILE, text.data, text.len, e);
}

static bool parse_share(char *line, struct undo *u)
{
	auto_sb struct strbuf tag = {0}, target = {0};
	char *blank;

	if (strncmp(line, "share ", 6) != 0 || u->n >= POLICY_SHARES_MAX)
		return false;
	line += 6;
	blank = strchr(line, ' ');
	if (!blank)
		return false;
	*blank = '\0';
	return record_decode(line, &tag) && record_decode(blank + 1, &target) && tag.len &&
	       target.len && fsg_undo_add(u, sb_str(&tag), sb_str(&target)) == 0;
}

int fsg_undo_load(const char *root, const struct uuid *uuid, struct undo *ret, struct err *e)
{
	auto_free char *text = NULL;
	auto_undo struct undo u = {0};
	bool ended = false;
	char *save = NULL;
	unsigned n = 0;
	size_t len;
	int r;

	r = record_file_read(root, uuid, UNDO_FILE, &text, &len, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (++n == 1 && strcmp(line, HEAD) == 0)
			continue;
		if (n > 1 && !ended && strcmp(line, "end") == 0)
			ended = true;
		else if (n == 1 || ended || !parse_share(line, &u))
			return err_set(e, EX_CORDON_DATA, EBADMSG, UNDO_FILE ": line %u is damaged",
				       n);
	}
	if (!ended)
		return err_set(e, EX_CORDON_DATA, EBADMSG, UNDO_FILE " is cut short");
	*ret = u;
	u = (struct undo){0};
	return 0;
}

int fsg_undo_remove(const char *root, const struct uuid *uuid, struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX + 32];

	(void)snprintf(path, sizeof(path), "%s/" UNDO_FILE,
		       record_dir(root, uuid, dir, sizeof(dir)));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}

void fsg_undo_free(struct undo *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->list[i].tag);
		free(u->list[i].target);
	}
	free(u->list);
	*u = (struct undo){0};
}
