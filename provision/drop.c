/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deleting a snapshot: see layers_drop in provision/layers.h. */
#include "provision/layers.h"

#include "lib/util.h"
#include "provision/qcow2.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Files that may stand on a layer: each disk and each layer that is known. */
struct files {
	const char **list;
	size_t n;
};

static void files_free(struct files *f)
{
	free(f->list);
}

static bool add(struct files *f, const char *path)
{
	const char **grown;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i], path) == 0)
			return true;
	grown = reallocarray(f->list, f->n + 1, sizeof(*grown));
	if (!grown)
		return false;
	f->list = grown;
	grown[f->n++] = path;
	return true;
}

/* Those of @all that stand on @layer, the disks' own files with them. */
static int find_children(const struct snaps *all, const char *layer, struct files *ret,
			 struct err *e)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i].n_disks; k++) {
			const struct snap_disk *d = &all->list[i].disks[k];
			const char *const both[] = {d->source, d->layer};

			for (size_t f = 0; f < ARRAY_SIZE(both); f++) {
				struct qcow2 q;

				if (qcow2_read(both[f], &q, NULL) < 0 ||
				    strcmp(q.backing, layer) != 0)
					continue;
				if (!add(ret, both[f]))
					return err_os(e, ENOMEM, "snapshot");
			}
		}
	return 0;
}

/* What @layer stands on, and of what format that is. */
static int read_layer(const struct snaps *all, const char *layer, struct qcow2 *ret, struct err *e)
{
	int r = qcow2_read(layer, ret, e);

	if (r < 0 || !*ret->backing || *ret->format)
		return r;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i].n_disks; k++) {
			const struct snap_disk *d = &all->list[i].disks[k];

			if (strcmp(d->layer, ret->backing) == 0)
				(void)snprintf(ret->format, sizeof(ret->format), "%s", d->format);
		}
	return *ret->format
		       ? 0
		       : err_set(e, EX_CORDON_POLICY, EINVAL,
				 "%s does not say of what format %s is; write it in by qemu-img "
				 "rebase -u -F",
				 layer, ret->backing);
}

static int can_drop_disk(const char *root, const struct uuid *uuid, const struct snaps *all,
			 const struct snap_disk *d, struct err *e)
{
	__attribute__((cleanup(files_free))) struct files children = {0};
	char text[UUID_STRLEN];
	struct uuid other;
	struct qcow2 q;
	int r;

	if (access(d->layer, F_OK) < 0)
		return errno == ENOENT ? 0 : err_os(e, errno, "%s", d->layer);
	r = snaps_elsewhere(root, uuid, d->layer, &other, e);
	if (r > 0)
		r = err_set(e, EX_CORDON_POLICY, EBUSY,
			    "another domain, %s, stands on %s; remove that one first",
			    uuid_str(&other, text), d->layer);
	if (r == 0)
		r = read_layer(all, d->layer, &q, e);
	if (r == 0)
		r = layers_refuse_in_use(d->layer, e);
	if (r == 0)
		r = find_children(all, d->layer, &children, e);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = layers_refuse_in_use(children.list[i], e);
	return r;
}

int layers_can_drop(const char *root, const struct uuid *uuid, const struct snaps *all,
		    const struct snap *snap, struct err *e)
{
	int r = 0;

	if (!snap->ours)
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "'%s' is the image, which others may stand on; it stays",
			       snap->name);
	for (size_t i = 0; r == 0 && i < snap->n_disks; i++)
		r = can_drop_disk(root, uuid, all, &snap->disks[i], e);
	return r;
}

/* All of a file but its holes; at once where the file system shares blocks. */
static int copy_data(int from, int to, off_t size)
{
	off_t at = 0, end, out;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while (at < size) {
		at = lseek(from, at, SEEK_DATA);
		if (at < 0)
			break;
		end = lseek(from, at, SEEK_HOLE);
		for (out = at; at < end;) {
			const ssize_t n =
				copy_file_range(from, &at, to, &out, (size_t)(end - at), 0);

			if (n <= 0)
				return n < 0 ? -errno : -EIO;
		}
	}
	if (at < 0 && errno != ENXIO)
		return -errno;
	return ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_file(const char *path, const char *copy, struct err *e)
{
	auto_close int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to = -1;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return err_os(e, errno, "cannot open %s", path);
	if (unlink(copy) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", copy);
	to = open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return err_os(e, errno, "cannot write %s", copy);
	r = copy_data(from, to, st.st_size);
	if (r == 0 && (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 0777) < 0))
		r = -errno;
	return r < 0 ? err_os(e, -r, "cannot write %s", copy) : 0;
}

static int sync_file(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 || fsync(fd) < 0 ? err_os(e, errno, "cannot write %s", path) : 0;
}

/* The same disk, standing on @q's backing file, in the place of @path. */
static int move_child(const char *path, const struct qcow2 *q, struct err *e)
{
	char copy[PATH_MAX];
	int r;

	if (snprintf(copy, sizeof(copy), "%s" LAYERS_FRESH, path) >= (int)sizeof(copy))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "%s: path too long", path);
	r = copy_file(path, copy, e);
	if (r == 0)
		r = qcow2_rebase(copy, q->backing, q->format, e);
	if (r == 0)
		r = sync_file(copy, e);
	if (r == 0)
		r = qcow2_same(path, copy, e);
	if (r == 0 && rename(copy, path) < 0)
		r = err_os(e, errno, "cannot replace %s", path);
	if (r < 0)
		(void)unlink(copy);
	else
		layers_sync_folder(path);
	return r;
}

/* The layer goes when nothing stands on it any more. */
static int drop_disk(const struct snaps *all, const struct snap_disk *d, struct err *e)
{
	__attribute__((cleanup(files_free))) struct files children = {0};
	struct qcow2 q;
	int r;

	if (access(d->layer, F_OK) < 0)
		return errno == ENOENT ? 0 : err_os(e, errno, "%s", d->layer);
	r = read_layer(all, d->layer, &q, e);
	if (r == 0)
		r = find_children(all, d->layer, &children, e);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = move_child(children.list[i], &q, e);
	if (r == 0 && unlink(d->layer) < 0)
		r = err_os(e, errno, "cannot remove %s", d->layer);
	return r;
}

int layers_drop(const struct store *s, const char *root, const struct uuid *uuid,
		const struct snaps *all, const struct snap *snap, struct err *e)
{
	struct snap going = *snap;
	int r = layers_can_drop(root, uuid, all, snap, e);

	if (r < 0)
		return r;
	going.done = false;
	going.going = true;
	r = snap_save(s, &going, e);
	for (size_t i = 0; r == 0 && i < snap->n_disks; i++)
		r = drop_disk(all, &snap->disks[i], e);
	return r < 0 ? r : snap_forget(s, snap->name, e);
}
