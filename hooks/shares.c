/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared folders: the domain's filesystems against the sections of its policy. */
#include "hooks/hook.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>

static const struct policy_share *find_share(const struct policy *p, const char *tag)
{
	for (size_t i = 0; i < p->n_shares; i++)
		if (strcmp(p->shares[i].tag, tag) == 0)
			return &p->shares[i];
	return NULL;
}

static int without_section(const struct filesystem *fs, const struct policy *p, struct err *e)
{
	const char *path = p->path ? p->path : "the policy";

	if (!policy_tag_valid(fs->target))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "the target tag '%s' of <filesystem> %s cannot be the name of a "
			       "section (1 to %d bytes without / : [ ] # ; and quotes); write "
			       "another <target dir>",
			       fs->target, fs->source, POLICY_TAG_MAX);
	return err_set(e, EX_CORDON_POLICY, ENOENT,
		       "%s: no section for the <filesystem> %s, which the guest could fill the "
		       "disk with; write these lines: \"[share %s]\" and \"size = 10G\"%s",
		       path, fs->source, fs->target, fs->readonly ? " and \"mode = ro\"" : "");
}

static int without_filesystem(const struct facts *f, const struct policy *p,
			      const struct policy_share *share, struct err *e)
{
	auto_sb struct strbuf tags = {0};

	for (size_t i = 0; i < f->n_fs; i++)
		if (filesystem_is_plain(&f->fs[i]) && f->fs[i].target)
			sb_addf(&tags, "%s'%s'", tags.len ? ", " : "", f->fs[i].target);
	return err_set(e, EX_CORDON_POLICY, ENOENT,
		       "%s:%u: [share %s]: the domain has no such <filesystem> (its target tags: "
		       "%s); write one of them, or remove the section",
		       p->path ? p->path : "policy", share->line, share->tag,
		       tags.len ? sb_str(&tags) : "none");
}

static int admit_filesystem(const struct facts *f, size_t i, const struct policy *p, struct err *e)
{
	const struct filesystem *fs = &f->fs[i];

	if (!fs->target)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "the <filesystem> %s has no target tag; write <target dir='TAG'/>",
			       fs->source);
	for (size_t k = 0; k < i; k++)
		if (filesystem_is_plain(&f->fs[k]) && f->fs[k].target &&
		    strcmp(f->fs[k].target, fs->target) == 0)
			return err_set(e, EX_CORDON_POLICY, EEXIST,
				       "two <filesystem> have the target tag '%s'; write another",
				       fs->target);
	return find_share(p, fs->target) ? 0 : without_section(fs, p, e);
}

int admit_shares(const struct facts *f, const struct policy *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < f->n_fs && r == 0; i++)
		if (filesystem_is_plain(&f->fs[i]))
			r = admit_filesystem(f, i, p, e);
	for (size_t s = 0; s < p->n_shares && r == 0; s++) {
		bool found = false;

		for (size_t i = 0; i < f->n_fs; i++)
			found = found || (filesystem_is_plain(&f->fs[i]) &&
					  strcmp(f->fs[i].target, p->shares[s].tag) == 0);
		if (!found)
			r = without_filesystem(f, p, &p->shares[s], e);
	}
	return r;
}

int record_shares(const struct facts *f, const struct policy *p, struct record *rec, struct err *e)
{
	if (p->n_shares == 0)
		return 0;
	rec->fs = calloc(f->n_fs + 1, sizeof(*rec->fs));
	if (!rec->fs)
		return err_os(e, ENOMEM, "record");
	for (size_t i = 0; i < f->n_fs; i++) {
		struct record_fs *fs = &rec->fs[rec->n_fs];

		if (!filesystem_is_plain(&f->fs[i]))
			continue;
		rec->n_fs++;
		fs->tag = strdup(f->fs[i].target);
		fs->source = strdup(f->fs[i].source);
		fs->driver = strdup(f->fs[i].driver);
		if (!fs->tag || !fs->source || !fs->driver)
			return err_os(e, ENOMEM, "record");
	}
	return 0;
}
