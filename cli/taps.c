/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taps of a domain, by the descriptors of its QEMU: see cli/taps.h. */
#include "cli/taps.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LIBVIRT_DIR "/run/libvirt/qemu"

static int read_pid(const char *root, const char *name, int *ret, struct err *e)
{
	char path[PATH_MAX], text[32] = "";
	auto_fclose FILE *f = NULL;
	uint64_t pid;

	if (snprintf(path, sizeof(path), "%s" LIBVIRT_DIR "/%s.pid", root, name) >=
	    (int)sizeof(path))
		return -ENOENT;
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ENOENT : err_os(e, errno, "cannot open %s", path);
	if (!fgets(text, sizeof(text), f))
		return -ENOENT;
	text[strcspn(text, "\n")] = '\0';
	if (!parse_u64(text, INT_MAX, &pid))
		return -ENOENT;
	*ret = (int)pid;
	return 0;
}

static void add(struct taps *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->names[i], name) == 0)
			return;
	if (t->n < TAPS_MAX && *name && strlen(name) < IFNAMSIZ)
		memcpy(t->names[t->n++], name, strlen(name) + 1);
}

/* "iff:\tvnet0" */
static void look_at(int pid, const char *fd, struct taps *t)
{
	auto_fclose FILE *f = NULL;
	char path[PATH_MAX], line[128];

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "iff:\t", 5) == 0)
			add(t, line + 5);
	}
}

int taps_of_domain(const char *root, const char *name, struct taps *ret, struct err *e)
{
	auto_closedir DIR *d = NULL;
	struct taps t = {.n = 0};
	char path[PATH_MAX];
	struct dirent *de;
	int pid = 0, r;

	r = read_pid(root, name, &pid, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? -ENOENT : err_os(e, errno, "cannot open %s", path);
	while ((de = readdir(d))) {
		char target[64];
		ssize_t n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (strcmp(target, "/dev/net/tun") == 0)
			look_at(pid, de->d_name, &t);
	}
	*ret = t;
	return 0;
}
