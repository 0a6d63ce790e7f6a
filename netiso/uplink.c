/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uplinks and routers of switched bridges: see netiso/uplink.h. */
#include "netiso/uplink.h"

#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel asks once a second: longer than until its next question. */
#define ROUTER_WAIT_MS 1500
#define LOWER_LEVELS_MAX 8 /* MAX_NEST_DEV of linux/netdevice.h */

/* A link with a "device" is a physical NIC; one with "lower_NAME" (a VLAN, a bond) is on top of
 * others (sysfs-class-net). */
static bool leads_out(const char *root, const char *link, unsigned level)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;

	/* Most ports are taps of guests, which lie on nothing (tun_flags: drivers/net/tun.c); one
	 * question for each, where a bridge has a thousand. */
	(void)snprintf(path, sizeof(path), "%s/sys/class/net/%s/tun_flags", root, link);
	if (access(path, F_OK) == 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", root, link);
	if (access(path, F_OK) == 0)
		return true;
	(void)snprintf(path, sizeof(path), "%s/sys/class/net/%s", root, link);
	d = opendir(path);
	while (d && (de = readdir(d)))
		if (level < LOWER_LEVELS_MAX && strncmp(de->d_name, "lower_", 6) == 0 &&
		    leads_out(root, de->d_name + 6, level + 1))
			return true;
	return false;
}

/* The ports that lead out, at most @max of them into @ret; returns how many there are. */
static size_t find_uplinks(const char *root, const char *bridge, char (*ret)[IFNAMSIZ], size_t max)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/sys/class/net/%s/brif", root, bridge);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.' || strlen(de->d_name) >= IFNAMSIZ ||
		    !leads_out(root, de->d_name, 0))
			continue;
		if (n < max)
			memcpy(ret[n], de->d_name, strlen(de->d_name) + 1);
		n++;
	}
	return n;
}

bool uplink_on(const char *root, const char *bridge)
{
	return find_uplinks(root, bridge, NULL, 0) > 0;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* "BRIDGE ADDRESS MAC" of the note, which only we write. */
static bool take_note(char *line, struct iso_nic *nic)
{
	char *save = NULL;
	const char *bridge = strtok_r(line, " ", &save);
	const char *ip = strtok_r(NULL, " ", &save), *mac = strtok_r(NULL, " ", &save);

	return bridge && ip && mac && strcmp(bridge, nic->bridge) == 0 &&
	       ip_parse(ip, &nic->router) && nic->router.family == AF_INET &&
	       mac_parse(mac, &nic->router_mac);
}

static void noted_router(const char *root, const struct uuid *uuid, struct iso_nic *nic)
{
	auto_free char *text = NULL;
	char *save = NULL;
	size_t len;

	if (record_file_read(root, uuid, ROUTERS_FILE, &text, &len, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct iso_nic found = *nic;

		if (!take_note(line, &found))
			continue;
		nic->router = found.router;
		nic->router_mac = found.router_mac;
		nic->has_router = true;
		return;
	}
}

static int find_router(const char *root, const struct uuid *uuid, struct nl *route,
		       int bridge_index, bool ask, struct iso_nic *nic, struct err *e)
{
	struct iso_nic noted = *nic;
	int r;

	if (uuid)
		noted_router(root, uuid, &noted);
	r = rtnl_router_get(route, bridge_index, &nic->router, e);
	if (r == 0)
		r = rtnl_neigh_mac(route, bridge_index, &nic->router,
				   ask || !noted.has_router ? ROUTER_WAIT_MS : 0, &nic->router_mac,
				   e);
	if (r == -ENOENT && noted.has_router)
		*nic = noted;
	else if (r == 0)
		nic->has_router = true;
	return r == -ENOENT ? 0 : r;
}

int uplink_gather(const char *root, const struct uuid *uuid, struct nl *route, int bridge_index,
		  bool ask, struct iso_nic *nic, struct err *e)
{
	nic->n_uplinks = find_uplinks(root, nic->bridge, nic->uplinks, ISO_UPLINKS_MAX);
	nic->switched = nic->n_uplinks > 0;
	if (!nic->switched)
		return 0;
	if (nic->n_uplinks > ISO_UPLINKS_MAX)
		return err_set(e, EX_CORDON_POLICY, E2BIG,
			       "bridge %s has more than %d ports that lead out", nic->bridge,
			       ISO_UPLINKS_MAX);
	qsort(nic->uplinks, nic->n_uplinks, IFNAMSIZ, name_compare);
	return find_router(root, uuid, route, bridge_index, ask, nic, e);
}

int uplink_note(const char *root, const struct uuid *uuid, const struct iso_facts *f, struct err *e)
{
	auto_sb struct strbuf text = {0};
	char ip[PREFIX_STRLEN], mac[MAC_STRLEN];

	for (size_t i = 0; i < f->n_nics; i++)
		if (f->nics[i].has_router)
			sb_addf(&text, "%s %s %s\n", f->nics[i].bridge,
				ip_str(&f->nics[i].router, ip),
				mac_str(&f->nics[i].router_mac, mac));
	if (text.failed)
		return err_os(e, ENOMEM, ROUTERS_FILE);
	return text.len ? record_file_write(root, uuid, ROUTERS_FILE, sb_str(&text), text.len, e)
			: 0;
}
