/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record's text form: printing and strict reading. */
#include "lib/record.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <ctype.h>
#include <string.h>

static const char *const phase_names[] = {
	[PHASE_PREPARED] = "prepared", [PHASE_ISOLATING] = "isolating",
	[PHASE_ISOLATED] = "isolated", [PHASE_RUNNING] = "running",
	[PHASE_STOPPING] = "stopping",
};

const char *record_phase_name(enum record_phase p)
{
	return (size_t)p < ARRAY_SIZE(phase_names) ? phase_names[p] : "unknown";
}

static const char *const part_names[] = {
	[PART_FSGUARD] = "fsguard",
	[PART_WGTUN] = "wgtun",
	[PART_PROVISION] = "provision",
};

const char *record_part_name(enum record_part p)
{
	return (size_t)p < ARRAY_SIZE(part_names) ? part_names[p] : "unknown";
}

static bool plain_byte(unsigned char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == ':' || (c == '.' && !first);
}

void record_encode(const char *s, struct strbuf *out)
{
	for (const char *p = s; *p; p++) {
		if (plain_byte((unsigned char)*p, p == s))
			sb_add(out, p, 1);
		else
			sb_addf(out, "%%%02X", (unsigned char)*p);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool record_decode(const char *s, struct strbuf *out)
{
	const char *p = s;

	while (*p) {
		char c = *p;

		if (c == '%') {
			int hi = hex_digit(p[1]), lo = hi < 0 ? -1 : hex_digit(p[2]);

			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			if (c == '\0' || plain_byte((unsigned char)c, p == s))
				return false;
			p += 3;
		} else if (plain_byte((unsigned char)c, p == s)) {
			p++;
		} else {
			return false;
		}
		sb_add(out, &c, 1);
	}
	return !out->failed;
}

static void print_nic(const char *kind, const struct record_nic *nic, struct strbuf *out)
{
	char mac[MAC_STRLEN], uuid[UUID_STRLEN];

	sb_addf(out, "%s mac=%s tap=", kind, mac_str(&nic->mac, mac));
	record_encode(nic->tap, out);
	sb_adds(out, " bridge=");
	record_encode(nic->bridge, out);
	sb_adds(out, " network=");
	record_encode(nic->network ? nic->network : "", out);
	sb_addf(out, " port=%s lease=%llu guarded=%s gone=%s\n",
		nic->has_port ? uuid_str(&nic->port, uuid) : "", (unsigned long long)nic->lease_s,
		nic->guarded ? "yes" : "no", nic->gone ? "yes" : "no");
}

static void print_disk(const struct disk *disk, struct strbuf *out)
{
	const struct {
		const char *key, *value;
	} fields[] = {
		{"disk device", disk->device}, {" type", disk->type},	  {" format", disk->format},
		{" source", disk->source},     {" target", disk->target}, {" bus", disk->bus},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		sb_addf(out, "%s=", fields[i].key);
		record_encode(fields[i].value, out);
	}
	sb_addf(out, " readonly=%s plain=%s\n", disk->readonly ? "yes" : "no",
		disk->plain ? "yes" : "no");
}

/* One line, so that none can be lost: "parts fsguard:wgtun", or "parts none". */
static void print_parts(uint32_t parts, struct strbuf *out)
{
	bool any = false;

	sb_adds(out, "parts ");
	for (size_t i = 0; i < ARRAY_SIZE(part_names); i++) {
		if (!(parts & UINT32_C(1) << i))
			continue;
		sb_addf(out, "%s%s", any ? ":" : "", part_names[i]);
		any = true;
	}
	sb_adds(out, any ? "\n" : "none\n");
}

static void print_fs(const struct record_fs *fs, struct strbuf *out)
{
	sb_adds(out, "filesystem tag=");
	record_encode(fs->tag, out);
	sb_adds(out, " source=");
	record_encode(fs->source, out);
	sb_adds(out, " driver=");
	record_encode(fs->driver, out);
	sb_adds(out, "\n");
}

void record_print(const struct record *r, struct strbuf *out)
{
	char uuid[UUID_STRLEN];

	sb_adds(out, "virt-cordon-record 1\nname ");
	record_encode(r->name ? r->name : "", out);
	sb_addf(out, "\nuuid %s\nphase %s\nincoming %s\nslot %u\nisolation %s\n",
		uuid_str(&r->uuid, uuid), record_phase_name(r->phase), r->incoming ? "yes" : "no",
		r->slot, r->isolation ? "yes" : "no");
	print_parts(r->parts, out);
	for (size_t i = 0; i < r->n_nics; i++)
		print_nic("nic", &r->nics[i], out);
	for (size_t i = 0; i < r->n_ports; i++)
		print_nic("port", &r->ports[i], out);
	for (size_t i = 0; i < r->n_fs; i++)
		print_fs(&r->fs[i], out);
	for (size_t i = 0; i < r->n_disks; i++)
		print_disk(&r->disks[i], out);
	sb_adds(out, "end\n");
}

/* "KEY=VALUE" at *@cursor: gives the decoded value away and moves on. */
static char *take_field(char **cursor, const char *key)
{
	auto_sb struct strbuf value = {0};
	size_t klen = strlen(key);
	char *word, *end;

	while (**cursor == ' ')
		(*cursor)++;
	word = *cursor;
	if (strncmp(word, key, klen) != 0 || word[klen] != '=')
		return NULL;
	word += klen + 1;
	end = word + strcspn(word, " ");
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	if (!record_decode(word, &value))
		return NULL;
	return sb_take(&value);
}

static bool take_link_name(char **cursor, const char *key, char ret[static IFNAMSIZ])
{
	auto_free char *v = take_field(cursor, key);

	if (!v || strlen(v) >= IFNAMSIZ)
		return false;
	memcpy(ret, v, strlen(v) + 1);
	return true;
}

static bool parse_nic(char *rest, struct record_nic *nic)
{
	auto_free char *mac = NULL, *network = NULL, *port = NULL, *lease = NULL, *guarded = NULL,
		       *gone = NULL;

	mac = take_field(&rest, "mac");
	if (!mac || !mac_parse(mac, &nic->mac) || !take_link_name(&rest, "tap", nic->tap) ||
	    !take_link_name(&rest, "bridge", nic->bridge))
		return false;
	network = take_field(&rest, "network");
	port = take_field(&rest, "port");
	lease = take_field(&rest, "lease");
	guarded = take_field(&rest, "guarded");
	gone = take_field(&rest, "gone");
	if (!network || !port || !lease || !guarded || !gone || *rest)
		return false;
	nic->has_port = *port != '\0';
	if ((nic->has_port && !uuid_parse(port, &nic->port)) ||
	    !parse_u64(lease, UINT64_MAX, &nic->lease_s) || !parse_bool(guarded, &nic->guarded) ||
	    !parse_bool(gone, &nic->gone))
		return false;
	if (*network)
		nic->network = TAKE_PTR(network);
	return true;
}

static bool parse_disk(char *rest, struct disk *disk)
{
	auto_free char *readonly = NULL, *plain = NULL;

	disk->device = take_field(&rest, "device");
	disk->type = take_field(&rest, "type");
	disk->format = take_field(&rest, "format");
	disk->source = take_field(&rest, "source");
	disk->target = take_field(&rest, "target");
	disk->bus = take_field(&rest, "bus");
	readonly = take_field(&rest, "readonly");
	plain = take_field(&rest, "plain");
	return disk->device && disk->type && disk->format && disk->source && disk->target &&
	       disk->bus && readonly && plain && !*rest && parse_bool(readonly, &disk->readonly) &&
	       parse_bool(plain, &disk->plain);
}

static bool append_disk(struct record *r, char *rest)
{
	struct disk *grown, disk = {0};

	if (r->n_disks >= RECORD_DISKS_MAX)
		return false;
	grown = realloc(r->disks, (r->n_disks + 1) * sizeof(*grown));
	if (!grown)
		return false;
	r->disks = grown;
	if (!parse_disk(rest, &disk)) {
		disk_free(&disk);
		return false;
	}
	grown[r->n_disks++] = disk;
	return true;
}

static bool append_nic(struct record_nic **list, size_t *n, char *rest)
{
	struct record_nic *grown, nic = {0};

	if (*n >= RECORD_NICS_MAX)
		return false;
	grown = realloc(*list, (*n + 1) * sizeof(**list));
	if (!grown)
		return false;
	*list = grown;
	if (!parse_nic(rest, &nic)) {
		free(nic.network);
		return false;
	}
	grown[(*n)++] = nic;
	return true;
}

static void fs_free(struct record_fs *fs)
{
	free(fs->tag);
	free(fs->source);
	free(fs->driver);
}

static bool append_fs(struct record *r, char *rest)
{
	struct record_fs *grown, *fs;

	if (r->n_fs >= RECORD_FS_MAX)
		return false;
	grown = realloc(r->fs, (r->n_fs + 1) * sizeof(*grown));
	if (!grown)
		return false;
	r->fs = grown;
	fs = &grown[r->n_fs++];
	*fs = (struct record_fs){.tag = take_field(&rest, "tag")};
	if (fs->tag)
		fs->source = take_field(&rest, "source");
	if (fs->source)
		fs->driver = take_field(&rest, "driver");
	return fs->driver && !*rest;
}

static bool parse_phase(const char *s, enum record_phase *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(phase_names); i++) {
		if (strcmp(s, phase_names[i]) == 0) {
			*ret = (enum record_phase)i;
			return true;
		}
	}
	return false;
}

static bool parse_slot(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (!parse_u64(s, RECORD_SLOT_MAX, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool parse_parts(const char *s, uint32_t *ret)
{
	uint32_t parts = 0;

	if (strcmp(s, "none") == 0)
		return true;
	while (*s) {
		const size_t n = strcspn(s, ":");
		size_t i = 0;

		while (i < ARRAY_SIZE(part_names) &&
		       (strlen(part_names[i]) != n || strncmp(s, part_names[i], n) != 0))
			i++;
		if (i == ARRAY_SIZE(part_names))
			return false;
		parts |= UINT32_C(1) << i;
		s += n + (s[n] == ':');
	}
	*ret = parts;
	return true;
}

/* The fixed lines come in this order, each once; then nic and port lines; then "end". */
static const char *const fixed_lines[] = {"name", "uuid",      "phase", "incoming",
					  "slot", "isolation", "parts"};

static bool parse_fixed(struct record *r, size_t which, const char *v)
{
	auto_sb struct strbuf name = {0};

	switch (which) {
	case 0:
		if (!record_decode(v, &name))
			return false;
		r->name = sb_take(&name);
		return r->name != NULL && *r->name;
	case 1:
		return uuid_parse(v, &r->uuid);
	case 2:
		return parse_phase(v, &r->phase);
	case 3:
		return parse_bool(v, &r->incoming);
	case 4:
		return parse_slot(v, &r->slot);
	case 5:
		return parse_bool(v, &r->isolation);
	default:
		return parse_parts(v, &r->parts);
	}
}

static bool parse_line(struct record *r, size_t *stage, char *line)
{
	if (*stage < ARRAY_SIZE(fixed_lines)) {
		const char *key = fixed_lines[*stage];
		size_t klen = strlen(key);

		if (strncmp(line, key, klen) != 0 || line[klen] != ' ')
			return false;
		return parse_fixed(r, (*stage)++, line + klen + 1);
	}
	if (strncmp(line, "nic ", 4) == 0)
		return append_nic(&r->nics, &r->n_nics, line + 4);
	if (strncmp(line, "port ", 5) == 0)
		return append_nic(&r->ports, &r->n_ports, line + 5);
	if (strncmp(line, "filesystem ", 11) == 0)
		return append_fs(r, line + 11);
	if (strncmp(line, "disk ", 5) == 0)
		return append_disk(r, line + 5);
	return false;
}

/* Only what record_print writes is a record: no blank line, no second blank, no upper-case UUID. */
static bool same_text(const struct record *r, const char *text, size_t len)
{
	auto_sb struct strbuf again = {0};

	record_print(r, &again);
	return !again.failed && again.len == len && memcmp(again.data, text, len) == 0;
}

int record_parse(const char *text, size_t len, struct record *ret, struct err *e)
{
	auto_free char *copy = NULL;
	struct record r = {0};
	bool ended = false;
	size_t stage = 0;
	unsigned n = 0;
	char *save = NULL;

	if (len > RECORD_FILE_MAX || memchr(text, '\0', len))
		return err_set(e, EX_CORDON_DATA, EBADMSG, "record is too long or has a NUL byte");
	copy = strndup(text, len);
	if (!copy)
		return err_os(e, ENOMEM, "record");

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		n++;
		if (n == 1 && strcmp(line, "virt-cordon-record 1") == 0)
			continue;
		if (n > 1 && !ended && strcmp(line, "end") == 0 &&
		    stage == ARRAY_SIZE(fixed_lines)) {
			ended = true;
			continue;
		}
		if (n == 1 || ended || !parse_line(&r, &stage, line)) {
			record_free(&r);
			return err_set(e, EX_CORDON_DATA, EBADMSG, "record: line %u is damaged", n);
		}
	}
	if (!ended) {
		record_free(&r);
		return err_set(e, EX_CORDON_DATA, EBADMSG, "record is cut short");
	}
	if (!same_text(&r, text, len)) {
		record_free(&r);
		return err_set(e, EX_CORDON_DATA, EBADMSG, "record is not as it was written");
	}
	*ret = r;
	return 0;
}

void record_free(struct record *r)
{
	if (!r)
		return;
	free(r->name);
	for (size_t i = 0; i < r->n_nics; i++)
		free(r->nics[i].network);
	for (size_t i = 0; i < r->n_ports; i++)
		free(r->ports[i].network);
	for (size_t i = 0; i < r->n_fs; i++)
		fs_free(&r->fs[i]);
	disks_free(r->disks, r->n_disks);
	free(r->nics);
	free(r->ports);
	free(r->fs);
	*r = (struct record){0};
}
