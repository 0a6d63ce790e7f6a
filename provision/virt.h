/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking libvirt, for what a person types; nothing that a hook runs may do this. */
#pragma once

#include "lib/err.h"
#include "lib/facts.h"

#include <libvirt/libvirt.h>

/*
 * libvirt's library is loaded when it is needed: starting with it takes ten times as long as all
 * that libvirt's hook waits for this program to do.
 */
struct virt {
	void *lib;
	virConnectPtr conn;
	virDomainPtr dom;
};

/** virt_connect - as virsh does: LIBVIRT_DEFAULT_URI, or the system's. Exit code 69 if not. */
int virt_connect(struct virt *ret, struct err *e);

/** virt_open - the same, and a domain by name or UUID; its definition is read. Exit code 66. */
int virt_open(const char *arg, struct virt *ret, struct facts *facts, struct err *e);
void virt_close(struct virt *v);
#define auto_virt __attribute__((cleanup(virt_close)))

/**
 * virt_need_idle - refuse a domain that runs, or whose disks something else counts on: a saved
 * state, snapshots of libvirt's own. Exit code 78.
 */
int virt_need_idle(const struct virt *v, const char *name, struct err *e);

/** virt_is_active - 1 runs, 0 not, negative on error. */
int virt_is_active(const struct virt *v, struct err *e);

/** virt_has_domain - whether a domain of this name is defined: 1, 0. */
int virt_has_domain(const struct virt *v, const char *name);

/** virt_define - a new domain by its XML. */
int virt_define(const struct virt *v, const char *xml, struct err *e);

/** virt_undefine - the definition, with its NVRAM; a running one is refused. */
int virt_undefine(const struct virt *v, struct err *e);

/** virt_disk_size - of the disk @target ("vda") of a running domain, bytes. */
int virt_disk_size(const struct virt *v, const char *target, uint64_t *ret, struct err *e);

/**
 * virt_resize - the disk @target of a running domain has @size bytes from now on. libvirt would
 * make it smaller just so: the caller looks first.
 */
int virt_resize(const struct virt *v, const char *target, uint64_t size, struct err *e);

/** virt_volume_path - the file of volume @vol in the storage pool @pool, malloc'd. */
int virt_volume_path(const struct virt *v, const char *pool, const char *vol, char **ret,
		     struct err *e);

/** virt_capabilities - the host's, XML, malloc'd. */
int virt_capabilities(const struct virt *v, char **ret, struct err *e);
