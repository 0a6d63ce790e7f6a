/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices: an image behind one, and which one an image is behind. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * An open loop device; fsg_loop_close lets go of it, and the kernel detaches one that nobody holds.
 */
struct loop {
	int fd; /* -1: none */
	unsigned number;
	dev_t dev;
	bool direct_io;
};

#define LOOP_NONE ((struct loop){.fd = -1})

/**
 * fsg_loop_attach - put an image behind a free loop device: autoclear, direct I/O where the file
 * system below has it, blocks of 4096 bytes.
 * @image: descriptor of the image, open for reading and writing
 * @name: told to whoever lists loop devices, cut at 63 bytes
 */
int fsg_loop_attach(int image, const char *name, struct loop *ret, struct err *e);

/**
 * fsg_loop_find - the loop device that holds the file @st, by its device and inode.
 * Returns 1 and @ret open, 0 when there is none, -errno. One that shows only a part of the image,
 * or cannot be written to, is an error: it is not ours.
 */
int fsg_loop_find(const struct stat *st, struct loop *ret, struct err *e);

/** fsg_loop_in_use - whether a file system on it is mounted, in whatever namespace. */
bool fsg_loop_in_use(const struct loop *loop);

/** fsg_loop_resize - take the image's present size, @bytes, over. */
int fsg_loop_resize(const struct loop *loop, uint64_t bytes, struct err *e);

/** fsg_loop_path - "/dev/loop7" into @buf. Returns @buf. */
#define LOOP_PATH_MAX 32
const char *fsg_loop_path(const struct loop *loop, char buf[static LOOP_PATH_MAX]);

void fsg_loop_close(struct loop *loop);

#define auto_loop __attribute__((cleanup(fsg_loop_close)))
