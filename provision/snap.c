/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of snapshots: see provision/snap.h. */
#include "provision/snap.h"

#include "lib/parse.h"
#include "lib/record.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "snapshots"
#define HEAD "virt-cordon-snapshot 1\n"

static void disk_release(struct snap_disk *d)
{
	free(d->target);
	free(d->source);
	free(d->layer);
	free(d->format);
}

void snap_free(struct snap *s)
{
	for (size_t i = 0; i < s->n_disks; i++)
		disk_release(&s->disks[i]);
	free(s->disks);
	*s = (struct snap){0};
}

bool snap_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	return *name && *name != '-' && *name != '.' && strlen(name) <= SNAP_NAME_MAX &&
	       name[strspn(name, letters)] == '\0';
}

bool snap_add_disk(struct snap *s, const char *target, const char *source, const char *layer,
		   const char *format)
{
	struct snap_disk d = {strdup(target), strdup(source), strdup(layer), strdup(format)};
	struct snap_disk *grown = NULL;

	if (s->n_disks < SNAP_DISKS_MAX)
		grown = reallocarray(s->disks, s->n_disks + 1, sizeof(*grown));
	if (grown)
		s->disks = grown;
	if (!grown || !d.target || !d.source || !d.layer || !d.format) {
		disk_release(&d);
		return false;
	}
	grown[s->n_disks++] = d;
	return true;
}

static void add_word(struct strbuf *out, const char *key, const char *value)
{
	sb_addf(out, " %s=", key);
	record_encode(value, out);
}

void snap_print(const struct snap *s, struct strbuf *out)
{
	auto_sb struct strbuf inst = {0};

	instance_print(&s->inst, &inst);
	out->failed |= inst.failed;
	sb_addf(out, HEAD "state %s\nours %s\nnumber %" PRIu32 "\nwhen %" PRId64 "\ninstance ",
		s->going  ? "deleting"
		: s->done ? "done"
			  : "making",
		s->ours ? "yes" : "no", s->number, s->when);
	record_encode(sb_str(&inst), out);
	sb_adds(out, "\n");
	for (size_t i = 0; i < s->n_disks; i++) {
		sb_adds(out, "disk");
		add_word(out, "target", s->disks[i].target);
		add_word(out, "source", s->disks[i].source);
		add_word(out, "layer", s->disks[i].layer);
		add_word(out, "format", s->disks[i].format);
		sb_adds(out, "\n");
	}
	sb_adds(out, "end\n");
}

/* The value of "KEY VALUE\n" at *@cursor, which moves on; NULL without it. */
static char *take_line(char **cursor, const char *key)
{
	const size_t n = strlen(key);
	char *at = *cursor, *end = strchr(at, '\n');

	if (!end || strncmp(at, key, n) != 0 || at[n] != ' ')
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return at + n + 1;
}

/* The decoded value of "KEY=VALUE" at *@cursor, malloc'd. */
static char *take_word(char **cursor, const char *key)
{
	auto_sb struct strbuf value = {0};
	const size_t n = strlen(key);
	char *at = *cursor;

	if (strncmp(at, key, n) != 0 || at[n] != '=')
		return NULL;
	at += n + 1;
	*cursor = at + strcspn(at, " ");
	if (**cursor)
		*(*cursor)++ = '\0';
	return record_decode(at, &value) ? sb_take(&value) : NULL;
}

static bool parse_disk(char *rest, struct snap *s)
{
	auto_free char *target = take_word(&rest, "target");
	auto_free char *source = target ? take_word(&rest, "source") : NULL;
	auto_free char *layer = source ? take_word(&rest, "layer") : NULL;
	auto_free char *format = layer ? take_word(&rest, "format") : NULL;

	return format && !*rest && snap_add_disk(s, target, source, layer, format);
}

static bool parse_instance(const char *v, struct instance *ret)
{
	auto_sb struct strbuf text = {0};

	return record_decode(v, &text) && instance_parse(sb_str(&text), text.len, ret, NULL) == 0;
}

static bool parse_text(char *at, struct snap *s)
{
	uint64_t number = 0, when = 0;
	char *v;

	if (strncmp(at, HEAD, strlen(HEAD)) != 0)
		return false;
	at += strlen(HEAD);
	v = take_line(&at, "state");
	if (!v ||
	    (strcmp(v, "done") != 0 && strcmp(v, "making") != 0 && strcmp(v, "deleting") != 0))
		return false;
	s->done = strcmp(v, "done") == 0;
	s->going = strcmp(v, "deleting") == 0;
	if (!(v = take_line(&at, "ours")) || !parse_bool(v, &s->ours) ||
	    !(v = take_line(&at, "number")) || !parse_u64(v, UINT32_MAX, &number) ||
	    !(v = take_line(&at, "when")) || !parse_u64(v, INT64_MAX, &when) ||
	    !(v = take_line(&at, "instance")) || !parse_instance(v, &s->inst))
		return false;
	s->number = (uint32_t)number;
	s->when = (int64_t)when;
	while ((v = take_line(&at, "disk")))
		if (!parse_disk(v, s))
			return false;
	return strcmp(at, "end\n") == 0;
}

int snap_parse(const char *name, const char *text, size_t len, struct snap *ret, struct err *e)
{
	auto_free char *copy = strndup(text, len);
	auto_snap struct snap s = {0};

	if (!copy)
		return err_os(e, ENOMEM, "snapshot");
	if (!snap_name_ok(name) || strlen(copy) != len || !parse_text(copy, &s))
		return err_set(e, EX_CORDON_DATA, EBADMSG, "is damaged");
	memcpy(s.name, name, strlen(name) + 1);
	*ret = s;
	s = (struct snap){0};
	return 0;
}

static int open_folder(const struct store *s, bool make, struct store *ret, struct err *e)
{
	return store_sub(s, FOLDER, make, 0700, ret, e);
}

static int load_one(const struct store *folder, const char *name, struct snaps *all, struct err *e)
{
	auto_free char *text = NULL;
	struct err why = {0};
	struct snap *grown, s = {0};
	size_t len;
	int r;

	r = store_read(folder, name, &text, &len, e);
	if (r == 0 && snap_parse(name, text, len, &s, &why) < 0)
		r = err_set(e, why.exit, why.errnum, "%s/%s %s", folder->path, name, why.msg);
	if (r < 0)
		return r;
	grown = all->n < SNAP_MAX ? reallocarray(all->list, all->n + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		snap_free(&s);
		return err_set(e, EX_CORDON_OS, E2BIG, "more than %d snapshots", SNAP_MAX);
	}
	all->list = grown;
	grown[all->n++] = s;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = ((const struct snap *)a)->number, y = ((const struct snap *)b)->number;

	return x < y ? -1 : x > y;
}

int snaps_load(const struct store *s, struct snaps *ret, struct err *e)
{
	auto_store struct store folder = {.dir = -1};
	auto_snaps struct snaps all = {0};
	auto_closedir DIR *d = NULL;
	struct err why = {0};
	struct dirent *de;
	int r, fd;

	r = open_folder(s, false, &folder, &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	fd = fcntl(folder.dir, F_DUPFD_CLOEXEC, 3);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_os(e, errno, "cannot read %s", folder.path);
	while (r == 0 && (de = readdir(d)))
		if (snap_name_ok(de->d_name))
			r = load_one(&folder, de->d_name, &all, e);
	if (r < 0)
		return r;
	if (all.n)
		qsort(all.list, all.n, sizeof(*all.list), compare);
	*ret = all;
	all = (struct snaps){0};
	return 0;
}

void snaps_free(struct snaps *s)
{
	for (size_t i = 0; i < s->n; i++)
		snap_free(&s->list[i]);
	free(s->list);
	*s = (struct snaps){0};
}

const struct snap *snaps_find(const struct snaps *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}

const struct snap *snaps_on(const struct snaps *s, const char *source, const char *backing)
{
	for (size_t i = s->n; i-- > 0;)
		for (size_t k = 0; (s->list[i].done || s->list[i].going) && k < s->list[i].n_disks;
		     k++)
			if (strcmp(s->list[i].disks[k].source, source) == 0 &&
			    strcmp(s->list[i].disks[k].layer, backing) == 0)
				return &s->list[i];
	return NULL;
}

int snap_save(const struct store *s, const struct snap *snap, struct err *e)
{
	auto_store struct store folder = {.dir = -1};
	auto_sb struct strbuf text = {0};
	int r;

	snap_print(snap, &text);
	if (text.failed)
		return err_os(e, ENOMEM, "snapshot");
	r = open_folder(s, true, &folder, e);
	return r < 0 ? r
		     : store_write(&folder, snap->name, text.data, text.len, 0600, NULL, true, e);
}

int snap_forget(const struct store *s, const char *name, struct err *e)
{
	auto_store struct store folder = {.dir = -1};
	int r = open_folder(s, false, &folder, e);

	return r < 0 ? r : store_remove(&folder, name, e);
}

static bool has_layer(const struct snaps *all, const char *path)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i].n_disks; k++)
			if (strcmp(all->list[i].disks[k].layer, path) == 0)
				return true;
	return false;
}

int snaps_elsewhere(const char *root, const struct uuid *own, const char *path,
		    struct uuid *ret_uuid, struct err *e)
{
	auto_closedir DIR *d = NULL;
	char base[PATH_MAX];
	struct dirent *de;
	int r = 0;

	if (snprintf(base, sizeof(base), "%s" STORE_BASE, root) >= (int)sizeof(base))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	d = opendir(base);
	if (!d)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot read %s", base);
	while (r == 0 && (de = readdir(d))) {
		auto_store struct store s = {.dir = -1};
		auto_snaps struct snaps all = {0};
		struct uuid uuid;

		if (!uuid_parse(de->d_name, &uuid) || uuid_equal(&uuid, own))
			continue;
		r = store_open(root, &uuid, false, &s, e);
		if (r == 0)
			r = snaps_load(&s, &all, e);
		if (r == 0 && has_layer(&all, path)) {
			*ret_uuid = uuid;
			r = 1;
		}
	}
	return r;
}
