/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to an instance of a guest: kept with its disks, and set back with them. */
#pragma once

#include "lib/err.h"
#include "lib/strbuf.h"
#include "provision/store.h"

#include <stdbool.h>
#include <stdint.h>

#define INSTANCE_FILE "instance"
#define INSTANCE_NUMBER_MAX 1000000
#define INSTANCE_SAID_MAX 300 /* bytes kept of what went wrong */

enum instance_result {
	RESULT_NONE,   /* never tried */
	RESULT_DONE,   /* the playbook ran to its end */
	RESULT_FAILED, /* it, or what comes before it, did not */
};

struct instance {
	uint32_t number; /* from 1; a new one makes cloud-init begin anew */
	bool booted;	 /* cloud-init has finished: the seed need hold nothing secret */
	enum instance_result result;
	int64_t when;			  /* seconds since the epoch, of the result; 0 without */
	char said[INSTANCE_SAID_MAX + 1]; /* why it failed; one line */
};

const char *instance_result_name(enum instance_result r);

/** instance_print, instance_parse - the text form, strict; exit code 65 for any other. */
void instance_print(const struct instance *i, struct strbuf *out);
int instance_parse(const char *text, size_t len, struct instance *ret, struct err *e);

/** instance_load - the one of now; the first when nothing is written yet. */
int instance_load(const struct store *s, struct instance *ret, struct err *e);
/** instance_save - atomically, also over a crash of the machine. */
int instance_save(const struct store *s, const struct instance *i, struct err *e);
