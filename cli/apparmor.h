/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What AppArmor has denied to QEMU, or to programs of ours, by what the kernel said of it. */
#pragma once

#include "lib/net.h"
#include "lib/strbuf.h"

#include <stddef.h>
#include <time.h>

#define APPARMOR_MAX 256	   /* different ones that are kept */
#define APPARMOR_AGE_S (24 * 3600) /* older ones say nothing of now */

struct apparmor_denial {
	char profile[80], operation[32], mask[16], comm[32];
	char name[256];	    /* of a file, "" when it is about none; unsafe to print */
	unsigned n;	    /* how often */
	time_t first, last; /* seconds since the epoch */
};

struct apparmor {
	struct apparmor_denial list[APPARMOR_MAX];
	size_t n;
};

/**
 * apparmor_take - a line of the kernel's log or of auditd's: counted when it is a denial that is
 * not older than APPARMOR_AGE_S at @now. Others are passed over.
 */
void apparmor_take(struct apparmor *a, const char *line, time_t now);

/** apparmor_load - from ROOT/dev/kmsg and auditd's log, as far as they can be read. */
void apparmor_load(const char *root, struct apparmor *a);

/**
 * apparmor_lines - a line for each denial to the domain @uuid; NULL: to programs of ours, or to
 * libvirt when it ran them. Names are a guest's or the log's: print by print_lines.
 */
void apparmor_lines(const struct apparmor *a, const struct uuid *uuid, struct strbuf *out);
