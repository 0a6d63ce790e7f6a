/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See netiso/localnet.h. A note per domain (netiso/notes.h), and "set" beside them when the value
 * was 0 before. */
#include "netiso/localnet.h"

#include "lib/util.h"
#include "netiso/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define NOTES "localnet"
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

int localnet_open(const char *root, const char *bridge, const struct uuid *uuid, struct err *e)
{
	char text[UUID_STRLEN];
	int r, stands;

	stands = localnet_stands(bridge, e);
	if (stands < 0)
		return stands;
	r = notes_add(root, NOTES, bridge, uuid_str(uuid, text), e);
	if (r < 0 || stands)
		return r;
	r = notes_add(root, NOTES, bridge, WAS_ZERO, e);
	return r < 0 ? r : write_sysctl(bridge, "1", e);
}

int localnet_close(const char *root, const char *bridge, const struct uuid *uuid, struct err *e)
{
	char text[UUID_STRLEN];
	int r = notes_remove(root, NOTES, bridge, uuid_str(uuid, text), e);

	if (r < 0 || !notes_has(root, NOTES, bridge, WAS_ZERO) ||
	    notes_others(root, NOTES, bridge, WAS_ZERO))
		return r;
	r = write_sysctl(bridge, "0", e);
	return r < 0 ? r : notes_remove(root, NOTES, bridge, WAS_ZERO, e);
}
