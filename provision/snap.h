/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of a domain's disks: what is known of each. */
#pragma once

#include "lib/disk.h"
#include "lib/err.h"
#include "provision/instance.h"
#include "provision/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAP_NAME_MAX 64
#define SNAP_MAX 256 /* of one domain */
#define SNAP_DISKS_MAX 64

struct snap_disk {
	char *target; /* "vda" */
	char *source; /* the file that the domain's XML names, always the newest layer */
	char *layer;  /* the file that holds the snapshot, and is written no more */
	char *format; /* of the layer */
};

/* Zero-initialise, release with snap_free. */
struct snap {
	char name[SNAP_NAME_MAX + 1];
	bool done;	      /* false: making it was begun, and not finished */
	bool going;	      /* deleting it was begun, and not finished; not done then */
	bool ours;	      /* the layers are files that we made, not an image of someone's */
	uint32_t number;      /* in the order of making, from 1 */
	int64_t when;	      /* seconds since the epoch */
	struct instance inst; /* as it was then */
	struct snap_disk *disks;
	size_t n_disks;
};

void snap_free(struct snap *s);
#define auto_snap __attribute__((cleanup(snap_free)))

/** snap_name_ok - letters, digits, '_', '-', '.', at most SNAP_NAME_MAX; none of "-." first. */
bool snap_name_ok(const char *name);

/** snap_add_disk - append one; false without memory, or when there are too many. */
bool snap_add_disk(struct snap *s, const char *target, const char *source, const char *layer,
		   const char *format);

/** snap_print, snap_parse - the text form, strict; exit code 65 for any other. */
void snap_print(const struct snap *s, struct strbuf *out);
int snap_parse(const char *name, const char *text, size_t len, struct snap *ret, struct err *e);

/* All of a domain, by number. Zero-initialise, release with snaps_free. */
struct snaps {
	struct snap *list;
	size_t n;
};

/** snaps_load - what is in the folder snapshots/ of the store, which need not be there. */
int snaps_load(const struct store *s, struct snaps *ret, struct err *e);
void snaps_free(struct snaps *s);
#define auto_snaps __attribute__((cleanup(snaps_free)))

/** snaps_find - by name; NULL without it. */
const struct snap *snaps_find(const struct snaps *s, const char *name);
/** snaps_on - the one that @source stands on, whose layer @backing is; NULL for none. */
const struct snap *snaps_on(const struct snaps *s, const char *source, const char *backing);

/** snap_save, snap_forget - the note of it alone, atomically; no disk is touched. */
int snap_save(const struct store *s, const struct snap *snap, struct err *e);
int snap_forget(const struct store *s, const char *name, struct err *e);

/**
 * snaps_elsewhere - whether another domain has a snapshot, its image say, in the file @path.
 * @own: the UUID of this one
 *
 * 1 and its UUID in @ret_uuid, 0, or negative when that cannot be told.
 */
int snaps_elsewhere(const char *root, const struct uuid *own, const char *path,
		    struct uuid *ret_uuid, struct err *e);
