/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSH keys of a domain: the one that logs in, the one that its server shows. */
#pragma once

#include "lib/err.h"
#include "provision/store.h"

/* In the folder keys/ of the store, 0711. */
#define KEY_CLIENT "id_ed25519"
#define KEY_HOST "ssh_host_ed25519_key"
#define KEY_KNOWN_HOSTS "known_hosts"

/* Zero-initialise, release with keys_free, which wipes. */
struct keys {
	char *client_pub; /* one line without its newline, as the others but host_key */
	char *host_key;
	char *host_pub;
};

/**
 * keys_ensure - make what is missing, by ssh-keygen, and read it.
 * @uuid: name that known_hosts knows the guest by, whatever its address is
 * @owner: who may read the key that logs in
 *
 * What is there stays: the guest knows these keys. One that is not as it was written is an error,
 * never silently replaced.
 */
int keys_ensure(const struct store *s, const char *uuid, const struct store_owner *owner,
		struct keys *ret, struct err *e);

/** keys_read - the same without making any; -ENOENT when one is missing. */
int keys_read(const struct store *s, struct keys *ret, struct err *e);
void keys_free(struct keys *k);
#define auto_keys __attribute__((cleanup(keys_free)))
