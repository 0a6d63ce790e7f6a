/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The undo file of a tunnel: what is needed to take it back. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char head[] = "virt-cordon-wgtun-undo 1\nmark 0x";
static const char *const backends[] = {"kernel", "userspace", "undecided"};

int wgt_undo_save(const char *root, const struct uuid *uuid, const struct wgt_undo *undo,
		  struct err *e)
{
	char text[128];
	int n = snprintf(text, sizeof(text),
			 "%s%08" PRIx32 "\nlink %s\nshared %s\nbackend %s\nend\n", head, undo->mark,
			 undo->link, undo->shared ? "yes" : "no",
			 backends[undo->has_backend ? (int)undo->backend : 2]);

	return record_file_write(root, uuid, WGT_UNDO, text, (size_t)n, e);
}

/* Behind the mark. */
static bool parse_rest(const char *text, struct wgt_undo *ret)
{
	char link[IFNAMSIZ], shared[4];
	int n = 0;

	if (sscanf(text, "link %15[a-z0-9]\nshared %3[a-z]\n%n", link, shared, &n) != 2 || !n ||
	    !tunnel_link_ok(link))
		return false;
	ret->shared = strcmp(shared, "yes") == 0;
	if (!ret->shared && strcmp(shared, "no") != 0)
		return false;
	(void)snprintf(ret->link, sizeof(ret->link), "%s", link);
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		char end[40];

		(void)snprintf(end, sizeof(end), "backend %s\nend\n", backends[i]);
		if (strcmp(text + n, end) != 0)
			continue;
		ret->has_backend = i < 2;
		ret->backend = i == 1 ? WGT_USERSPACE : WGT_KERNEL;
		return true;
	}
	return false;
}

bool wgt_undo_parse(const char *text, size_t len, struct wgt_undo *ret)
{
	struct wgt_undo undo = {0};

	if (strlen(text) != len || strncmp(text, head, sizeof(head) - 1) != 0)
		return false;
	text += sizeof(head) - 1;
	if (strspn(text, "0123456789abcdef") != 8 || text[8] != '\n')
		return false;
	undo.mark = (uint32_t)strtoul(text, NULL, 16);
	undo.slot = undo.mark & MARKS_SLOT_MASK;
	if (!undo.slot || undo.mark & (MARKS_CLASS_INTERNET | MARKS_BESIDE) ||
	    !parse_rest(text + 9, &undo))
		return false;
	*ret = undo;
	return true;
}

int wgt_undo_load(const char *root, const struct uuid *uuid, struct wgt_undo *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = record_file_read(root, uuid, WGT_UNDO, &text, &len, e);
	if (r < 0)
		return r;
	return wgt_undo_parse(text, len, ret)
		       ? 0
		       : err_set(e, EX_CORDON_DATA, EBADMSG, WGT_UNDO " is damaged");
}

int wgt_file_remove(const char *root, const struct uuid *uuid, const char *name, struct err *e)
{
	char path[PATH_MAX + 32], dir[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", record_dir(root, uuid, dir, sizeof(dir)), name);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}
