/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The locks of the host and of a domain: flock with a deadline. */
#include "lib/record.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The file may be removed by its holder at the end: then the lock on it is worth nothing. */
static bool still_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Takes an exclusive flock on @path, which is made when missing (0600: readers could hold it). */
static int lock_path(const char *path, uint32_t deadline_ms, struct err *e)
{
	uint64_t end = now_ms() + deadline_ms;
	struct timespec pause = {.tv_nsec = 1000000};

	for (;;) {
		auto_close int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return err_os(e, errno, "cannot open the lock %s", path);
		while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK && errno != EINTR)
				return err_os(e, errno, "cannot lock %s", path);
			if (now_ms() >= end)
				return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT,
					       "%s was not free within %u ms", path, deadline_ms);
			(void)nanosleep(&pause, NULL);
			if (pause.tv_nsec < 16000000)
				pause.tv_nsec *= 2;
		}
		if (still_there(fd, path))
			return TAKE_FD(fd);
	}
}

static int make_run_dir(const char *root, const struct uuid *uuid, struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN];

	(void)snprintf(path, sizeof(path), "%s/run", root);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon", root);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	if (!uuid)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/%s", root, uuid_str(uuid, u));
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	return 0;
}

int record_lock_host(const char *root, uint32_t deadline_ms, struct err *e)
{
	char path[PATH_MAX];
	int r;

	r = make_run_dir(root, NULL, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/lock", root);
	return lock_path(path, deadline_ms, e);
}

int record_lock_domain(const char *root, const struct uuid *uuid, uint32_t deadline_ms,
		       struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN];
	int r;

	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/%s/lock", root, uuid_str(uuid, u));
	/* The folder goes with the record: whoever waited for the lock makes it anew. */
	for (int tries = 0;; tries++) {
		struct err local = {0};

		r = make_run_dir(root, uuid, e);
		if (r < 0)
			return r;
		r = lock_path(path, deadline_ms, &local);
		if (r == -ENOENT && tries < 16)
			continue;
		return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : r;
	}
}
