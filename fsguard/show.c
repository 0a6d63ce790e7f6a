/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb show: see fsguard/show.h. */
#include "fsguard/show.h"

#include "fsguard/domain.h"
#include "fsguard/holders.h"
#include "fsguard/image.h"
#include "fsguard/target.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* What is known of a share now. */
struct state {
	bool in_force;
	bool mounted;	    /* at all */
	uint64_t on_disk;   /* bytes that the image takes on the host */
	uint64_t used, has; /* bytes in the file system, when mounted */
	struct strbuf holders;
};

static void look(struct job *j, struct share *share, struct state *s)
{
	auto_close int fd = -1;
	struct statvfs fs;
	struct stat st;

	s->in_force = fsg_share_verify(j, share, NULL, NULL) == 0;
	if (j->store >= 0 && fstatat(j->store, share->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		s->on_disk = (uint64_t)st.st_blocks * 512;
	if (fsg_target_open(share->target, &fd, NULL) < 0 || fstat(fd, &st) < 0 || st.st_ino != 2 ||
	    fstatvfs(fd, &fs) < 0 || !s->in_force)
		return;
	s->mounted = true;
	s->has = (uint64_t)fs.f_blocks * fs.f_frsize;
	s->used = s->has - (uint64_t)fs.f_bfree * fs.f_frsize;
	util_closep(&fd);
	(void)fsg_holders_list(st.st_dev, &s->holders);
}

static json_t *to_json(const struct share *share, const struct state *s)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:b, s:I, s:I, s:s}", "tag", share->policy->tag,
			 "folder", share->target, "size", (json_int_t)share->policy->size, "mode",
			 share->policy->ro ? "ro" : "rw", "in_force", s->in_force, "on_disk",
			 (json_int_t)s->on_disk, "used", (json_int_t)s->used, "holders",
			 sb_str(&s->holders));
}

static void print_text(const struct share *share, const struct state *s)
{
	safe_printf("share %s\n  folder   %s\n  state    %s\n  size     %llu MiB, %s\n"
		    "  on disk  %llu MiB\n",
		    share->policy->tag, share->target, s->in_force ? "in force" : "not in place",
		    (unsigned long long)(share->policy->size >> 20),
		    share->policy->ro ? "ro" : "rw", (unsigned long long)(s->on_disk >> 20));
	if (s->mounted)
		printf("  used     %llu MiB\n", (unsigned long long)(s->used >> 20));
	if (s->holders.len)
		safe_printf("  held by  %s\n", sb_str(&s->holders));
}

int fsg_show_domain(const char *root, const struct uuid *uuid, bool json, struct err *e)
{
	auto_job struct job j = JOB_INIT(root);
	json_t *list = json_array(), *doc;
	auto_sb struct strbuf warning = {0};
	int r;

	r = fsg_job_load(&j, uuid, e);
	if (r == 0) {
		fsg_store_dir(root, uuid, j.store_path, sizeof(j.store_path));
		(void)fsg_store_open(root, uuid, false, &j.store, NULL);
	}
	for (size_t i = 0; i < j.n_shares && r == 0; i++) {
		struct state s = {0};

		look(&j, &j.shares[i], &s);
		if (json)
			(void)json_array_append_new(list, to_json(&j.shares[i], &s));
		else
			print_text(&j.shares[i], &s);
		sb_free(&s.holders);
	}
	fsg_pressure_warn(&j, &warning);
	if (r < 0 || !json) {
		safe_print(stdout, sb_str(&warning));
		json_decref(list);
		return r;
	}
	if (warning.len)
		warning.data[--warning.len] = '\0'; /* its line end */
	doc = json_pack("{s:s, s:o, s:s?}", "name", j.rec.name, "shares", list, "warning",
			warning.len ? sb_str(&warning) : NULL);
	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
		r = err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	json_decref(doc);
	putchar('\n');
	return r;
}
