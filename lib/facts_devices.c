/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the devices of a <domain> that cross the border between guest and host. */
#include "lib/facts_dev.h"

#include "lib/util.h"

#include <string.h>

/*
 * Theory of operation
 *
 * A table maps each element below <devices> to a collector, which decides by that element alone.
 * Where libvirt's schema has a closed list of harmless values, the collector knows those and takes
 * every other one, also one of a later libvirt, for the class that is refused. One element may be
 * of two classes (a USB redirector over TCP). Elements that are not in the table stay inside of
 * QEMU, or are another part's: network interfaces the isolator's, shared folders fsguard's.
 *
 * The names of the schema: https://libvirt.org/formatdomain.html
 */

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"

void facts_add_device(struct fx *x, const xmlNode *node, struct facts *f, enum device_class cls,
		      const char *what)
{
	struct device *grown;
	char line[DEVICE_WHAT_MAX + 1];

	grown = fx_grow(x, node, f->devices, f->n_devices, sizeof(*grown), FACTS_DEVICES_MAX,
			"devices that reach the host");
	if (!grown)
		return;
	f->devices = grown;
	fx_copy_printable(line, sizeof(line), what);
	grown[f->n_devices].cls = cls;
	grown[f->n_devices].line = fx_line(node);
	grown[f->n_devices++].what = fx_dup(x, line);
}

/* The same from a buffer that was built piece by piece. */
static void add_built(struct fx *x, const xmlNode *node, struct facts *f, enum device_class cls,
		      const struct strbuf *what)
{
	if (what->failed && !x->rc)
		x->rc = err_os(x->e, ENOMEM, "%s", x->what);
	facts_add_device(x, node, f, cls, sb_str(what));
}

static void add_2(struct fx *x, const xmlNode *node, struct facts *f, enum device_class cls,
		  const char *first, const char *second)
{
	auto_sb struct strbuf what = {0};

	sb_addf(&what, "%s %s", first, second);
	add_built(x, node, f, cls, &what);
}

static bool one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

#define ONE_OF(s, ...)                                                                             \
	one_of(s, (const char *const[]){__VA_ARGS__},                                              \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* "0x0000" as a person writes it in a PCI address. */
static const char *bare_hex(const char *s)
{
	return strncmp(s, "0x", 2) == 0 ? s + 2 : s;
}

static void describe_pci(struct fx *x, const xmlNode *address, struct strbuf *out)
{
	sb_addf(out, " %s:%s:%s.%s", bare_hex(fx_attr_or(x, address, "domain", "0000")),
		bare_hex(fx_attr_or(x, address, "bus", "?")),
		bare_hex(fx_attr_or(x, address, "slot", "?")),
		bare_hex(fx_attr_or(x, address, "function", "0")));
}

/* The attributes that tell a <source>, or a child of it, from others of its kind. */
static void describe_attrs(struct fx *x, const xmlNode *node, struct strbuf *out)
{
	static const char *const names[] = {
		"protocol", "name", "wwpn", "dev", "uuid", "id", "bus", "device", "target", "unit",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = fx_attr(x, node, names[i]);

		if (value)
			sb_addf(out, " %s", bare_hex(value));
	}
}

static void collect_hostdev(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *source = fx_only(x, node, "source"), *child = NULL;
	const char *type = fx_attr_or(x, node, "type", "of no type");
	auto_sb struct strbuf what = {0};

	sb_addf(&what, "hostdev %s", type);
	if (strcmp(type, "pci") == 0) {
		describe_pci(x, fx_only(x, source, "address"), &what);
	} else {
		describe_attrs(x, source, &what);
		while ((child = fx_next(source, child, NULL))) {
			describe_attrs(x, child, &what);
			if (ONE_OF((const char *)child->name, "block", "char", "interface"))
				sb_addf(&what, " %s", fx_text(x, child) ? fx_text(x, child) : "?");
		}
	}
	add_built(x, node, f, DEV_HOSTDEV, &what);
}

/* A PCI function passed through, whatever the isolator says of it as a network interface. */
static void collect_interface(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *actual = fx_only(x, node, "actual");
	const xmlNode *live = actual ? actual : node;
	const xmlNode *address = fx_only(x, fx_only(x, live, "source"), "address");
	auto_sb struct strbuf what = {0};

	if (strcmp(fx_attr_or(x, live, "type", ""), "hostdev") != 0)
		return;
	sb_adds(&what, "interface hostdev");
	if (address)
		describe_pci(x, address, &what);
	add_built(x, node, f, DEV_HOSTDEV, &what);
}

static void collect_shmem(struct fx *x, const xmlNode *node, struct facts *f)
{
	add_2(x, node, f, DEV_SHMEM, "shmem", fx_attr_or(x, node, "name", ""));
}

static void collect_vsock(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *cid = fx_only(x, node, "cid");
	auto_sb struct strbuf what = {0};

	sb_adds(&what, "vsock");
	if (fx_attr(x, cid, "address"))
		sb_addf(&what, " cid %s", fx_attr(x, cid, "address"));
	add_built(x, node, f, DEV_VSOCK, &what);
}

static void collect_tpm(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *backend = fx_only(x, node, "backend");
	const char *type = fx_attr_or(x, backend, "type", "of no type");

	if (!ONE_OF(type, "emulator"))
		add_2(x, node, f, DEV_TPM_PASSTHROUGH, "tpm", type);
}

/*
 * An element that is a character device, and of class @cls besides (DEV_CLASS_COUNT: none).
 * Whatever else it is, one that ends at the host needs that allowed, too.
 */
static void add_chardev(struct fx *x, const xmlNode *node, struct facts *f, enum device_class cls,
			const char *noun)
{
	auto_sb struct strbuf what = {0};
	enum chardev_end end;

	sb_adds(&what, noun);
	end = facts_chardev(x, node, fx_attr(x, node, "type"), &what);
	if (cls < DEV_CLASS_COUNT)
		add_built(x, node, f, cls, &what);
	if (end == CHARDEV_HOST)
		add_built(x, node, f, DEV_HOST_CHARDEV, &what);
	if (end == CHARDEV_CLIENT && cls == DEV_CLASS_COUNT)
		add_built(x, node, f, DEV_SPICE, &what);
}

/* <serial>, <parallel>, <console>, <channel> */
static void collect_chardev(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *target = fx_only(x, node, "target");

	add_chardev(x, node, f, DEV_CLASS_COUNT, (const char *)node->name);
	if (strcmp(fx_attr_or(x, target, "name", ""), "org.qemu.guest_agent.0") == 0)
		facts_add_device(x, node, f, DEV_GUEST_AGENT, "channel org.qemu.guest_agent.0");
}

static void collect_redirdev(struct fx *x, const xmlNode *node, struct facts *f)
{
	add_chardev(x, node, f, DEV_USB_REDIR, "redirdev");
}

static void collect_input(struct fx *x, const xmlNode *node, struct facts *f)
{
	const char *type = fx_attr_or(x, node, "type", "of no type");
	const xmlNode *source = fx_only(x, node, "source");
	const char *dev = fx_attr_or(x, source, "evdev", fx_attr_or(x, source, "dev", ""));
	auto_sb struct strbuf what = {0};

	if (ONE_OF(type, "mouse", "tablet", "keyboard"))
		return;
	sb_addf(&what, "input %s%s%s", type, *dev ? " " : "", dev);
	add_built(x, node, f, DEV_HOST_INPUT, &what);
}

/* libvirt lets "random" read any file; only the kernel's generators are what it is for. */
static void collect_rng(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *backend = fx_only(x, node, "backend");
	const char *model = fx_attr_or(x, backend, "model", "of no model");
	auto_sb struct strbuf what = {0};
	const char *file;

	if (ONE_OF(model, "builtin"))
		return;
	if (ONE_OF(model, "random")) {
		file = fx_text(x, backend);
		if (file && !ONE_OF(file, "", "/dev/urandom", "/dev/random", "/dev/hwrng"))
			add_2(x, node, f, DEV_RNG_EGD, "rng random", file);
		return;
	}
	sb_addf(&what, "rng %s", model);
	if (ONE_OF(model, "egd"))
		(void)facts_chardev(x, backend, fx_attr(x, backend, "type"), &what);
	add_built(x, node, f, DEV_RNG_EGD, &what);
}

static void collect_smartcard(struct fx *x, const xmlNode *node, struct facts *f)
{
	const char *mode = fx_attr_or(x, node, "mode", "of no mode");

	if (strcmp(mode, "passthrough") == 0)
		add_chardev(x, node, f, DEV_SMARTCARD_HOST, "smartcard passthrough");
	else
		add_2(x, node, f, DEV_SMARTCARD_HOST, "smartcard", mode);
}

static void collect_memory(struct fx *x, const xmlNode *node, struct facts *f)
{
	const char *model = fx_attr_or(x, node, "model", "of no model");
	const char *path = fx_text(x, fx_only(x, fx_only(x, node, "source"), "path"));
	auto_sb struct strbuf what = {0};

	if (!path && ONE_OF(model, "dimm", "virtio-mem", "sgx-epc"))
		return;
	sb_addf(&what, "memory %s%s%s", model, path ? " " : "", path ? path : "");
	add_built(x, node, f, DEV_NVDIMM, &what);
}

/* An image, a block device or a server of disks is the administrator's choice of storage. */
static void collect_disk(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *source = fx_only(x, node, "source");
	const char *type = fx_attr_or(x, node, "type", "file");
	static const char *const names[] = {"protocol", "name", "path", "dev", "dir"};
	auto_sb struct strbuf what = {0};

	sb_addf(&what, "disk %s", type);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fx_attr(x, source, names[i]))
			sb_addf(&what, " %s", fx_attr(x, source, names[i]));
	if (ONE_OF(type, "nvme"))
		describe_pci(x, fx_only(x, source, "address"), &what);
	if (ONE_OF(type, "vhostuser"))
		add_built(x, node, f, DEV_VHOST_USER, &what);
	/* The PCI function itself, or the hardware behind vDPA. */
	if (ONE_OF(type, "nvme", "vhostvdpa"))
		add_built(x, node, f, DEV_HOSTDEV, &what);
	/* QEMU makes a FAT filesystem of a host folder up. */
	if (ONE_OF(type, "dir"))
		add_built(x, node, f, DEV_FS_OTHER, &what);
	/* The guest's SCSI commands go to the host's device as they are. */
	if (ONE_OF(fx_attr_or(x, node, "device", "disk"), "lun")) {
		sb_adds(&what, " as lun");
		add_built(x, node, f, DEV_HOSTDEV, &what);
	}
}

static void collect_video(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *driver = fx_only(x, node, "driver");
	const char *name = fx_attr_or(x, driver, "name", "qemu");

	if (!ONE_OF(name, "qemu"))
		add_2(x, node, f, DEV_VHOST_USER, "video", name);
}

static void collect_crypto(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *backend = fx_only(x, node, "backend");
	const char *model = fx_attr_or(x, backend, "model", "of no model");

	if (!ONE_OF(model, "builtin", "lkcf"))
		add_2(x, node, f, DEV_VHOST_USER, "crypto", model);
}

static void collect_filesystem(struct fx *x, const xmlNode *node, struct facts *f)
{
	const xmlNode *source = fx_only(x, node, "source");
	const xmlNode *driver = fx_only(x, node, "driver");
	const xmlNode *target = fx_only(x, node, "target");
	const char *type = fx_attr_or(x, node, "type", "mount");
	const char *driver_type = fx_attr_or(x, driver, "type", "path");
	const char *socket = fx_attr(x, source, "socket");
	auto_sb struct strbuf what = {0};

	sb_addf(&what, "filesystem %s %s %s", type, driver_type,
		fx_attr_or(x, target, "dir", "without a tag"));
	if (socket) {
		sb_addf(&what, " socket %s", socket);
		add_built(x, node, f, DEV_EXTERNAL_VIRTIOFSD, &what);
	} else if (!ONE_OF(type, "mount") || !ONE_OF(driver_type, "path", "virtiofs") ||
		   !fx_attr(x, source, "dir")) {
		add_built(x, node, f, DEV_FS_OTHER, &what);
	}
}

static void collect_graphics(struct fx *x, const xmlNode *node, struct facts *f)
{
	if (ONE_OF(fx_attr_or(x, node, "type", ""), "spice"))
		facts_add_device(x, node, f, DEV_SPICE, "graphics spice");
}

/* Sound that the guest plays, without bound, into a file. */
static void collect_audio(struct fx *x, const xmlNode *node, struct facts *f)
{
	if (ONE_OF(fx_attr_or(x, node, "type", ""), "file"))
		add_2(x, node, f, DEV_HOST_CHARDEV, "audio file", fx_attr_or(x, node, "path", ""));
}

static const struct {
	const char *element;
	void (*collect)(struct fx *x, const xmlNode *node, struct facts *f);
} collectors[] = {
	{"audio", collect_audio},	  {"channel", collect_chardev},
	{"console", collect_chardev},	  {"crypto", collect_crypto},
	{"disk", collect_disk},		  {"filesystem", collect_filesystem},
	{"graphics", collect_graphics},	  {"hostdev", collect_hostdev},
	{"input", collect_input},	  {"interface", collect_interface},
	{"memory", collect_memory},	  {"parallel", collect_chardev},
	{"redirdev", collect_redirdev},	  {"rng", collect_rng},
	{"serial", collect_chardev},	  {"shmem", collect_shmem},
	{"smartcard", collect_smartcard}, {"tpm", collect_tpm},
	{"video", collect_video},	  {"vsock", collect_vsock},
};

static void collect_element(struct fx *x, const xmlNode *node, struct facts *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(collectors); i++)
		if (fx_is(node, collectors[i].element)) {
			collectors[i].collect(x, node, f);
			return;
		}
}

/* What is in it stays out of the message: arguments and environment may hold secrets. */
static void collect_qemu(struct fx *x, const xmlNode *node, struct facts *f)
{
	auto_sb struct strbuf what = {0};
	const xmlNode *child;
	unsigned n = 0;

	if (!ONE_OF((const char *)node->name, "commandline", "override", "capabilities"))
		return;
	for (child = node->children; child; child = child->next)
		n += child->type == XML_ELEMENT_NODE;
	if (n == 0)
		return;
	sb_addf(&what, "qemu:%s with %u %s", (const char *)node->name, n,
		n == 1 ? "entry" : "entries");
	add_built(x, node, f, DEV_QEMU_COMMANDLINE, &what);
}

void facts_collect_devices(struct fx *x, const xmlNode *domain, struct facts *f)
{
	const xmlNode *devices = fx_only(x, domain, "devices");
	const xmlNode *node = NULL;

	while (!x->rc && (node = fx_next(devices, node, NULL)))
		collect_element(x, node, f);
	for (node = domain->children; node && !x->rc; node = node->next)
		if (node->type == XML_ELEMENT_NODE && node->ns &&
		    strcmp((const char *)node->ns->href, QEMU_NS) == 0)
			collect_qemu(x, node, f);
}
