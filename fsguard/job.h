/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of a domain work on: its record, its policy, its shares. */
#pragma once

#include "fsguard/store.h"
#include "fsguard/undo.h"
#include "lib/policy.h"
#include "lib/record.h"

struct share {
	const struct record_fs *fs;
	const struct policy_share *policy;
	char *target;		   /* the source folder of the XML, without double slashes */
	int target_fd;		   /* -1: not opened */
	char name[STORE_NAME_MAX]; /* of its image */
	bool up;		   /* put in place by this run */
};

struct job {
	const char *root;
	struct record rec;
	struct host_config host;
	struct policy policy;
	struct share *shares;
	size_t n_shares;
	int store; /* the folder of images, -1: not opened */
	char store_path[4096];
	uint32_t deadline_ms; /* for what takes long */
};

#define JOB_INIT(r)                                                                                \
	{                                                                                          \
		.root = (r), .store = -1                                                           \
	}

/**
 * fsg_job_load - the recorded domain @uuid with the policy that its start accepted. A filesystem
 * without a section, or the reverse, is an error here: the hook does not let such a domain start.
 */
int fsg_job_load(struct job *j, const struct uuid *uuid, struct err *e);

/** fsg_job_open_store - open and lock the folder of images. -ENOENT: not there, and not made. */
int fsg_job_open_store(struct job *j, const struct uuid *uuid, bool make, struct err *e);

/** fsg_job_lock_host - the lock of the host, a descriptor. */
int fsg_job_lock_host(const struct job *j, struct err *e);

void fsg_job_free(struct job *j);
#define auto_job __attribute__((cleanup(fsg_job_free)))

/** fsg_job_where - "FILE:LINE: [share TAG]" of a share, for messages. Returns @buf. */
const char *fsg_job_where(const struct job *j, const struct share *share, char *buf, size_t size);
