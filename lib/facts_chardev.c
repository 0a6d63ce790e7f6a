/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the bytes of a character device end: inside, at a display's client, or at the host. */
#include "lib/facts_dev.h"

#include "lib/util.h"

#include <string.h>

/* https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices */
enum chardev_rule {
	RULE_INSIDE,
	RULE_CLIENT,
	RULE_FILE,
	RULE_UNIX,
	RULE_HOST,
};

static const struct {
	const char *type;
	enum chardev_rule rule;
} chardev_rules[] = {
	/* libvirt makes the pty, QEMU draws the vc, stdio goes to virtlogd's log of the domain. */
	{"pty", RULE_INSIDE},
	{"vc", RULE_INSIDE},
	{"null", RULE_INSIDE},
	{"stdio", RULE_INSIDE},
	{"spicevmc", RULE_CLIENT},
	{"spiceport", RULE_CLIENT},
	{"qemu-vdagent", RULE_CLIENT},
	{"dbus", RULE_CLIENT},
	{"file", RULE_FILE},
	{"unix", RULE_UNIX},
	{"dev", RULE_HOST},
	{"pipe", RULE_HOST},
	{"tcp", RULE_HOST},
	{"udp", RULE_HOST},
	{"nmdm", RULE_HOST},
};

/* A kind that this release does not know is the host's. */
static enum chardev_rule chardev_rule(const char *type)
{
	for (size_t i = 0; type && i < ARRAY_SIZE(chardev_rules); i++)
		if (strcmp(type, chardev_rules[i].type) == 0)
			return chardev_rules[i].rule;
	return RULE_HOST;
}

/* Whether @path lies below @dir (with its last slash) as written, and no part of it is "..". */
static bool path_below(const char *path, const char *dir)
{
	const char *p;
	size_t len = strlen(dir);

	if (strncmp(path, dir, len) != 0 || path[len] == '\0')
		return false;
	for (p = strstr(path, "/.."); p; p = strstr(p + 1, "/.."))
		if (p[3] == '/' || p[3] == '\0')
			return false;
	return true;
}

static bool path_is_log(const char *path)
{
	return path_below(path, "/var/log/libvirt/");
}

/*
 * A socket that QEMU itself listens on in libvirt's folders. One that it connects to belongs to
 * another program wherever it lies: /run/libvirt/libvirt-sock would hand the guest the host. So
 * would one bound in /run/libvirt itself, in the place of a daemon's.
 */
static bool unix_is_libvirts(const char *mode, const char *path)
{
	static const char *const dirs[] = {
		"/var/lib/libvirt/",
		"/run/libvirt/qemu/",
		"/var/run/libvirt/qemu/",
	};

	if (strcmp(mode, "bind") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (path_below(path, dirs[i]))
			return true;
	return false;
}

/* One <source>: udp has two of them. @ret_inside is only ever cleared. */
static void chardev_source(struct fx *x, const xmlNode *source, enum chardev_rule rule,
			   struct strbuf *out, bool *ret_inside)
{
	const char *path = fx_attr(x, source, "path");
	const char *mode = fx_attr_or(x, source, "mode", "connect");
	const char *host = fx_attr(x, source, "host");
	const char *service = fx_attr(x, source, "service");
	const char *channel = fx_attr(x, source, "channel");

	if (path && rule != RULE_INSIDE)
		sb_addf(out, " %s%s%s", rule == RULE_UNIX ? mode : "", rule == RULE_UNIX ? " " : "",
			path);
	if (host || service)
		sb_addf(out, " %s:%s", host ? host : "*", service ? service : "*");
	if (channel)
		sb_addf(out, " %s", channel);
	/* Without a path libvirt makes one of its own when the domain starts. */
	if (path && rule == RULE_FILE && !path_is_log(path))
		*ret_inside = false;
	if (path && rule == RULE_UNIX && !unix_is_libvirts(mode, path))
		*ret_inside = false;
}

enum chardev_end facts_chardev(struct fx *x, const xmlNode *node, const char *type,
			       struct strbuf *out)
{
	enum chardev_rule rule = chardev_rule(type);
	const xmlNode *child = NULL;
	const char *file;
	bool inside = rule != RULE_HOST;

	sb_addf(out, " %s", type ? type : "of no type");
	while ((child = fx_next(node, child, "source")))
		chardev_source(x, child, rule, out, &inside);
	/* Whatever its kind, what passes through it is also written here. */
	while ((child = fx_next(node, child, "log"))) {
		file = fx_attr_or(x, child, "file", "");
		if (path_is_log(file))
			continue;
		sb_addf(out, " log %s", file);
		inside = false;
	}
	if (!inside)
		return CHARDEV_HOST;
	return rule == RULE_CLIENT ? CHARDEV_CLIENT : CHARDEV_CONTAINED;
}
