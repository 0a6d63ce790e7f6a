/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comparison of a scanned INI text with what iniparser makes of it: see lib/ini.h. */
#include "lib/ini.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <string.h>
#include <sys/mman.h>

#if __has_include(<iniparser/iniparser.h>)
#include <iniparser/iniparser.h>
#else
#include <iniparser.h>
#endif

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* A section (no value) or an entry under the name that iniparser stores it by. */
struct flat {
	char *name;
	const char *value;
	unsigned line;
	size_t order;
};

struct flats {
	struct flat *v;
	size_t n;
};

static void flats_free(struct flats *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].name);
	free(f->v);
}

/* iniparser's messages would go to stderr, without the file's name. Ours say what to do. */
static int discard(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

static void freedictp(dictionary **d)
{
	if (*d)
		iniparser_freedict(*d);
}

/* "section" or "section:key" in lower case. */
static char *flat_name(const char *section, const char *key)
{
	struct strbuf sb = {0};

	sb_adds(&sb, section);
	if (key)
		sb_addf(&sb, ":%s", key);
	for (size_t i = 0; i < sb.len; i++)
		if (sb.data[i] >= 'A' && sb.data[i] <= 'Z')
			sb.data[i] = (char)(sb.data[i] + ('a' - 'A'));
	return sb_take(&sb);
}

static int flat_compare(const void *a, const void *b)
{
	const struct flat *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* All sections and entries, sorted by name and place in the file. */
static bool flatten(const struct ini *ini, struct flats *ret)
{
	ret->v = calloc(ini->n_sections + ini->n_entries + 1, sizeof(*ret->v));
	if (!ret->v)
		return false;
	for (size_t i = 0; i < ini->n_sections + ini->n_entries; i++) {
		const struct ini_entry *entry =
			i < ini->n_sections ? NULL : &ini->entries[i - ini->n_sections];
		const struct ini_section *section = &ini->sections[entry ? entry->section : i];
		struct flat *f = &ret->v[i];

		f->name = flat_name(section->name, entry ? entry->key : NULL);
		if (!f->name)
			return false;
		f->value = entry ? entry->value : NULL;
		f->line = entry ? entry->line : section->line;
		f->order = i;
		ret->n++;
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), flat_compare);
	return true;
}

/* A file in memory; where vm.memfd_noexec is set, only one that can never be executed. */
static int memory_file(void)
{
	int fd = memfd_create("virt-cordon-ini", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("virt-cordon-ini", MFD_CLOEXEC);
	return fd;
}

/*
 * iniparser 4.1 reads only what it can open by name. A copy in memory has one, so the policy's own
 * file is not opened a second time. Returns NULL when iniparser refuses; -errno in @ret_error when
 * the copy could not be made.
 */
static dictionary *read_by_iniparser(const char *text, size_t len, int *ret_error)
{
	auto_close int fd = memory_file();
	char name[64];
	size_t done = 0;

	*ret_error = 0;
	if (fd < 0) {
		*ret_error = -errno;
		return NULL;
	}
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_error = n < 0 ? -errno : -EIO;
			return NULL;
		}
		done += (size_t)n;
	}
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (access(name, R_OK) < 0) {
		*ret_error = -errno;
		return NULL;
	}
	iniparser_set_error_callback(discard);
	return iniparser_load(name);
}

/* Compares one name; @f is the last of its name, the one that iniparser keeps. */
static void compare_one(const dictionary *d, const struct flat *f, struct ini_report *r)
{
	static const char absent[] = "";
	const char *got = dictionary_get(d, f->name, absent);
	char quoted[INI_QUOTE_MAX + 8], other[INI_QUOTE_MAX + 8];

	if (got == absent)
		ini_report_add(r, f->line, NULL, NULL,
			       "iniparser does not see this line; write it in another way");
	else if (!got != !f->value || (got && strcmp(got, f->value) != 0))
		ini_report_add(r, f->line, NULL, NULL,
			       "iniparser reads %s, not %s; write it in another way",
			       got ? ini_quote(got, other) : "a section",
			       f->value ? ini_quote(f->value, quoted) : "a section");
}

void ini_cross_check(const struct ini *ini, const char *text, size_t len, struct ini_report *r)
{
	__attribute__((cleanup(freedictp))) dictionary *d = NULL;
	__attribute__((cleanup(flats_free))) struct flats flats = {0};
	size_t names = 0;
	int error;

	if (!flatten(ini, &flats)) {
		r->oom = true;
		return;
	}
	d = read_by_iniparser(text, len, &error);
	if (!d) {
		ini_report_add(r, 0, NULL, NULL,
			       error ? "could not be given to iniparser: %s (is /proc mounted?)"
				     : "iniparser refuses this file%s",
			       error ? strerror(-error) : "");
		return;
	}
	for (size_t i = 0; i < flats.n; i++) {
		if (i + 1 < flats.n && strcmp(flats.v[i].name, flats.v[i + 1].name) == 0)
			continue; /* share tags that differ in case: one name to iniparser */
		compare_one(d, &flats.v[i], r);
		names++;
	}
	if (r->n == 0 && (size_t)d->n != names)
		ini_report_add(r, 0, NULL, NULL,
			       "iniparser reads %d sections and keys, not %zu; write it plainer",
			       d->n, names);
}
