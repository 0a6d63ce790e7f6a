/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that use a file system: see fsguard/holders.h. */
#include "fsguard/holders.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What is looked for: anything of a file system, or one inode of it. */
struct wanted {
	dev_t dev;
	ino_t ino; /* 0: any */
};

static bool fits(int dir, const char *link, const struct wanted *w)
{
	struct stat st;

	/* Through the link, so it is the very file whatever its name is today. */
	return fstatat(dir, link, &st, 0) == 0 && st.st_dev == w->dev &&
	       (!w->ino || st.st_ino == w->ino);
}

static bool fd_fits(int proc, const struct wanted *w)
{
	auto_close int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return false;
	(void)TAKE_FD(fd);
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && fits(dirfd(d), de->d_name, w))
			return true;
	return false;
}

/* "7f…-7f… r-xp 00000000 07:05 12 /path": the device, in hexadecimal. */
static bool map_fits(int proc, const struct wanted *w)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);
	auto_fclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	auto_free char *line = NULL;
	char want[32];
	size_t size = 0;

	if (!f && fd >= 0)
		(void)close(fd);
	(void)snprintf(want, sizeof(want), " %02x:%02x ", major(w->dev), minor(w->dev));
	while (f && getline(&line, &size, f) >= 0)
		if (strstr(line, want))
			return true;
	return false;
}

static void read_comm(int proc, char buf[static 32])
{
	auto_close int fd = openat(proc, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, 31);

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

/* Calls @each with every process until it returns false. */
static void each_process(bool (*each)(int proc, pid_t pid, void *arg), void *arg)
{
	auto_closedir DIR *d = opendir("/proc");
	struct dirent *de;
	uint64_t pid;

	while (d && (de = readdir(d))) {
		auto_close int proc = -1;

		if (!parse_u64(de->d_name, INT_MAX, &pid))
			continue;
		proc = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc >= 0 && !each(proc, (pid_t)pid, arg))
			return;
	}
}

struct listing {
	struct wanted wanted;
	struct strbuf *out;
	size_t n;
};

static bool add_holder(int proc, pid_t pid, void *arg)
{
	struct listing *l = arg;
	char comm[32];

	if (pid == getpid() || (!fits(proc, "cwd", &l->wanted) && !fits(proc, "root", &l->wanted) &&
				!fits(proc, "exe", &l->wanted) && !fd_fits(proc, &l->wanted) &&
				!map_fits(proc, &l->wanted)))
		return true;
	read_comm(proc, comm);
	if (l->n < HOLDERS_NAMED_MAX && l->out)
		sb_addf(l->out, "%s%s (pid %d)", l->n ? ", " : "", comm, (int)pid);
	l->n++;
	return true;
}

size_t fsg_holders_list(dev_t dev, struct strbuf *out)
{
	struct listing l = {.wanted = {.dev = dev}, .out = out};

	each_process(add_holder, &l);
	if (l.n > HOLDERS_NAMED_MAX && out)
		sb_addf(out, ", %zu more", l.n - HOLDERS_NAMED_MAX);
	return l.n;
}

/* Its user is the host's root, whoever asks: /proc/PID/status, "Uid:" and four numbers. */
static bool is_roots(int proc)
{
	int fd = openat(proc, "status", O_RDONLY | O_CLOEXEC);
	auto_fclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	auto_free char *line = NULL;
	static const char root[] = "Uid:\t0\t0\t";
	size_t size = 0;

	if (!f && fd >= 0)
		(void)close(fd);
	while (f && getline(&line, &size, f) >= 0)
		if (strncmp(line, root, sizeof(root) - 1) == 0)
			return true;
	return false;
}

struct server {
	struct wanted wanted;
	bool found;
};

/* A local user cannot stand in for it: he is not root outside of a user namespace of his own. */
static bool look_at_server(int proc, pid_t pid, void *arg)
{
	struct server *s = arg;
	char comm[32];

	if (pid == getpid() || !is_roots(proc))
		return true;
	read_comm(proc, comm);
	if (!fits(proc, "root", &s->wanted) &&
	    (strncmp(comm, "virtiofsd", 9) != 0 || !fd_fits(proc, &s->wanted)))
		return true;
	s->found = true;
	return false;
}

/* libvirt's pid file of the domain: only root writes there. */
static int open_qemu(const char *root, const char *name)
{
	char path[PATH_MAX], text[16] = "";
	auto_close int fd = -1;
	uint64_t pid;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/run/libvirt/qemu/%s.pid", root, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!parse_u64(text, INT_MAX, &pid))
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool fsg_holders_serve(const char *root, const struct record *rec, const struct record_fs *fs,
		       dev_t dev, ino_t root_ino)
{
	struct server s = {.wanted = {.dev = dev, .ino = root_ino}};
	auto_close int qemu = -1;

	if (strcmp(fs->driver, "virtiofs") != 0) {
		qemu = open_qemu(root, rec->name);
		return qemu >= 0 && fd_fits(qemu, &s.wanted);
	}
	each_process(look_at_server, &s);
	return s.found;
}
