/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk of a domain: see lib/disk.h. */
#include "lib/disk.h"

#include "lib/util.h"

#include <string.h>

void disk_free(struct disk *disk)
{
	free(disk->device);
	free(disk->type);
	free(disk->format);
	free(disk->source);
	free(disk->target);
	free(disk->bus);
	*disk = (struct disk){0};
}

void disks_free(struct disk *disks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		disk_free(&disks[i]);
	free(disks);
}

bool disks_copy(const struct disk *disks, size_t n, struct disk **ret)
{
	struct disk *copy = calloc(n + 1, sizeof(*copy));
	bool ok = copy != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		copy[i] = (struct disk){
			.device = strdup(disks[i].device),
			.type = strdup(disks[i].type),
			.format = strdup(disks[i].format),
			.source = strdup(disks[i].source),
			.target = strdup(disks[i].target),
			.bus = strdup(disks[i].bus),
			.readonly = disks[i].readonly,
			.plain = disks[i].plain,
		};
		ok = copy[i].device && copy[i].type && copy[i].format && copy[i].source &&
		     copy[i].target && copy[i].bus;
	}
	if (!ok && copy) {
		disks_free(copy, n);
		copy = NULL;
	}
	*ret = copy;
	return ok;
}
