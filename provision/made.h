/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What virt-cordon new made for a domain, so that virt-cordon remove knows it again. */
#pragma once

#include "lib/err.h"
#include "provision/store.h"

#define MADE_FILE "made"

/* Zero-initialise, release with made_free. */
struct made {
	char *disk;   /* the overlay */
	char *policy; /* its file */
};
void made_free(struct made *m);
#define auto_made __attribute__((cleanup(made_free)))

int made_save(const struct store *s, const char *disk, const char *policy, struct err *e);
/** made_load - -ENOENT (exit code 66) for a domain that was made otherwise. */
int made_load(const struct store *s, struct made *ret, struct err *e);
