/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon status: what is known, running, in force. */
#include "cli/verbs.h"

#include "cli/counters.h"
#include "cli/denied.h"
#include "cli/domains.h"
#include "cli/netiso.h"
#include "cli/part_state.h"
#include "cli/print.h"
#include "cli/shares.h"
#include "cli/watch.h"
#include "lib/fnv.h"
#include "lib/policy.h"
#include "lib/record_policy.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed of a domain. NULL: nothing can be said of it yet, "-" and JSON's null. */
struct row {
	const struct domain *d;
	const char *state;
	const char *isolation;
	enum colour colour;
	char *policy; /* path, or NULL */
	bool has_uuid;
	struct uuid uuid;
	bool has_counters;
	struct counters counters;
	json_t *denied; /* by reason; of the list of all */
	struct part_state parts[PART_COUNT];
	json_t *shares; /* as virt-cordon-fsguard shows them, or NULL */
	struct digests digests;
};

static const char *const isolation_names[] = {
	[ISOLATION_NONE] = NULL,	 [ISOLATION_OFF] = "off",
	[ISOLATION_PENDING] = "pending", [ISOLATION_IN_FORCE] = "in force",
	[ISOLATION_BROKEN] = "broken",	 [ISOLATION_UNKNOWN] = "unknown",
};

static const enum colour isolation_colours[] = {
	[ISOLATION_NONE] = COLOUR_NONE,	   [ISOLATION_OFF] = COLOUR_WARN,
	[ISOLATION_PENDING] = COLOUR_WARN, [ISOLATION_IN_FORCE] = COLOUR_GOOD,
	[ISOLATION_BROKEN] = COLOUR_BAD,   [ISOLATION_UNKNOWN] = COLOUR_WARN,
};

static const char *state_of(const struct domains *all, const struct domain *d)
{
	static const char *const by_phase[] = {
		[PHASE_PREPARED] = "starting", [PHASE_ISOLATING] = "starting",
		[PHASE_ISOLATED] = "running",  [PHASE_RUNNING] = "running",
		[PHASE_STOPPING] = "stopping",
	};

	if (d->unread || (!d->has_record && err_is_set(&all->blind)))
		return "unknown";
	if (d->has_record)
		return by_phase[d->rec.phase];
	return d->runs_unmanaged ? "running" : "off";
}

/* A domain that has no record may be tied to a UUID by its policy. */
static void policy_uuid(const char *root, const struct host_config *host, struct row *row)
{
	struct policy p = {0};

	if (!row->d->has_policy || policy_load_domain(root, row->d->name, host, &p, NULL) < 0)
		return;
	row->has_uuid = p.has_uuid;
	row->uuid = p.uuid;
	policy_free(&p);
}

/* Of the canonical text: the same policy, the same number. The others need privilege. */
static void look_at_digests(const char *root, bool all, struct row *row)
{
	auto_free char *text = NULL;
	size_t len;

	if (all && (row->d->rec.phase == PHASE_ISOLATED || row->d->rec.phase == PHASE_RUNNING))
		netiso_digests(root, &row->d->uuid, &row->digests);
	if (record_file_read(root, &row->d->uuid, RECORD_POLICY, &text, &len, NULL) == 0)
		(void)snprintf(row->digests.policy, sizeof(row->digests.policy), "%016" PRIx64,
			       fnv_add(FNV_BASIS, text, len));
}

static void look_at_record(const char *root, bool all, struct row *row)
{
	if (!row->d->has_record || row->d->unread)
		return;
	row->has_counters = counters_read(&row->d->rec, &row->counters);
	for (unsigned i = 0; i < PART_COUNT; i++)
		part_state_of(root, row->d, (enum record_part)i, &row->parts[i]);
	row->shares = shares_of(root, row->d);
	look_at_digests(root, all, row);
}

static int make_row(const char *root, const struct host_config *host, const struct domains *all,
		    const struct domain *d, bool detail, struct row *ret, struct err *e)
{
	enum isolation_state isolation = isolation_of(root, d);
	struct row row = {.d = d, .state = state_of(all, d)};

	if (strcmp(row.state, "unknown") == 0)
		isolation = ISOLATION_UNKNOWN;
	row.isolation = isolation_names[isolation];
	row.colour = isolation_colours[isolation];
	row.has_uuid = d->has_uuid;
	row.uuid = d->uuid;
	if (!d->has_uuid)
		policy_uuid(root, host, &row);
	look_at_record(root, detail, &row);
	if (d->has_policy) {
		row.policy = domain_policy_path(root, d->name);
		if (!row.policy)
			return err_os(e, ENOMEM, "status");
	}
	*ret = row;
	return 0;
}

static void print_head(void)
{
	static const struct {
		const char *title;
		int width;
	} columns[] = {{"NAME", 24},  {"STATE", 8}, {"ISOLATION", 9}, {"TUNNEL", 6},
		       {"SHARES", 6}, {"SETUP", 7}, {"DENIED", 6}};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		print_cell(columns[i].title, columns[i].width, COLOUR_NONE);
	printf("POLICY\n");
}

/* In a column of six. */
static void print_part(const struct row *row, enum record_part part, int width)
{
	const char *state = row->parts[part].name;
	enum colour colour =
		!state							       ? COLOUR_NONE
		: strcmp(state, "in force") == 0 || strcmp(state, "up") == 0   ? COLOUR_GOOD
		: strcmp(state, "broken") == 0 || strcmp(state, "failed") == 0 ? COLOUR_BAD
									       : COLOUR_WARN;

	print_cell(!state ? "-" : strcmp(state, "in force") == 0 ? "ok" : state, width, colour);
}

/* Packets denied, in a column of six. */
static void print_sum(const struct row *row)
{
	const uint64_t sum = denied_sum(row->denied);
	char text[32] = "-";

	if (row->denied)
		(void)counters_number(sum, text);
	print_cell(text, 6, COLOUR_NONE);
}

static void print_row(const struct row *row)
{
	print_cell(row->d->name, 24, COLOUR_NONE);
	print_cell(row->state, 8, COLOUR_NONE);
	print_cell(row->isolation ? row->isolation : "-", 9, row->colour);
	print_part(row, PART_WGTUN, 6);
	print_part(row, PART_FSGUARD, 6);
	print_part(row, PART_PROVISION, 7);
	print_sum(row);
	printf("%s\n", row->policy ? "file" : "none");
}

static void print_nics(const struct record *rec)
{
	char mac[MAC_STRLEN];

	for (size_t i = 0; i < rec->n_nics; i++) {
		const struct record_nic *nic = &rec->nics[i];
		auto_sb struct strbuf line = {0};

		sb_addf(&line, "  nic        %s on %s, %s%s%s%s%s", nic->tap, nic->bridge,
			mac_str(&nic->mac, mac), nic->network ? ", network " : "",
			nic->network ? nic->network : "", nic->guarded ? ", guarded" : "",
			nic->gone ? ", unplugged" : "");
		print_lines(NULL, sb_str(&line), COLOUR_NONE);
	}
}

static void print_field(const char *name, const char *value, enum colour colour)
{
	printf("  %-10s ", name);
	print_lines(NULL, value ? value : "-", colour);
}

static void print_traffic(const struct row *row)
{
	auto_sb struct strbuf text = {0};
	char out[32], in[32];

	if (row->has_counters)
		sb_addf(&text, "out %s, in %s", counters_text(row->counters.out.bytes, out),
			counters_text(row->counters.in.bytes, in));
	print_field("traffic", text.len ? sb_str(&text) : NULL, COLOUR_NONE);
}

static void print_denied(const struct row *row)
{
	auto_sb struct strbuf text = {0};

	denied_text(row->denied, &text);
	print_field("denied",
		    text.len	  ? sb_str(&text)
		    : row->denied ? "nothing"
				  : NULL,
		    COLOUR_NONE);
}

static void print_digests(const struct digests *d)
{
	auto_sb struct strbuf text = {0};

	if (d->rules[0])
		sb_addf(&text, "%s, kernel %s", d->rules, d->kernel);
	print_field("digest", d->policy[0] ? d->policy : NULL, COLOUR_NONE);
	print_field("rules", text.len ? sb_str(&text) : NULL,
		    strcmp(d->rules, d->kernel) == 0 ? COLOUR_NONE : COLOUR_BAD);
}

static void print_detail(const struct row *row)
{
	char uuid[UUID_STRLEN];

	print_lines(NULL, row->d->name, COLOUR_NONE);
	print_field("uuid", row->has_uuid ? uuid_str(&row->uuid, uuid) : NULL, COLOUR_NONE);
	print_field("state", row->state, COLOUR_NONE);
	print_field("policy", row->policy ? row->policy : "none", COLOUR_NONE);
	print_field("isolation", row->isolation, row->colour);
	print_field("tunnel", row->parts[PART_WGTUN].name, COLOUR_NONE);
	print_field("shares", row->parts[PART_FSGUARD].name, COLOUR_NONE);
	print_field("provision", row->parts[PART_PROVISION].name, COLOUR_NONE);
	print_traffic(row);
	print_denied(row);
	print_digests(&row->digests);
	print_nics(&row->d->rec);
}

/* Who keeps a share mounted whose domain is off. A running one's are held by what serves them. */
static json_t *busy_shares(const struct row *row)
{
	const char *state = row->parts[PART_FSGUARD].name;

	return state && strcmp(state, "busy") == 0 ? shares_holders(row->shares) : NULL;
}

static void print_busy(const struct row *row)
{
	json_t *list = busy_shares(row), *held;
	size_t i;

	json_array_foreach(list, i, held)
	{
		auto_sb struct strbuf text = {0};
		const char *tag = "", *folder = "", *who = "";

		(void)json_unpack(held, "{s:s, s:s, s:s}", "tag", &tag, "folder", &folder,
				  "holders", &who);
		sb_addf(&text, "share %s stays mounted on %s, in use by %s", tag, folder, who);
		print_lines(row->d->name, sb_str(&text), COLOUR_WARN);
	}
	json_decref(list);
}

/* All shares lie on one disk, so every domain says the same. */
static const char *disk_warning(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (shares_warning(rows[i].shares))
			return shares_warning(rows[i].shares);
	return NULL;
}

/* And what to do about it. */
static void print_failure(const struct row *row)
{
	const char *why = row->parts[PART_PROVISION].why;
	auto_sb struct strbuf text = {0};

	if (!why)
		return;
	sb_addf(&text, "provisioning failed: %s; again: virt-cordon provision run %s", why,
		row->d->name);
	print_lines(row->d->name, sb_str(&text), COLOUR_BAD);
}

/* What a column has no room for. */
static void print_notes(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].d->unread)
			print_complaint("%s", rows[i].d->unread->msg);
		if (rows[i].d->runs_unmanaged)
			print_lines(rows[i].d->name,
				    "runs since before its policy, without it; restart the domain",
				    COLOUR_BAD);
		print_busy(&rows[i]);
		print_failure(&rows[i]);
	}
	if (disk_warning(rows, n))
		print_lines(NULL, disk_warning(rows, n), COLOUR_WARN);
}

static json_t *json_traffic(const struct traffic *t)
{
	return json_pack("{s:I, s:I}", "bytes", (json_int_t)t->bytes, "packets",
			 (json_int_t)t->packets);
}

static json_t *json_counters(const struct row *row)
{
	if (!row->has_counters)
		return json_null();
	return json_pack("{s:o, s:o, s:O?}", "out", json_traffic(&row->counters.out), "in",
			 json_traffic(&row->counters.in), "denied", row->denied);
}

static const char *text_or_null(const char *s)
{
	return *s ? s : NULL;
}

static json_t *json_digests(const struct digests *d)
{
	if (!d->policy[0])
		return json_null();
	return json_pack("{s:s?, s:s?, s:s?}", "policy", text_or_null(d->policy), "rules",
			 text_or_null(d->rules), "kernel", text_or_null(d->kernel));
}

static json_t *json_row(const struct row *row)
{
	auto_sb struct strbuf name = {0};
	char uuid[UUID_STRLEN];
	json_t *text = json_string(row->d->name);

	/* JSON has no way to write a name that is not UTF-8. */
	if (!text) {
		safe_add(&name, row->d->name);
		text = json_string(sb_str(&name));
	}
	return json_pack(
		"{s:o, s:s?, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:s?, s:o, s:o?}",
		"name", text, "uuid", row->has_uuid ? uuid_str(&row->uuid, uuid) : NULL, "state",
		row->state, "policy", row->policy, "isolation", row->isolation, "tunnel",
		row->parts[PART_WGTUN].name, "shares", row->parts[PART_FSGUARD].name, "provision",
		row->parts[PART_PROVISION].name, "provision_message",
		row->parts[PART_PROVISION].why, "counters", json_counters(row), "digest",
		text_or_null(row->digests.policy), "digests", json_digests(&row->digests),
		"busy_shares", busy_shares(row));
}

static int print_json(const struct row *rows, size_t n, const struct denied *denied, struct err *e)
{
	json_t *list = json_array(), *host = denied_of(denied, NULL), *doc;
	int r = list ? 0 : -1;

	for (size_t i = 0; i < n && r == 0; i++)
		r = json_array_append_new(list, json_row(&rows[i]));
	doc = json_pack("{s:o, s:o, s:s?}", "domains", list, "denied",
			host ? json_incref(host) : json_object(), "disk_warning",
			disk_warning(rows, n));
	if (r == 0 && doc)
		r = json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(doc);
	if (r != 0 || !doc)
		return err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	putchar('\n');
	return 0;
}

static void print_host(const struct denied *denied)
{
	auto_sb struct strbuf text = {0}, line = {0};

	denied_text(denied_of(denied, NULL), &text);
	if (text.len)
		sb_addf(&line, "packets denied on this host: %s", sb_str(&text));
	print_lines(NULL, sb_str(&line), COLOUR_NONE);
}

static int print_rows(const struct cli *cli, const struct domains *all, struct row *rows, size_t n,
		      struct err *e)
{
	auto_denied struct denied denied = {0};

	denied_load(cli->root, &denied);
	for (size_t i = 0; i < n; i++)
		if (rows[i].has_counters)
			rows[i].denied = denied_of(&denied, &rows[i].uuid);
	if (cli->json)
		return print_json(rows, n, &denied, e);
	if (cli->n_args == 0)
		print_head();
	for (size_t i = 0; i < n; i++) {
		if (cli->n_args == 0)
			print_row(&rows[i]);
		else
			print_detail(&rows[i]);
	}
	print_notes(rows, n);
	if (cli->n_args == 0)
		print_host(&denied);
	if (err_is_set(&all->blind))
		print_complaint("%s; as root there may be more to see", all->blind.msg);
	return 0;
}

static int print_status(const struct cli *cli, struct err *e)
{
	auto_domains struct domains all = {0};
	auto_free struct row *rows = NULL;
	struct host_config host = {0};
	const bool detail = cli->json || cli->n_args > 0;
	struct domain *one = NULL;
	size_t n = 0;
	int r;

	r = domains_load(cli->root, &all, e);
	if (r == 0 && cli->n_args == 1)
		r = domains_find(&all, cli->args[0], &one, e);
	if (r < 0)
		return r;
	/* Without it a UUID may be missing; `check` says what is wrong with it. */
	if (host_config_load(cli->root, &host, NULL) < 0)
		policy_defaults(&host.defaults);
	rows = calloc(all.n + 1, sizeof(*rows));
	if (!rows)
		r = err_os(e, ENOMEM, "status");
	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (one && one != &all.list[i])
			continue;
		r = make_row(cli->root, &host, &all, &all.list[i], detail, &rows[n], e);
		if (r == 0)
			n++;
	}
	if (r == 0)
		r = print_rows(cli, &all, rows, n, e);
	for (size_t i = 0; i < n; i++) {
		free(rows[i].policy);
		json_decref(rows[i].shares);
		for (unsigned k = 0; k < PART_COUNT; k++)
			free(rows[i].parts[k].why);
	}
	host_config_free(&host);
	return r;
}

#define WATCH_S 2

int verb_status(const struct cli *cli, struct err *e)
{
	return cli->watch ? watch_run(cli, WATCH_S, print_status, e) : print_status(cli, e);
}
