/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the hook share. */
#pragma once

#include "lib/err.h"
#include "lib/facts.h"
#include "lib/policy.h"
#include "lib/record.h"

#include <stdbool.h>
#include <stddef.h>

/* The hook takes no option: everything is below "/". */
#define HOOK_ROOT ""

/* One call by libvirt. */
struct call {
	const char *object; /* the domain's or network's name, as libvirt gave it */
	const char *op;	    /* "prepare", "port-created", … */
	char *xml;	    /* stdin, malloc'd */
	size_t len;
};

/** qemu_run, network_run - do what the operation asks; 0 lets libvirt go on. */
int qemu_run(const struct call *call, struct err *e);
int network_run(const struct call *call, struct err *e);

/* What is to be done with a domain: zero-initialise, release with admission_free. */
struct admission {
	bool managed;  /* false: leave it alone */
	bool unlisted; /* without a file: the defaults, by `unlisted = isolate` */
	struct host_config host;
	struct policy policy;
};

/**
 * admit - find and check the policy of a domain that wants to start.
 *
 * Everything that needs no tap is checked here: policy file and its owner, rename, guarded
 * networks, what this release does not build, devices, kinds of NIC. An error refuses the start.
 */
int admit(const struct facts *f, struct admission *ret, struct err *e);
void admission_free(struct admission *a);

/**
 * admit_hardware - the part of admit about devices and NICs alone. libvirt resolves networks
 * between prepare and start, and what was a network may then be a macvtap or a host device.
 */
int admit_hardware(const struct facts *f, const struct admission *a, struct err *e);

/**
 * admit_shares - each plain <filesystem> has its [share TAG], and the reverse. The message gives
 * the section to paste.
 */
int admit_shares(const struct facts *f, const struct policy *p, struct err *e);

/**
 * incoming_admit - admit for a domain that comes from a saved state or from another host.
 * @migration: from another host. What cannot go with a running guest is refused then, and so is a
 *	domain without policy: what it was subject to where it comes from is not known here.
 *
 * Notes for the prepare that follows what kind of start it is. Changes nothing else.
 */
int incoming_admit(const struct facts *f, struct admission *ret, bool migration, struct err *e);

/** incoming_take - whether such a note is there, and not an old one; it is gone afterwards. */
bool incoming_take(const struct uuid *uuid);

/** record_shares - the filesystems that have a share, into the record. */
int record_shares(const struct facts *f, const struct policy *p, struct record *rec, struct err *e);

/** is_guarded_network - by the host's list; @network may be NULL. */
bool is_guarded_network(const struct host_config *host, const char *network);

/** nic_is_guarded - on a guarded network, or on the bridge of one. Negative on error. */
int nic_is_guarded(const struct host_config *host, const struct nic *nic, struct err *e);

/**
 * run_program_of_ours - @program ARGS…, from the folder of the running program, until the hook's
 * deadline. @args: NULL-terminated, at most six. Its message becomes the error's.
 */
int run_program_of_ours(const char *program, const char *const *args, struct err *e);

/**
 * run_netiso - virt-cordon-netiso VERB UUID (or VERB with the further arguments, NULL-terminated).
 * Its message becomes the error's.
 */
int run_netiso(const char *const *args, struct err *e);
int run_netiso_uuid(const char *verb, const struct uuid *uuid, struct err *e);

/** hook_log - to syslog; what an admin should see although libvirt goes on. */
void hook_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** hook_deadline_ms - what is left of this call's time ([host] hook_deadline). */
uint32_t hook_deadline_ms(void);

/** hook_lock_ms - how long to wait for a lock ([host] lock_deadline). */
uint32_t hook_lock_ms(void);
