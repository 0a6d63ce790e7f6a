/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a domain in /run/virt-cordon/UUID: enough to verify, repair and undo without
 * libvirt. */
#pragma once

#include "lib/disk.h"
#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_NICS_MAX 32
#define RECORD_FS_MAX 64
#define RECORD_DISKS_MAX 64
#define RECORD_FILE_MAX (256 * 1024)

/* How far a domain is. What was begun is written before it is done, so a crash leaves at most one
 * phase too many, never one too few. */
enum record_phase {
	PHASE_PREPARED,	 /* the policy was accepted; ports of networks may appear */
	PHASE_ISOLATING, /* isolation is being put in; some of it may be there */
	PHASE_ISOLATED,	 /* isolation is in and was read back; QEMU may run */
	PHASE_RUNNING,	 /* verified again after QEMU started */
	PHASE_STOPPING,	 /* being undone */
};

/* The programs besides the isolator that a domain's events call: see hooks/parts.h. */
enum record_part { PART_FSGUARD, PART_WGTUN, PART_PROVISION, PART_COUNT };

struct record_nic {
	struct mac mac;
	char tap[IFNAMSIZ];    /* "" until start */
	char bridge[IFNAMSIZ]; /* "" until start */
	char *network;	       /* libvirt network, or NULL for a plain bridge */
	bool has_port;
	struct uuid port; /* libvirt's network port: the NIC's identity */
	uint64_t lease_s; /* DHCP lease time of its network in seconds; 0: infinite */
	bool guarded;
	bool gone; /* unplugged while the domain runs: its rules are to be removed, or are */
};

/* A <filesystem> of the domain that is a plain folder. */
struct record_fs {
	char *tag;    /* <target dir> */
	char *source; /* <source dir>, as in the XML */
	char *driver; /* "path" (9p, in QEMU itself) or "virtiofs" */
};

/* Zero-initialise, release with record_free. */
struct record {
	char *name;
	struct uuid uuid;
	enum record_phase phase;
	bool incoming;	/* began as restore or migrate: the guest keeps its addresses */
	uint32_t slot;	/* small number of the domain, 1..RECORD_SLOT_MAX; 0: none allotted */
	bool isolation; /* policy says isolation = yes */
	uint32_t parts; /* that the policy asks for: bits 1 << enum record_part */
	struct record_nic *nics;
	size_t n_nics;
	/* Network ports announced between prepare and start, in order: not yet tied to a NIC. */
	struct record_nic *ports;
	size_t n_ports;
	struct record_fs *fs;
	size_t n_fs;
	struct disk *disks; /* when virt-cordon-provision is one of the parts */
	size_t n_disks;
};

#define RECORD_SLOT_MAX 0x3fffu

const char *record_phase_name(enum record_phase p);
/** record_part_name - "fsguard", …: the program is virt-cordon-NAME, what it has to undo is in the
 * domain's file NAME.undo as long as anything of it is in force. */
const char *record_part_name(enum record_part p);

/**
 * record_print, record_parse - the text form: a line per field, strings percent-encoded. Strict: an
 * unknown line, a missing or second one is an error (exit code 65).
 */
void record_print(const struct record *r, struct strbuf *out);
int record_parse(const char *text, size_t len, struct record *ret, struct err *e);
void record_free(struct record *r);

/**
 * record_dir - ROOT/run/virt-cordon/UUID into @buf (PATH_MAX bytes); returns @buf.
 */
const char *record_dir(const char *root, const struct uuid *uuid, char *buf, size_t size);

/**
 * record_load - by UUID. -ENOENT (exit code 66) when there is none: never for another reason.
 * The file must be root's (or the caller's, under a --root) and not writable by others.
 */
int record_load(const char *root, const struct uuid *uuid, struct record *ret, struct err *e);

/** record_load_by_name - the same by the domain's name: looks through all records. */
int record_load_by_name(const char *root, const char *name, struct record *ret, struct err *e);

/** record_save - write atomically (temporary file, fsync, rename); makes the folders. */
int record_save(const char *root, const struct record *r, struct err *e);

/**
 * record_remove - remove the domain's folder with all files in it, and give its slot back.
 * Nothing there is success.
 */
int record_remove(const char *root, const struct record *r, struct err *e);

/**
 * record_slot_allot - give the domain a number no other record holds, and save the record. The
 * counter goes round, so a number is not used again soon. Needs the host lock.
 */
int record_slot_allot(const char *root, struct record *r, struct err *e);

/** record_list - the UUIDs of all records, malloc'd, sorted. */
int record_list(const char *root, struct uuid **ret, size_t *n_ret, struct err *e);

/**
 * record_file_write - atomically write @name in the domain's folder; anyone may read it, so
 * no secret goes there.
 * record_file_read - read it whole, malloc'd and NUL-terminated; -ENOENT when it is not there.
 */
int record_file_write(const char *root, const struct uuid *uuid, const char *name, const char *data,
		      size_t len, struct err *e);
int record_file_read(const char *root, const struct uuid *uuid, const char *name, char **ret,
		     size_t *len_ret, struct err *e);

/* What virt-cordon-netiso has to take back: there as long as anything is in force. */
#define RECORD_NETISO_UNDO "netiso.undo"

/** record_file_gone - whether @name is surely not in the domain's folder; false when in doubt. */
bool record_file_gone(const char *root, const struct uuid *uuid, const char *name);

/**
 * record_tap_claim - note that @tap belongs to @uuid (a symlink in ROOT/run/virt-cordon/taps).
 * @ret_old: the UUID that held it before, when it was another's
 * Returns 1 when another domain held it, 0 when not, negative on error.
 */
int record_tap_claim(const char *root, const char *tap, const struct uuid *uuid,
		     struct uuid *ret_old, struct err *e);
/** record_tap_is_ours - whether the claim is @uuid's; a tap that no one claims is anybody's. */
bool record_tap_is_ours(const char *root, const char *tap, const struct uuid *uuid);
/** record_tap_release - forget a claim, if it is still @uuid's. */
int record_tap_release(const char *root, const char *tap, const struct uuid *uuid, struct err *e);

/* That this domain has had a policy: ROOT/var/lib/virt-cordon/UUID/managed. Survives reboots. */
int record_history_add(const char *root, const struct uuid *uuid, const char *name, struct err *e);
/** record_history_has - 1 yes (name in @ret_name, malloc'd, may be NULL), 0 no, negative on error.
 */
int record_history_has(const char *root, const struct uuid *uuid, char **ret_name, struct err *e);

/**
 * record_history_set_unlisted - note whether what it has had were only the defaults, by
 * `unlisted = isolate`. The domain is in the history already, or @unlisted is false.
 * record_history_is_unlisted - false when in doubt.
 */
int record_history_set_unlisted(const char *root, const struct uuid *uuid, bool unlisted,
				struct err *e);
bool record_history_is_unlisted(const char *root, const struct uuid *uuid);

/** record_history_remove - forget it; what else is in the folder stays. */
int record_history_remove(const char *root, const struct uuid *uuid, struct err *e);

struct record_history {
	struct uuid uuid;
	char *name; /* as it was called when it had a policy last */
};

/** record_history_list - all of them, sorted by UUID; record_history_free releases the list. */
int record_history_list(const char *root, struct record_history **ret, size_t *n_ret,
			struct err *e);
void record_history_free(struct record_history *list, size_t n);

/* Network records: ROOT/run/virt-cordon/networks/NAME holds the bridge of a guarded network. */
int record_network_save(const char *root, const char *network, const char *bridge, struct err *e);
int record_network_remove(const char *root, const char *network, struct err *e);
/** record_network_bridge - -ENOENT when not recorded. */
int record_network_bridge(const char *root, const char *network, char bridge[static IFNAMSIZ],
			  struct err *e);
/** record_network_of_bridge - whether some guarded network is on @bridge: 1, 0 or negative. */
int record_network_of_bridge(const char *root, const char *bridge, struct err *e);

struct record_network {
	char *name;
	char bridge[IFNAMSIZ];
};

/** record_network_list - all of them, sorted by name; record_network_free releases the list. */
int record_network_list(const char *root, struct record_network **ret, size_t *n_ret,
			struct err *e);
void record_network_free(struct record_network *list, size_t n);

/**
 * record_encode - @s with bytes other than [A-Za-z0-9_.:-] as %XX: one word without blanks; a '.'
 * at the start is encoded too, so that the result is also a safe file name (if short enough).
 * record_decode - the reverse; refuses what record_encode would not have written.
 */
void record_encode(const char *s, struct strbuf *out);
bool record_decode(const char *s, struct strbuf *out);

/* A held flock; closed by auto_close. */

/**
 * record_lock_host - lock ROOT/run/virt-cordon/lock.
 * record_lock_domain - lock the domain's folder (made when missing).
 * @deadline_ms: from now; -ETIMEDOUT with exit code 75 when another holds it longer
 * Return a descriptor that holds the lock until it is closed, or -errno.
 */
int record_lock_host(const char *root, uint32_t deadline_ms, struct err *e);
int record_lock_domain(const char *root, const struct uuid *uuid, uint32_t deadline_ms,
		       struct err *e);
