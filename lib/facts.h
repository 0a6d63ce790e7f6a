/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt says of a domain and of a network port: types, and the reader of its XML. */
#pragma once

#include "lib/disk.h"
#include "lib/err.h"
#include "lib/net.h"
#include "lib/policy.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#define FACTS_XML_MAX (4 * 1024 * 1024) /* bytes of XML on stdin; libvirt's own are 10 to 200 KB */
#define FACTS_NICS_MAX 32
#define FACTS_FS_MAX 64
#define FACTS_DISKS_MAX 64
#define FACTS_DEVICES_MAX 256
#define FACTS_STR_MAX 4096 /* bytes of one attribute or text; longer is refused */

/* <interface type=…>, the live kind where an <actual> or the running XML gives one. */
enum nic_type {
	NIC_NETWORK, /* on a libvirt network: any at prepare, NAT/routed/open from start on */
	NIC_BRIDGE,  /* on a bridge by name, or from start on a network of forward mode bridge */
	NIC_ETHERNET,
	NIC_USER,
	NIC_DIRECT, /* macvtap */
	NIC_HOSTDEV,
	NIC_VHOSTUSER,
	NIC_VDPA,
	NIC_INTERNAL,
	NIC_SOCKET, /* server, client, mcast, udp */
	NIC_OTHER,  /* a type this release does not know: refused */
};

struct nic {
	enum nic_type type;
	char type_name[32]; /* as in the XML, cut and made printable, for messages */
	bool has_mac;
	struct mac mac;
	char tap[IFNAMSIZ]; /* <target dev>; "" when absent (at prepare) or too long for a link */
	char bridge[IFNAMSIZ]; /* <source bridge>, "" when not known yet */
	char *network;	       /* <source network>, or NULL */
	bool has_port;
	struct uuid port;  /* <source portid> */
	char *virtualport; /* <virtualport type>: "openvswitch", "802.1Qbh", …, or NULL */
	bool vlan;	   /* a <vlan> element */
	unsigned line;	   /* of the XML, for messages */
};

struct filesystem {
	char *type;   /* "mount", … */
	char *driver; /* "path", "virtiofs", …; "path" when absent */
	char *source; /* <source dir>, or NULL */
	char *target; /* <target dir>: the tag, or NULL */
	char *socket; /* <source socket>, of a virtiofsd that libvirt did not start, or NULL */
	bool readonly;
	unsigned line; /* of the XML */
};

/* A device that crosses the border; a domain may have several of a class. */
struct device {
	enum device_class cls;
	char *what;    /* printable: "hostdev pci 0000:01:00.0", "serial tcp 127.0.0.1:5555" */
	unsigned line; /* of the XML */
};

/** filesystem_is_plain - a folder that QEMU or libvirt's virtiofsd serves; others are devices. */
bool filesystem_is_plain(const struct filesystem *fs);

/* Zero-initialise, fill with facts_parse_domain, release with facts_free. */
struct facts {
	char *name;
	struct uuid uuid;
	char *virt_type; /* "kvm", "qemu" */
	int id;		 /* <domain id>, -1 when absent */
	struct nic *nics;
	size_t n_nics;
	struct filesystem *fs;
	size_t n_fs;
	struct disk *disks;
	size_t n_disks;
	struct device *devices;
	size_t n_devices;
};

/**
 * facts_parse_domain - read a <domain>.
 * @xml: @len bytes, at most FACTS_XML_MAX
 *
 * libxml2 without network, entities or DTD; a DOCTYPE is refused, so is a document whose root is
 * not <domain>, a domain without name or UUID, and a NIC without what its type must have. What is
 * not understood in a place that matters (an unknown interface type) is kept as such, never
 * dropped, so that the audit can refuse it. Elements in foreign namespaces other than QEMU's are
 * ignored. Only direct children count, never what lies in <metadata>. Exit code 65; @ret is
 * written only on success.
 *
 * The name is kept byte for byte, even one that no file can have. libvirt writes a carriage return
 * in a name as it is, and XML makes it a newline: a caller who was told the name, too, compares.
 */
int facts_parse_domain(const char *xml, size_t len, struct facts *ret, struct err *e);
void facts_free(struct facts *f);

/**
 * facts_element - the child of <devices> that begins at @line of @xml, appended to @out as one line
 * of XML.
 * @name: its element's name, cut
 *
 * -ENOENT when there is none, or more than one, with no error set; else as facts_parse_domain.
 */
int facts_element(const char *xml, size_t len, unsigned line, char name[static 32],
		  struct strbuf *out, struct err *e);

/* What the network hook is told: <hookData> of libvirt's "Hooks for specific system management". */
struct port_facts {
	char *network; /* <network><name> */
	struct uuid network_uuid;
	char bridge[IFNAMSIZ]; /* <network><bridge name>, or "" */
	char *forward_mode;    /* <network><forward mode>, or NULL when isolated */
	uint64_t lease_s; /* the longest DHCP lease in seconds, 0: infinite; 3600 when not given */
	bool has_dhcp;
	bool has_port; /* a <networkport> is there */
	struct uuid port;
	char *owner_name;
	struct uuid owner_uuid;
	bool has_mac;
	struct mac mac;
};

/** facts_parse_hook_data - read a <hookData> of the network hook; same bounds and refusals. */
int facts_parse_hook_data(const char *xml, size_t len, struct port_facts *ret, struct err *e);
void port_facts_free(struct port_facts *p);

/**
 * facts_audit_devices - refuse what [devices] allow of @p does not name; 0 when all is allowed.
 *
 * Exit code 78, and a line of message for each class: the policy's file and line, the first few
 * devices, what the class is, and the line to write that would allow all of them. To be asked at
 * prepare and, since networks turn into devices only then, at start again.
 */
int facts_audit_devices(const struct facts *f, const struct policy *p, struct err *e);
