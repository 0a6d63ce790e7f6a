/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image and the loop device in front of it. */
#pragma once

#include "fsguard/loop.h"
#include "fsguard/store.h"
#include "lib/err.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct volume {
	int fd;
	struct stat st;
	struct loop loop;
	bool in_use; /* mounted somewhere */
	char path[PATH_MAX + STORE_NAME_MAX];
};

#define VOLUME_NONE                                                                                \
	(struct volume)                                                                            \
	{                                                                                          \
		.fd = -1, .loop.fd = -1                                                            \
	}

/** fsg_volume_open - the image @name in the folder @store; -ENOENT when there is none. */
int fsg_volume_open(int store, const char *store_path, const char *name, struct volume *d,
		    struct err *e);

/** fsg_volume_find_loop - the loop device it is behind. Returns 1, or 0 when there is none. */
int fsg_volume_find_loop(struct volume *d, struct err *e);

/**
 * fsg_volume_ready - attach an image that no one has mounted, check it when it was not cleanly
 * unmounted, and grow what is in it to its size.
 */
int fsg_volume_ready(struct volume *d, uint32_t deadline_ms, struct err *e);

void fsg_volume_close(struct volume *d);
#define auto_volume __attribute__((cleanup(fsg_volume_close)))
