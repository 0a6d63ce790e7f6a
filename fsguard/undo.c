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

void fsg_undo_print(const struct undo *u, struct strbuf *out)
{
	sb_adds(out, HEAD "\n");
	for (size_t i = 0; i < u->n; i++) {
		sb_adds(out, "share ");
		record_encode(u->list[i].tag, out);
		sb_adds(out, " ");
		record_encode(u->list[i].target, out);
		sb_adds(out, "\n");
	}
	sb_adds(out, "end\n");
}

int fsg_undo_save(const char *root, const struct uuid *uuid, const struct undo *u, struct err *e)
{
	auto_sb struct strbuf text = {0};

	fsg_undo_print(u, &text);
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

static int parse_lines(char *text, struct undo *u, struct err *e)
{
	bool ended = false;
	char *save = NULL;
	unsigned n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (++n == 1 && strcmp(line, HEAD) == 0)
			continue;
		if (n > 1 && !ended && strcmp(line, "end") == 0)
			ended = true;
		else if (n == 1 || ended || !parse_share(line, u))
			return err_set(e, EX_CORDON_DATA, EBADMSG, UNDO_FILE ": line %u is damaged",
				       n);
	}
	return ended ? 0 : err_set(e, EX_CORDON_DATA, EBADMSG, UNDO_FILE " is cut short");
}

int fsg_undo_parse(const char *text, size_t len, struct undo *ret, struct err *e)
{
	auto_free char *copy = strndup(text, len);
	auto_sb struct strbuf again = {0};
	auto_undo struct undo u = {0};
	int r;

	if (!copy)
		return err_os(e, ENOMEM, UNDO_FILE);
	r = parse_lines(copy, &u, e);
	if (r < 0)
		return r;
	/* Empty lines, bytes behind a NUL: nothing that was not written here. */
	fsg_undo_print(&u, &again);
	if (again.failed)
		return err_os(e, ENOMEM, UNDO_FILE);
	if (again.len != len || memcmp(again.data, text, len) != 0)
		return err_set(e, EX_CORDON_DATA, EBADMSG, UNDO_FILE " is damaged");
	*ret = u;
	u = (struct undo){0};
	return 0;
}

int fsg_undo_load(const char *root, const struct uuid *uuid, struct undo *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = record_file_read(root, uuid, UNDO_FILE, &text, &len, e);

	return r < 0 ? r : fsg_undo_parse(text, len, ret, e);
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
