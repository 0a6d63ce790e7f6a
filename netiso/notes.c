/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of domains about bridges: see netiso/notes.h. */
#include "netiso/notes.h"

#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "/run/virt-cordon"

/* Empty names are left out: the folder of a bridge, or of a kind. */
static const char *note_path(const char *root, const char *kind, const char *bridge,
			     const char *name, char buf[static PATH_MAX])
{
	(void)snprintf(buf, PATH_MAX, "%s" RUN "/%s%s%s%s%s", root, kind, *bridge ? "/" : "",
		       bridge, *name ? "/" : "", name);
	return buf;
}

int notes_add(const char *root, const char *kind, const char *bridge, const char *name,
	      struct err *e)
{
	char path[PATH_MAX];
	auto_close int fd = -1;

	if (mkdir(note_path(root, kind, "", "", path), 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	if (mkdir(note_path(root, kind, bridge, "", path), 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	fd = open(note_path(root, kind, bridge, name, path),
		  O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? err_os(e, errno, "cannot make %s", path) : 0;
}

bool notes_has(const char *root, const char *kind, const char *bridge, const char *name)
{
	char path[PATH_MAX];

	return access(note_path(root, kind, bridge, name, path), F_OK) == 0;
}

int notes_remove(const char *root, const char *kind, const char *bridge, const char *name,
		 struct err *e)
{
	char path[PATH_MAX];

	if (unlink(note_path(root, kind, bridge, name, path)) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	(void)rmdir(note_path(root, kind, bridge, "", path));
	(void)rmdir(note_path(root, kind, "", "", path));
	return 0;
}

bool notes_others(const char *root, const char *kind, const char *bridge, const char *but)
{
	char path[PATH_MAX];
	auto_closedir DIR *d = opendir(note_path(root, kind, bridge, "", path));
	struct dirent *de;

	if (!d)
		return errno != ENOENT;
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && strcmp(de->d_name, but) != 0)
			return true;
	return false;
}
