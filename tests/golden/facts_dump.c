/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML of libvirt to facts, audit of the devices included: each tests/golden/facts/NAME.xml is read
 * (hook-*.xml as <hookData>) and what came of it compared with NAME.expected.
 *
 * UPDATE_GOLDEN=1 writes the expectations anew. With file names as arguments: dumps those, no test.
 */
#include "lib/facts.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define CASES "tests/golden/facts"

static const char *const nic_names[] = {
	[NIC_NETWORK] = "network",     [NIC_BRIDGE] = "bridge",	  [NIC_ETHERNET] = "ethernet",
	[NIC_USER] = "user",	       [NIC_DIRECT] = "direct",	  [NIC_HOSTDEV] = "hostdev",
	[NIC_VHOSTUSER] = "vhostuser", [NIC_VDPA] = "vdpa",	  [NIC_INTERNAL] = "internal",
	[NIC_SOCKET] = "socket",       [NIC_OTHER] = "not known",
};

/* In quotes, so that no byte is hidden. */
static void add_quoted(struct strbuf *out, const char *key, const char *s)
{
	sb_addf(out, " %s=", key);
	if (!s) {
		sb_adds(out, "none");
		return;
	}
	sb_adds(out, "\"");
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p < ' ' || *p == '"' || *p == '\\' || *p == 0x7f)
			sb_addf(out, "\\x%02x", *p);
		else
			sb_add(out, p, 1);
	}
	sb_adds(out, "\"");
}

static void add_uuid(struct strbuf *out, const char *key, bool has, const struct uuid *uuid)
{
	char buf[UUID_STRLEN];

	sb_addf(out, " %s=%s", key, has ? uuid_str(uuid, buf) : "none");
}

static void add_mac(struct strbuf *out, bool has, const struct mac *mac)
{
	char buf[MAC_STRLEN];

	sb_addf(out, " mac=%s", has ? mac_str(mac, buf) : "none");
}

static void dump_nic(struct strbuf *out, const struct nic *nic)
{
	sb_addf(out, "nic %s (%s)", nic_names[nic->type], nic->type_name);
	add_mac(out, nic->has_mac, &nic->mac);
	add_quoted(out, "tap", nic->tap);
	add_quoted(out, "bridge", nic->bridge);
	add_quoted(out, "network", nic->network);
	add_uuid(out, "port", nic->has_port, &nic->port);
	add_quoted(out, "virtualport", nic->virtualport);
	sb_addf(out, " vlan=%s line=%u\n", nic->vlan ? "yes" : "no", nic->line);
}

static void dump_filesystem(struct strbuf *out, const struct filesystem *fs)
{
	sb_addf(out, "fs %s %s", fs->type, fs->driver);
	add_quoted(out, "source", fs->source);
	add_quoted(out, "target", fs->target);
	sb_adds(out, fs->readonly ? " ro\n" : " rw\n");
}

static void dump_disk(struct strbuf *out, const struct disk *disk)
{
	sb_adds(out, "disk");
	add_quoted(out, "device", disk->device);
	add_quoted(out, "type", disk->type);
	add_quoted(out, "format", disk->format);
	add_quoted(out, "source", disk->source);
	add_quoted(out, "target", disk->target);
	add_quoted(out, "bus", disk->bus);
	sb_addf(out, "%s%s\n", disk->readonly ? " ro" : " rw", disk->plain ? "" : " not plain");
}

static void dump_audit(struct strbuf *out, const struct facts *f)
{
	struct policy p = {0};
	struct err e = {0};
	char *line, *rest;

	policy_defaults(&p);
	if (facts_audit_devices(f, &p, &e) == 0)
		sb_adds(out, "audit: allowed\n");
	rest = e.msg;
	while (err_is_set(&e) && (line = strsep(&rest, "\n")))
		sb_addf(out, "audit (exit %d): %s\n", e.exit, line);
	policy_free(&p);
}

static void dump_facts(struct strbuf *out, const struct facts *f)
{
	size_t i;

	sb_adds(out, "domain");
	add_quoted(out, "name", f->name);
	add_uuid(out, "uuid", true, &f->uuid);
	add_quoted(out, "type", f->virt_type);
	sb_addf(out, " id=%d\n", f->id);
	for (i = 0; i < f->n_nics; i++)
		dump_nic(out, &f->nics[i]);
	for (i = 0; i < f->n_fs; i++)
		dump_filesystem(out, &f->fs[i]);
	for (i = 0; i < f->n_disks; i++)
		dump_disk(out, &f->disks[i]);
	for (i = 0; i < f->n_devices; i++)
		sb_addf(out, "device %s: %s\n", device_class_name(f->devices[i].cls),
			f->devices[i].what);
	dump_audit(out, f);
}

static void dump_port(struct strbuf *out, const struct port_facts *p)
{
	sb_adds(out, "network");
	add_quoted(out, "name", p->network);
	add_uuid(out, "uuid", true, &p->network_uuid);
	add_quoted(out, "bridge", p->bridge);
	add_quoted(out, "forward", p->forward_mode);
	sb_addf(out, " dhcp=%s lease=%" PRIu64 "\n", p->has_dhcp ? "yes" : "no", p->lease_s);
	sb_adds(out, "port");
	add_uuid(out, "uuid", p->has_port, &p->port);
	add_quoted(out, "owner", p->owner_name);
	add_uuid(out, "owner-uuid", p->owner_name != NULL, &p->owner_uuid);
	add_mac(out, p->has_mac, &p->mac);
	sb_adds(out, "\n");
}

static bool read_all(const char *path, struct strbuf *out)
{
	auto_fclose FILE *f = fopen(path, "re");
	char buf[8192];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sb_add(out, buf, n);
	return !ferror(f) && !out->failed;
}

static bool dump_file(const char *path, struct strbuf *out)
{
	const char *base = strrchr(path, '/');
	auto_sb struct strbuf xml = {0};
	struct facts f = {0};
	struct port_facts p = {0};
	struct err e = {0};

	if (!read_all(path, &xml))
		return false;
	if (strncmp(base ? base + 1 : path, "hook-", 5) == 0) {
		if (facts_parse_hook_data(xml.data, xml.len, &p, &e) == 0)
			dump_port(out, &p);
	} else if (facts_parse_domain(xml.data, xml.len, &f, &e) == 0) {
		dump_facts(out, &f);
	}
	if (err_is_set(&e))
		sb_addf(out, "error (exit %d): %s\n", e.exit, e.msg);
	facts_free(&f);
	port_facts_free(&p);
	return !out->failed;
}

static bool write_all(const char *path, const struct strbuf *text)
{
	auto_fclose FILE *f = fopen(path, "we");

	return f && fwrite(text->data, 1, text->len, f) == text->len && fflush(f) == 0;
}

/* The first line that differs, as a comment of TAP. */
static void show_difference(const char *got, const char *want)
{
	size_t i = 0, start = 0;

	for (; got[i] && got[i] == want[i]; i++)
		if (got[i] == '\n')
			start = i + 1;
	printf("# want: %.*s\n", (int)strcspn(want + start, "\n"), want + start);
	printf("#  got: %.*s\n", (int)strcspn(got + start, "\n"), got + start);
}

static bool check_case(const char *name, bool update)
{
	auto_free char *xml = NULL, *expected = NULL;
	auto_sb struct strbuf got = {0}, want = {0};

	if (asprintf(&xml, CASES "/%s.xml", name) < 0 ||
	    asprintf(&expected, CASES "/%s.expected", name) < 0)
		return false;
	if (!dump_file(xml, &got)) {
		printf("# %s cannot be read\n", xml);
		return false;
	}
	if (update)
		return write_all(expected, &got);
	if (!read_all(expected, &want)) {
		printf("# %s is missing: UPDATE_GOLDEN=1 writes it\n", expected);
		return false;
	}
	if (got.len == want.len && memcmp(sb_str(&got), sb_str(&want), got.len) == 0)
		return true;
	show_difference(sb_str(&got), sb_str(&want));
	return false;
}

/* An expectation whose case is gone tests nothing. */
static bool check_pair(const char *file, const char *name)
{
	auto_free char *xml = NULL;
	struct stat st;

	if (asprintf(&xml, CASES "/%s.xml", name) < 0 || stat(xml, &st)) {
		printf("# %s has no %s.xml\n", file, name);
		return false;
	}
	return true;
}

static int is_case(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int run_cases(bool update)
{
	struct dirent **list;
	int i, n, bad = 0;

	n = scandir(CASES, &list, is_case, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - " CASES " has no case\n");
		return 1;
	}
	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		const char *file = list[i]->d_name;
		const char *dot = strrchr(file, '.');
		auto_free char *name = dot ? strndup(file, (size_t)(dot - file)) : NULL;
		bool ok = false;

		if (name && strcmp(dot, ".xml") == 0)
			ok = check_case(name, update);
		else if (name && strcmp(dot, ".expected") == 0)
			ok = check_pair(file, name);
		else
			printf("# %s is neither a case nor an expectation\n", file);
		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, file);
		bad |= !ok;
		free(list[i]);
	}
	free(list);
	return bad;
}

int main(int argc, char **argv)
{
	const char *update = getenv("UPDATE_GOLDEN");

	for (int i = 1; i < argc; i++) {
		auto_sb struct strbuf out = {0};

		if (!dump_file(argv[i], &out))
			return 1;
		fputs(sb_str(&out), stdout);
	}
	return argc > 1 ? 0 : run_cases(update && strcmp(update, "1") == 0);
}
