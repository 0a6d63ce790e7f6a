/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a qcow2 image: see provision/qcow2.h. */
#include "provision/qcow2.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define QEMU_IMG "/usr/bin/qemu-img"
#define QEMU_IMG_MS 15000
#define HEADER_MIN 72 /* bytes of version 2's */
#define INCOMPATIBLE_AT 72
#define INCOMPATIBLE_DATA_FILE 4
#define HEADER_LENGTH_AT 100 /* of version 3 */
#define EXTENSION_BACKING_FORMAT 0xe2792acaU
#define REBASE_MS (24U * 3600 * 1000) /* it copies */

static uint64_t be(const char *p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint64_t header_length(const char *data, size_t len)
{
	return len < HEADER_LENGTH_AT + 4 ? len : be(data + HEADER_LENGTH_AT, 4);
}

/* The extensions lie between the header and the name of the backing file: type, length, data filled
 * up to eight bytes. */
static void read_format(const char *data, size_t len, uint64_t at, struct qcow2 *ret)
{
	while (at <= len && len - at >= 8) {
		const uint64_t type = be(data + at, 4), n = be(data + at + 4, 4);

		at += 8;
		if (type == 0 || n > len - at)
			return;
		if (type == EXTENSION_BACKING_FORMAT && n < sizeof(ret->format)) {
			memcpy(ret->format, data + at, n);
			ret->format[n] = '\0';
		}
		at += (n + 7) & ~UINT64_C(7);
	}
}

int qcow2_parse(const char *data, size_t len, struct qcow2 *ret, struct err *e)
{
	uint64_t version, at, n;

	if (len < HEADER_MIN || memcmp(data, "QFI\xfb", 4) != 0)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "is no qcow2 image");
	version = be(data + 4, 4);
	if (version != 2 && version != 3)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "is qcow2 of an unknown version");
	if (version == 3 &&
	    (len < INCOMPATIBLE_AT + 8 || be(data + INCOMPATIBLE_AT, 8) & INCOMPATIBLE_DATA_FILE))
		return err_set(e, EX_CORDON_DATA, EBADMSG, "has its data in another file");
	at = be(data + 8, 8);
	n = be(data + 16, 4);
	if (at && (n == 0 || n >= sizeof(ret->backing) || at > len || n > len - at ||
		   memchr(data + at, '\0', n)))
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "names a backing file that cannot be read");
	*ret = (struct qcow2){.size = be(data + 24, 8)};
	if (at) {
		memcpy(ret->backing, data + at, n);
		read_format(data, at, version == 2 ? HEADER_MIN : header_length(data, len), ret);
	}
	return 0;
}

int qcow2_read(const char *path, struct qcow2 *ret, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *data = malloc(QCOW2_HEADER_MAX);
	struct err why = {0};
	ssize_t n;
	int r;

	if (!data)
		return err_os(e, ENOMEM, "%s", path);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s is not there", path);
	if (fd < 0)
		return err_os(e, errno, "cannot open %s", path);
	n = pread(fd, data, QCOW2_HEADER_MAX, 0);
	if (n < 0)
		return err_os(e, errno, "cannot read %s", path);
	r = qcow2_parse(data, (size_t)n, ret, &why);
	return r < 0 ? err_set(e, why.exit, why.errnum, "%s %s", path, why.msg) : 0;
}

/* qemu-img takes a comma in this place for the end of the name, a colon for a protocol's. */
static bool plain_path(const char *s)
{
	return *s == '/' && !strpbrk(s, ",\n");
}

/* @silent: what says anything has failed, whatever its exit code is. */
static int run_qemu_img(const char *const *argv, uint32_t deadline_ms, bool silent, struct err *e)
{
	auto_sb struct strbuf said = {0};
	int r;

	if (access(QEMU_IMG, X_OK) < 0)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT, "no %s; install qemu-utils",
			       QEMU_IMG);
	r = run_program(argv, deadline_ms, &said, e);
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	if (r > 0 || (r == 0 && silent && said.len))
		return err_set(e, EX_CORDON_OS, EIO, "%.300s", sb_str(&said));
	return r;
}

static int need_plain(const char *path, struct err *e)
{
	return plain_path(path)
		       ? 0
		       : err_set(e, EX_CORDON_POLICY, EINVAL,
				 "the path %s has a comma, or is not absolute; rename it", path);
}

int qcow2_overlay(const char *path, const char *backing, const char *format, uint64_t size,
		  struct err *e)
{
	char bytes[24];
	const char *argv[] = {QEMU_IMG, "create", "-q",	   "-f", "qcow2", "-u",	 "-F",
			      format,	"-b",	  backing, "--", path,	  bytes, NULL};
	int r = need_plain(path, e);

	if (r == 0)
		r = need_plain(backing, e);
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	return r < 0 ? r : run_qemu_img(argv, QEMU_IMG_MS, false, e);
}

int qcow2_resize(const char *path, const char *format, uint64_t size, struct err *e)
{
	char bytes[24];
	const char *argv[] = {QEMU_IMG, "resize", "-q", "-f", format, "--", path, bytes, NULL};
	int r = need_plain(path, e);

	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	return r < 0 ? r : run_qemu_img(argv, QEMU_IMG_MS, false, e);
}

int qcow2_rebase(const char *path, const char *backing, const char *format, struct err *e)
{
	const char *on[] = {QEMU_IMG, "rebase", "-q",	 "-f", "qcow2", "-F",
			    format,   "-b",	backing, "--", path,	NULL};
	const char *alone[] = {QEMU_IMG, "rebase", "-q", "-f", "qcow2", "-b", "", "--", path, NULL};
	int r = need_plain(path, e);

	if (r == 0 && *backing)
		r = need_plain(backing, e);
	return r < 0 ? r : run_qemu_img(*backing ? on : alone, REBASE_MS, true, e);
}

int qcow2_same(const char *a, const char *b, struct err *e)
{
	const char *argv[] = {QEMU_IMG, "compare", "-q", "-f", "qcow2", "-F",
			      "qcow2",	"--",	   a,	 b,    NULL};
	struct err why = {0};
	int r = run_qemu_img(argv, REBASE_MS, true, &why);

	return r < 0 ? err_set(e, why.exit, why.errnum, "%s is not what %s is%s%s", b, a,
			       *why.msg ? ": " : "", why.msg)
		     : 0;
}
