/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a policy and keys to the files of a seed. */
#pragma once

#include "lib/policy.h"
#include "provision/keys.h"
#include "provision/seed.h"

/* Zero-initialise, release with input_free. */
struct input {
	struct seed_input in;
	char uuid[UUID_STRLEN];
	char instance[UUID_STRLEN + 16];
	char *user_data;
	char *network;
};

/**
 * input_load - read what the policy names; borrowed: @p, @name, @keys.
 * @number: of the instance
 * @secure: the files, and the folders above them, must be root's alone to write
 * @clean: the seed of a guest that is set up; user_data is not read
 */
int input_load(const char *root, const struct policy *p, const char *name, const struct uuid *uuid,
	       uint32_t number, const struct keys *keys, bool secure, bool clean, struct input *ret,
	       struct err *e);
void input_free(struct input *i);
#define auto_input __attribute__((cleanup(input_free)))

/**
 * input_open - open a file that the policy names; @path has the --root in it when the policy has.
 * Root's alone to write, as the folders above it. Exit code 78, also for one that is not there.
 */
int input_open(const char *root, const char *path, int *ret_fd, struct err *e);

/** input_seed, input_check - seed_fill and seed_check, with the policy's key before an error. */
int input_seed(const struct policy *p, const struct input *i, struct seed *ret, struct err *e);
int input_check(const struct policy *p, const struct input *i, const struct seed *seed,
		struct err *e);
