/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts of images: made detached, put on a folder by descriptor, looked up, taken off. */
#pragma once

#include "fsguard/loop.h"
#include "lib/err.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Theory of operation
 *
 * fsmount(2) gives a mount that lies nowhere yet: nobody can reach it by a name, it already has
 * nosymfollow, nosuid, nodev and noexec, and it goes with its descriptor. All that is done to an
 * image before the guest sees it is done there. move_mount(2) then puts it on the folder that a
 * descriptor is open on, so that renaming the folder or one above it diverts nothing. Where fsopen
 * is not to be had (a seccomp filter; the kernel has it since 5.2) mount(2) does it on a folder
 * that only root can enter, MS_BIND puts it on the target, and the first one is taken off again.
 */

struct mnt {
	int fd;	     /* as fsmount gave it (O_PATH); -1: none */
	int root;    /* its top folder, open for reading */
	int staging; /* only with mount(2): the folder of images, in which it lies */
};

#define MNT_NONE ((struct mnt){.fd = -1, .root = -1, .staging = -1})

/**
 * fsg_mnt_make - mount the ext4 in @loop, to be seen by no one yet.
 * @store: the folder of images, for what mount(2) needs
 * -EBUSY when it is mounted elsewhere and one of the two is read-only.
 */
int fsg_mnt_make(const struct loop *loop, bool ro, int store, struct mnt *ret, struct err *e);

/** fsg_mnt_attach - put it on the folder @target. @path is for messages. */
int fsg_mnt_attach(const struct mnt *mnt, int target, const char *path, struct err *e);

/** fsg_mnt_private - what is mounted below @fd, a mount, does not appear in copies of it. */
int fsg_mnt_private(int fd, const char *path, struct err *e);

/** fsg_mnt_close - let go; one that was put nowhere is unmounted. */
void fsg_mnt_close(struct mnt *mnt);
#define auto_mnt __attribute__((cleanup(fsg_mnt_close)))

/** fsg_mnt_tidy - take off what a crash left on the staging folder. */
void fsg_mnt_tidy(int store);

/**
 * fsg_mnt_verify - whether @fd is the root of the file system @dev with all our flags.
 * @why: what differs, a line each, may be NULL
 */
bool fsg_mnt_verify(int fd, dev_t dev, bool ro, const char *path, struct strbuf *why);

/** fsg_mnt_repair - set our flags on a mount that lost them; @fd is its root. */
int fsg_mnt_repair(int fd, bool ro, const char *path, struct err *e);

/* Where a file system is mounted, in this namespace. */
struct mnt_point {
	char *path;
	bool whole; /* its root, not a folder in it */
};

int fsg_mnt_points(dev_t dev, struct mnt_point **ret, size_t *n_ret, struct err *e);
void fsg_mnt_points_free(struct mnt_point *list, size_t n);

/**
 * fsg_mnt_detach - unmount @path if it is the root of @dev, never lazily.
 * @wait_ms: try again that long while it is busy
 * -EBUSY when it stays so; -ENOENT (no error set) when @dev is not what is mounted there.
 */
int fsg_mnt_detach(const char *path, dev_t dev, unsigned wait_ms, struct err *e);

/** fsg_mnt_trim - give blocks that are free in the file system back to the one below it. */
void fsg_mnt_trim(int fd, unsigned max_ms);
