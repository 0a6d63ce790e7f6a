/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon remove: what virt-cordon new made, and what came of it. */
#include "provision/verbs.h"

#include "lib/confirm.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/domain.h"
#include "provision/made.h"
#include "provision/snap.h"
#include "provision/virt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK_MS 10000

struct removal {
	const char *root;
	struct virt virt;
	struct facts facts;
	struct store store;
	struct snaps all;
	struct made made;
	int lock;
};

static void removal_free(struct removal *m)
{
	const struct record none = {.uuid = m->facts.uuid};

	if (m->lock >= 0 && record_file_gone(m->root, &none.uuid, "record"))
		(void)record_remove(m->root, &none, NULL);
	util_closep(&m->lock);
	made_free(&m->made);
	snaps_free(&m->all);
	store_close(&m->store);
	facts_free(&m->facts);
	virt_close(&m->virt);
}

/* Whether what is in the folder of this UUID was made for a domain of that name. */
static bool made_for(const char *root, const struct uuid *uuid, const char *name)
{
	auto_store struct store s = {.dir = -1};
	struct made made = {0};
	const char *base;
	bool same;

	if (store_open(root, uuid, false, &s, NULL) < 0 || made_load(&s, &made, NULL) < 0)
		return false;
	base = strrchr(made.policy, '/') + 1;
	same = strncmp(base, name, strlen(name)) == 0 && strcmp(base + strlen(name), ".ini") == 0;
	made_free(&made);
	return same;
}

/* One that was undefined by virsh: what was made for it is still there. */
static int find_undefined(const char *root, const char *name, struct facts *ret, struct err *e)
{
	auto_closedir DIR *d = NULL;
	char base[PATH_MAX];
	struct dirent *de;

	if (snprintf(base, sizeof(base), "%s" STORE_BASE, root) < (int)sizeof(base))
		d = opendir(base);
	while (d && (de = readdir(d))) {
		struct uuid uuid;

		if (!uuid_parse(de->d_name, &uuid) || !made_for(root, &uuid, name))
			continue;
		ret->uuid = uuid;
		ret->name = strdup(name);
		return ret->name ? 0 : err_os(e, ENOMEM, "%s", name);
	}
	return -ENOENT;
}

static int open_domain(const char *root, const char *arg, struct removal *m, struct err *e)
{
	struct err why = {0};
	int r = virt_open(arg, &m->virt, &m->facts, &why);

	if (r < 0 && why.exit == EX_CORDON_NOINPUT && !m->virt.dom)
		r = find_undefined(root, arg, &m->facts, &why);
	return r < 0 ? err_set(e, why.exit, why.errnum, "%s", why.msg) : 0;
}

static int open_all(const char *root, const char *arg, struct removal *m, struct err *e)
{
	struct err why = {0};
	int r;

	m->root = root;
	r = open_domain(root, arg, m, e);
	if (r < 0)
		return r;
	r = store_open(root, &m->facts.uuid, false, &m->store, &why);
	if (r == 0)
		r = made_load(&m->store, &m->made, &why);
	if (r == -ENOENT)
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "domain '%s' was not made by virt-cordon new; remove it as it was "
			       "made, by virsh undefine say",
			       m->facts.name);
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	m->lock = record_lock_domain(root, &m->facts.uuid, LOCK_MS, e);
	if (m->lock < 0)
		return m->lock;
	r = m->virt.dom ? virt_need_idle(&m->virt, m->facts.name, e) : 0;
	return r < 0 ? r : snaps_load(&m->store, &m->all, e);
}

/* Another guest may have been made of a snapshot of this one. */
static int refuse_used(const struct removal *m, const char *path, struct err *e)
{
	char text[UUID_STRLEN];
	struct uuid other;
	int r = snaps_elsewhere(m->root, &m->facts.uuid, path, &other, e);

	return r <= 0 ? r
		      : err_set(e, EX_CORDON_POLICY, EBUSY,
				"another domain, %s, stands on %s; remove that one first",
				uuid_str(&other, text), path);
}

/* Calls @each for every file of ours, in the order of removal; stops at an error. */
static int for_files(const struct removal *m,
		     int (*each)(const struct removal *m, const char *path, struct err *e),
		     struct err *e)
{
	int r = 0;

	for (size_t i = m->all.n; r == 0 && i-- > 0;)
		for (size_t k = 0; r == 0 && m->all.list[i].ours && k < m->all.list[i].n_disks; k++)
			r = each(m, m->all.list[i].disks[k].layer, e);
	if (r == 0)
		r = each(m, m->made.disk, e);
	return r < 0 ? r : each(m, m->made.policy, e);
}

static int print_file(const struct removal *m, const char *path, struct err *e)
{
	(void)m;
	(void)e;
	if (access(path, F_OK) == 0)
		safe_printf("  %s\n", path);
	return 0;
}

static int remove_file(const struct removal *m, const char *path, struct err *e)
{
	(void)m;
	return unlink(path) < 0 && errno != ENOENT ? err_os(e, errno, "cannot remove %s", path) : 0;
}

static bool has_shares(const struct store *s)
{
	return faccessat(s->dir, "shares", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void print_list(const struct removal *m)
{
	printf("These would be removed:\n");
	if (m->virt.dom)
		safe_printf("  the domain '%s' in libvirt\n", m->facts.name);
	(void)for_files(m, print_file, NULL);
	printf("  keys, seed and notes in %s\n", m->store.path);
	if (has_shares(&m->store))
		printf("Its shared folders stay: %s/shares\n", m->store.path);
	(void)fflush(stdout);
}

/* The files directly in a folder of ours, then the folder. */
static int empty_folder(int at, const char *name, struct err *e)
{
	const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot open %s", name);
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    unlinkat(dirfd(d), de->d_name, 0) < 0)
			return err_os(e, errno, "cannot remove %s/%s", name, de->d_name);
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? err_os(e, errno, "cannot remove %s", name)
						    : 0;
}

/* The note of what was made goes last: a removal that stops half-way can be done again. */
static int empty_store(const struct removal *m, struct err *e)
{
	static const char *const files[] = {PROV_SEED, INSTANCE_FILE, PROV_LOG, MADE_FILE};
	int r;

	r = empty_folder(m->store.dir, "snapshots", e);
	if (r == 0)
		r = empty_folder(m->store.dir, "keys", e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = store_remove(&m->store, files[i], e);
	/* With shares left the UUID is still known. */
	if (r == 0 && !has_shares(&m->store)) {
		r = record_history_remove(m->root, &m->facts.uuid, e);
		(void)rmdir(m->store.path);
	}
	return r;
}

int verb_remove(const struct cli *cli, struct err *e)
{
	__attribute__((cleanup(removal_free))) struct removal m = {.store = {.dir = -1},
								   .lock = -1};
	int r;

	r = open_all(cli->root, cli->args[0], &m, e);
	if (r == 0)
		r = for_files(&m, refuse_used, e);
	if (r < 0)
		return r;
	print_list(&m);
	r = confirm(cli, "Remove all of these?", e);
	if (r <= 0)
		return r;
	/* The definition after its files: until then it is found, and can be tried again. */
	r = for_files(&m, remove_file, e);
	if (r == 0 && m.virt.dom)
		r = virt_undefine(&m.virt, e);
	return r < 0 ? r : empty_store(&m, e);
}
