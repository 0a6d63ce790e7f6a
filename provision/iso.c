/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small ISO 9660 image: see provision/iso.h. */
#include "provision/iso.h"

#include "lib/util.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Theory of operation
 *
 * 16 sectors of nothing, then one sector each: the primary volume descriptor, Joliet's, the
 * terminator, a path table in either byte order for each volume, a root folder for each volume;
 * then the files, each from a sector of its own. Both volumes name the same files. The layout is
 * that of ECMA-119, 4th edition (section numbers below), and of Microsoft's "Joliet Specification".
 */
enum sector {
	SECTOR_PRIMARY = 16,
	SECTOR_JOLIET,
	SECTOR_END,
	SECTOR_PATH_LE,
	SECTOR_PATH_BE,
	SECTOR_JOLIET_PATH_LE,
	SECTOR_JOLIET_PATH_BE,
	SECTOR_ROOT,
	SECTOR_JOLIET_ROOT,
	SECTOR_FILES,
};

#define RECORD_LEN 33 /* of a directory record without its name, 9.1 */
#define FLAG_FOLDER 2
#define PATH_TABLE_LEN 10 /* the root alone: 8 bytes, its name of one, a pad */

struct image {
	unsigned char *data;
	const struct iso_file *files;
	size_t n;
};

static void put_le(unsigned char *p, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static void put_be(unsigned char *p, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
}

/* Fields have no NUL at their ends. */
static void put_bytes(unsigned char *p, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)s[i];
}

/* A number in both byte orders, 7.2.3 and 7.3.3. */
static void put_both(unsigned char *p, uint32_t v, size_t bytes)
{
	put_le(p, v, bytes);
	put_be(p + bytes, v, bytes);
}

static unsigned char *sector(const struct image *im, size_t i)
{
	return im->data + i * ISO_SECTOR;
}

/* A text padded with blanks; Joliet's is in UCS-2, high byte first. */
static void put_text(unsigned char *p, const char *s, size_t bytes, bool wide)
{
	for (size_t i = 0; i < bytes; i++) {
		const unsigned char c = *s ? (unsigned char)*s : ' ';

		if (wide)
			p[i++] = 0;
		if (i < bytes)
			p[i] = c;
		if (*s)
			s++;
	}
}

/* The directory record of a file or folder at @p; returns its length. 9.1 */
static size_t put_record(unsigned char *p, const unsigned char *name, size_t name_len,
			 uint32_t first, uint32_t len, unsigned char flags)
{
	const size_t total = (RECORD_LEN + name_len + 1) & ~(size_t)1;

	p[0] = (unsigned char)total;
	put_both(p + 2, first, 4);
	put_both(p + 10, len, 4);
	/* 1970-01-01 00:00:00, 9.1.5 */
	p[18] = 70;
	p[19] = 1;
	p[20] = 1;
	p[25] = flags;
	put_both(p + 28, 1, 2);
	p[32] = (unsigned char)name_len;
	memcpy(p + RECORD_LEN, name, name_len);
	return total;
}

/* The name as the volume has it, of at most 2 * ISO_NAME_MAX + 4 bytes; returns its length. */
static size_t volume_name(const char *name, bool wide, unsigned char *out)
{
	size_t n = 0;

	for (; *name; name++) {
		if (wide)
			out[n++] = 0;
		out[n++] = (unsigned char)(wide ? *name : toupper((unsigned char)*name));
	}
	if (wide)
		return n;
	/* Linux drops this end, and shows the rest in lower case. */
	memcpy(out + n, ".;1", 3);
	return n + 3;
}

static void put_root(const struct image *im, enum sector at, bool wide)
{
	unsigned char name[2 * ISO_NAME_MAX + 4], *p = sector(im, at);
	uint32_t first = SECTOR_FILES;

	p += put_record(p, (const unsigned char *)"\0", 1, at, ISO_SECTOR, FLAG_FOLDER);
	p += put_record(p, (const unsigned char *)"\1", 1, at, ISO_SECTOR, FLAG_FOLDER);
	for (size_t i = 0; i < im->n; i++) {
		const size_t len = im->files[i].len;

		p += put_record(p, name, volume_name(im->files[i].name, wide, name), first,
				(uint32_t)len, 0);
		first += (uint32_t)((len + ISO_SECTOR - 1) / ISO_SECTOR);
	}
}

static void put_path_table(const struct image *im, enum sector le, enum sector root)
{
	unsigned char *p = sector(im, le), *q = sector(im, le + 1);

	p[0] = q[0] = 1;
	put_le(p + 2, root, 4);
	put_be(q + 2, root, 4);
	put_le(p + 6, 1, 2);
	put_be(q + 6, 1, 2);
}

/* Dates of descriptors that are not given, 8.4.26.1 */
static void put_no_dates(unsigned char *p)
{
	for (size_t i = 0; i < 4; i++)
		memset(p + 17 * i, '0', 16);
}

/* A volume descriptor, 8.4 and 8.5; Joliet's escape sequence says UCS-2 level 3. */
static void put_volume(const struct image *im, const char *label, size_t sectors, bool wide)
{
	unsigned char *p = sector(im, wide ? SECTOR_JOLIET : SECTOR_PRIMARY);
	const enum sector paths = wide ? SECTOR_JOLIET_PATH_LE : SECTOR_PATH_LE;
	const enum sector root = wide ? SECTOR_JOLIET_ROOT : SECTOR_ROOT;

	p[0] = wide ? 2 : 1;
	put_bytes(p + 1, "CD001\1", 6);
	put_text(p + 8, "", 32, wide);
	put_text(p + 40, label, 32, wide);
	put_both(p + 80, (uint32_t)sectors, 4);
	if (wide)
		put_bytes(p + 88, "%/E", 3);
	put_both(p + 120, 1, 2);
	put_both(p + 124, 1, 2);
	put_both(p + 128, ISO_SECTOR, 2);
	put_both(p + 132, PATH_TABLE_LEN, 4);
	put_le(p + 140, paths, 4);
	put_be(p + 148, paths + 1, 4);
	(void)put_record(p + 156, (const unsigned char *)"\0", 1, root, ISO_SECTOR, FLAG_FOLDER);
	put_text(p + 190, "", 623, wide);
	put_no_dates(p + 813);
	p[881] = 1;
	put_path_table(im, paths, root);
	put_root(im, root, wide);
}

static bool plain(const char *s, size_t max)
{
	const size_t n = strnlen(s, max + 1);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return n > 0 && n <= max;
}

static int check(const char *label, const struct iso_file *files, size_t n, size_t *ret_sectors,
		 struct err *e)
{
	size_t bytes = 0, sectors = SECTOR_FILES, records = 68; /* the root's first two */

	if (n > ISO_FILES_MAX || !plain(label, 16))
		return err_set(e, EX_CORDON_BUG, EINVAL, "image '%s' of %zu files", label, n);
	for (size_t i = 0; i < n; i++) {
		if (!plain(files[i].name, ISO_NAME_MAX) ||
		    (i > 0 && strcasecmp(files[i - 1].name, files[i].name) >= 0))
			return err_set(e, EX_CORDON_BUG, EINVAL, "file '%s' of an image",
				       files[i].name);
		records += RECORD_LEN + 2 * strlen(files[i].name) + 1;
		bytes += files[i].len;
		if (bytes > ISO_SIZE_MAX)
			return err_set(e, EX_CORDON_POLICY, EFBIG,
				       "files of an image larger than %d bytes", ISO_SIZE_MAX);
		sectors += (files[i].len + ISO_SECTOR - 1) / ISO_SECTOR;
	}
	if (records > ISO_SECTOR)
		return err_set(e, EX_CORDON_BUG, EFBIG, "names of an image too long");
	*ret_sectors = sectors;
	return 0;
}

int iso_build(const char *label, const struct iso_file *files, size_t n, char **ret,
	      size_t *ret_len, struct err *e)
{
	struct image im = {.files = files, .n = n};
	size_t sectors = SECTOR_FILES, at = SECTOR_FILES;
	int r;

	r = check(label, files, n, &sectors, e);
	if (r < 0)
		return r;
	im.data = calloc(sectors, ISO_SECTOR);
	if (!im.data)
		return err_os(e, ENOMEM, "image");
	put_volume(&im, label, sectors, false);
	put_volume(&im, label, sectors, true);
	sector(&im, SECTOR_END)[0] = 255;
	put_bytes(sector(&im, SECTOR_END) + 1, "CD001\1", 6);
	for (size_t i = 0; i < n; i++) {
		if (files[i].len)
			memcpy(sector(&im, at), files[i].data, files[i].len);
		at += (files[i].len + ISO_SECTOR - 1) / ISO_SECTOR;
	}
	*ret = (char *)im.data;
	*ret_len = sectors * ISO_SECTOR;
	return 0;
}
