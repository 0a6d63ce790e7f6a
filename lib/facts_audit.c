/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds the devices of a domain against [devices] allow of its policy. */
#include "lib/facts.h"

#include "lib/strbuf.h"
#include "lib/util.h"

/* Devices of one class that the message names; of the rest it tells the number. */
#define AUDIT_NAMED_MAX 4

/* What each class is, for a person who never heard of it. */
static const char *const class_explained[DEV_REFUSABLE_COUNT] = {
	[DEV_HOSTDEV] = "a device of the host in the guest's hands",
	[DEV_SHMEM] = "memory shared with other guests or host programs",
	[DEV_VSOCK] = "a socket to the host that no firewall sees",
	[DEV_QEMU_COMMANDLINE] = "settings of QEMU past libvirt",
	[DEV_TPM_PASSTHROUGH] = "a TPM that is not emulated by libvirt's own swtpm",
	[DEV_HOST_CHARDEV] = "it ends in a file, socket or device of the host",
	[DEV_HOST_INPUT] = "an input device of the host",
	[DEV_RNG_EGD] = "random bytes from a socket or file of the host",
	[DEV_SMARTCARD_HOST] = "a smartcard, or certificates, of the host",
	[DEV_NVDIMM] = "a file of the host as the guest's memory",
	[DEV_VHOST_USER] = "a host process that sees the guest's memory",
	[DEV_EXTERNAL_VIRTIOFSD] = "a virtiofsd that libvirt did not start",
	[DEV_FS_OTHER] = "a filesystem that is not a plain folder",
};

/* "hostdev, shmem": what is allowed already and what is refused, so that one edit is enough. */
static void add_list(struct strbuf *out, uint32_t classes)
{
	const char *sep = "";

	for (int c = 0; c < DEV_REFUSABLE_COUNT; c++) {
		if (!(classes & 1u << c))
			continue;
		sb_addf(out, "%s%s", sep, device_class_name((enum device_class)c));
		sep = ", ";
	}
}

static void add_class(struct strbuf *out, const struct facts *f, enum device_class cls,
		      const char *where)
{
	size_t i, n = 0;

	sb_addf(out, "%s%s: %s is not allowed: ", out->len ? "\n" : "", where,
		device_class_name(cls));
	for (i = 0; i < f->n_devices; i++) {
		if (f->devices[i].cls != cls)
			continue;
		if (n < AUDIT_NAMED_MAX)
			sb_addf(out, "%s%s", n ? ", " : "", f->devices[i].what);
		n++;
	}
	if (n > AUDIT_NAMED_MAX)
		sb_addf(out, ", %zu more", n - AUDIT_NAMED_MAX);
	sb_addf(out, " (%s); remove it from the domain, or write: [devices] allow = ",
		class_explained[cls]);
}

int facts_audit_devices(const struct facts *f, const struct policy *p, struct err *e)
{
	auto_sb struct strbuf msg = {0};
	uint32_t refused = 0;
	char where[4352];

	for (size_t i = 0; i < f->n_devices; i++)
		if (f->devices[i].cls < DEV_REFUSABLE_COUNT)
			refused |= 1u << f->devices[i].cls;
	refused &= ~p->dev_allow;
	if (!refused)
		return 0;

	(void)policy_where(p, KEY_DEV_ALLOW, where, sizeof(where));
	for (int c = 0; c < DEV_REFUSABLE_COUNT; c++) {
		if (!(refused & 1u << c))
			continue;
		add_class(&msg, f, (enum device_class)c, where);
		add_list(&msg, refused | p->dev_allow);
	}
	return err_set(e, EX_CORDON_POLICY, EPERM, "%s", sb_str(&msg));
}
