/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in an image: see fsguard/image.h. */
#include "fsguard/image.h"

#include "lib/run.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Every feature is named: what /etc/mke2fs.conf of the host says does not count, and a kernel of
 * 5.16 mounts it. A journal, since it costs no disk here (below) and a check of a share that was
 * not unmounted takes milliseconds instead of reading all of it. resize_inode leaves room to grow
 * while mounted.
 */
static const char features[] =
	"none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,"
	"sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum";
/*
 * A new image is one hole, which reads as zeros: mke2fs need write neither the journal nor, since
 * it punches the hole itself, any inode table. Measured for 10 GB: 19 ms and 4.3 MB, instead of 70
 * MB by default.
 */
#define EXTENDED "lazy_journal_init=1,packed_meta_blocks=1,discard"
#define LABEL_MAX 16
#define SMALL (UINT64_C(1) << 30) /* below it an inode per 4 KiB, above per 16 KiB */

/* Offsets in the superblock: Documentation/filesystems/ext4/super.rst of the kernel. */
#define SUPER_AT 1024
#define S_BLOCKS_LO 4
#define S_LOG_BLOCK_SIZE 24
#define S_MAGIC 56
#define S_STATE 58
#define S_FEATURE_INCOMPAT 96
#define S_BLOCKS_HI 336
#define MAGIC 0xef53u
#define STATE_VALID 1u
#define STATE_ERROR 2u
#define INCOMPAT_RECOVER 0x4u
#define INCOMPAT_64BIT 0x80u

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

int fsg_image_super(int fd, const char *path, struct fsg_image_super *ret, struct err *e)
{
	uint32_t state, incompat, shift;
	uint8_t sb[1024];
	uint64_t blocks;
	ssize_t n;

	n = pread(fd, sb, sizeof(sb), SUPER_AT);
	if (n < 0)
		return err_os(e, errno, "cannot read %s", path);
	if (n != sizeof(sb) || le16(sb + S_MAGIC) != MAGIC || le32(sb + S_LOG_BLOCK_SIZE) > 6)
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "%s holds no ext4 file system; restore it, or remove it and begin "
			       "with an empty share",
			       path);
	state = le16(sb + S_STATE);
	incompat = le32(sb + S_FEATURE_INCOMPAT);
	shift = 10 + le32(sb + S_LOG_BLOCK_SIZE);
	blocks = le32(sb + S_BLOCKS_LO);
	if (incompat & INCOMPAT_64BIT)
		blocks |= (uint64_t)le32(sb + S_BLOCKS_HI) << 32;
	if (blocks > UINT64_MAX >> shift)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s: its superblock is damaged", path);
	*ret = (struct fsg_image_super){
		.bytes = blocks << shift,
		.clean = state & STATE_VALID && !(state & STATE_ERROR) &&
			 !(incompat & INCOMPAT_RECOVER),
	};
	return 0;
}

/* A program of e2fsprogs; where /sbin is no link to /usr/sbin it is there. */
static int find_tool(const char *name, char buf[static 64], struct err *e)
{
	(void)snprintf(buf, 64, "/usr/sbin/%s", name);
	if (access(buf, X_OK) == 0)
		return 0;
	(void)snprintf(buf, 64, "/sbin/%s", name);
	if (access(buf, X_OK) == 0)
		return 0;
	return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
		       "%s is missing; install the package e2fsprogs", name);
}

/* Its last line, which is what went wrong. */
static const char *last_line(struct strbuf *said)
{
	char *line = NULL, *text;

	while (said->len && said->data[said->len - 1] == '\n')
		said->data[--said->len] = '\0';
	text = said->len ? said->data : NULL;
	line = text ? strrchr(text, '\n') : NULL;
	return line ? line + 1 : sb_str(said);
}

int fsg_image_format(const char *path, const char *tag, uint64_t bytes, uint32_t deadline_ms,
		     struct err *e)
{
	char tool[64], label[LABEL_MAX + 1];
	auto_sb struct strbuf said = {0};
	/* clang-format off */
	const char *argv[] = {
		tool, "-q", "-F", "-t", "ext4", "-T", "default", "-b", "4096", "-I", "256",
		"-m", "0", "-i", bytes < SMALL ? "4096" : "16384", "-e", "remount-ro",
		"-O", features, "-E", EXTENDED, "-L", label, path, NULL,
	};
	/* clang-format on */
	int r;

	(void)snprintf(label, sizeof(label), "%s", tag);
	r = find_tool("mke2fs", tool, e);
	if (r < 0)
		return r;
	r = run_program(argv, deadline_ms, &said, e);
	if (r > 0)
		return err_set(e, EX_CORDON_OS, EIO, "mke2fs %s: %s", path, last_line(&said));
	return r;
}

static int check(const char *device, const char *path, bool force, uint32_t deadline_ms,
		 struct err *e)
{
	struct err local = {0};
	char tool[64];
	const char *argv[] = {tool, "-p", device, force ? "-f" : NULL, NULL};
	int r;

	r = find_tool("e2fsck", tool, e);
	if (r < 0)
		return r;
	r = run_program(argv, deadline_ms, NULL, &local);
	if (r >= 0 && r <= 2) /* e2fsck(8): nothing, or all of it mended */
		return 0;
	if (r == -ETIMEDOUT)
		return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT,
			       "checking the image took more than %" PRIu32
			       " ms; run it yourself, then start again: e2fsck -f -p '%s'",
			       deadline_ms, path);
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	return err_set(e, EX_CORDON_DATA, EIO,
		       "the image has errors that e2fsck does not mend alone; run: e2fsck -f '%s'",
		       path);
}

int fsg_image_repair(const char *device, const char *path, uint32_t deadline_ms, struct err *e)
{
	return check(device, path, false, deadline_ms, e);
}

/* Not EXT4_IOC_RESIZE_FS on a mount: that wants CAP_SYS_RESOURCE, which a container may lack. */
int fsg_image_grow(const char *device, const char *path, uint32_t deadline_ms, struct err *e)
{
	auto_sb struct strbuf said = {0};
	char tool[64];
	const char *argv[] = {tool, device, NULL};
	int r;

	r = check(device, path, true, deadline_ms, e);
	if (r == 0)
		r = find_tool("resize2fs", tool, e);
	if (r == 0)
		r = run_program(argv, deadline_ms, &said, e);
	if (r > 0)
		return err_set(e, EX_CORDON_OS, EIO, "resize2fs %s: %s", path, last_line(&said));
	return r;
}
