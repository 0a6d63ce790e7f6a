/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a share for what could harm the host: see fsguard/scan.h. */
#include "fsguard/scan.h"

#include "fsguard/offline.h"
#include "fsguard/tree.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define GIT_CONFIG_MAX 65536 /* bytes */
#define NAMES_MAX 4000000    /* entries that are compared by case */

static const char *const names[FOUND_COUNT] = {
	[FOUND_LINK_OUT] = "link-out", [FOUND_DEVICE] = "device", [FOUND_SETUID] = "setuid",
	[FOUND_SETGID] = "setgid",     [FOUND_SOCKET] = "socket", [FOUND_FIFO] = "fifo",
	[FOUND_NAME] = "name",	       [FOUND_CASE] = "case",	  [FOUND_RUNS] = "runs",
};

const char *fsg_finding_name(enum finding f)
{
	return f < FOUND_COUNT ? names[f] : "nothing";
}

/* A path, and the same with its last name in lower case for comparison. */
struct folded {
	char *path;
	char *lower;
};

struct scan {
	json_t *list; /* NULL: text is printed */
	bool quiet;
	size_t found;
	struct folded *entries;
	size_t n, cap;
};

/* As it is safe to print: what is no printable ASCII, or could be taken for an escape, as \xNN. */
static void escape(const char *s, struct strbuf *out)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f || *s == '\\')
			sb_addf(out, "\\x%02x", (unsigned char)*s);
		else
			sb_add(out, s, 1);
	}
}

static void report(struct scan *s, enum finding f, const char *path, const char *link)
{
	auto_sb struct strbuf text = {0}, target = {0};

	s->found++;
	escape(path, &text);
	if (link)
		escape(link, &target);
	if (s->list)
		(void)json_array_append_new(s->list, json_pack("{s:s, s:s, s:s?}", "kind", names[f],
							       "path", sb_str(&text), "target",
							       link ? sb_str(&target) : NULL));
	else if (!s->quiet)
		printf("%-8s  %s%s%s\n", names[f], sb_str(&text), link ? " -> " : "",
		       sb_str(&target));
}

static enum finding kind_of(const struct tree_entry *entry)
{
	const mode_t mode = entry->st.st_mode;

	switch (mode & S_IFMT) {
	case S_IFLNK:
		return fsg_scan_link(entry->path, entry->link) ? FOUND_LINK_OUT : FOUND_NONE;
	case S_IFBLK:
	case S_IFCHR:
		return FOUND_DEVICE;
	case S_IFSOCK:
		return FOUND_SOCKET;
	case S_IFIFO:
		return FOUND_FIFO;
	case S_IFREG:
		return mode & S_ISUID ? FOUND_SETUID : mode & S_ISGID ? FOUND_SETGID : FOUND_NONE;
	default:
		return FOUND_NONE;
	}
}

/* Its folder is a neighbour of its own. */
static char *fold_last(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	auto_free char *folded = fsg_scan_fold(name);
	char *whole = NULL;

	if (!folded || asprintf(&whole, "%.*s%s", (int)(name - path), path, folded) < 0)
		return NULL;
	return whole;
}

static int keep_name(struct scan *s, const char *path, struct err *e)
{
	struct folded *grown, entry;

	if (s->n >= NAMES_MAX)
		return err_set(e, EX_CORDON_DATA, E2BIG, "more than %d files", NAMES_MAX);
	if (s->n == s->cap) {
		const size_t cap = s->cap ? s->cap * 2 : 1024;

		grown = reallocarray(s->entries, cap, sizeof(*grown));
		if (!grown)
			return err_os(e, ENOMEM, "scan");
		s->entries = grown;
		s->cap = cap;
	}
	entry = (struct folded){strdup(path), fold_last(path)};
	if (!entry.path || !entry.lower) {
		free(entry.path);
		free(entry.lower);
		return err_os(e, ENOMEM, "scan");
	}
	s->entries[s->n++] = entry;
	return 0;
}

/* Settings of a repository that run something; what is too long to look through counts, too. */
static bool runs_by_git(const struct tree_entry *entry)
{
	auto_close int fd = -1;
	char text[GIT_CONFIG_MAX + 1];
	ssize_t n;

	if (!S_ISREG(entry->st.st_mode) || !fsg_scan_is_git_config(entry->path))
		return false;
	fd = openat(entry->dir, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, GIT_CONFIG_MAX);
	if (n < 0 || n == GIT_CONFIG_MAX)
		return true;
	text[n] = '\0';
	return strlen(text) != (size_t)n || fsg_scan_git_config(text);
}

/* A folder that git takes for a repository although it is not called .git. */
static bool bare_repository(const struct tree_entry *entry)
{
	return strcmp(entry->name, "HEAD") == 0 &&
	       faccessat(entry->dir, "objects", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       faccessat(entry->dir, "refs", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       strcmp(entry->path, ".git/HEAD") != 0 && !strstr(entry->path, "/.git/HEAD") &&
	       !strstr(entry->path, ".git/modules/");
}

static int look_at(const struct tree_entry *entry, void *arg, struct err *e)
{
	struct scan *s = arg;
	const enum finding kind = kind_of(entry);

	if (kind != FOUND_NONE)
		report(s, kind, entry->path, entry->link);
	if (fsg_scan_name(entry->name))
		report(s, FOUND_NAME, entry->path, NULL);
	if (!S_ISDIR(entry->st.st_mode) &&
	    (fsg_scan_runs(entry->path) || runs_by_git(entry) || bare_repository(entry)))
		report(s, FOUND_RUNS, entry->path, NULL);
	return keep_name(s, entry->path, e);
}

static int compare_folded(const void *a, const void *b)
{
	const struct folded *x = a, *y = b;
	const int r = strcmp(x->lower, y->lower);

	return r ? r : strcmp(x->path, y->path);
}

static void find_same_case(struct scan *s)
{
	if (s->n)
		qsort(s->entries, s->n, sizeof(*s->entries), compare_folded);
	for (size_t i = 1; i < s->n; i++)
		if (strcmp(s->entries[i - 1].lower, s->entries[i].lower) == 0)
			report(s, FOUND_CASE, s->entries[i].path, NULL);
}

static int print_json(struct scan *s, const char *tag, struct err *e)
{
	json_t *doc = json_pack("{s:s, s:O}", "tag", tag, "findings", s->list);
	int r = 0;

	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
		r = err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	putchar('\n');
	json_decref(doc);
	return r;
}

int fsg_scan(const char *root, const struct uuid *uuid, const char *tag, bool json, bool quiet,
	     struct err *e)
{
	auto_look struct look look = LOOK_NONE;
	struct scan s = {.list = json ? json_array() : NULL, .quiet = quiet};
	const struct tree_visitor v = {.each = look_at, .arg = &s};
	int r;

	r = fsg_look(root, uuid, tag, &look, e);
	if (r == 0)
		r = fsg_tree_walk(look.top, &v, e);
	if (r == 0)
		find_same_case(&s);
	if (r == 0 && json)
		r = print_json(&s, tag, e);
	for (size_t i = 0; i < s.n; i++) {
		free(s.entries[i].path);
		free(s.entries[i].lower);
	}
	free(s.entries);
	json_decref(s.list);
	if (r == 0 && s.found)
		return err_set(e, EX_CORDON_DIFFERS, ESTALE,
			       "share %s: %zu thing%s to look at before use", tag, s.found,
			       s.found == 1 ? "" : "s");
	return r;
}
