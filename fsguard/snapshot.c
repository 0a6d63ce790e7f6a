/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of a share's image: see fsguard/snapshot.h. */
#include "fsguard/snapshot.h"

#include "fsguard/adopt_file.h"
#include "fsguard/store.h"
#include "fsguard/undo.h"
#include "fsguard/volume.h"
#include "lib/record.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define NAME_LEN_MAX 64
#define FILE_MAX (STORE_NAME_MAX + NAME_LEN_MAX + 8)
#define LOCK_MS 10000

/* The folder of images, and the share's names in it. '@' is in no image's name. */
struct place {
	int dir;
	char path[4096];
	char image[STORE_NAME_MAX];
	char kept[FILE_MAX]; /* "work@NAME.img" */
	char tmp[FILE_MAX + 8];
};

bool fsg_snapshot_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	return *name && *name != '.' && strlen(name) <= NAME_LEN_MAX &&
	       name[strspn(name, allowed)] == '\0';
}

static void place_close(struct place *p)
{
	util_closep(&p->dir);
}
#define auto_place __attribute__((cleanup(place_close)))

/* What runs that were killed left of copies, whatever these were to be called. */
static void tidy(const struct place *p)
{
	const size_t stem = strlen(p->image) - 4;
	int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d && fd >= 0)
		(void)close(fd);
	while (d && (de = readdir(d))) {
		const char *name = de->d_name;
		const size_t len = strlen(name);

		if (len > 4 && name[0] == '.' && strncmp(name + 1, p->image, stem) == 0 &&
		    name[stem + 1] == '@' && strcmp(name + len - 4, ".new") == 0)
			(void)unlinkat(p->dir, name, 0);
	}
}

static int place_open(const char *root, const struct uuid *uuid, const char *tag, const char *name,
		      struct place *p, struct err *e)
{
	int r;

	if (!fsg_snapshot_name_ok(name))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' is no name of a snapshot; write 1 to %d letters, digits, "
			       "'_', '-', '.'",
			       name, NAME_LEN_MAX);
	fsg_store_dir(root, uuid, p->path, sizeof(p->path));
	fsg_store_name(tag, p->image);
	(void)snprintf(p->kept, sizeof(p->kept), "%.*s@%s.img", (int)strlen(p->image) - 4, p->image,
		       name);
	(void)snprintf(p->tmp, sizeof(p->tmp), ".%s.new", p->kept);
	r = fsg_store_open(root, uuid, false, &p->dir, e);
	if (r == 0)
		r = fsg_store_lock(p->dir, p->path, LOCK_MS, e);
	if (r == 0)
		tidy(p);
	return r;
}

/* Nobody may write to the image meanwhile. */
static int refuse_in_use(const char *root, const struct uuid *uuid, const struct place *p,
			 struct err *e)
{
	auto_volume struct volume d = VOLUME_NONE;
	int r;

	if (!record_file_gone(root, uuid, UNDO_FILE))
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the domain runs and has the share; shut it down first");
	r = fsg_volume_open(p->dir, p->path, p->image, &d, e);
	if (r == 0)
		r = fsg_volume_find_loop(&d, e);
	if (r == 1)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the image is mounted; run: virt-cordon-fsguard unmount");
	return r;
}

/* All of @in in a new file, under a name of no meaning until it is whole. */
static int copy_as(const struct place *p, int in, off_t size, const char *name, struct err *e)
{
	const struct adopt_clock no_end = {0};
	auto_close int out = -1;
	int r = 0;

	(void)unlinkat(p->dir, p->tmp, 0);
	out = openat(p->dir, p->tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_os(e, errno, "cannot make a file in %s", p->path);
	if (ioctl(out, FICLONE, in) < 0)
		r = fsg_copy_data(in, out, size, &no_end, name, e);
	if (r == 0 &&
	    (fsync(out) < 0 || renameat(p->dir, p->tmp, p->dir, name) < 0 || fsync(p->dir) < 0))
		r = err_os(e, errno, "cannot write %s/%s", p->path, name);
	if (r < 0)
		(void)unlinkat(p->dir, p->tmp, 0);
	return r;
}

int fsg_snapshot_make(const char *root, const struct uuid *uuid, const char *tag, const char *name,
		      struct err *e)
{
	auto_place struct place p = {.dir = -1};
	auto_close int in = -1;
	struct stat st = {0};
	int r;

	r = place_open(root, uuid, tag, name, &p, e);
	if (r == 0)
		r = refuse_in_use(root, uuid, &p, e);
	if (r == 0 && faccessat(p.dir, p.kept, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, EX_CORDON_POLICY, EEXIST,
			       "share %s has a snapshot %s already; run: virt-cordon-fsguard "
			       "delete, or write another name",
			       tag, name);
	if (r == 0)
		r = fsg_store_open_image(p.dir, p.path, p.image, &in, &st, e);
	return r < 0 ? r : copy_as(&p, in, st.st_size, p.kept, e);
}

int fsg_snapshot_restore(const char *root, const struct uuid *uuid, const char *tag,
			 const char *name, struct err *e)
{
	auto_place struct place p = {.dir = -1};
	auto_close int in = -1;
	struct stat st = {0};
	int r;

	r = place_open(root, uuid, tag, name, &p, e);
	if (r == 0)
		r = fsg_store_open_image(p.dir, p.path, p.kept, &in, &st, e);
	if (r == 0)
		r = refuse_in_use(root, uuid, &p, e);
	return r < 0 ? r : copy_as(&p, in, st.st_size, p.image, e);
}

int fsg_snapshot_delete(const char *root, const struct uuid *uuid, const char *tag,
			const char *name, struct err *e)
{
	auto_place struct place p = {.dir = -1};
	int r;

	r = place_open(root, uuid, tag, name, &p, e);
	if (r < 0)
		return r;
	if (unlinkat(p.dir, p.kept, 0) < 0)
		return errno == ENOENT ? err_set(e, EX_CORDON_NOINPUT, ENOENT,
						 "share %s has no snapshot %s", tag, name)
				       : err_os(e, errno, "cannot remove %s/%s", p.path, p.kept);
	return 0;
}

/* The name in "TAG@NAME.img", NULL when it is not one of this share. */
static char *name_in(const char *file, const char *image)
{
	const size_t stem = strlen(image) - 4, len = strlen(file);

	if (strncmp(file, image, stem) != 0 || file[stem] != '@' || len < stem + 6 ||
	    strcmp(file + len - 4, ".img") != 0)
		return NULL;
	return strndup(file + stem + 1, len - stem - 5);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void print_one(json_t *list, const char *name, const struct stat *st)
{
	const long long on_disk = (long long)st->st_blocks * 512;
	struct tm tm;
	char when[32] = "";

	if (gmtime_r(&st->st_mtim.tv_sec, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (list)
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:I}", "name", name, "made", when, "size",
					(json_int_t)st->st_size, "on_disk", (json_int_t)on_disk));
	else
		printf("%-32s  %s  %8lld MiB on disk\n", name, when, on_disk >> 20);
}

int fsg_snapshot_list(const char *root, const struct uuid *uuid, const char *tag, bool json,
		      struct err *e)
{
	auto_place struct place p = {.dir = -1};
	json_t *list = json ? json_array() : NULL, *doc;
	struct dirent **entries = NULL;
	int n, r;

	r = place_open(root, uuid, tag, "any", &p, e);
	n = r < 0 ? 0 : scandirat(p.dir, ".", &entries, NULL, by_name);
	for (int i = 0; i < n; i++) {
		auto_free char *name = name_in(entries[i]->d_name, p.image);
		struct stat st;

		if (name && fstatat(p.dir, entries[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			print_one(list, name, &st);
		free(entries[i]);
	}
	free(entries);
	if (r == 0 && n < 0)
		r = err_os(e, errno, "cannot read %s", p.path);
	if (r == 0 && json) {
		doc = json_pack("{s:s, s:O}", "tag", tag, "snapshots", list);
		if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
			r = err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
		putchar('\n');
		json_decref(doc);
	}
	json_decref(list);
	return r;
}
