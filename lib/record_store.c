/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on disk: atomic files below ROOT/run/virt-cordon, slots, tap claims, history. */
#include "lib/record.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RUN_DIR "/run/virt-cordon"
#define LIB_DIR "/var/lib/virt-cordon"

static int path_fmt(char *buf, size_t size, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int path_fmt(char *buf, size_t size, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	return 0;
}

const char *record_dir(const char *root, const struct uuid *uuid, char *buf, size_t size)
{
	char u[UUID_STRLEN];

	if (path_fmt(buf, size, NULL, "%s" RUN_DIR "/%s", root, uuid_str(uuid, u)) < 0)
		buf[0] = '\0';
	return buf;
}

/* mkdir -p of one level at a time, from the third argument's tail; existing folders are fine. */
static int make_dirs(const char *root, const char *tail, mode_t mode, struct err *e)
{
	char path[PATH_MAX];
	size_t rlen = strlen(root);
	int r;

	r = path_fmt(path, sizeof(path), e, "%s%s", root, tail);
	if (r < 0)
		return r;
	for (char *p = path + rlen + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, c ? 0755 : mode) < 0 && errno != EEXIST)
			return err_os(e, errno, "cannot make %s", path);
		*p = c;
		if (!c)
			return 0;
	}
}

/* Who may have written what is read: root, and the caller where a test is not root. */
static bool is_trusted(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & 022);
}

/* The folder must be ours: a real folder of root's, not writable by others. */
static int open_own_dir(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_os(e, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot stat %s", path);
	if (!is_trusted(&st))
		return err_set(e, EX_CORDON_NOPERM, EPERM,
			       "%s must belong to root and be writable by root alone", path);
	return TAKE_FD(fd);
}

static int open_domain_dir(const char *root, const struct uuid *uuid, struct err *e)
{
	char path[PATH_MAX];

	return open_own_dir(record_dir(root, uuid, path, sizeof(path)), e);
}

static int make_domain_dir(const char *root, const struct uuid *uuid, struct err *e)
{
	char tail[PATH_MAX], u[UUID_STRLEN];
	int r;

	r = path_fmt(tail, sizeof(tail), e, RUN_DIR "/%s", uuid_str(uuid, u));
	if (r < 0)
		return r;
	return make_dirs(root, tail, 0755, e);
}

/* Writes @name below @dir: a reader sees the old or the new file, whole, also after a crash. */
static int write_atomic(int dir, const char *name, const char *data, size_t len, struct err *e)
{
	char tmp[NAME_MAX];
	auto_close int fd = -1;
	size_t done = 0;

	if (snprintf(tmp, sizeof(tmp), ".%s.new", name) >= (int)sizeof(tmp))
		return err_set(e, EX_CORDON_BUG, ENAMETOOLONG, "file name %s too long", name);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_os(e, errno, "cannot write %s", name);
	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			(void)unlinkat(dir, tmp, 0);
			return err_os(e, saved, "cannot write %s", name);
		}
		done += (size_t)n;
	}
	if (fsync(fd) < 0 || renameat(dir, tmp, dir, name) < 0) {
		int saved = errno;

		(void)unlinkat(dir, tmp, 0);
		return err_os(e, saved, "cannot write %s", name);
	}
	return 0;
}

static int read_whole(int dir, const char *name, char **ret, size_t *len_ret, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	auto_free char *data = NULL;
	struct stat st;
	size_t done = 0, size;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "no %s", name);
	if (fd < 0)
		return err_os(e, errno, "cannot open %s", name);
	if (fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot stat %s", name);
	if (!S_ISREG(st.st_mode) || !is_trusted(&st) || st.st_size > RECORD_FILE_MAX)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s is not a file of root's", name);

	size = (size_t)st.st_size;
	data = malloc(size + 1);
	if (!data)
		return err_os(e, ENOMEM, "%s", name);
	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, EX_CORDON_OS, EIO, "cannot read %s", name);
		done += (size_t)n;
	}
	data[done] = '\0';
	*ret = TAKE_PTR(data);
	*len_ret = done;
	return 0;
}

int record_file_write(const char *root, const struct uuid *uuid, const char *name, const char *data,
		      size_t len, struct err *e)
{
	auto_close int dir = -1;
	int r;

	r = make_domain_dir(root, uuid, e);
	if (r < 0)
		return r;
	dir = open_domain_dir(root, uuid, e);
	if (dir < 0)
		return dir;
	return write_atomic(dir, name, data, len, e);
}

int record_file_read(const char *root, const struct uuid *uuid, const char *name, char **ret,
		     size_t *len_ret, struct err *e)
{
	char path[PATH_MAX];
	auto_close int dir = -1;

	record_dir(root, uuid, path, sizeof(path));
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "no record");
	dir = open_own_dir(path, e);
	if (dir < 0)
		return dir;
	return read_whole(dir, name, ret, len_ret, e);
}

bool record_file_gone(const char *root, const struct uuid *uuid, const char *name)
{
	char path[PATH_MAX], u[UUID_STRLEN];
	struct stat st;

	if (path_fmt(path, sizeof(path), NULL, "%s" RUN_DIR "/%s/%s", root, uuid_str(uuid, u),
		     name) < 0)
		return false;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

int record_load(const char *root, const struct uuid *uuid, struct record *ret, struct err *e)
{
	auto_free char *text = NULL;
	char u[UUID_STRLEN];
	size_t len;
	int r;

	r = record_file_read(root, uuid, "record", &text, &len, e);
	if (r < 0)
		return r;
	r = record_parse(text, len, ret, e);
	if (r < 0)
		return err_wrap(e, "%s%s/%s/record", root, RUN_DIR, uuid_str(uuid, u)), r;
	if (!uuid_equal(&ret->uuid, uuid)) {
		record_free(ret);
		return err_set(e, EX_CORDON_DATA, EBADMSG, "the record of %s is another domain's",
			       uuid_str(uuid, u));
	}
	return 0;
}

int record_save(const char *root, const struct record *r, struct err *e)
{
	auto_sb struct strbuf text = {0};

	record_print(r, &text);
	if (text.failed)
		return err_os(e, ENOMEM, "record");
	return record_file_write(root, &r->uuid, "record", text.data, text.len, e);
}

static int slot_path(const char *root, uint32_t slot, char *buf, size_t size, struct err *e)
{
	return path_fmt(buf, size, e, "%s" RUN_DIR "/slots/%u", root, slot);
}

/* Removes @slot if it points to @uuid. */
static void slot_free(const char *root, uint32_t slot, const struct uuid *uuid)
{
	char path[PATH_MAX], target[UUID_STRLEN + 1] = {0}, u[UUID_STRLEN];

	if (!slot || slot_path(root, slot, path, sizeof(path), NULL) < 0)
		return;
	if (readlink(path, target, sizeof(target) - 1) > 0 &&
	    strcmp(target, uuid_str(uuid, u)) == 0)
		(void)unlink(path);
}

int record_remove(const char *root, const struct record *rec, struct err *e)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;
	int r = 0;

	slot_free(root, rec->slot, &rec->uuid);
	d = opendir(record_dir(root, &rec->uuid, path, sizeof(path)));
	if (!d)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot open %s", path);
	/* The record goes last: while anything is left, the domain can still be found and undone.
	 */
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, "..") &&
		    strcmp(de->d_name, "record") && unlinkat(dirfd(d), de->d_name, 0) < 0)
			r = err_os(e, errno, "cannot remove %s/%s", path, de->d_name);
	if (unlinkat(dirfd(d), "record", 0) < 0 && errno != ENOENT)
		r = err_os(e, errno, "cannot remove %s/record", path);
	if (r == 0 && rmdir(path) < 0 && errno != ENOENT)
		r = err_os(e, errno, "cannot remove %s", path);
	return r;
}

static uint32_t slot_last(const char *path)
{
	char buf[16] = {0};
	uint64_t v;

	if (readlink(path, buf, sizeof(buf) - 1) <= 0 || !parse_u64(buf, RECORD_SLOT_MAX, &v))
		return 0;
	return (uint32_t)v;
}

/* The next number that no one holds, into @rec. */
static int slot_pick(const char *root, uint32_t slot, struct record *rec, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	for (uint32_t tries = 0; tries < RECORD_SLOT_MAX; tries++) {
		int r;

		slot = slot % RECORD_SLOT_MAX + 1;
		r = slot_path(root, slot, path, sizeof(path), e);
		if (r < 0)
			return r;
		if (lstat(path, &st) == 0)
			continue;
		if (errno != ENOENT)
			return err_os(e, errno, "cannot look at %s", path);
		rec->slot = slot;
		return 0;
	}
	return err_set(e, EX_CORDON_OS, ENOSPC, "all %u marks are in use", RECORD_SLOT_MAX);
}

static int slot_take(const char *root, const char *last, const struct record *rec, struct err *e)
{
	char path[PATH_MAX], tmp[PATH_MAX], num[16], u[UUID_STRLEN];
	int r;

	r = slot_path(root, rec->slot, path, sizeof(path), e);
	if (r == 0)
		r = path_fmt(tmp, sizeof(tmp), e, "%s" RUN_DIR "/slots/.last.new", root);
	if (r < 0)
		return r;
	if (symlink(uuid_str(&rec->uuid, u), path) < 0)
		return err_os(e, errno, "cannot make %s", path);
	(void)snprintf(num, sizeof(num), "%u", rec->slot);
	(void)unlink(tmp);
	if (symlink(num, tmp) < 0 || rename(tmp, last) < 0)
		return err_os(e, errno, "cannot write %s", last);
	return 0;
}

int record_slot_allot(const char *root, struct record *rec, struct err *e)
{
	char last[PATH_MAX];
	int r;

	if (rec->slot)
		return 0;
	r = make_dirs(root, RUN_DIR "/slots", 0755, e);
	if (r == 0)
		r = path_fmt(last, sizeof(last), e, "%s" RUN_DIR "/slots/last", root);
	if (r == 0)
		r = slot_pick(root, slot_last(last), rec, e);
	/* In this order: what crashes in between leaves no number that no record knows of. */
	if (r == 0)
		r = record_save(root, rec, e);
	return r < 0 ? r : slot_take(root, last, rec, e);
}

/* Link names may hold any byte but '/' and blanks; as file names they are encoded. */
static int tap_path(const char *root, const char *tap, char *buf, size_t size, struct err *e)
{
	auto_sb struct strbuf name = {0};

	record_encode(tap, &name);
	return path_fmt(buf, size, e, "%s" RUN_DIR "/taps/%s", root, sb_str(&name));
}

int record_tap_claim(const char *root, const char *tap, const struct uuid *uuid,
		     struct uuid *ret_old, struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN], old[UUID_STRLEN + 1] = {0};
	int r, held = 0;

	r = make_dirs(root, RUN_DIR "/taps", 0755, e);
	if (r == 0)
		r = tap_path(root, tap, path, sizeof(path), e);
	if (r < 0)
		return r;
	uuid_str(uuid, u);
	if (readlink(path, old, sizeof(old) - 1) > 0) {
		if (strcmp(old, u) == 0)
			return 0;
		held = uuid_parse(old, ret_old) ? 1 : 0;
		(void)unlink(path);
	}
	if (symlink(u, path) < 0)
		return err_os(e, errno, "cannot make %s", path);
	return held;
}

bool record_tap_is_ours(const char *root, const char *tap, const struct uuid *uuid)
{
	char path[PATH_MAX], u[UUID_STRLEN], owner[UUID_STRLEN + 1] = {0};

	if (tap_path(root, tap, path, sizeof(path), NULL) < 0)
		return false;
	if (readlink(path, owner, sizeof(owner) - 1) <= 0)
		return errno == ENOENT;
	return strcmp(owner, uuid_str(uuid, u)) == 0;
}

int record_tap_release(const char *root, const char *tap, const struct uuid *uuid, struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN], old[UUID_STRLEN + 1] = {0};
	int r;

	r = tap_path(root, tap, path, sizeof(path), e);
	if (r < 0)
		return r;
	if (readlink(path, old, sizeof(old) - 1) > 0 && strcmp(old, uuid_str(uuid, u)) == 0 &&
	    unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}

int record_history_add(const char *root, const struct uuid *uuid, const char *name, struct err *e)
{
	char tail[PATH_MAX], path[PATH_MAX], u[UUID_STRLEN];
	auto_free char *old = NULL;
	auto_close int dir = -1;
	int r;

	/* 0711 on the way, so that QEMU's user reaches a seed image there but lists nothing. */
	r = make_dirs(root, LIB_DIR, 0711, e);
	if (r == 0)
		r = path_fmt(tail, sizeof(tail), e, LIB_DIR "/%s", uuid_str(uuid, u));
	if (r == 0)
		r = make_dirs(root, tail, 0711, e);
	if (r == 0)
		r = path_fmt(path, sizeof(path), e, "%s%s", root, tail);
	if (r < 0)
		return r;
	if (record_history_has(root, uuid, &old, NULL) == 1 && strcmp(old, name) == 0)
		return 0;
	dir = open_own_dir(path, e);
	if (dir < 0)
		return dir;
	return write_atomic(dir, "managed", name, strlen(name), e);
}

int record_history_has(const char *root, const struct uuid *uuid, char **ret_name, struct err *e)
{
	char path[PATH_MAX], u[UUID_STRLEN];
	auto_free char *text = NULL;
	auto_close int dir = -1;
	struct err local = {0};
	size_t len;
	int r;

	r = path_fmt(path, sizeof(path), e, "%s" LIB_DIR "/%s", root, uuid_str(uuid, u));
	if (r < 0)
		return r;
	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	dir = open_own_dir(path, e);
	if (dir < 0)
		return dir;
	r = read_whole(dir, "managed", &text, &len, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s/%s", path, local.msg);
	if (ret_name)
		*ret_name = TAKE_PTR(text);
	return 1;
}

static int network_path(const char *root, const char *network, char *buf, size_t size,
			struct err *e)
{
	auto_sb struct strbuf name = {0};

	record_encode(network, &name);
	return path_fmt(buf, size, e, "%s" RUN_DIR "/networks/%s", root, sb_str(&name));
}

static bool read_bridge(const char *path, char bridge[static IFNAMSIZ])
{
	char buf[IFNAMSIZ + 1] = {0};
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	if (n <= 0 || n >= IFNAMSIZ)
		return false;
	memcpy(bridge, buf, IFNAMSIZ);
	return true;
}

/* Never without a record on the way from one to another: its guard would be forgotten. */
int record_network_save(const char *root, const char *network, const char *bridge, struct err *e)
{
	char path[PATH_MAX], tmp[PATH_MAX], old[IFNAMSIZ];
	int r;

	r = make_dirs(root, RUN_DIR "/networks", 0755, e);
	if (r == 0)
		r = network_path(root, network, path, sizeof(path), e);
	if (r == 0)
		r = path_fmt(tmp, sizeof(tmp), e, "%s" RUN_DIR "/network.new", root);
	if (r < 0)
		return r;
	if (read_bridge(path, old) && strcmp(old, bridge) == 0)
		return 0;
	(void)unlink(tmp);
	if (symlink(bridge, tmp) < 0 || rename(tmp, path) < 0) {
		const int saved = errno;

		(void)unlink(tmp);
		return err_os(e, saved, "cannot make %s", path);
	}
	return 0;
}

int record_network_remove(const char *root, const char *network, struct err *e)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	int r;

	r = network_path(root, network, path, sizeof(path), e);
	if (r == 0)
		r = path_fmt(tmp, sizeof(tmp), e, "%s" RUN_DIR "/network.new", root);
	if (r < 0)
		return r;
	(void)unlink(tmp);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}

int record_network_bridge(const char *root, const char *network, char bridge[static IFNAMSIZ],
			  struct err *e)
{
	char path[PATH_MAX];
	int r;

	r = network_path(root, network, path, sizeof(path), e);
	if (r < 0)
		return r;
	if (!read_bridge(path, bridge))
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "network %s has no guard", network);
	return 0;
}

int record_network_of_bridge(const char *root, const char *bridge, struct err *e)
{
	char path[PATH_MAX], entry[PATH_MAX], found[IFNAMSIZ];
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	int r;

	r = path_fmt(path, sizeof(path), e, "%s" RUN_DIR "/networks", root);
	if (r < 0)
		return r;
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : err_os(e, errno, "cannot open %s", path);
	while ((de = readdir(d))) {
		if (path_fmt(entry, sizeof(entry), NULL, "%s/%s", path, de->d_name) == 0 &&
		    read_bridge(entry, found) && strcmp(found, bridge) == 0)
			return 1;
	}
	return 0;
}
