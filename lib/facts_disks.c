/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks of a <domain>. */
#include "lib/facts.h"

#include "lib/facts_dev.h"
#include "lib/facts_xml.h"

static void read_disk(struct fx *x, const xmlNode *node, struct disk *disk)
{
	const xmlNode *driver = fx_only(x, node, "driver");
	const xmlNode *source = fx_only(x, node, "source");
	const xmlNode *target = fx_only(x, node, "target");

	disk->device = fx_dup(x, fx_attr_or(x, node, "device", "disk"));
	disk->type = fx_dup(x, fx_attr_or(x, node, "type", "file"));
	disk->format = fx_dup(x, fx_attr_or(x, driver, "type", ""));
	disk->source = fx_dup(x, fx_attr_or(x, source, "file", ""));
	disk->target = fx_dup(x, fx_attr_or(x, target, "dev", ""));
	disk->bus = fx_dup(x, fx_attr_or(x, target, "bus", ""));
	disk->readonly = fx_next(node, NULL, "readonly") != NULL;
	disk->plain = !fx_next(node, NULL, "shareable") && !fx_next(node, NULL, "transient") &&
		      !fx_next(source, NULL, "slices") && !fx_next(source, NULL, "encryption");
}

void facts_collect_disks(struct fx *x, const xmlNode *devices, struct facts *f)
{
	const xmlNode *node = NULL;
	struct disk *grown;

	while (!x->rc && (node = fx_next(devices, node, "disk"))) {
		grown = fx_grow(x, node, f->disks, f->n_disks, sizeof(*grown), FACTS_DISKS_MAX,
				"disks");
		if (!grown)
			return;
		f->disks = grown;
		read_disk(x, node, &grown[f->n_disks++]);
	}
}
