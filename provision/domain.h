/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded domain, its policy, what is kept of it. */
#pragma once

#include "lib/policy.h"
#include "lib/record.h"
#include "provision/instance.h"
#include "provision/keys.h"
#include "provision/seed.h"
#include "provision/store.h"

#define PROV_LOG "provision.log"
#define PROV_SEED "seed.iso"		  /* in the store */
#define PROV_RECORD_SEED "provision.seed" /* in the record: which file prepare left */
#define PROV_RECORD_UNDO "provision.undo" /* in the record: there while something runs */

/* Zero-initialise with store.dir = -1, release with prov_free. */
struct prov {
	const char *root;
	struct record rec;
	struct host_config host;
	struct policy pol;
	struct store store;
	struct instance inst;
};
#define PROV_NONE                                                                                  \
	{                                                                                          \
		.store = {.dir = -1 }                                                              \
	}

/**
 * prov_open - a domain by name or UUID: its record, the policy that prepare accepted.
 * Exit code 66 without a record.
 */
int prov_open(const char *root, const char *arg, struct prov *ret, struct err *e);
void prov_free(struct prov *p);
#define auto_prov __attribute__((cleanup(prov_free)))

/** prov_wants_seed - whether the policy asks for one. */
bool prov_wants_seed(const struct policy *p);

/** prov_owner - who may read the key that logs in: run_as, else root. Exit code 78 without him. */
int prov_owner(const struct policy *p, struct store_owner *ret, struct err *e);

/** prov_blame - put "PATH:LINE: [provision] KEY: " before an error. Returns its number. */
int prov_blame(const struct policy *p, enum policy_key key, struct err *e);

/**
 * prov_apply - write the seed, set disks back when the policy says so and the domain is about to
 * start. What is so already is left alone.
 */
int prov_apply(const char *root, const char *arg, struct err *e);

/** prov_write_seed - the seed of the instance as it is, when the one that is there is another. */
int prov_write_seed(const struct prov *p, const struct keys *keys, struct err *e);

/** prov_check - the disk and the file of the seed are what prepare left. Exit code 1 if not. */
int prov_check(const char *root, const char *arg, struct err *e);

/** prov_print_plan - the seed of a domain, or of the policy in a file; keys are left out. */
int prov_print_plan(const char *root, const char *arg, struct err *e);
