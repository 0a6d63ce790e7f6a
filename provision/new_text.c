/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML and the policy of a new guest: see provision/new.h. */
#include "provision/new.h"

#include <inttypes.h>
#include <string.h>

#define NAME_MAX_BYTES 60

bool new_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	return *name && *name != '-' && *name != '.' && strlen(name) <= NAME_MAX_BYTES &&
	       name[strspn(name, letters)] == '\0';
}

/* "  <TAG ATTR='VALUE'REST" with the value as XML has it. */
static void attr(struct strbuf *out, const char *before, const char *value, const char *after)
{
	sb_adds(out, before);
	for (; *value; value++) {
		switch (*value) {
		case '&':
			sb_adds(out, "&amp;");
			break;
		case '<':
			sb_adds(out, "&lt;");
			break;
		case '>':
			sb_adds(out, "&gt;");
			break;
		case '\'':
			sb_adds(out, "&apos;");
			break;
		default:
			sb_add(out, value, 1);
		}
	}
	sb_adds(out, after);
}

static void add_head(const struct new_guest *g, struct strbuf *out)
{
	char uuid[UUID_STRLEN];

	sb_addf(out, "<domain type='%s'>\n", g->kvm ? "kvm" : "qemu");
	attr(out, "  <name>", g->name, "</name>\n");
	sb_addf(out, "  <uuid>%s</uuid>\n  <memory unit='b'>%" PRIu64 "</memory>\n",
		uuid_str(&g->uuid, uuid), g->memory);
	/* virtiofsd reads and writes the guest's memory. */
	if (g->n_shares)
		sb_adds(out, "  <memoryBacking>\n    <source type='memfd'/>\n"
			     "    <access mode='shared'/>\n  </memoryBacking>\n");
	sb_addf(out, "  <vcpu>%u</vcpu>\n  <os%s>\n", g->vcpus, g->uefi ? " firmware='efi'" : "");
	sb_adds(out, "    <type arch='x86_64' machine='q35'>hvm</type>\n    <boot dev='hd'/>\n"
		     "  </os>\n  <features>\n    <acpi/>\n    <apic/>\n  </features>\n");
	if (g->kvm)
		sb_adds(out, "  <cpu mode='host-passthrough'/>\n");
	sb_adds(out, "  <clock offset='utc'/>\n  <on_poweroff>destroy</on_poweroff>\n"
		     "  <on_reboot>restart</on_reboot>\n  <on_crash>destroy</on_crash>\n");
}

static void add_disks(const struct new_guest *g, struct strbuf *out)
{
	sb_adds(out, "    <disk type='file' device='disk'>\n"
		     "      <driver name='qemu' type='qcow2' discard='unmap'/>\n");
	attr(out, "      <source file='", g->disk, "'/>\n");
	sb_adds(out, "      <target dev='vda' bus='virtio'/>\n    </disk>\n");
	if (!g->seed)
		return;
	sb_adds(out, "    <disk type='file' device='disk'>\n"
		     "      <driver name='qemu' type='raw'/>\n");
	attr(out, "      <source file='", g->seed, "'/>\n");
	sb_adds(out, "      <target dev='vdb' bus='virtio'/>\n      <readonly/>\n    </disk>\n");
}

static void add_shares(const struct new_guest *g, struct strbuf *out)
{
	for (size_t i = 0; i < g->n_shares; i++) {
		sb_adds(out, "    <filesystem type='mount' accessmode='passthrough'>\n"
			     "      <driver type='virtiofs'/>\n");
		attr(out, "      <source dir='", g->shares[i].dir, "'/>\n");
		attr(out, "      <target dir='", g->shares[i].tag, "'/>\n    </filesystem>\n");
	}
}

static void add_consoles(const struct new_guest *g, struct strbuf *out)
{
	sb_adds(out,
		"    <serial type='pty'/>\n    <console type='pty'/>\n"
		"    <rng model='virtio'>\n      <backend model='random'>/dev/urandom</backend>\n"
		"    </rng>\n    <memballoon model='virtio'/>\n");
	/* A mouse and a keyboard come with a display by themselves. */
	if (g->graphics)
		sb_adds(out, "    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>\n"
			     "    <video>\n      <model type='virtio'/>\n    </video>\n");
	else
		sb_adds(out, "    <video>\n      <model type='none'/>\n    </video>\n"
			     "    <controller type='usb' model='none'/>\n");
}

void new_xml(const struct new_guest *g, struct strbuf *out)
{
	add_head(g, out);
	sb_adds(out, "  <devices>\n");
	add_disks(g, out);
	attr(out, "    <interface type='network'>\n      <source network='", g->network, "'/>\n");
	sb_adds(out, "      <model type='virtio'/>\n    </interface>\n");
	add_shares(g, out);
	add_consoles(g, out);
	sb_adds(out, "  </devices>\n</domain>\n");
}

static void key(struct strbuf *out, const char *name, const char *value)
{
	if (value)
		sb_addf(out, "%s = %s\n", name, value);
}

void new_policy(const struct new_guest *g, struct strbuf *out)
{
	char uuid[UUID_STRLEN];

	sb_addf(out, "; Policy of %s, virt-cordon.ini(5).\n\n[domain]\nuuid = %s\n\n", g->name,
		uuid_str(&g->uuid, uuid));
	sb_addf(out, "[network]\negress = %s\n", g->tunnel ? "tunnel" : "internet");
	if (g->tunnel) {
		sb_adds(out, "\n[tunnel]\n");
		key(out, "config", g->tunnel);
	}
	for (size_t i = 0; i < g->n_shares; i++)
		sb_addf(out, "\n[share %s]\nsize = 10G\n", g->shares[i].tag);
	if (!g->user_data && !g->playbook)
		return;
	sb_adds(out, "\n[provision]\n");
	key(out, "user_data", g->user_data);
	key(out, "playbook", g->playbook);
	key(out, "run_as", g->run_as);
	key(out, "ssh_user", g->ssh_user);
}
