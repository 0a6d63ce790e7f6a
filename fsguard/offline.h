/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of a domain that is off: made beforehand, and looked into from the host. */
#pragma once

#include "fsguard/mnt.h"
#include "fsguard/volume.h"
#include "lib/err.h"
#include "lib/net.h"

#include <stdbool.h>

/**
 * fsg_offline_domain - the UUID that a person names: a UUID, or the name of a domain that runs or
 * has been started under a policy. Exit code 66 when there is none.
 */
int fsg_offline_domain(const char *root, const char *arg, struct uuid *ret, struct err *e);

/**
 * fsg_offline_adopt - make the image of a share from the folder @path, which is copied in.
 * @arg: the domain; when it is a name, its policy says size, owner and reserve
 * @size: instead of the policy's, as "10G"; may be NULL
 */
int fsg_offline_adopt(const char *root, const char *arg, const char *tag, const char *path,
		      const char *size, struct err *e);

/* A share as it is, for looking into: where it is in place, or mounted for us alone. */
struct look {
	int top; /* its top folder, open for reading */
	struct volume volume;
	struct mnt mnt;
	int store;
};

#define LOOK_NONE                                                                                  \
	{                                                                                          \
		.top = -1, .volume = VOLUME_NONE, .mnt = MNT_NONE, .store = -1                     \
	}

int fsg_look(const char *root, const struct uuid *uuid, const char *tag, struct look *ret,
	     struct err *e);
void fsg_look_close(struct look *look);
#define auto_look __attribute__((cleanup(fsg_look_close)))

/**
 * fsg_offline_mount - mount the share of a domain that is off on @path, with all our flags.
 * @write: for writing, too
 */
int fsg_offline_mount(const char *root, const struct uuid *uuid, const char *tag, const char *path,
		      bool write, struct err *e);

/** fsg_offline_unmount - take such a mount off. */
int fsg_offline_unmount(const char *root, const struct uuid *uuid, const char *tag, struct err *e);
