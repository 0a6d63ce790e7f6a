/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making an image: see fsguard/create.h. */
#include "fsguard/create.h"

#include "fsguard/adopt.h"
#include "fsguard/image.h"
#include "fsguard/loop.h"
#include "fsguard/mnt.h"
#include "fsguard/store.h"
#include "fsguard/target.h"
#include "lib/parse.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_NAME_MAX (STORE_NAME_MAX + 8)

static void new_name(const char *name, char buf[static NEW_NAME_MAX])
{
	(void)snprintf(buf, NEW_NAME_MAX, ".%s.new", name);
}

void fsg_create_tidy(int store, const char *name)
{
	char tmp[NEW_NAME_MAX];

	new_name(name, tmp);
	(void)unlinkat(store, tmp, 0);
}

/* A name, or a number, to the user's number and the group that goes with a name. */
static bool find_user(const char *s, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(s);
	uint64_t id;

	if (pw) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		return true;
	}
	if (!parse_u64(s, UINT32_MAX - 1, &id))
		return false;
	*uid = (uid_t)id;
	return true;
}

static bool find_group(const char *s, gid_t *gid)
{
	const struct group *gr = getgrnam(s);
	uint64_t id;

	if (gr)
		*gid = gr->gr_gid;
	else if (parse_u64(s, UINT32_MAX - 1, &id))
		*gid = (gid_t)id;
	else
		return false;
	return true;
}

/* By the policy, else as the source folder has it, into @st. */
static int find_owner(const char *owner, struct stat *st, struct err *e)
{
	auto_free char *user = owner ? strdup(owner) : NULL;
	char *colon;

	if (!owner)
		return 0;
	if (!user)
		return err_os(e, ENOMEM, "owner");
	colon = strchr(user, ':');
	if (colon)
		*colon = '\0';
	if (!find_user(user, &st->st_uid, &st->st_gid))
		return err_set(e, EX_CORDON_POLICY, ENOENT, "owner: no such user: %s", user);
	if (colon && !find_group(colon + 1, &st->st_gid))
		return err_set(e, EX_CORDON_POLICY, ENOENT, "owner: no such group: %s", colon + 1);
	return 0;
}

static int refuse_content(const struct creation *c, struct err *e)
{
	return err_set(e, EX_CORDON_POLICY, ENOTEMPTY,
		       "the folder %s is not empty, and the share would hide what is in it; write "
		       "adopt = yes in this section to copy it into the share, or move it away",
		       c->source_path);
}

/* The top folder as it is to be, and what the folder held. */
static int fill(const struct creation *c, int mnt, struct err *e)
{
	struct stat st;
	int empty, r;

	if (fstat(c->source, &st) < 0)
		return err_os(e, errno, "cannot look at %s", c->source_path);
	r = find_owner(c->policy->owner, &st, e);
	if (r < 0)
		return r;
	/* e2fsck makes it again when it has something to put there. */
	(void)unlinkat(mnt, "lost+found", AT_REMOVEDIR);
	if (fchown(mnt, st.st_uid, st.st_gid) < 0 || fchmod(mnt, st.st_mode & 07777) < 0)
		return err_os(e, errno, "cannot set the owner of the share");
	empty = fsg_target_empty(c->source, c->source_path, e);
	if (empty < 0 || empty == 1)
		return empty < 0 ? empty : 0;
	if (!c->policy->adopt)
		return refuse_content(c, e);
	return fsg_adopt_tree(c->source, c->source_path, mnt, c->deadline_ms, e);
}

/* All that is done to the new image while no one else can see it. */
static int make_content(const struct creation *c, int fd, const char *path, uint64_t bytes,
			struct err *e)
{
	auto_loop struct loop loop = LOOP_NONE;
	auto_mnt struct mnt mnt = MNT_NONE;
	int r;

	r = fsg_image_format(path, c->policy->tag, bytes, c->deadline_ms, e);
	if (r == 0 && c->policy->reserve)
		r = fsg_create_reserve(fd, bytes, path, e);
	if (r == 0)
		r = fsg_loop_attach(fd, path, &loop, e);
	if (r == 0)
		r = fsg_mnt_make(&loop, false, c->store, &mnt, e);
	if (r == 0)
		r = fill(c, mnt.root, e);
	if (r == 0 && syncfs(mnt.root) < 0)
		r = err_os(e, errno, "cannot write the image %s", path);
	return r;
}

int fsg_create_reserve(int fd, uint64_t bytes, const char *where, struct err *e)
{
	if (fallocate(fd, 0, 0, (off_t)bytes) == 0)
		return 0;
	if (errno == ENOSPC)
		return err_set(e, EX_CORDON_OS, ENOSPC,
			       "reserve = yes, but the disk has no room for %llu MiB (%s)",
			       (unsigned long long)(bytes >> 20), where);
	return err_os(e, errno, "cannot reserve the image %s", where);
}

static int make_file(const struct creation *c, const char *tmp, uint64_t bytes, int *ret_fd,
		     struct err *e)
{
	int fd = openat(c->store, tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_os(e, errno, "cannot make an image in %s", c->store_path);
	*ret_fd = fd;
	if (ftruncate(fd, (off_t)bytes) < 0)
		return err_os(e, errno, "cannot make an image of %llu MiB in %s",
			      (unsigned long long)(bytes >> 20), c->store_path);
	return 0;
}

int fsg_create_image(const struct creation *c, struct err *e)
{
	const uint64_t bytes = fsg_image_bytes(c->policy->size);
	char tmp[NEW_NAME_MAX], path[PATH_MAX + NEW_NAME_MAX];
	auto_close int fd = -1;
	int r, empty;

	/* Said before anything is made. */
	empty = c->policy->adopt ? 1 : fsg_target_empty(c->source, c->source_path, e);
	if (empty <= 0)
		return empty < 0 ? empty : refuse_content(c, e);
	new_name(c->name, tmp);
	(void)snprintf(path, sizeof(path), "%s/%s", c->store_path, tmp);
	fsg_create_tidy(c->store, c->name);
	r = make_file(c, tmp, bytes, &fd, e);
	if (r == 0)
		r = make_content(c, fd, path, bytes, e);
	if (r == 0 && fsync(fd) < 0)
		r = err_os(e, errno, "cannot write the image %s", path);
	if (r == 0 && (renameat(c->store, tmp, c->store, c->name) < 0 || fsync(c->store) < 0))
		r = err_os(e, errno, "cannot rename the image %s", path);
	if (r < 0)
		fsg_create_tidy(c->store, c->name);
	return r;
}
