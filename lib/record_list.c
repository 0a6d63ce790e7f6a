/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is recorded, as lists: domains, guarded networks, domains that have had a policy. */
#include "lib/record.h"

#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define RECORDS_DIR "/run/virt-cordon"
#define NETWORKS_DIR "/run/virt-cordon/networks"
#define HISTORY_DIR "/var/lib/virt-cordon"
#define RECORD_UNLISTED "unlisted"

/* Opens ROOT@tail; *@ret stays NULL when it is not there. */
static int open_list(const char *root, const char *tail, DIR **ret, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s", root, tail) >= (int)sizeof(path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	*ret = opendir(path);
	return *ret || errno == ENOENT ? 0 : err_os(e, errno, "cannot open %s", path);
}

static int uuid_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

int record_list(const char *root, struct uuid **ret, size_t *n_ret, struct err *e)
{
	auto_free struct uuid *list = NULL;
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	size_t n = 0;
	int r;

	r = open_list(root, RECORDS_DIR, &d, e);
	if (r < 0)
		return r;
	while (d && (de = readdir(d))) {
		struct uuid u, *grown;

		if (!uuid_parse(de->d_name, &u))
			continue;
		grown = realloc(list, (n + 1) * sizeof(*list));
		if (!grown)
			return err_os(e, ENOMEM, "list of records");
		list = grown;
		list[n++] = u;
	}
	if (n)
		qsort(list, n, sizeof(*list), uuid_compare);
	*ret = TAKE_PTR(list);
	*n_ret = n;
	return 0;
}

int record_load_by_name(const char *root, const char *name, struct record *ret, struct err *e)
{
	auto_free struct uuid *list = NULL;
	size_t n;
	int r;

	r = record_list(root, &list, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct record rec = {0};

		if (record_load(root, &list[i], &rec, NULL) < 0)
			continue;
		if (strcmp(rec.name, name) == 0) {
			*ret = rec;
			return 0;
		}
		record_free(&rec);
	}
	return err_set(e, EX_CORDON_NOINPUT, ENOENT, "no running domain '%s' has a record", name);
}

static int compare_networks(const void *a, const void *b)
{
	return strcmp(((const struct record_network *)a)->name,
		      ((const struct record_network *)b)->name);
}

/* The entry @file as a network; one that is not as record_network_save writes it is no network. */
static bool read_network(const char *root, const char *file, struct record_network *ret)
{
	auto_sb struct strbuf name = {0};

	if (!record_decode(file, &name) || !name.len ||
	    record_network_bridge(root, sb_str(&name), ret->bridge, NULL) < 0)
		return false;
	ret->name = sb_take(&name);
	return ret->name != NULL;
}

int record_network_list(const char *root, struct record_network **ret, size_t *n_ret, struct err *e)
{
	struct record_network *list = NULL, *grown, found;
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	size_t n = 0;
	int r;

	r = open_list(root, NETWORKS_DIR, &d, e);
	if (r < 0)
		return r;
	while (d && (de = readdir(d))) {
		if (!read_network(root, de->d_name, &found))
			continue;
		grown = realloc(list, (n + 1) * sizeof(*list));
		if (!grown) {
			free(found.name);
			record_network_free(list, n);
			return err_os(e, ENOMEM, "list of networks");
		}
		list = grown;
		list[n++] = found;
	}
	if (n)
		qsort(list, n, sizeof(*list), compare_networks);
	*ret = list;
	*n_ret = n;
	return 0;
}

void record_network_free(struct record_network *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
}

static int compare_history(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

int record_history_list(const char *root, struct record_history **ret, size_t *n_ret, struct err *e)
{
	struct record_history *list = NULL, *grown, found = {0};
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	size_t n = 0;
	int r;

	r = open_list(root, HISTORY_DIR, &d, e);
	while (r == 0 && d && (de = readdir(d))) {
		if (!uuid_parse(de->d_name, &found.uuid))
			continue;
		r = record_history_has(root, &found.uuid, &found.name, e);
		if (r <= 0)
			continue;
		grown = realloc(list, (n + 1) * sizeof(*list));
		if (!grown) {
			free(found.name);
			r = err_os(e, ENOMEM, "list of domains");
			break;
		}
		list = grown;
		list[n++] = found;
		r = 0;
	}
	if (r < 0) {
		record_history_free(list, n);
		return r;
	}
	if (n)
		qsort(list, n, sizeof(*list), compare_history);
	*ret = list;
	*n_ret = n;
	return 0;
}

void record_history_free(struct record_history *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
}

static void unlisted_path(const char *root, const struct uuid *uuid, char path[static PATH_MAX])
{
	char u[UUID_STRLEN];

	(void)snprintf(path, PATH_MAX, "%s" HISTORY_DIR "/%s/" RECORD_UNLISTED, root,
		       uuid_str(uuid, u));
}

int record_history_set_unlisted(const char *root, const struct uuid *uuid, bool unlisted,
				struct err *e)
{
	auto_close int fd = -1;
	char path[PATH_MAX];

	unlisted_path(root, uuid, path);
	if (!unlisted)
		return unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR
			       ? err_os(e, errno, "cannot remove %s", path)
			       : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_os(e, errno, "cannot make %s", path) : 0;
}

bool record_history_is_unlisted(const char *root, const struct uuid *uuid)
{
	char path[PATH_MAX];

	unlisted_path(root, uuid, path);
	return access(path, F_OK) == 0;
}

int record_history_remove(const char *root, const struct uuid *uuid, struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN];
	auto_close int dir = -1;

	if (snprintf(path, sizeof(path), "%s" HISTORY_DIR "/%s", root, uuid_str(uuid, u)) >=
	    (int)sizeof(path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot open %s", path);
	if (unlinkat(dir, "managed", 0) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s/managed", path);
	(void)unlinkat(dir, RECORD_UNLISTED, 0);
	/* Shares and snapshots keep the folder. */
	if (rmdir(path) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}
