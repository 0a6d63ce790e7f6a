/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that are known: see cli/domains.h. */
#include "cli/domains.h"

#include "lib/cli.h"
#include "lib/parse.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SUFFIX ".ini"
/* libvirt's QEMU driver keeps a file here as long as a domain runs. */
#define LIBVIRT_DIR "/run/libvirt/qemu"

char *domain_policy_path(const char *root, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s" POLICY_DIR "/%s" SUFFIX, root, name) < 0 ? NULL : path;
}

static struct domain *find_name(const struct domains *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->list[i].name, name) == 0)
			return &d->list[i];
	return NULL;
}

static struct domain *append(struct domains *d, const char *name, struct err *e)
{
	struct domain *grown = realloc(d->list, (d->n + 1) * sizeof(*grown));
	char *copy = strdup(name);

	if (grown)
		d->list = grown;
	if (!grown || !copy) {
		free(copy);
		(void)err_os(e, ENOMEM, "list of domains");
		return NULL;
	}
	grown[d->n] = (struct domain){.name = copy};
	return &grown[d->n++];
}

/* EACCES and the like: part of the picture is missing. Anything else is an error. */
static int tolerate(struct domains *d, const struct err *why, struct err *e)
{
	if (why->exit != EX_CORDON_NOPERM)
		return err_set(e, why->exit, why->errnum, "%s", why->msg);
	if (!err_is_set(&d->blind))
		d->blind = *why;
	return 0;
}

static int add_record(const char *root, const struct uuid *uuid, struct domains *d, struct err *e)
{
	char text[UUID_STRLEN];
	struct record rec = {0};
	struct err why = {0};
	struct domain *new;
	int r;

	r = record_load(root, uuid, &rec, &why);
	if (r == -ENOENT)
		return 0; /* only a lock, or it ended just now */
	new = append(d, r == 0 ? rec.name : uuid_str(uuid, text), e);
	if (!new) {
		record_free(&rec);
		return -ENOMEM;
	}
	new->has_uuid = true;
	new->uuid = *uuid;
	new->has_record = true;
	new->rec = rec;
	if (r == 0)
		return 0;
	new->unread = malloc(sizeof(*new->unread));
	if (!new->unread)
		return err_os(e, ENOMEM, "list of domains");
	*new->unread = why;
	return 0;
}

static int add_records(const char *root, struct domains *d, struct err *e)
{
	auto_free struct uuid *list = NULL;
	struct err why = {0};
	size_t n = 0;
	int r;

	if (record_list(root, &list, &n, &why) < 0)
		return tolerate(d, &why, e);
	for (size_t i = 0; i < n; i++) {
		r = add_record(root, &list[i], d, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The domain's name that a file in the folder of policies stands for, malloc'd, or NULL. */
static char *name_of_file(const char *file)
{
	const size_t n = strlen(file), suffix = strlen(SUFFIX);
	char *name;

	if (n <= suffix || strcmp(file + n - suffix, SUFFIX) != 0)
		return NULL;
	name = strndup(file, n - suffix);
	if (name && !parse_domain_name(name))
		util_freep(&name);
	return name;
}

static int add_policies(const char *root, struct domains *d, struct err *e)
{
	auto_closedir DIR *dir = NULL;
	struct err why = {0};
	char path[PATH_MAX];
	struct dirent *de;

	if (snprintf(path, sizeof(path), "%s" POLICY_DIR, root) >= (int)sizeof(path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	dir = opendir(path);
	d->no_folder = !dir && errno == ENOENT;
	if (!dir && !d->no_folder) {
		(void)err_os(&why, errno, "cannot open %s", path);
		return tolerate(d, &why, e);
	}
	while (dir && (de = readdir(dir))) {
		auto_free char *name = name_of_file(de->d_name);
		struct domain *known = name ? find_name(d, name) : NULL;

		if (!name)
			continue;
		if (!known)
			known = append(d, name, e);
		if (!known)
			return -ENOMEM;
		known->has_policy = true;
	}
	return 0;
}

/* A pid file of libvirt's that names a process which is there, or that we may not read. */
static bool libvirt_runs(const char *root, const char *name)
{
	auto_fclose FILE *f = NULL;
	char path[PATH_MAX], text[32];
	uint64_t pid;

	if (snprintf(path, sizeof(path), "%s" LIBVIRT_DIR "/%s.pid", root, name) >=
	    (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return errno == EACCES && access(path, F_OK) == 0;
	if (!fgets(text, sizeof(text), f))
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (!parse_u64(text, INT_MAX, &pid))
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return access(path, F_OK) == 0;
}

static int compare_domains(const void *a, const void *b)
{
	return strcmp(((const struct domain *)a)->name, ((const struct domain *)b)->name);
}

int domains_load(const char *root, struct domains *ret, struct err *e)
{
	struct domains d = {0};
	int r;

	r = add_records(root, &d, e);
	if (r == 0)
		r = add_policies(root, &d, e);
	if (r < 0) {
		domains_free(&d);
		return r;
	}
	for (size_t i = 0; i < d.n; i++)
		if (!d.list[i].has_record && !err_is_set(&d.blind))
			d.list[i].runs_unmanaged = libvirt_runs(root, d.list[i].name);
	if (d.n)
		qsort(d.list, d.n, sizeof(*d.list), compare_domains);
	*ret = d;
	return 0;
}

void domains_free(struct domains *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i].name);
		record_free(&d->list[i].rec);
		free(d->list[i].unread);
	}
	free(d->list);
	*d = (struct domains){0};
}

static int not_found(const struct domains *d, const char *arg, struct err *e)
{
	auto_free const char **names = calloc(d->n + 1, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; names && i < d->n; i++)
		names[i] = d->list[i].name;
	if (names)
		near = suggest_closest(arg, names, d->n);
	if (err_is_set(&d->blind))
		return err_set(e, EX_CORDON_NOPERM, EACCES, "domain '%s': %s", arg, d->blind.msg);
	return err_set(e, EX_CORDON_NOINPUT, ENOENT,
		       "domain '%s' has neither a policy nor a record%s%s%s", arg,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

int domains_find(const struct domains *d, const char *arg, struct domain **ret, struct err *e)
{
	struct uuid uuid;

	switch (cli_target(arg, &uuid)) {
	case CLI_UUID:
		for (size_t i = 0; i < d->n; i++) {
			if (!d->list[i].has_uuid || !uuid_equal(&d->list[i].uuid, &uuid))
				continue;
			*ret = &d->list[i];
			return 0;
		}
		return not_found(d, arg, e);
	case CLI_NAME:
		*ret = find_name(d, arg);
		return *ret ? 0 : not_found(d, arg, e);
	default:
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is a file; name a domain", arg);
	}
}
