/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the device classes, and the list of those that a policy allows. */
#include "lib/policy_internal.h"

#include "lib/suggest.h"
#include "lib/util.h"

#include <string.h>

static const char *const class_names[DEV_CLASS_COUNT] = {
	[DEV_HOSTDEV] = "hostdev",
	[DEV_SHMEM] = "shmem",
	[DEV_VSOCK] = "vsock",
	[DEV_QEMU_COMMANDLINE] = "qemu-commandline",
	[DEV_TPM_PASSTHROUGH] = "tpm-passthrough",
	[DEV_HOST_CHARDEV] = "host-chardev",
	[DEV_HOST_INPUT] = "host-input",
	[DEV_RNG_EGD] = "rng-egd",
	[DEV_SMARTCARD_HOST] = "smartcard-host",
	[DEV_NVDIMM] = "nvdimm",
	[DEV_VHOST_USER] = "vhost-user",
	[DEV_EXTERNAL_VIRTIOFSD] = "external-virtiofsd",
	[DEV_FS_OTHER] = "fs-other",
	[DEV_USB_REDIR] = "usb-redir",
	[DEV_SPICE] = "spice",
	[DEV_GUEST_AGENT] = "guest-agent",
};

const char *device_class_name(enum device_class c)
{
	return c < DEV_CLASS_COUNT ? class_names[c] : "?";
}

/* The class of that name among the first @n, or @n. */
static unsigned find_class(const char *s, unsigned n)
{
	unsigned i = 0;

	while (i < n && strcmp(class_names[i], s) != 0)
		i++;
	return i;
}

bool device_class_parse(const char *s, enum device_class *ret)
{
	unsigned c = find_class(s, DEV_REFUSABLE_COUNT);

	if (c == DEV_REFUSABLE_COUNT)
		return false;
	*ret = c;
	return true;
}

void row_parse_dev_allow(struct policy_reader *r, const char *value, struct policy *p)
{
	char quoted[INI_QUOTE_MAX + 8];
	const char *closest;
	enum device_class c;

	ini_quote(value, quoted);
	if (!device_class_parse(value, &c)) {
		closest = suggest_closest(value, class_names, DEV_REFUSABLE_COUNT);
		if (find_class(value, DEV_CLASS_COUNT) < DEV_CLASS_COUNT)
			reader_bad(r, "%s is never refused, only warned of; remove it", quoted);
		else
			reader_bad(r, "%s is no kind of device%s%s; virt-cordon.ini(5) lists them",
				   quoted, closest ? "; did you mean " : "",
				   closest ? closest : "");
		return;
	}
	if (p->dev_allow & 1u << c)
		reader_bad(r, "%s is listed already; remove it", quoted);
	p->dev_allow |= 1u << c;
}

void row_print_dev_allow(const struct policy *p, size_t i, struct strbuf *out)
{
	for (unsigned c = 0; c < DEV_REFUSABLE_COUNT; c++)
		if (p->dev_allow & 1u << c && i-- == 0)
			sb_adds(out, class_names[c]);
}

size_t row_count_dev_allow(const struct policy *p)
{
	return (size_t)__builtin_popcount(p->dev_allow);
}

void row_clear_dev_allow(struct policy *p)
{
	p->dev_allow = 0;
}
