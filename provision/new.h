/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new guest: what is asked for, the domain's XML, the policy's text. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

#define NEW_SHARES_MAX 8

struct new_share {
	const char *tag;
	const char *dir;
};

/* What the command line asks for, read and checked. Strings are borrowed, paths absolute. */
struct new_guest {
	const char *name;
	struct uuid uuid;
	bool kvm; /* else software emulation */
	bool uefi;
	bool graphics;	 /* VNC on the host's loopback */
	uint64_t memory; /* bytes */
	unsigned vcpus;
	const char *disk;    /* the overlay */
	const char *seed;    /* NULL: none */
	const char *network; /* libvirt network */
	const char *tunnel;
	const char *user_data;
	const char *playbook;
	const char *run_as;
	const char *ssh_user;
	struct new_share shares[NEW_SHARES_MAX];
	size_t n_shares;
};

/**
 * new_xml - the domain: virtio devices only, no graphics, USB, sound or SPICE, random numbers from
 * the host, a serial console; shared memory exactly when there is a share. Same guest, same bytes.
 */
void new_xml(const struct new_guest *g, struct strbuf *out);

/** new_policy - its policy, which names the UUID. */
void new_policy(const struct new_guest *g, struct strbuf *out);

/** new_name_ok - letters, digits, '_', '-', '.', none of "-." first, at most 60: also a file. */
bool new_name_ok(const char *name);
