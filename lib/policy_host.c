/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's settings, virt-cordon.ini: reading and defaults. See lib/policy.h. */
#include "lib/policy_internal.h"

#include "lib/parse.h"
#include "lib/securefile.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <string.h>
#include <strings.h>

#define HOST_PATH "/etc/virt-cordon/virt-cordon.ini"
#define HOST_SECTION "host"
#define DEFAULTS_WORD "defaults "
#define DEADLINE_MAX_MS UINT64_C(3600000)

enum host_key {
	HOST_UNLISTED,
	HOST_UNLISTED_MIGRATION,
	HOST_MARK_BASE,
	HOST_GUARDED_NETWORKS,
	HOST_HOOK_DEADLINE,
	HOST_LOCK_DEADLINE,
	HOST_LOG_GROUP,
	HOST_KEY_COUNT,
};

struct host_reader {
	struct policy_reader r;
	struct host_config *c;
	unsigned line[HOST_KEY_COUNT];
	bool bad_deadline;
};

static const char *const unlisted_words[] = {
	[UNLISTED_IGNORE] = "ignore", [UNLISTED_REFUSE] = "refuse", [UNLISTED_ISOLATE] = "isolate"};

/* The sections of a policy that may have defaults for all. */
static const enum policy_section with_defaults[] = {SEC_NETWORK, SEC_DEVICES, SEC_PROVISION};

static void parse_unlisted(struct host_reader *h, const char *value)
{
	unsigned v;

	if (reader_word(&h->r, value, unlisted_words, ARRAY_SIZE(unlisted_words), &v))
		h->c->unlisted = v;
}

static void parse_unlisted_migration(struct host_reader *h, const char *value)
{
	(void)reader_bool(&h->r, value, &h->c->unlisted_migration);
}

static void parse_mark_base(struct host_reader *h, const char *value)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint32_t v;

	if (parse_hex32(value, &v) && v != 0 && (v & 0xffff) == 0)
		h->c->mark_base = v;
	else
		reader_bad(&h->r,
			   "%s is not a base of marks; write a number whose lower 16 bits are zero "
			   "and the upper are not, such as 0x4c5a0000",
			   ini_quote(value, quoted));
}

static void guarded_network(struct policy_reader *r, const char *value, void *arg)
{
	struct host_config *c = arg;
	char quoted[INI_QUOTE_MAX + 8];
	auto_free char *copy = NULL;
	char **more;

	/* libvirt's rules for a network's name are those for a domain's. */
	if (!parse_domain_name(value)) {
		reader_bad(r, "%s is not a network's name; write what virsh net-list shows",
			   ini_quote(value, quoted));
		return;
	}
	for (size_t i = 0; i < c->n_guarded_networks; i++) {
		if (strcmp(c->guarded_networks[i], value) == 0) {
			reader_bad(r, "%s is listed already; remove it", ini_quote(value, quoted));
			return;
		}
	}
	copy = strdup(value);
	more = copy ? reader_grow(r, c->guarded_networks, c->n_guarded_networks, sizeof(*more))
		    : NULL;
	if (!copy)
		r->report->oom = true;
	if (!more)
		return;
	c->guarded_networks = more;
	more[c->n_guarded_networks++] = TAKE_PTR(copy);
}

static void clear_networks(struct host_config *c)
{
	for (size_t i = 0; i < c->n_guarded_networks; i++)
		free(c->guarded_networks[i]);
	free(c->guarded_networks);
	c->guarded_networks = NULL;
	c->n_guarded_networks = 0;
}

static void parse_guarded_networks(struct host_reader *h, const char *value)
{
	reader_items(&h->r, value, guarded_network, h->c);
}

static void parse_deadline(struct host_reader *h, const char *value, uint32_t *ret)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint64_t v;

	if (parse_duration(value, &v) && v > 0 && v <= DEADLINE_MAX_MS) {
		*ret = (uint32_t)v;
		return;
	}
	h->bad_deadline = true;
	reader_bad(&h->r,
		   "%s is not a deadline; write a number with ms, s or m, such as 20s, up to 1h",
		   ini_quote(value, quoted));
}

static void parse_hook_deadline(struct host_reader *h, const char *value)
{
	parse_deadline(h, value, &h->c->hook_deadline_ms);
}

static void parse_lock_deadline(struct host_reader *h, const char *value)
{
	parse_deadline(h, value, &h->c->lock_deadline_ms);
}

static void parse_log_group(struct host_reader *h, const char *value)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint64_t v;

	if (parse_u64(value, UINT16_MAX, &v))
		h->c->log_group = (uint16_t)v;
	else
		reader_bad(&h->r, "%s is not a group of nflog; write a number from 0 to 65535",
			   ini_quote(value, quoted));
}

static const struct {
	const char *name;
	bool list;
	void (*parse)(struct host_reader *h, const char *value);
} host_rows[HOST_KEY_COUNT] = {
	[HOST_UNLISTED] = {"unlisted", false, parse_unlisted},
	[HOST_UNLISTED_MIGRATION] = {"unlisted_migration", false, parse_unlisted_migration},
	[HOST_MARK_BASE] = {"mark_base", false, parse_mark_base},
	[HOST_GUARDED_NETWORKS] = {"guarded_networks", true, parse_guarded_networks},
	[HOST_HOOK_DEADLINE] = {"hook_deadline", false, parse_hook_deadline},
	[HOST_LOCK_DEADLINE] = {"lock_deadline", false, parse_lock_deadline},
	[HOST_LOG_GROUP] = {"log_group", false, parse_log_group},
};

static void unknown_host_key(struct host_reader *h, const char *key)
{
	const char *names[HOST_KEY_COUNT], *closest;

	for (size_t i = 0; i < HOST_KEY_COUNT; i++)
		names[i] = host_rows[i].name;
	closest = suggest_closest(key, names, HOST_KEY_COUNT);
	reader_bad(&h->r, "no such key; %s%s", closest ? "did you mean " : "see virt-cordon.ini(5)",
		   closest ? closest : "");
}

static void read_host_entry(struct host_reader *h, const struct ini_entry *entry)
{
	size_t base = strcspn(entry->key, ".");
	const char *label = entry->key + base;

	h->r.key = entry->key;
	h->r.line = entry->line;
	for (size_t i = 0; i < HOST_KEY_COUNT; i++) {
		if (strncmp(host_rows[i].name, entry->key, base) != 0 || host_rows[i].name[base])
			continue;
		if (*label && (!host_rows[i].list || !label[1] || strchr(label + 1, '.'))) {
			reader_bad(&h->r, "not a label of a list; write %s", host_rows[i].name);
			return;
		}
		if (i == HOST_GUARDED_NETWORKS && h->line[i] == 0)
			clear_networks(h->c);
		if (h->line[i] == 0)
			h->line[i] = entry->line;
		host_rows[i].parse(h, entry->value);
		return;
	}
	unknown_host_key(h, entry->key);
}

/* A section that virt-cordon.ini does not have. */
static void unknown_host_section(struct host_reader *h, const struct ini_section *section)
{
	static const char *const names[] = {HOST_SECTION, "defaults network", "defaults devices",
					    "defaults provision"};
	const char *closest = suggest_closest(section->name, names, ARRAY_SIZE(names));

	h->r.section = section->name;
	h->r.key = NULL;
	h->r.line = section->line;
	for (size_t i = 0; i < ARRAY_SIZE(with_defaults); i++)
		if (strcasecmp(section->name, policy_section_names[with_defaults[i]]) == 0)
			closest = names[i + 1];
	if (closest)
		reader_bad(&h->r, "no such section in virt-cordon.ini; did you mean [%s]", closest);
	else
		reader_bad(&h->r, "no such section in virt-cordon.ini; write [host] or "
				  "[defaults SECTION], or move it to a policy");
	h->r.bad = UINT64_MAX;
}

static void read_host_section(struct host_reader *h, const struct ini *ini, size_t index)
{
	const char *name = ini->sections[index].name;
	size_t word = strlen(DEFAULTS_WORD);

	h->r.section = name;
	if (strcasecmp(name, HOST_SECTION) == 0) {
		for (size_t i = 0; i < ini->n_entries; i++)
			if (ini->entries[i].section == index)
				read_host_entry(h, &ini->entries[i]);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(with_defaults); i++) {
		if (strncasecmp(name, DEFAULTS_WORD, word) != 0 ||
		    strcasecmp(name + word, policy_section_names[with_defaults[i]]) != 0)
			continue;
		policy_read_section(&h->r, ini, index, with_defaults[i], &h->c->defaults);
		return;
	}
	unknown_host_section(h, &ini->sections[index]);
}

static bool host_defaults(struct host_config *ret)
{
	char *name = strdup("cordon"), **networks = malloc(sizeof(*networks));

	*ret = (struct host_config){
		.unlisted = UNLISTED_IGNORE,
		.mark_base = 0x4c5a0000,
		.hook_deadline_ms = 20000,
		.lock_deadline_ms = 10000,
		.log_group = 0,
	};
	policy_defaults(&ret->defaults);
	if (!name || !networks) {
		free(name);
		free(networks);
		return false;
	}
	networks[0] = name;
	ret->guarded_networks = networks;
	ret->n_guarded_networks = 1;
	return true;
}

static void read_host(struct host_reader *h, const char *text, size_t len)
{
	__attribute__((cleanup(ini_free))) struct ini ini = {0};
	struct ini_report *report = h->r.report;

	ini_load(text, len, NULL, &ini, report);
	for (size_t i = 0; i < ini.n_sections; i++)
		read_host_section(h, &ini, i);
	if (report->unread)
		return;
	policy_check(&h->c->defaults, h->r.bad, true, report);
	if (!h->bad_deadline && h->c->lock_deadline_ms > h->c->hook_deadline_ms) {
		enum host_key key =
			h->line[HOST_LOCK_DEADLINE] ? HOST_LOCK_DEADLINE : HOST_HOOK_DEADLINE;

		ini_report_add(report, h->line[key], HOST_SECTION, host_rows[key].name,
			       "the hook (%u ms) would be over before the lock (%u ms); write "
			       "lock_deadline shorter than hook_deadline",
			       h->c->hook_deadline_ms, h->c->lock_deadline_ms);
	}
}

int host_config_parse(const char *path, const char *text, size_t len, struct host_config *ret,
		      struct err *e)
{
	__attribute__((cleanup(ini_report_free))) struct ini_report report = {.path = path};
	__attribute__((cleanup(host_config_free))) struct host_config c = {0};
	struct host_reader h = {.r = {.report = &report}, .c = &c};
	auto_free char *dir = NULL;
	int status;

	if (len > POLICY_FILE_MAX)
		return err_set(e, EX_CORDON_POLICY, EFBIG, "%s: larger than %d bytes", path,
			       POLICY_FILE_MAX);
	dir = policy_dir(path);
	if (!dir)
		return err_set(e, EX_CORDON_OS, EIO, "%s: current folder: %s", path,
			       strerror(errno));
	if (!host_defaults(&c))
		return err_os(e, ENOMEM, "%s", path);
	c.path = strdup(path);
	if (!c.path)
		return err_os(e, ENOMEM, "%s", path);

	h.r.dir = dir;
	read_host(&h, text, len);
	status = ini_report_finish(&report, e);
	if (status < 0)
		return status;
	*ret = c;
	c = (struct host_config){0};
	return 0;
}

/* A host without the file has the defaults. */
static int host_without_file(struct host_config *ret, struct err *e)
{
	return host_defaults(ret) ? 0 : err_os(e, ENOMEM, HOST_PATH);
}

int host_config_load(const char *root, struct host_config *ret, struct err *e)
{
	auto_sb struct strbuf path = {0};
	auto_free char *text = NULL;
	auto_close int fd = -1;
	struct err open_err = {0};
	size_t len;
	int r;

	sb_addf(&path, "%s%s", root, HOST_PATH);
	if (path.failed)
		return err_os(e, ENOMEM, HOST_PATH);
	r = securefile_open(root, HOST_PATH, SECUREFILE_SHARED, &fd, &open_err);
	if (r == -ENOENT)
		return host_without_file(ret, e);
	if (r < 0)
		return err_set(e, open_err.exit, open_err.errnum, "%s", open_err.msg);
	r = securefile_read(fd, sb_str(&path), POLICY_FILE_MAX, &text, &len, e);
	return r < 0 ? r : host_config_parse(sb_str(&path), text, len, ret, e);
}

void host_config_free(struct host_config *c)
{
	if (!c)
		return;
	free(c->path);
	clear_networks(c);
	policy_free(&c->defaults);
	*c = (struct host_config){0};
}
