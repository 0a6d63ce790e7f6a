/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk of a domain, as its XML has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* No member is NULL; what the XML does not say is "". */
struct disk {
	char *device; /* "disk", "cdrom", … */
	char *type;   /* "file", "block", … */
	char *format; /* "qcow2", "raw", … */
	char *source; /* <source file>, as written */
	char *target; /* "vda" */
	char *bus;    /* "virtio" */
	bool readonly;
	bool plain; /* neither shareable nor transient, no part of a file, not encrypted */
};

void disk_free(struct disk *disk);

/** disks_free - @n disks and their array. */
void disks_free(struct disk *disks, size_t n);

/** disks_copy - a deep copy; false without memory, @ret is then NULL. */
bool disks_copy(const struct disk *disks, size_t n, struct disk **ret);
