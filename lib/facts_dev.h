/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting the devices that cross the border between guest and host; for lib/facts*.c only. */
#pragma once

#include "lib/facts.h"
#include "lib/facts_xml.h"
#include "lib/strbuf.h"

/** facts_collect_devices - fill f->devices from the whole <domain>; errors are left in @x. */
void facts_collect_devices(struct fx *x, const xmlNode *domain, struct facts *f);

/** facts_collect_disks - fill f->disks from <devices>; errors are left in @x. */
void facts_collect_disks(struct fx *x, const xmlNode *devices, struct facts *f);

#define DEVICE_WHAT_MAX 200

/** facts_add_device - append one; the text is made printable and cut to DEVICE_WHAT_MAX bytes. */
void facts_add_device(struct fx *x, const xmlNode *node, struct facts *f, enum device_class cls,
		      const char *what);

/* Where the bytes of a character device end. */
enum chardev_end {
	CHARDEV_CONTAINED, /* in QEMU, in libvirt's log or in a socket that libvirt made for it */
	CHARDEV_CLIENT,	   /* at whoever looks at the guest's display */
	CHARDEV_HOST,	   /* at something of the host's or the network's */
};

/**
 * facts_chardev - judge and describe a character device.
 * @node: the element with the <source> and <log> children
 * @type: its kind ("pty", "tcp", …), or NULL when the XML names none
 * @out: appended to: " tcp 127.0.0.1:5555", " pty log /srv/x.log"
 */
enum chardev_end facts_chardev(struct fx *x, const xmlNode *node, const char *type,
			       struct strbuf *out);
