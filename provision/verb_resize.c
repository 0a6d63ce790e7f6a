/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon resize: a disk grows, while its guest runs or not. */
#include "provision/verbs.h"

#include "lib/parse.h"
#include "lib/record.h"
#include "lib/run.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/layers.h"
#include "provision/qcow2.h"
#include "provision/virt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK_MS 10000
#define SECTOR 512

struct resize {
	const char *root;
	struct virt virt;
	struct facts facts;
	int lock;
	const struct disk *disk;
	uint64_t size; /* wanted, bytes */
};

static void resize_free(struct resize *z)
{
	const struct record none = {.uuid = z->facts.uuid};

	if (z->lock >= 0 && record_file_gone(z->root, &none.uuid, "record"))
		(void)record_remove(z->root, &none, NULL);
	util_closep(&z->lock);
	facts_free(&z->facts);
	virt_close(&z->virt);
}

/* The one that is named, or the only one that the guest can write. */
static int choose_disk(struct resize *z, const char *target, struct err *e)
{
	auto_sb struct strbuf names = {0};
	size_t n = 0;

	for (size_t i = 0; i < z->facts.n_disks; i++) {
		const struct disk *d = &z->facts.disks[i];

		if (!layers_writable(d))
			continue;
		sb_addf(&names, "%s%s", n++ ? ", " : "", d->target);
		if (!target || strcmp(target, d->target) == 0)
			z->disk = d;
	}
	if (n == 0)
		return err_set(e, EX_CORDON_POLICY, ENODEV, "domain '%s' has no disk to write to",
			       z->facts.name);
	if (!z->disk)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT,
			       "domain '%s' has no disk '%s' to write to; it has %s", z->facts.name,
			       target, sb_str(&names));
	if (!target && n > 1)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "domain '%s' has the disks %s; name one of them", z->facts.name,
			       sb_str(&names));
	return 0;
}

/* A smaller one would lose what is at its end. */
static int check_size(const struct resize *z, uint64_t now, struct err *e)
{
	return z->size < now ? err_set(e, EX_CORDON_POLICY, EINVAL,
				       "disk %s of '%s' has %" PRIu64
				       " bytes already, and disks only grow",
				       z->disk->target, z->facts.name, now)
			     : 0;
}

static int resize_live(const struct resize *z, struct err *e)
{
	uint64_t now = 0;
	int r = virt_disk_size(&z->virt, z->disk->target, &now, e);

	if (r == 0)
		r = check_size(z, now, e);
	return r < 0 || z->size == now ? r : virt_resize(&z->virt, z->disk->target, z->size, e);
}

static int size_of_file(const struct disk *d, uint64_t *ret, struct err *e)
{
	struct qcow2 q = {0};
	struct stat st;
	int r = 0;

	if (strcmp(d->type, "file") != 0 || *d->source != '/' || !d->plain ||
	    (strcmp(d->format, "qcow2") != 0 && strcmp(d->format, "raw") != 0))
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "disk %s (%s) is no qcow2 or raw file; make it larger as it was "
			       "made",
			       d->target, *d->source ? d->source : d->type);
	if (stat(d->source, &st) < 0)
		return err_os(e, errno, "disk %s: %s", d->target, d->source);
	*ret = (uint64_t)st.st_size;
	if (strcmp(d->format, "qcow2") == 0) {
		r = qcow2_read(d->source, &q, e);
		*ret = q.size;
	}
	return r;
}

static int resize_file(const struct resize *z, struct err *e)
{
	uint64_t now = 0;
	int r;

	r = virt_need_idle(&z->virt, z->facts.name, e);
	if (r == 0)
		r = size_of_file(z->disk, &now, e);
	if (r == 0)
		r = check_size(z, now, e);
	if (r == 0)
		r = layers_refuse_in_use(z->disk->source, e);
	return r < 0 || z->size == now ? r
				       : qcow2_resize(z->disk->source, z->disk->format, z->size, e);
}

int verb_resize(const struct cli *cli, struct err *e)
{
	__attribute__((cleanup(resize_free))) struct resize z = {.root = cli->root, .lock = -1};
	int r;

	if (!parse_size(cli->args[1], &z.size) || z.size == 0 || z.size % SECTOR)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' is not a size; write one such as 40G", cli->args[1]);
	r = virt_open(cli->args[0], &z.virt, &z.facts, e);
	if (r == 0)
		r = choose_disk(&z, cli->n_args > 2 ? cli->args[2] : NULL, e);
	if (r < 0)
		return r;
	z.lock = record_lock_domain(cli->root, &z.facts.uuid, LOCK_MS, e);
	if (z.lock < 0)
		return z.lock;
	r = virt_is_active(&z.virt, e);
	if (r >= 0)
		r = r ? resize_live(&z, e) : resize_file(&z, e);
	if (r == 0 && !cli->quiet)
		safe_printf("%s of %s has %s\n", z.disk->target, z.facts.name, cli->args[1]);
	return r;
}
