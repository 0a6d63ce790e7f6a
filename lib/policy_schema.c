/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a policy's keys, and how a line finds its row. */
#include "lib/policy_internal.h"

#include "lib/suggest.h"
#include "lib/util.h"

#include <string.h>

#define SCALAR(sec, key, name, fn)                                                                 \
	[key] = {sec, key, name, row_parse_##fn, row_print_##fn, NULL, NULL}
#define LIST(sec, key, name, fn)                                                                   \
	[key] = {sec, key, name, row_parse_##fn, row_print_##fn, row_count_##fn, row_clear_##fn}

const struct policy_row policy_rows[KEY_COUNT] = {
	SCALAR(SEC_DOMAIN, KEY_DOMAIN_UUID, "uuid", uuid),
	SCALAR(SEC_NETWORK, KEY_NET_ISOLATION, "isolation", isolation),
	SCALAR(SEC_NETWORK, KEY_NET_EGRESS, "egress", egress),
	LIST(SEC_NETWORK, KEY_NET_ALLOW_HOST_PORT, "allow_host_port", host_ports),
	LIST(SEC_NETWORK, KEY_NET_ALLOW_LAN, "allow_lan", lan),
	LIST(SEC_NETWORK, KEY_NET_FORWARD_PORT, "forward_port", forwards),
	SCALAR(SEC_NETWORK, KEY_NET_DNS, "dns", dns),
	LIST(SEC_NETWORK, KEY_NET_ADDRESSES, "addresses", addresses),
	SCALAR(SEC_NETWORK, KEY_NET_IPV6, "ipv6", ipv6),
	SCALAR(SEC_NETWORK, KEY_NET_RATE_OUT, "rate_out", rate_out),
	SCALAR(SEC_NETWORK, KEY_NET_RATE_IN, "rate_in", rate_in),
	SCALAR(SEC_NETWORK, KEY_NET_MAX_FLOWS, "max_flows", max_flows),
	SCALAR(SEC_NETWORK, KEY_NET_LOG_DENIED, "log_denied", log_denied),
	SCALAR(SEC_NETWORK, KEY_NET_ALLOW_UNGUARDED, "allow_unguarded", allow_unguarded),
	SCALAR(SEC_TUNNEL, KEY_TUN_CONFIG, "config", tunnel_config),
	SCALAR(SEC_TUNNEL, KEY_TUN_BACKEND, "backend", tunnel_backend),
	SCALAR(SEC_TUNNEL, KEY_TUN_SHARED, "shared", tunnel_shared),
	SCALAR(SEC_TUNNEL, KEY_TUN_REQUIRE_HANDSHAKE, "require_handshake", handshake),
	SCALAR(SEC_SHARE, KEY_SHARE_SIZE, "size", share_size),
	SCALAR(SEC_SHARE, KEY_SHARE_MODE, "mode", share_mode),
	SCALAR(SEC_SHARE, KEY_SHARE_OWNER, "owner", share_owner),
	SCALAR(SEC_SHARE, KEY_SHARE_ADOPT, "adopt", share_adopt),
	SCALAR(SEC_SHARE, KEY_SHARE_RESERVE, "reserve", share_reserve),
	LIST(SEC_DEVICES, KEY_DEV_ALLOW, "allow", dev_allow),
	SCALAR(SEC_PROVISION, KEY_PROV_USER_DATA, "user_data", user_data),
	SCALAR(SEC_PROVISION, KEY_PROV_NETWORK_CONFIG, "network_config", network_config),
	SCALAR(SEC_PROVISION, KEY_PROV_PLAYBOOK, "playbook", playbook),
	SCALAR(SEC_PROVISION, KEY_PROV_PLAYBOOK_WHEN, "playbook_when", playbook_when),
	SCALAR(SEC_PROVISION, KEY_PROV_RUN_AS, "run_as", run_as),
	SCALAR(SEC_PROVISION, KEY_PROV_SSH_USER, "ssh_user", ssh_user),
	SCALAR(SEC_PROVISION, KEY_PROV_SEED_AFTER, "seed_after", seed_after),
	SCALAR(SEC_PROVISION, KEY_PROV_DISK_RESET, "disk_reset", disk_reset),
};

const char *const policy_section_names[SEC_COUNT] = {
	[SEC_DOMAIN] = "domain", [SEC_NETWORK] = "network", [SEC_TUNNEL] = "tunnel",
	[SEC_SHARE] = "share",	 [SEC_DEVICES] = "devices", [SEC_PROVISION] = "provision",
};

/* Reports a key that this section does not have, with the nearest one or its right section. */
static void unknown_key(struct policy_reader *r, enum policy_section section, const char *key)
{
	const char *names[KEY_COUNT], *closest;
	enum policy_key keys[KEY_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(policy_rows[i].name, key) == 0) {
			reader_bad(r, "no such key here; it belongs in [%s%s]",
				   policy_section_names[policy_rows[i].section],
				   policy_rows[i].section == SEC_SHARE ? " TAG" : "");
			return;
		}
		if (policy_rows[i].section == section) {
			keys[n] = policy_rows[i].key;
			names[n++] = policy_rows[i].name;
		}
	}
	closest = suggest_closest(key, names, n);
	if (!closest) {
		reader_bad(r, "no such key; see virt-cordon.ini(5)");
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (names[i] == closest)
			r->bad |= UINT64_C(1) << keys[i];
	reader_bad(r, "no such key; did you mean %s", closest);
}

/*
 * The row of @key ("name", or "name.label" for a list) in @section. NULL after reporting it, with a
 * suggestion, when there is none.
 */
static const struct policy_row *find_row(struct policy_reader *r, enum policy_section section,
					 const char *key)
{
	const char *dot = strchr(key, '.');
	auto_free char *base = dot ? strndup(key, (size_t)(dot - key)) : strdup(key);

	if (!base) {
		r->report->oom = true;
		return NULL;
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct policy_row *row = &policy_rows[i];

		if (row->section != section || strcmp(row->name, base) != 0)
			continue;
		if (!dot || (row->count && dot[1] && !strchr(dot + 1, '.')))
			return row;
		r->bad |= UINT64_C(1) << row->key;
		if (row->count)
			reader_bad(r, "not a label; write %s.LABEL with letters, digits, '_', '-'",
				   base);
		else
			reader_bad(r, "only lists take labels; write %s", base);
		return NULL;
	}
	unknown_key(r, section, base);
	return NULL;
}

/* What reader_items hands to each item of a list. */
struct row_target {
	const struct policy_row *row;
	struct policy *p;
};

static void read_item(struct policy_reader *r, const char *value, void *arg)
{
	const struct row_target *target = arg;

	target->row->parse(r, value, target->p);
}

static void read_entry(struct policy_reader *r, enum policy_section section,
		       const struct ini_entry *entry, struct policy *p)
{
	size_t errors = r->report->n;
	const struct policy_row *row;

	r->key = entry->key;
	r->line = entry->line;
	row = find_row(r, section, entry->key);
	if (!row)
		return;

	/* The first line of a list replaces the default; its other labels add to it. */
	if (row->clear && p->line[row->key] == 0)
		row->clear(p);
	if (p->line[row->key] == 0)
		p->line[row->key] = entry->line;
	if (row->count)
		reader_items(r, entry->value, read_item, &(struct row_target){row, p});
	else
		row->parse(r, entry->value, p);
	if (r->report->n > errors)
		r->bad |= UINT64_C(1) << row->key;
}

void policy_read_section(struct policy_reader *r, const struct ini *ini, size_t index,
			 enum policy_section section, struct policy *p)
{
	r->section = ini->sections[index].name;
	for (size_t i = 0; i < ini->n_entries; i++)
		if (ini->entries[i].section == index)
			read_entry(r, section, &ini->entries[i], p);
}

void policy_section_bad(struct policy_reader *r, enum policy_section section)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (policy_rows[i].section == section)
			r->bad |= UINT64_C(1) << i;
}
