/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks, and where they are agreed on: see lib/marks.h. */
#include "lib/marks.h"

#include "lib/policy.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 16u /* rules of one group */

static unsigned shift(unsigned level)
{
	return 4 * (MARKS_LEVELS - 1 - level);
}

uint32_t marks_pref_group(unsigned level, uint32_t n)
{
	static const uint32_t first[MARKS_LEVELS] = {MARKS_PREF_TUNNELS, 40100, 40300, 43000};

	return first[level] + (n >> shift(level)) / GROUP * (GROUP + 1);
}

uint32_t marks_pref(unsigned level, uint32_t n)
{
	return marks_pref_group(level, n) + 1 + (n >> shift(level)) % GROUP;
}

uint32_t marks_level_mask(unsigned level)
{
	return UINT32_MAX << shift(level);
}

const char *marks_link(uint32_t slot, char buf[static IFNAMSIZ])
{
	(void)snprintf(buf, IFNAMSIZ, "wgc%u", (unsigned)(slot & MARKS_SLOT_MASK));
	return buf;
}

const char *marks_link_shared(uint32_t number, char buf[static IFNAMSIZ])
{
	(void)snprintf(buf, IFNAMSIZ, "wgs%u", (unsigned)(number & MARKS_SLOT_MASK));
	return buf;
}

/* The second line of the file, which virt-cordon-netiso writes. */
static bool parse_base(const char *text, uint32_t *ret)
{
	static const char head[] = "virt-cordon-base 1\nmark_base ";
	unsigned long v;
	char *end;

	if (strncmp(text, head, sizeof(head) - 1) != 0)
		return false;
	text += sizeof(head) - 1;
	if (strspn(text, "0123456789abcdef") != 8)
		return false;
	v = strtoul(text, &end, 16);
	*ret = (uint32_t)v;
	return *end == '\n' && v != 0 && (v & ~(unsigned long)MARKS_MASK) == 0;
}

int marks_base(const char *root, uint32_t *ret, struct err *e)
{
	struct host_config host = {0};
	char path[PATH_MAX], text[256] = {0};
	auto_close int fd = -1;
	int r;

	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/base", root);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot read %s", path);
	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			return err_os(e, errno, "cannot read %s", path);
		if (!parse_base(text, ret))
			return err_set(e, EX_CORDON_DATA, EBADMSG, "%s is damaged", path);
		return 0;
	}
	r = host_config_load(root, &host, e);
	if (r == 0)
		*ret = host.mark_base;
	host_config_free(&host);
	return r;
}
