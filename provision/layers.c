/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, overlays and renames of disk files: see provision/layers.h. */
#include "provision/layers.h"

#include "lib/util.h"
#include "provision/qcow2.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LAYER ".cordon-"    /* DISK.cordon-NAME: no name of ours begins with '=' */
#define PENDING "resetting" /* in the store: the name of the snapshot */

bool layers_writable(const struct disk *d)
{
	return !d->readonly && strcmp(d->device, "cdrom") != 0 && strcmp(d->device, "floppy") != 0;
}

static int refuse(const struct disk *d, struct err *e, const char *why)
{
	return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "disk %s (%s): %s", d->target,
		       *d->source ? d->source : d->type, why);
}

int layers_refuse_disk(const struct disk *d, struct err *e)
{
	struct stat st;

	if (strcmp(d->type, "file") != 0 || strcmp(d->device, "disk") != 0 || *d->source != '/')
		return refuse(d, e, "snapshots are made of disks in files only");
	if (strcmp(d->format, "qcow2") != 0)
		return refuse(d, e,
			      "snapshots need qcow2; convert it by qemu-img convert -O qcow2, and "
			      "name the new file in the domain");
	if (!d->plain)
		return refuse(d, e,
			      "snapshots need a disk that is not shared, transient or "
			      "encrypted");
	if (lstat(d->source, &st) < 0)
		return err_os(e, errno, "disk %s: %s", d->target, d->source);
	if (!S_ISREG(st.st_mode))
		return refuse(d, e, "snapshots need the file itself in the domain, not a link");
	return 0;
}

/* QEMU locks bytes of an image that it has open. */
int layers_refuse_in_use(const char *path, struct err *e)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_os(e, errno, "cannot open %s", path);
	if (fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "%s is in use; shut down what uses it first", path);
	return 0;
}

static int path_of(char buf[static PATH_MAX], const char *disk, const char *end, const char *name,
		   struct err *e)
{
	return snprintf(buf, PATH_MAX, "%s%s%s", disk, end, name) >= PATH_MAX
		       ? err_set(e, EX_CORDON_OS, ENAMETOOLONG, "%s: path too long", disk)
		       : 0;
}

static int remove_file(const char *path, struct err *e)
{
	return unlink(path) < 0 && errno != ENOENT ? err_os(e, errno, "cannot remove %s", path) : 0;
}

/* What a rename did is on the disk, too. */
void layers_sync_folder(const char *path)
{
	char dir[PATH_MAX];
	auto_close int fd = -1;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return;
	slash[slash == dir] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

/* An overlay on @layer beside @source, to be renamed over it: owner and mode are those of @like. */
static int make_fresh(const char *source, const char *layer, const char *format, uint64_t size,
		      const char *like, struct err *e)
{
	char fresh[PATH_MAX];
	auto_close int fd = -1;
	struct stat st;
	int r;

	r = path_of(fresh, source, LAYERS_FRESH, "", e);
	if (r == 0)
		r = remove_file(fresh, e);
	if (r == 0)
		r = qcow2_overlay(fresh, layer, format, size, e);
	if (r < 0)
		return r;
	fd = open(fresh, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || stat(like, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 ||
	    fchmod(fd, (st.st_mode & 0666) | 0600) < 0 || fsync(fd) < 0)
		return err_os(e, errno, "cannot make %s", fresh);
	return 0;
}

static int rename_fresh(const char *source, struct err *e)
{
	char fresh[PATH_MAX];
	int r = path_of(fresh, source, LAYERS_FRESH, "", e);

	if (r < 0)
		return r;
	if (rename(fresh, source) < 0)
		return err_os(e, errno, "cannot replace %s", source);
	return 0;
}

static void drop_fresh(const char *source)
{
	char fresh[PATH_MAX];

	if (path_of(fresh, source, LAYERS_FRESH, "", NULL) == 0)
		(void)unlink(fresh);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static bool stands_on(const char *source, const char *layer)
{
	struct qcow2 q;

	return qcow2_read(source, &q, NULL) == 0 && strcmp(q.backing, layer) == 0;
}

/* --- a snapshot --- */

static int plan_snapshot(const struct snaps *all, const struct disk *disks, size_t n,
			 const char *name, const struct instance *inst, struct snap *ret,
			 struct err *e)
{
	int r = 0;

	if (!snap_name_ok(name))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' cannot be a snapshot's name; write letters, digits, '_', '-', "
			       "'.', %d at most",
			       name, SNAP_NAME_MAX);
	if (snaps_find(all, name))
		return err_set(e, EX_CORDON_USAGE, EEXIST,
			       "there is a snapshot '%s' already; write another name", name);
	memcpy(ret->name, name, strlen(name) + 1);
	ret->ours = true;
	ret->number = all->n ? all->list[all->n - 1].number + 1 : 1;
	ret->when = time(NULL);
	ret->inst = *inst;
	for (size_t i = 0; r == 0 && i < n; i++) {
		char layer[PATH_MAX];

		if (!layers_writable(&disks[i]))
			continue;
		r = layers_refuse_disk(&disks[i], e);
		if (r == 0)
			r = layers_refuse_in_use(disks[i].source, e);
		if (r == 0)
			r = path_of(layer, disks[i].source, LAYER, name, e);
		if (r == 0 && access(layer, F_OK) == 0)
			r = err_set(e, EX_CORDON_USAGE, EEXIST,
				    "%s is there already; write another name", layer);
		if (r == 0 && !snap_add_disk(ret, disks[i].target, disks[i].source, layer, "qcow2"))
			r = err_os(e, ENOMEM, "snapshot");
	}
	if (r == 0 && ret->n_disks == 0)
		r = err_set(e, EX_CORDON_POLICY, ENODEV, "the domain has no disk to write to");
	return r;
}

/* Everything up to the first rename: the disks' own names are not touched. */
static int begin_snapshot(const struct snap *snap, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < snap->n_disks; i++) {
		const struct snap_disk *d = &snap->disks[i];
		struct qcow2 q;

		r = qcow2_read(d->source, &q, e);
		if (r == 0)
			r = make_fresh(d->source, d->layer, "qcow2", q.size, d->source, e);
	}
	for (size_t i = 0; r == 0 && i < snap->n_disks; i++)
		if (link(snap->disks[i].source, snap->disks[i].layer) < 0)
			r = err_os(e, errno, "cannot link %s", snap->disks[i].layer);
	return r;
}

/* The old names back, by the links. */
static int undo_snapshot(const struct snap *snap, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < snap->n_disks; i++) {
		const struct snap_disk *d = &snap->disks[i];

		drop_fresh(d->source);
		if (same_file(d->source, d->layer)) {
			if (unlink(d->layer) < 0)
				r = err_os(e, errno, "cannot remove %s", d->layer);
		} else if (stands_on(d->source, d->layer) && rename(d->layer, d->source) < 0) {
			r = err_os(e, errno, "cannot put %s back", d->source);
		}
	}
	return r;
}

/* Written no more: by mistake neither. Read it must be, by QEMU's user. */
static void protect(const char *layer)
{
	struct stat st;

	if (stat(layer, &st) == 0)
		(void)chmod(layer, st.st_mode & 0444);
}

static int commit_snapshot(const struct store *s, struct snap *snap, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < snap->n_disks; i++)
		r = rename_fresh(snap->disks[i].source, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < snap->n_disks; i++)
		layers_sync_folder(snap->disks[i].source);
	snap->done = true;
	r = snap_save(s, snap, e);
	for (size_t i = 0; r == 0 && i < snap->n_disks; i++)
		protect(snap->disks[i].layer);
	return r;
}

int layers_snapshot(const struct store *s, const struct disk *disks, size_t n, const char *name,
		    const struct instance *inst, struct err *e)
{
	auto_snaps struct snaps all = {0};
	auto_snap struct snap snap = {0};
	int r;

	r = layers_recover(s, disks, n, e);
	if (r == 0)
		r = snaps_load(s, &all, e);
	if (r == 0)
		r = plan_snapshot(&all, disks, n, name, inst, &snap, e);
	if (r == 0)
		r = snap_save(s, &snap, e);
	if (r < 0)
		return r;
	r = begin_snapshot(&snap, e);
	if (r == 0)
		r = commit_snapshot(s, &snap, e);
	/* What cannot be taken back stays noted, for layers_recover. */
	if (r < 0 && undo_snapshot(&snap, NULL) == 0)
		(void)snap_forget(s, name, NULL);
	return r;
}

/* --- going back --- */

const struct snap *layers_on(const struct snaps *all, const struct disk *disks, size_t n)
{
	const struct snap *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct snap *on;
		struct qcow2 q;

		if (!layers_writable(&disks[i]))
			continue;
		if (qcow2_read(disks[i].source, &q, NULL) < 0)
			return NULL;
		on = snaps_on(all, disks[i].source, q.backing);
		if (!on || (found && on != found))
			return NULL;
		found = on;
	}
	return found;
}

static const struct snap_disk *find_disk(const struct snap *snap, const struct disk *d)
{
	for (size_t i = 0; i < snap->n_disks; i++)
		if (strcmp(snap->disks[i].target, d->target) == 0 &&
		    strcmp(snap->disks[i].source, d->source) == 0)
			return &snap->disks[i];
	return NULL;
}

/* What would be discarded must be an overlay on a layer that is known, so made here. */
static int can_reset_disk(const struct snaps *all, const struct snap *to, const struct disk *d,
			  struct err *e)
{
	const struct snap_disk *sd = find_disk(to, d);
	struct qcow2 q;
	int r;

	r = layers_refuse_disk(d, e);
	if (r < 0)
		return r;
	if (!sd)
		return err_set(e, EX_CORDON_POLICY, ENOENT,
			       "disk %s (%s) is not in the snapshot '%s'; make another one: "
			       "virt-cordon snapshot",
			       d->target, d->source, to->name);
	if (access(sd->layer, R_OK) < 0)
		return err_os(e, errno, "snapshot '%s': %s", to->name, sd->layer);
	r = qcow2_read(d->source, &q, e);
	if (r < 0)
		return r;
	if (!snaps_on(all, d->source, q.backing))
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "%s does not stand on a snapshot of ours, so it is not thrown away; "
			       "make one of it: virt-cordon snapshot",
			       d->source);
	return layers_refuse_in_use(d->source, e);
}

int layers_can_reset(const struct snaps *all, const struct snap *to, const struct disk *disks,
		     size_t n, struct err *e)
{
	size_t found = 0;
	int r = 0;

	if (to->going)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "the snapshot '%s' is half deleted; go on: virt-cordon snapshot "
			       "--delete",
			       to->name);
	if (!to->done)
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "the snapshot '%s' was not finished; take another one", to->name);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!layers_writable(&disks[i]))
			continue;
		r = can_reset_disk(all, to, &disks[i], e);
		found++;
	}
	if (r == 0 && found != to->n_disks)
		r = err_set(e, EX_CORDON_POLICY, ENODEV,
			    "the domain has %zu disks to write to, the snapshot '%s' %zu", found,
			    to->name, to->n_disks);
	return r;
}

/* The larger of both: a disk that grew stays so, as does one that is larger than its image. */
static int size_after(const struct snap_disk *d, uint64_t *ret, struct err *e)
{
	struct qcow2 now, then;
	int r;

	r = qcow2_read(d->source, &now, e);
	if (r < 0)
		return r;
	*ret = now.size;
	if (strcmp(d->format, "qcow2") == 0) {
		r = qcow2_read(d->layer, &then, e);
		if (r == 0 && then.size > now.size)
			*ret = then.size;
	}
	return r;
}

static int do_reset(const struct store *s, const struct snap *to, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < to->n_disks; i++) {
		const struct snap_disk *d = &to->disks[i];
		uint64_t size = 0;

		r = size_after(d, &size, e);
		if (r == 0)
			r = make_fresh(d->source, d->layer, d->format, size, d->source, e);
	}
	if (r == 0 && to->n_disks > 1)
		r = store_write(s, PENDING, to->name, strlen(to->name), 0600, NULL, true, e);
	for (size_t i = 0; r == 0 && i < to->n_disks; i++) {
		r = rename_fresh(to->disks[i].source, e);
		layers_sync_folder(to->disks[i].source);
	}
	for (size_t i = 0; r < 0 && i < to->n_disks; i++)
		drop_fresh(to->disks[i].source);
	if (r == 0 && to->n_disks > 1)
		r = store_remove(s, PENDING, e);
	return r;
}

int layers_reset(const struct store *s, const struct snaps *all, const struct snap *to,
		 const struct disk *disks, size_t n, struct err *e)
{
	int r = layers_can_reset(all, to, disks, n, e);

	return r < 0 ? r : do_reset(s, to, e);
}

/* --- after a crash --- */

static int finish_reset(const struct store *s, const struct snaps *all, const struct disk *disks,
			size_t n, struct err *e)
{
	auto_free char *name = NULL;
	const struct snap *to;
	struct err why = {0};
	size_t len;
	int r;

	r = store_read(s, PENDING, &name, &len, &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	to = snaps_find(all, name);
	/* With the snapshot gone there is nothing to finish. */
	return to ? layers_reset(s, all, to, disks, n, e) : store_remove(s, PENDING, e);
}

static bool any_stands_on(const struct snap *snap)
{
	for (size_t i = 0; i < snap->n_disks; i++)
		if (stands_on(snap->disks[i].source, snap->disks[i].layer))
			return true;
	return false;
}

/* Links that no disk stands on go; the note goes with the last of them. */
static int take_back(const struct store *s, const struct snap *snap, struct err *e)
{
	bool whole = true;

	for (size_t i = 0; i < snap->n_disks; i++) {
		const struct snap_disk *d = &snap->disks[i];

		drop_fresh(d->source);
		if (stands_on(d->source, d->layer))
			continue;
		whole = false;
		if (same_file(d->source, d->layer) && unlink(d->layer) < 0)
			return err_os(e, errno, "cannot remove %s", d->layer);
	}
	if (whole) {
		struct snap done = *snap;

		done.done = true;
		return snap_save(s, &done, e);
	}
	return any_stands_on(snap) ? 0 : snap_forget(s, snap->name, e);
}

int layers_recover(const struct store *s, const struct disk *disks, size_t n, struct err *e)
{
	auto_snaps struct snaps all = {0};
	int r;

	r = snaps_load(s, &all, e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!all.list[i].done && !all.list[i].going)
			r = take_back(s, &all.list[i], e);
	return r < 0 ? r : finish_reset(s, &all, disks, n, e);
}
