/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's hooks on this host: see cli/hooks.h. */
#include "cli/hooks.h"

#include "lib/util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One of libvirt's daemons that look for this hook, and only when they start. */
static bool started_before(const char *root, const struct stat *link, const char *daemon)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/run/%s.pid", root, daemon);
	return stat(path, &st) == 0 && st.st_mtim.tv_sec < link->st_mtim.tv_sec;
}

/* A link to a program that is there; below a --root, where it would point to from inside. */
static bool leads_somewhere(const char *root, const char *path)
{
	char target[PATH_MAX], full[PATH_MAX * 2];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n <= 0 || !*root)
		return access(path, X_OK) == 0;
	target[n] = '\0';
	(void)snprintf(full, sizeof(full), "%s%s", root, target);
	return access(full, X_OK) == 0;
}

enum hook_state hook_state(const char *root, const char *kind, struct strbuf *why)
{
	const char *daemon = strcmp(kind, "qemu") == 0 ? "virtqemud" : "virtnetworkd";
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/etc/libvirt/hooks/%s.d/50-virt-cordon", root, kind);
	if (lstat(path, &st) < 0 || !leads_somewhere(root, path)) {
		sb_addf(why, "missing: %s, without which libvirt does not ask for any policy",
			path);
		return HOOK_MISSING;
	}
	if (started_before(root, &st, "libvirtd"))
		daemon = "libvirtd";
	else if (!started_before(root, &st, daemon))
		return HOOK_LOADED;
	sb_addf(why,
		"warning: %s is newer than the start of %s, which looks for hooks only then; "
		"restart it",
		path, daemon);
	return HOOK_STALE;
}
