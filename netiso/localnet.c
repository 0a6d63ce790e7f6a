/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See netiso/localnet.h. The notes: ROOT/run/virt-cordon/localnet/BRIDGE/UUID per domain, and "set"
 * beside them when the value was 0 before. */
#include "netiso/localnet.h"

#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES "/run/virt-cordon/localnet"
#define WAS_ZERO "set"

static int open_sysctl(const char *bridge, int flags)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/route_localnet", bridge);
	return open(path, flags | O_CLOEXEC);
}

int localnet_stands(const char *bridge, struct err *e)
{
	auto_close int fd = open_sysctl(bridge, O_RDONLY);
	char value;

	if (fd < 0 || read(fd, &value, 1) != 1)
		return err_os(e, errno, "cannot read route_localnet of %s", bridge);
	return value == '1';
}

static int write_sysctl(const char *bridge, const char *value, struct err *e)
{
	auto_close int fd = open_sysctl(bridge, O_WRONLY);

	if (fd < 0 && errno == ENOENT && value[0] == '0')
		return 0; /* the bridge is gone */
	if (fd < 0 || write(fd, value, 1) != 1)
		return err_os(e, errno, "cannot set route_localnet of %s to %s", bridge, value);
	return 0;
}

static const char *note_path(const char *root, const char *bridge, const char *name,
			     char buf[static PATH_MAX])
{
	(void)snprintf(buf, PATH_MAX, "%s" NOTES "/%s/%s", root, bridge, name);
	return buf;
}

static int make_note(const char *root, const char *bridge, const char *name, struct err *e)
{
	char path[PATH_MAX];
	auto_close int fd = -1;

	(void)snprintf(path, sizeof(path), "%s" NOTES, root);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	(void)note_path(root, bridge, "", path);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	(void)note_path(root, bridge, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? err_os(e, errno, "cannot make %s", path) : 0;
}

int localnet_open(const char *root, const char *bridge, const struct uuid *uuid, struct err *e)
{
	char text[UUID_STRLEN];
	int r, stands;

	stands = localnet_stands(bridge, e);
	if (stands < 0)
		return stands;
	r = make_note(root, bridge, uuid_str(uuid, text), e);
	if (r < 0 || stands)
		return r;
	r = make_note(root, bridge, WAS_ZERO, e);
	return r < 0 ? r : write_sysctl(bridge, "1", e);
}

/* Whether a domain has a note there. */
static bool others_need_it(const char *root, const char *bridge)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;

	d = opendir(note_path(root, bridge, "", path));
	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.' && strcmp(de->d_name, WAS_ZERO) != 0)
			return true;
	return false;
}

int localnet_close(const char *root, const char *bridge, const struct uuid *uuid, struct err *e)
{
	char path[PATH_MAX], text[UUID_STRLEN];
	int r;

	if (unlink(note_path(root, bridge, uuid_str(uuid, text), path)) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	if (access(note_path(root, bridge, "", path), F_OK) < 0 || others_need_it(root, bridge))
		return 0;
	if (access(note_path(root, bridge, WAS_ZERO, path), F_OK) == 0) {
		r = write_sysctl(bridge, "0", e);
		if (r < 0)
			return r;
		(void)unlink(path);
	}
	(void)rmdir(note_path(root, bridge, "", path));
	(void)snprintf(path, sizeof(path), "%s" NOTES, root);
	(void)rmdir(path);
	return 0;
}
