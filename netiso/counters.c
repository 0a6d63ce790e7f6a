/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets were denied, by reason: on this host, and to each domain. */
#include "netiso/counters.h"

#include "lib/nl.h"
#include "lib/record.h"
#include "lib/target.h"
#include "lib/util.h"
#include "netiso/denials.h"
#include "netiso/layout.h"
#include "netiso/nft.h"

#include <errno.h>
#include <jansson.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "deny_"

struct totals {
	bool any; /* the tables are there */
	uint64_t packets[DENIALS_REASONS + 1];
};

static void take_counter(const json_t *counter, struct totals *t)
{
	const char *name = json_string_value(json_object_get(counter, "name"));

	for (unsigned i = 1; name && i <= DENIALS_REASONS; i++) {
		if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
		    strcmp(name + strlen(PREFIX), denials_name(i)) != 0)
			continue;
		t->any = true;
		t->packets[i] += (uint64_t)json_integer_value(json_object_get(counter, "packets"));
	}
}

/* Since the tables stand. Without them nothing was counted. */
static int read_host(struct totals *t, struct err *e)
{
	static const char *const families[] = {"netdev", "bridge", "inet"};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		auto_free char *json = NULL;
		struct err why = {0};
		const json_t *entry;
		char command[64];
		json_t *doc;
		size_t k;

		(void)snprintf(command, sizeof(command), "list counters table %s " LAYOUT_TABLE,
			       families[i]);
		if (iso_nft_json(command, &json, &why) < 0) {
			if (why.exit == EX_CORDON_NOPERM)
				return err_set(e, why.exit, why.errnum, "%s", why.msg);
			continue;
		}
		doc = json_loads(json, 0, NULL);
		json_array_foreach(json_object_get(doc, "nftables"), k, entry)
			take_counter(json_object_get(entry, "counter"), t);
		json_decref(doc);
	}
	return 0;
}

static json_t *by_reason(const uint64_t *packets)
{
	json_t *o = json_object();

	for (unsigned i = 1; i <= DENIALS_REASONS; i++)
		(void)json_object_set_new(o, denials_name(i), json_integer((json_int_t)packets[i]));
	return o;
}

static const uint64_t *of_slot(const struct denials *list, size_t n, uint32_t slot)
{
	static const struct denials nothing;

	for (size_t i = 0; i < n; i++)
		if (list[i].slot == slot)
			return list[i].packets;
	return nothing.packets;
}

/* Every recorded domain that is isolated. One that cannot be read is left out: others say so. */
static int list_domains(const char *root, const struct denials *list, size_t n, json_t *out,
			struct err *e)
{
	auto_free struct uuid *uuids = NULL;
	char text[UUID_STRLEN];
	size_t n_uuids = 0;
	int r = record_list(root, &uuids, &n_uuids, e);

	for (size_t i = 0; i < n_uuids && r == 0; i++) {
		struct record rec = {0};

		if (record_load(root, &uuids[i], &rec, NULL) < 0)
			continue;
		if (rec.isolation)
			(void)json_array_append_new(
				out, json_pack("{s:s, s:o}", "uuid", uuid_str(&uuids[i], text),
					       "denied", by_reason(of_slot(list, n, rec.slot))));
		record_free(&rec);
	}
	return r;
}

static int print_json(const char *root, const struct totals *t, const struct denials *list,
		      size_t n, struct err *e)
{
	json_t *domains = json_array(), *doc;
	int r = list_domains(root, list, n, domains, e);

	doc = json_pack("{s:o, s:o}", "denied", t->any ? by_reason(t->packets) : json_object(),
			"domains", domains);
	if (r == 0 && (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0))
		r = err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	if (r == 0)
		putchar('\n');
	json_decref(doc);
	return r;
}

static void print_text(const uint64_t *packets)
{
	for (unsigned i = 1; i <= DENIALS_REASONS; i++)
		printf("%s %llu\n", denials_name(i), (unsigned long long)packets[i]);
}

static int print_domain(const struct cli *cli, const struct denials *list, size_t n, struct err *e)
{
	struct record rec = {0};
	int r = target_load(cli->root, cli->args[0], &rec, e);

	if (r == 0)
		print_text(of_slot(list, n, rec.slot));
	record_free(&rec);
	return r;
}

int counters_verb(const struct cli *cli, struct err *e)
{
	auto_free struct denials *list = NULL;
	struct totals totals = {0};
	auto_nl struct nl nf = {0};
	size_t n = 0;
	int r = nl_open(&nf, NETLINK_NETFILTER, e);

	if (r == 0)
		r = denials_read(&nf, &list, &n, e);
	if (r == 0 && cli->n_args)
		return print_domain(cli, list, n, e);
	if (r == 0)
		r = read_host(&totals, e);
	if (r < 0)
		return r;
	if (cli->json)
		return print_json(cli->root, &totals, list, n, e);
	if (totals.any)
		print_text(totals.packets);
	return 0;
}
