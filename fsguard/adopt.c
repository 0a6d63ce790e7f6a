/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying a folder into a share: see fsguard/adopt.h. */
#include "fsguard/adopt.h"

#include "fsguard/adopt_file.h"
#include "fsguard/tree.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LINKS_MAX 1048576 /* files with more than one name */
#define PROGRESS_MS 200

/* A file with several names, that has been copied under one of them. */
struct linked {
	ino_t ino;
	char *path;
};

struct copying {
	int to; /* top of the copy */
	const char *path;
	struct adopt_clock clock;
	uint64_t files, bytes;
	uint64_t shown_ms;
	bool terminal;
	struct linked *links;
	size_t n_links;
	bool comparing;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int fsg_adopt_in_time(const struct adopt_clock *clock, struct err *e)
{
	if (!clock->end_ms || now_ms() < clock->end_ms)
		return 0;
	return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT,
		       "copying the folder in takes longer than a start may; do it beforehand: "
		       "virt-cordon-fsguard adopt UUID TAG FOLDER");
}

static void show(struct copying *c, bool last)
{
	const uint64_t now = now_ms();

	if (!c->terminal || (!last && now < c->shown_ms + PROGRESS_MS))
		return;
	c->shown_ms = now;
	fprintf(stderr, "\r%s: %" PRIu64 " files, %" PRIu64 " MiB%s",
		c->comparing ? "compared" : "copied", c->files, c->bytes >> 20, last ? "\n" : "");
}

static const char *find_link(const struct copying *c, ino_t ino)
{
	for (size_t i = c->n_links; i-- > 0;)
		if (c->links[i].ino == ino)
			return c->links[i].path;
	return NULL;
}

static int note_link(struct copying *c, const struct tree_entry *entry, struct err *e)
{
	struct linked *grown;

	if (c->n_links >= LINKS_MAX)
		return err_set(e, EX_CORDON_DATA, E2BIG, "more than %d files with several names",
			       LINKS_MAX);
	grown = reallocarray(c->links, c->n_links + 1, sizeof(*grown));
	if (!grown)
		return err_os(e, ENOMEM, "copy");
	c->links = grown;
	grown[c->n_links] = (struct linked){entry->st.st_ino, strdup(entry->path)};
	return grown[c->n_links].path ? (c->n_links++, 0) : err_os(e, ENOMEM, "copy");
}

static int copy_special(struct copying *c, const struct tree_entry *entry, struct err *e)
{
	if (mknodat(c->to, entry->path, entry->st.st_mode & (S_IFMT | 0777), 0) < 0)
		return err_os(e, errno, "cannot make %s", entry->path);
	return 0;
}

static int copy_plain(struct copying *c, const struct tree_entry *entry, struct err *e)
{
	const char *first = entry->st.st_nlink > 1 ? find_link(c, entry->st.st_ino) : NULL;
	int r;

	if (first) {
		if (linkat(c->to, first, c->to, entry->path, 0) < 0)
			return err_os(e, errno, "cannot link %s", entry->path);
		return 1;
	}
	if (entry->st.st_nlink > 1) {
		r = note_link(c, entry, e);
		if (r < 0)
			return r;
	}
	c->bytes += (uint64_t)entry->st.st_size;
	return fsg_adopt_copy_file(entry, c->to, &c->clock, e);
}

/* Paths below @c->to are ours alone: no one else can reach it yet. */
static int copy_entry(const struct tree_entry *entry, void *arg, struct err *e)
{
	struct copying *c = arg;
	int r = fsg_adopt_in_time(&c->clock, e);

	if (r < 0)
		return r;
	switch (entry->st.st_mode & S_IFMT) {
	case S_IFDIR:
		r = mkdirat(c->to, entry->path, 0700) < 0
			    ? err_os(e, errno, "cannot make the folder %s", entry->path)
			    : 0;
		break;
	case S_IFREG:
		r = copy_plain(c, entry, e);
		break;
	case S_IFLNK:
		r = symlinkat(entry->link, c->to, entry->path) < 0
			    ? err_os(e, errno, "cannot make the link %s", entry->path)
			    : 0;
		break;
	case S_IFIFO:
	case S_IFSOCK:
		r = copy_special(c, entry, e);
		break;
	default:
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "%s/%s is a device node, which no share holds; remove it", c->path,
			       entry->path);
	}
	c->files++;
	show(c, false);
	/* Of a folder after what is in it: its times would change. */
	if (r == 0 && !S_ISDIR(entry->st.st_mode))
		r = fsg_adopt_copy_attributes(entry, c->to, e);
	return r < 0 ? r : 0;
}

static int finish_folder(const struct tree_entry *entry, void *arg, struct err *e)
{
	return fsg_adopt_copy_attributes(entry, ((struct copying *)arg)->to, e);
}

static int compare_entry(const struct tree_entry *entry, void *arg, struct err *e)
{
	struct copying *c = arg;
	int r = fsg_adopt_in_time(&c->clock, e);

	if (r == 0)
		r = fsg_adopt_compare(entry, c->to, &c->clock, e);
	c->files++;
	c->bytes += S_ISREG(entry->st.st_mode) ? (uint64_t)entry->st.st_size : 0;
	show(c, false);
	return r;
}

static int count_entry(const struct tree_entry *entry, void *arg, struct err *e)
{
	(void)entry;
	(void)e;
	++*(uint64_t *)arg;
	return 0;
}

/* Everything of the source is in the copy, and nothing else. */
static int compare(struct copying *c, int from, struct err *e)
{
	const struct tree_visitor v = {.each = compare_entry, .arg = c};
	uint64_t copied = 0;
	const struct tree_visitor counting = {.each = count_entry, .arg = &copied};
	int r;

	c->comparing = true;
	c->files = c->bytes = 0;
	r = fsg_tree_walk(from, &v, e);
	if (r == 0)
		show(c, true);
	if (r == 0)
		r = fsg_tree_walk(c->to, &counting, e);
	if (r == 0 && copied != c->files)
		return err_set(e, EX_CORDON_OS, ESTALE,
			       "%s: %" PRIu64 " files there, %" PRIu64
			       " in the copy: somebody writes to it; try again",
			       c->path, c->files, copied);
	return r;
}

int fsg_adopt_tree(int from, const char *path, int to, uint32_t deadline_ms, struct err *e)
{
	struct copying c = {
		.to = to,
		.path = path,
		.clock.end_ms = deadline_ms ? now_ms() + deadline_ms : 0,
		.terminal = isatty(STDERR_FILENO) == 1,
	};
	const struct tree_visitor v = {.each = copy_entry, .after = finish_folder, .arg = &c};
	auto_close int top = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (top < 0)
		return err_os(e, errno, "cannot open %s", path);
	r = fsg_tree_walk(top, &v, e);
	if (r == 0) {
		show(&c, true);
		r = compare(&c, top, e);
	}
	for (size_t i = 0; i < c.n_links; i++)
		free(c.links[i].path);
	free(c.links);
	return r < 0 ? err_wrap(e, "adopt %s", path) : 0;
}
