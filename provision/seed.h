/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that cloud-init's NoCloud data source reads, and the image that holds them. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

#define SEED_INPUT_MAX (256 * 1024) /* bytes of user_data, of network_config */

/* What goes in; nothing of it is changed or kept. */
struct seed_input {
	const char *name;     /* of the domain */
	const char *uuid;     /* the same in text */
	const char *instance; /* instance-id */
	const char *pubkey;   /* "ssh-ed25519 AAAA… comment", no newline */
	const char *host_key; /* private key of the guest's SSH server, PEM; NULL: none */
	const char *host_pub;
	const char *user_data_path; /* for messages; NULL: no user_data */
	const char *user_data;
	size_t user_data_len;
	const char *network_path; /* NULL: no network_config */
	const char *network;
	size_t network_len;
	bool clean; /* after first boot: no user-data, no host key */
};

/* Zero-initialise, release with seed_free. */
struct seed {
	struct strbuf meta_data, vendor_data, user_data, network_config;
	bool has_network;
};

/**
 * seed_fill - the files, as text. Text that cloud-init does not know at all is an error of exit
 * code 78, "FILE:1: …"; what else is wrong with it seed_check tells.
 *
 * In both, "@SSH_PUBKEY@", "@DOMAIN@" and "@UUID@" are replaced. Text of a kind that is not YAML (a
 * script, a multipart message, what is compressed) goes in unchecked.
 */
int seed_fill(const struct seed_input *in, struct seed *ret, struct err *e);

/**
 * seed_check - user_data and network_config of a seed that was filled from @in: what cloud-init
 * would not read, or would read differently from a person, is an error "FILE:LINE: …" of exit code
 * 78. It takes longer than all else; a seed that was written once was checked.
 */
int seed_check(const struct seed_input *in, const struct seed *seed, struct err *e);

/** seed_is_cloud_config - whether user_data is #cloud-config, YAML. */
bool seed_is_cloud_config(const struct seed_input *in);

/** seed_image - the image that holds them; malloc'd. Same files, same bytes. */
int seed_image(const struct seed *seed, char **ret, size_t *ret_len, struct err *e);
void seed_free(struct seed *seed);
