/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that this host has a policy or a record of, without asking libvirt. */
#pragma once

#include "lib/err.h"
#include "lib/record.h"

#include <stdbool.h>
#include <stddef.h>

#define POLICY_DIR "/etc/virt-cordon/domains" /* below the root */

struct domain {
	char *name; /* the record's or policy file's; of an unreadable record its UUID */
	bool has_uuid;
	struct uuid uuid;
	bool has_policy; /* a file of its name is there; it need not be readable */
	bool has_record;
	struct record rec;   /* when has_record, and it could be read */
	struct err *unread;  /* why the record could not be read, or NULL */
	bool runs_unmanaged; /* libvirt runs it, and there is no record */
};

struct domains {
	struct domain *list; /* by name */
	size_t n;
	struct err
		blind;	/* set: records or policies cannot be listed (not root), the rest is here */
	bool no_folder; /* POLICY_DIR is not there */
};

/**
 * domains_load - all of them.
 *
 * What cannot be read for want of privilege is noted in @ret->blind, not an error.
 */
int domains_load(const char *root, struct domains *ret, struct err *e);
void domains_free(struct domains *d);
#define auto_domains __attribute__((cleanup(domains_free)))

/**
 * domains_find - the one that an argument names, by cli_target's rules.
 *
 * Exit code 66 when there is none, with the name that may have been meant; 64 for a file.
 */
int domains_find(const struct domains *d, const char *arg, struct domain **ret, struct err *e);

/** domain_policy_path - where its policy is or would be, malloc'd; NULL without memory. */
char *domain_policy_path(const char *root, const char *name);
