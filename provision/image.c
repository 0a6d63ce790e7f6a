/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image that a new guest begins with: see provision/image.h. */
#include "provision/image.h"

#include "lib/run.h"
#include "lib/util.h"
#include "provision/qcow2.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define SHA256SUM "/usr/bin/sha256sum"
#define SHA256_MS 600000 /* of a large image on a slow disk */

/* QEMU runs as a user of its own, whom libvirt gives files but not the way to them. */
static int check_reachable(const char *root, const char *path, struct err *e)
{
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		if (strncmp(root, dir, strlen(dir)) == 0)
			return 0;
		if (stat(dir, &st) < 0)
			return err_os(e, errno, "%s", dir);
		if (!(st.st_mode & S_IXOTH))
			return err_set(e, EX_CORDON_POLICY, EACCES,
				       "%s: QEMU's user cannot go through %s; move the file to "
				       "/var/lib/libvirt/images, say",
				       path, dir);
	}
	return 0;
}

static int read_header(struct image *image, struct err *e)
{
	auto_close int fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct qcow2 q = {0};
	char magic[4] = {0};
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot open %s", image->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s is not a regular file",
			       image->path);
	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    memcmp(magic, "QFI\xfb", 4) == 0) {
		r = qcow2_read(image->path, &q, e);
		if (r < 0)
			return r;
		if (*q.backing)
			return err_set(e, EX_CORDON_POLICY, EPERM,
				       "%s stands on another file, '%s'; make one of both: "
				       "qemu-img convert -O qcow2",
				       image->path, q.backing);
		image->format = "qcow2";
		image->size = q.size;
		return 0;
	}
	if (st.st_size == 0 || st.st_size % 512)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s is neither qcow2 nor raw (its size is no multiple of 512)",
			       image->path);
	image->format = "raw";
	image->size = (uint64_t)st.st_size;
	return 0;
}

int image_open(const char *root, const char *path, struct image *ret, struct err *e)
{
	struct image image = {0};
	int r;

	if (!realpath(path, image.path))
		return errno == ENOENT ? err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: %s", path,
						 strerror(ENOENT))
				       : err_os(e, errno, "%s", path);
	r = read_header(&image, e);
	if (r == 0)
		r = check_reachable(root, image.path, e);
	if (r == 0)
		*ret = image;
	return r;
}

int image_verify(const struct image *image, const char *want, struct err *e)
{
	const char *argv[] = {SHA256SUM, "--", image->path, NULL};
	auto_sb struct strbuf sum = {0}, said = {0};
	const char *digest;
	int r;

	for (size_t i = 0; i < 64; i++)
		if (!isxdigit((unsigned char)want[i]))
			return err_set(e, EX_CORDON_USAGE, EINVAL,
				       "--sha256 needs 64 hexadecimal digits");
	if (want[64])
		return err_set(e, EX_CORDON_USAGE, EINVAL, "--sha256 needs 64 hexadecimal digits");
	r = run_captured(argv, SHA256_MS, &sum, &said, e);
	if (r > 0)
		return err_set(e, EX_CORDON_OS, EIO, "sha256sum: %.200s", sb_str(&said));
	if (r < 0)
		return r;
	/* A backslash first says that the name was escaped. */
	digest = sb_str(&sum) + (*sb_str(&sum) == '\\');
	if (strlen(digest) < 64 || strncasecmp(digest, want, 64) != 0)
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "%s is not the image that was meant: its SHA-256 is %.64s",
			       image->path, digest);
	return 0;
}

int image_protect(const struct image *image, struct err *e)
{
	struct stat st;

	if (stat(image->path, &st) < 0)
		return err_os(e, errno, "%s", image->path);
	if (!(st.st_mode & 0222))
		return 0;
	return chmod(image->path, st.st_mode & 07777 & ~(mode_t)0222) < 0
		       ? err_os(e, errno, "cannot protect %s", image->path)
		       : 0;
}

/* QEMU locks a byte for each thing that it does with an image; this one is for writing
 * (block/file-posix.c: RAW_LOCK_PERM_BASE and the number of BLK_PERM_WRITE's bit). */
#define QEMU_WRITES_AT 101

int image_refuse_written(const struct image *image, struct err *e)
{
	struct flock byte = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = QEMU_WRITES_AT, .l_len = 1};
	auto_close int fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_os(e, errno, "cannot open %s", image->path);
	if (fcntl(fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "a guest writes to %s; shut it down, and make the new one of a copy",
			       image->path);
	return 0;
}
