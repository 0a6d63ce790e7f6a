/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and going back to snapshots: links, overlays and renames of disk files. */
#pragma once

#include "lib/disk.h"
#include "provision/snap.h"
#include "provision/store.h"

#include <stdbool.h>
#include <stddef.h>

#define LAYERS_FRESH ".cordon-=new" /* DISK.cordon-=new, which is to be renamed over DISK */

/*
 * Theory of operation
 *
 * The XML names one file per disk, for ever. A snapshot gives what is in it a second name (a hard
 * link, DISK.cordon-NAME), then renames an empty overlay that stands on that name over the first
 * one. At each moment the first name is a whole disk: before the rename the old one, after it the
 * same seen through the overlay. Going back renames another empty overlay over it; nothing is
 * copied, so the size of the disk does not matter. What is discarded by that is an overlay that
 * was made here, which is seen by what it stands on, and nothing else ever is.
 *
 * Deleting a snapshot first puts in the place of each file that stands on its layer a copy that
 * stands on what the layer stands on and has what only the layer had; then the layer goes. A disk
 * is the same one all the while. A snapshot half deleted is noted so, and nothing is set back to
 * it; deleting it again goes on.
 *
 * All is done with the domain shut off, and refused when QEMU holds locks on a file.
 */

/**
 * layers_snapshot - make the snapshot @name of all disks that the guest can write.
 * @inst: what is noted of the guest with it
 *
 * All or nothing: after a failure the files are as they were. Exit code 78 when a disk is not a
 * qcow2 file of its own, 64 for a name in use.
 */
int layers_snapshot(const struct store *s, const struct disk *disks, size_t n, const char *name,
		    const struct instance *inst, struct err *e);

/** layers_on - the snapshot that the disks stand on now; NULL when they do not stand on one. */
const struct snap *layers_on(const struct snaps *all, const struct disk *disks, size_t n);

/**
 * layers_can_reset - whether layers_reset would be refused; changes nothing.
 */
int layers_can_reset(const struct snaps *all, const struct snap *to, const struct disk *disks,
		     size_t n, struct err *e);

/** layers_reset - the disks as they were in @to. What was written since is gone. */
int layers_reset(const struct store *s, const struct snaps *all, const struct snap *to,
		 const struct disk *disks, size_t n, struct err *e);

/**
 * layers_drop - delete a snapshot; other snapshots and the disks stay as they are. It copies, and
 * so takes room and time. Exit code 78 for the image itself, and when another domain stands on it.
 * @uuid: of the domain
 */
int layers_drop(const struct store *s, const char *root, const struct uuid *uuid,
		const struct snaps *all, const struct snap *snap, struct err *e);

/** layers_can_drop - whether layers_drop would be refused; changes nothing. */
int layers_can_drop(const char *root, const struct uuid *uuid, const struct snaps *all,
		    const struct snap *snap, struct err *e);

/**
 * layers_recover - finish or take back what a crash left half done. A reset begun is done again, so
 * that no disk is newer than another; of a snapshot begun the links go that no disk stands on.
 */
int layers_recover(const struct store *s, const struct disk *disks, size_t n, struct err *e);

/** layers_refuse_disk - why a disk that the guest can write cannot have snapshots. */
int layers_refuse_disk(const struct disk *d, struct err *e);

/** layers_refuse_in_use - exit code 78 when QEMU has the image @path open. */
int layers_refuse_in_use(const char *path, struct err *e);

/** layers_sync_folder - what a rename of @path did is on the disk, too. */
void layers_sync_folder(const char *path);

/** layers_writable - whether the guest can write this disk. */
bool layers_writable(const struct disk *d);
