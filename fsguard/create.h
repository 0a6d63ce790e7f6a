/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making an image: under another name until all of it is there. */
#pragma once

#include "lib/err.h"
#include "lib/policy.h"

#include <stdint.h>
#include <sys/types.h>

struct creation {
	int store; /* folder of images */
	const char *store_path;
	const char *name; /* of the image in it */
	const struct policy_share *policy;
	int source; /* the folder whose owner, mode and perhaps content it takes over */
	const char *source_path;
	uint32_t deadline_ms;
};

/**
 * fsg_create_image - make the image @c->name. What is under that name afterwards is whole; a crash
 * leaves another name, which fsg_create_tidy or the next creation removes.
 */
int fsg_create_image(const struct creation *c, struct err *e);

/** fsg_create_tidy - remove what a crash left of the image @name. */
void fsg_create_tidy(int store, const char *name);

/** fsg_create_reserve - allocate the whole of an image on the host's disk. */
int fsg_create_reserve(int fd, uint64_t bytes, const char *where, struct err *e);
