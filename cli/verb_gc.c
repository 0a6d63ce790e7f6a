/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon gc: records of domains that ended without libvirt saying so. */
#include "cli/verbs.h"

#include "lib/confirm.h"
#include "cli/domains.h"
#include "cli/netiso.h"
#include "cli/print.h"
#include "lib/record.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK_MS 10000
/* libvirt goes from prepare to start in seconds; after this long it never will. */
#define PREPARED_S 600

/* How long ago the record was written, in seconds; 0 when that cannot be told. */
static time_t age(const char *root, const struct uuid *uuid)
{
	char path[PATH_MAX + 8], dir[PATH_MAX];
	struct stat st;
	time_t now = time(NULL);

	(void)snprintf(path, sizeof(path), "%s/record", record_dir(root, uuid, dir, sizeof(dir)));
	return stat(path, &st) == 0 && st.st_mtim.tv_sec < now ? now - st.st_mtim.tv_sec : 0;
}

/* Whether the domain had taps, and all of them are gone. A failure to ask is not an answer. */
static bool taps_gone(const struct record *rec)
{
	size_t had = 0;

	for (size_t i = 0; i < rec->n_nics; i++) {
		if (rec->nics[i].gone || !rec->nics[i].tap[0])
			continue;
		had++;
		if (if_nametoindex(rec->nics[i].tap) != 0 || errno != ENODEV)
			return false;
	}
	return had > 0;
}

/* Why a record is a left-over, or NULL when its domain may be there. */
static const char *why_dead(const char *root, const struct record *rec)
{
	switch (rec->phase) {
	case PHASE_STOPPING:
		return "its stop was not finished";
	case PHASE_PREPARED:
		return age(root, &rec->uuid) > PREPARED_S ? "its start went no further" : NULL;
	default:
		return taps_gone(rec) ? "its taps are gone" : NULL;
	}
}

static size_t list_dead(const char *root, const struct domains *d)
{
	char uuid[UUID_STRLEN];
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct domain *one = &d->list[i];
		const char *why =
			one->has_record && !one->unread ? why_dead(root, &one->rec) : NULL;
		auto_sb struct strbuf line = {0};

		if (!why)
			continue;
		n++;
		sb_addf(&line, "%s  %s: %s", uuid_str(&one->uuid, uuid), one->name, why);
		print_lines(NULL, sb_str(&line), COLOUR_NONE);
	}
	return n;
}

/* As the hook at release: in reverse, all of them tried, the first failure kept. */
static int revert_all(const char *root, const struct uuid *uuid, struct err *e)
{
	int first = 0;

	if (!record_file_gone(root, uuid, RECORD_NETISO_UNDO))
		first = netiso_uuid(root, "revert", uuid, NULL, e);
	for (unsigned i = PART_COUNT; i-- > 0;) {
		const char *part = record_part_name((enum record_part)i);
		char undo[40];
		int r = 0;

		(void)snprintf(undo, sizeof(undo), "%s.undo", part);
		if (!record_file_gone(root, uuid, undo))
			r = part_uuid(part, root, "revert", uuid, NULL, first ? NULL : e);
		first = first ? first : r;
	}
	return first;
}

/* Under the domain's lock, and so by what is true now: it may be starting meanwhile. */
static int collect(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_close int lock = record_lock_domain(root, uuid, LOCK_MS, e);
	const struct record none = {.uuid = *uuid};
	struct record rec = {0};
	struct err why = {0};
	int r;

	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &rec, &why);
	if (r == -ENOENT) {
		(void)record_remove(root, &none, NULL);
		return 0;
	}
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	if (why_dead(root, &rec)) {
		r = revert_all(root, uuid, e);
		if (r == 0)
			r = record_remove(root, &rec, e);
	}
	record_free(&rec);
	return r;
}

/* A record that cannot be read says nothing of what to undo: that is for a person to decide. */
static int report_unread(const struct domains *d)
{
	int worst = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (!d->list[i].unread)
			continue;
		print_complaint("%s; left alone", d->list[i].unread->msg);
		worst = d->list[i].unread->exit > (unsigned)worst ? (int)d->list[i].unread->exit
								  : worst;
	}
	return worst;
}

static int collect_all(const char *root, const struct domains *d, int worst)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct domain *one = &d->list[i];
		auto_sb struct strbuf line = {0};
		struct err why = {0};

		if (!one->has_record || one->unread || !why_dead(root, &one->rec))
			continue;
		if (collect(root, &one->uuid, &why) < 0) {
			print_complaint("%s: %s", one->name, why.msg);
			worst = (int)why.exit > worst ? (int)why.exit : worst;
			continue;
		}
		sb_addf(&line, "removed: %s", one->name);
		print_lines(NULL, sb_str(&line), COLOUR_NONE);
	}
	return worst;
}

int verb_gc(const struct cli *cli, struct err *e)
{
	auto_domains struct domains all = {0};
	char question[64];
	int r, worst;
	size_t n;

	r = domains_load(cli->root, &all, e);
	if (r == 0 && err_is_set(&all.blind))
		r = err_set(e, all.blind.exit, all.blind.errnum, "%s", all.blind.msg);
	if (r < 0)
		return r;
	worst = report_unread(&all);
	n = list_dead(cli->root, &all);
	if (n == 0 && worst == 0)
		print_lines(NULL, "nothing to remove", COLOUR_NONE);
	if (n > 0) {
		(void)snprintf(question, sizeof(question), "Undo and remove %s?",
			       n > 1 ? "these" : "this");
		r = confirm(cli, question, e);
		if (r < 0)
			return r;
		if (r == 1)
			worst = collect_all(cli->root, &all, worst);
	}
	if (worst == 0)
		return 0;
	e->exit = (enum exit_code)worst;
	return -EIO;
}
