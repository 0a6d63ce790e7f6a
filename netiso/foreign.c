/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs' chains and routing rules: see netiso/foreign.h. */
#include "netiso/foreign.h"

#include "lib/marks.h"
#include "lib/nl.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/layout.h"
#include "netiso/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/*
 * An accept of ours does not override a drop of theirs. Whether a certain packet ends in another
 * table is not to be told without sending it; but a chain that drops what it does not know, in a
 * table that nowhere names the guests' bridge, does not know it. libvirt, firewalld's zone for it
 * and an admin's own exception all name the bridge.
 */

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static bool same_table(const json_t *a, const json_t *b)
{
	/* A table itself has a name where its objects have a table. */
	const char *name = *text_of(b, "table") ? text_of(b, "table") : text_of(b, "name");

	return strcmp(text_of(a, "family"), text_of(b, "family")) == 0 &&
	       strcmp(text_of(a, "table"), name) == 0;
}

/* The one member of an entry: {"rule": {…}}. */
static const json_t *object_of(const json_t *entry, const char **ret_kind)
{
	json_t *e = (json_t *)(uintptr_t)entry;
	void *iter = json_object_iter(e);

	if (!iter)
		return NULL;
	*ret_kind = json_object_iter_key(iter);
	return json_object_iter_value(iter);
}

/* Whether any string of it is @name, or a pattern "virbr*" that fits. */
static bool mentions(const json_t *j, const char *name)
{
	const char *key, *s = json_string_value(j);
	json_t *value;
	size_t i;

	if (s) {
		const size_t n = strlen(s);

		return strcmp(s, name) == 0 ||
		       (n > 1 && s[n - 1] == '*' && strncmp(s, name, n - 1) == 0);
	}
	if (json_is_array(j)) {
		json_array_foreach((json_t *)(uintptr_t)j, i,
				   value) if (mentions(value, name)) return true;
	} else if (json_is_object(j)) {
		json_object_foreach((json_t *)(uintptr_t)j, key,
				    value) if (mentions(value, name)) return true;
	}
	return false;
}

static bool table_mentions(const json_t *list, const json_t *chain, const char *bridge)
{
	const json_t *entry, *o;
	const char *kind;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		o = object_of(entry, &kind);
		if (o && strcmp(kind, "chain") != 0 && same_table(chain, o) && mentions(o, bridge))
			return true;
	}
	return false;
}

/* A rule without a condition that drops or rejects; counters and logs do not matter. */
static bool drops_all(const json_t *rule)
{
	const json_t *expr = json_object_get(rule, "expr"), *one;
	bool drops = false;
	const char *kind;
	size_t i;

	json_array_foreach(expr, i, one)
	{
		if (!object_of(one, &kind))
			return false;
		if (strcmp(kind, "drop") == 0 || strcmp(kind, "reject") == 0)
			drops = true;
		else if (strcmp(kind, "counter") != 0 && strcmp(kind, "log") != 0)
			return false;
	}
	return drops;
}

static bool closes(const json_t *list, const json_t *chain)
{
	const json_t *entry, *o;
	const char *kind;
	size_t i;

	if (strcmp(text_of(chain, "policy"), "drop") == 0)
		return true;
	json_array_foreach(list, i, entry)
	{
		o = object_of(entry, &kind);
		if (o && strcmp(kind, "rule") == 0 && same_table(chain, o) &&
		    strcmp(text_of(o, "chain"), text_of(chain, "name")) == 0 && drops_all(o))
			return true;
	}
	return false;
}

/* Packets of guests come through these, and ours are filters, too. */
static bool in_the_way(const json_t *chain)
{
	const char *family = text_of(chain, "family"), *hook = text_of(chain, "hook");

	return strcmp(text_of(chain, "table"), LAYOUT_TABLE) != 0 &&
	       strcmp(text_of(chain, "type"), "filter") == 0 &&
	       (strcmp(family, "ip") == 0 || strcmp(family, "inet") == 0) &&
	       (strcmp(hook, "forward") == 0 || strcmp(hook, "input") == 0 ||
		strcmp(hook, "prerouting") == 0);
}

static size_t look_at_chain(const json_t *list, const json_t *chain, const char *const *bridges,
			    size_t n, struct strbuf *out)
{
	size_t found = 0;

	if (!in_the_way(chain) || !closes(list, chain))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (table_mentions(list, chain, bridges[i]))
			continue;
		found++;
		sb_addf(out,
			"warning: the table %s %s, chain %s (hook %s), drops what it does not "
			"know, and does not name the bridge %s: what a policy allows may end "
			"there\n",
			text_of(chain, "family"), text_of(chain, "table"), text_of(chain, "name"),
			text_of(chain, "hook"), bridges[i]);
	}
	return found;
}

size_t foreign_tables(const char *json, const char *const *bridges, size_t n, struct strbuf *out)
{
	json_t *doc = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(doc, "nftables"), *entry, *o;
	size_t found = 0, i;
	const char *kind;

	json_array_foreach(list, i, entry)
	{
		o = object_of(entry, &kind);
		if (o && strcmp(kind, "chain") == 0)
			found += look_at_chain(list, o, bridges, n, out);
	}
	json_decref(doc);
	return found;
}

/* See netiso/guard.c. */
#define GUARD_RULE_PROTOCOL 205
#define GUARD_PREF_LOCAL 80
#define GUARD_PREF_ON 100

/* Some mark of ours fulfils it: the bits above the domain's number say whose a mark is. */
static bool matches_ours(const struct rtnl_rule *r, uint32_t base)
{
	return r->has_mark && r->mask && r->protocol != MARKS_RULE_PROTOCOL &&
	       r->protocol != GUARD_RULE_PROTOCOL && !r->inverted &&
	       ((r->mark ^ base) & r->mask & LAYOUT_MARK_MASK) == 0;
}

/* Where only rules of ours are walked along: by what comes from a guarded bridge, behind its first
 * rules, and by what is for a tunnel. */
static bool stands_among_ours(const struct rtnl_rule *r)
{
	const bool guards = r->pref >= GUARD_PREF_LOCAL && r->pref < GUARD_PREF_ON;
	const bool tunnels = r->pref >= MARKS_PREF_STRAY && r->pref <= MARKS_PREF_END;

	return (guards || tunnels) && r->protocol != MARKS_RULE_PROTOCOL &&
	       r->protocol != GUARD_RULE_PROTOCOL;
}

/* A rule without a preference gets one less than the second rule has (net/core/fib_rules.c), and
 * goes before it. The guard needs several at 0, before the lookup of the local table: then it gets
 * 0, too, and goes behind those that came before. */
static bool has_no_preference(const struct rtnl_rule *r)
{
	const bool local = r->action == FR_ACT_TO_TBL && r->table == RT_TABLE_LOCAL && !r->iif[0];

	return r->pref == 0 && !local && r->protocol != GUARD_RULE_PROTOCOL;
}

static void warn_rule(const struct rtnl_rule *r, uint32_t base, const char *family,
		      struct strbuf *out)
{
	if (has_no_preference(r))
		sb_addf(out,
			"warning: another program's %s routing rule has the preference 0, as all "
			"get that ask for none while a guarded network is up: they are asked in "
			"the "
			"order in which they came, which for the two of wg-quick is the wrong one: "
			"what is for the LAN and for guests goes into its tunnel; start it before "
			"libvirt's networks, or give its rules preferences\n",
			family);
	if (stands_among_ours(r))
		sb_addf(out,
			"warning: another program's %s routing rule of preference %u stands among "
			"those of guards and tunnels, and may lead a guest's packets astray, where "
			"they are dropped; give it a preference from 101 to 32765\n",
			family, r->pref);
	if (matches_ours(r, base))
		sb_addf(out,
			"warning: the %s routing rule of preference %u (fwmark 0x%x/0x%x) matches "
			"marks of ours; write another [host] mark_base, or have its program use "
			"another mark\n",
			family, r->pref, r->mark, r->mask);
}

static int foreign_rules(struct nl *route, int family, uint32_t base, struct strbuf *out,
			 struct err *e)
{
	auto_free struct rtnl_rule *rules = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(route, family, &rules, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		warn_rule(&rules[i], base, family == AF_INET ? "IPv4" : "IPv6", out);
	return r;
}

/* Rules of before nftables are in no list of its. */
static void legacy_tables(struct strbuf *out)
{
	auto_fclose FILE *f = fopen("/proc/net/ip_tables_names", "re");
	char line[64];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "filter") == 0)
			sb_adds(out, "warning: there are rules of iptables-legacy, which nft does "
				     "not list: whether they drop what a policy allows is not "
				     "known\n");
	}
}

int foreign_verb(const struct cli *cli, struct err *e)
{
	struct layout_params params;
	auto_sb struct strbuf out = {0};
	auto_free char *json = NULL;
	auto_nl struct nl route = {0};
	int r;

	r = base_params(cli->root, &params, e);
	if (r == 0)
		r = iso_nft_json("list ruleset", &json, e);
	if (r == 0)
		r = nl_open(&route, NETLINK_ROUTE, e);
	if (r < 0)
		return r;
	(void)foreign_tables(json, (const char *const *)cli->args, (size_t)cli->n_args, &out);
	legacy_tables(&out);
	r = foreign_rules(&route, AF_INET, params.mark_base, &out, e);
	if (r == 0)
		r = foreign_rules(&route, AF_INET6, params.mark_base, &out, e);
	safe_print(stdout, sb_str(&out));
	return r;
}
