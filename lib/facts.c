/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a <domain> of libvirt: its names, network interfaces and filesystems. */
#include "lib/facts.h"

#include "lib/facts_dev.h"
#include "lib/facts_xml.h"
#include "lib/parse.h"
#include "lib/util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum nic_type type;
} nic_types[] = {
	{"network", NIC_NETWORK},     {"bridge", NIC_BRIDGE}, {"ethernet", NIC_ETHERNET},
	{"user", NIC_USER},	      {"direct", NIC_DIRECT}, {"hostdev", NIC_HOSTDEV},
	{"vhostuser", NIC_VHOSTUSER}, {"vdpa", NIC_VDPA},     {"internal", NIC_INTERNAL},
	{"server", NIC_SOCKET},	      {"client", NIC_SOCKET}, {"mcast", NIC_SOCKET},
	{"udp", NIC_SOCKET},
};

static enum nic_type nic_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(nic_types); i++)
		if (strcmp(name, nic_types[i].name) == 0)
			return nic_types[i].type;
	return NIC_OTHER;
}

static void read_uuid(struct fx *x, const xmlNode *node, const char *text, const char *noun,
		      struct uuid *ret)
{
	if (text && !uuid_parse(text, ret))
		(void)fx_fail(x, node, "%s is not a UUID", noun);
}

static void nic_type_from(struct fx *x, const xmlNode *node, struct nic *nic)
{
	const char *type = fx_attr(x, node, "type");

	if (!type) {
		(void)fx_fail(x, node, "<%s> without a type", (const char *)node->name);
		return;
	}
	nic->type = nic_type(type);
	fx_copy_printable(nic->type_name, sizeof(nic->type_name), type);
}

/* A bridge's name must not be cut: another bridge could have the shorter one. */
static void nic_bridge(struct fx *x, const xmlNode *source, struct nic *nic)
{
	const char *bridge = fx_attr(x, source, "bridge");

	if (!bridge)
		return;
	if (strlen(bridge) >= sizeof(nic->bridge)) {
		(void)fx_fail(x, source, "the bridge's name is longer than %d bytes", IFNAMSIZ - 1);
		return;
	}
	(void)snprintf(nic->bridge, sizeof(nic->bridge), "%s", bridge);
}

static void nic_source(struct fx *x, const xmlNode *parent, struct nic *nic)
{
	const xmlNode *source = fx_only(x, parent, "source");
	const char *network = fx_attr(x, source, "network");
	const char *port = fx_attr(x, source, "portid");

	if (network && *network) {
		free(nic->network);
		nic->network = fx_dup(x, network);
	}
	if (port) {
		read_uuid(x, source, port, "portid", &nic->port);
		nic->has_port = true;
	}
	nic_bridge(x, source, nic);
}

/* What an <interface> and the <actual> inside of it have in common; the latter is read second. */
static void nic_common(struct fx *x, const xmlNode *node, struct nic *nic)
{
	const xmlNode *virtualport = fx_only(x, node, "virtualport");

	nic_type_from(x, node, nic);
	nic_source(x, node, nic);
	if (virtualport) {
		free(nic->virtualport);
		nic->virtualport = fx_dup(x, fx_attr_or(x, virtualport, "type", ""));
	}
	if (fx_next(node, NULL, "vlan"))
		nic->vlan = true;
}

static void nic_check(struct fx *x, const xmlNode *node, const struct nic *nic)
{
	if (nic->type == NIC_NETWORK && !nic->network)
		(void)fx_fail(x, node, "<interface type='network'> without a source network");
	if (nic->type == NIC_BRIDGE && !nic->bridge[0])
		(void)fx_fail(x, node, "<interface type='bridge'> without a source bridge");
}

static void read_nic(struct fx *x, const xmlNode *node, struct nic *nic)
{
	const xmlNode *actual = fx_only(x, node, "actual");
	const xmlNode *mac = fx_only(x, node, "mac");
	const xmlNode *target = fx_only(x, node, "target");
	const char *address = fx_attr(x, mac, "address");
	const char *dev = fx_attr(x, target, "dev");

	nic->line = fx_line(node);
	nic_common(x, node, nic);
	if (actual)
		nic_common(x, actual, nic);
	if (address) {
		nic->has_mac = mac_parse(address, &nic->mac);
		if (!nic->has_mac)
			(void)fx_fail(x, mac, "the address is not a MAC");
	}
	if (dev && strlen(dev) < sizeof(nic->tap))
		(void)snprintf(nic->tap, sizeof(nic->tap), "%s", dev);
	nic_check(x, node, nic);
}

static void read_nics(struct fx *x, const xmlNode *devices, struct facts *f)
{
	const xmlNode *node = NULL;
	struct nic *grown;

	while (!x->rc && (node = fx_next(devices, node, "interface"))) {
		grown = fx_grow(x, node, f->nics, f->n_nics, sizeof(*grown), FACTS_NICS_MAX,
				"network interfaces");
		if (!grown)
			return;
		f->nics = grown;
		read_nic(x, node, &grown[f->n_nics++]);
	}
}

static void read_filesystem(struct fx *x, const xmlNode *node, struct filesystem *fs)
{
	const xmlNode *driver = fx_only(x, node, "driver");
	const xmlNode *source = fx_only(x, node, "source");
	const xmlNode *target = fx_only(x, node, "target");

	fs->type = fx_dup(x, fx_attr_or(x, node, "type", "mount"));
	fs->driver = fx_dup(x, fx_attr_or(x, driver, "type", "path"));
	fs->source = fx_dup(x, fx_attr(x, source, "dir"));
	fs->target = fx_dup(x, fx_attr(x, target, "dir"));
	fs->socket = fx_dup(x, fx_attr(x, source, "socket"));
	fs->readonly = fx_next(node, NULL, "readonly") != NULL;
	fs->line = fx_line(node);
}

bool filesystem_is_plain(const struct filesystem *fs)
{
	return strcmp(fs->type, "mount") == 0 &&
	       (strcmp(fs->driver, "path") == 0 || strcmp(fs->driver, "virtiofs") == 0) &&
	       fs->source && !fs->socket;
}

static void read_filesystems(struct fx *x, const xmlNode *devices, struct facts *f)
{
	const xmlNode *node = NULL;
	struct filesystem *grown;

	while (!x->rc && (node = fx_next(devices, node, "filesystem"))) {
		grown = fx_grow(x, node, f->fs, f->n_fs, sizeof(*grown), FACTS_FS_MAX,
				"filesystems");
		if (!grown)
			return;
		f->fs = grown;
		read_filesystem(x, node, &grown[f->n_fs++]);
	}
}

static void read_identity(struct fx *x, const xmlNode *domain, struct facts *f)
{
	const char *name = fx_text(x, fx_only(x, domain, "name"));
	const xmlNode *uuid_node = fx_only(x, domain, "uuid");
	const char *uuid = fx_text(x, uuid_node);
	const char *type = fx_attr(x, domain, "type");
	const char *id = fx_attr(x, domain, "id");
	uint64_t number;

	if (!name || !*name)
		(void)fx_fail(x, domain, "a domain without a name");
	if (!uuid)
		(void)fx_fail(x, domain, "a domain without a UUID");
	if (!type)
		(void)fx_fail(x, domain, "a domain without a type");
	read_uuid(x, uuid_node, uuid, "<uuid>", &f->uuid);
	f->name = fx_dup(x, name);
	f->virt_type = fx_dup(x, type);
	f->id = -1;
	if (id && !parse_u64(id, INT_MAX, &number))
		(void)fx_fail(x, domain, "the domain's id is not a number");
	else if (id)
		f->id = (int)number;
}

int facts_parse_domain(const char *xml, size_t len, struct facts *ret, struct err *e)
{
	struct facts f = {0};
	auto_fx struct fx x = {0};
	const xmlNode *domain, *devices;

	if (fx_open(&x, xml, len, "domain XML", "domain", e))
		return x.rc;
	domain = fx_root(&x);
	read_identity(&x, domain, &f);
	devices = fx_only(&x, domain, "devices");
	read_nics(&x, devices, &f);
	read_filesystems(&x, devices, &f);
	facts_collect_disks(&x, devices, &f);
	facts_collect_devices(&x, domain, &f);
	if (x.rc) {
		facts_free(&f);
		return x.rc;
	}
	*ret = f;
	return 0;
}

void facts_free(struct facts *f)
{
	size_t i;

	if (!f)
		return;
	for (i = 0; i < f->n_nics; i++) {
		free(f->nics[i].network);
		free(f->nics[i].virtualport);
	}
	for (i = 0; i < f->n_fs; i++) {
		free(f->fs[i].type);
		free(f->fs[i].driver);
		free(f->fs[i].source);
		free(f->fs[i].target);
		free(f->fs[i].socket);
	}
	for (i = 0; i < f->n_devices; i++)
		free(f->devices[i].what);
	disks_free(f->disks, f->n_disks);
	free(f->nics);
	free(f->fs);
	free(f->devices);
	free(f->name);
	free(f->virt_type);
	memset(f, 0, sizeof(*f));
}
