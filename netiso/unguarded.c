/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for tunnels where no guard is: see netiso/unguarded.h. */
#include "netiso/unguarded.h"

#include "lib/marks.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/guard.h"
#include "netiso/notes.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NOTES "unguarded"
#define PREF_JUMP 91
#define PREF_CLOSED 92
#define N_RULES 2

/* What closes comes first. */
static int desired(const char *root, const char *bridge, struct rtnl_rule ret[static N_RULES],
		   struct err *e)
{
	struct layout_params p;
	int r = base_params(root, &p, e);

	for (size_t i = 0; i < N_RULES && r == 0; i++) {
		ret[i] = (struct rtnl_rule){
			.family = AF_INET,
			.pref = i ? PREF_JUMP : PREF_CLOSED,
			.has_mark = true,
			.mark = p.mark_base,
			.mask = MARKS_MASK | MARKS_CLASS_INTERNET,
			.action = i ? FR_ACT_GOTO : FR_ACT_UNREACHABLE,
			.target = i ? MARKS_PREF_TUNNELS : 0,
			.protocol = MARKS_RULE_PROTOCOL,
		};
		(void)snprintf(ret[i].iif, sizeof(ret[i].iif), "%s", bridge);
	}
	return r;
}

static bool listed(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *want)
{
	for (size_t i = 0; i < n; i++)
		if (rtnl_rule_same(&list[i], want))
			return true;
	return false;
}

int unguarded_open(const char *root, struct nl *nl, const char *bridge, const struct uuid *uuid,
		   struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	struct rtnl_rule want[N_RULES];
	char text[UUID_STRLEN];
	size_t n = 0;
	int r;

	r = desired(root, bridge, want, e);
	if (r == 0)
		r = notes_add(root, NOTES, bridge, uuid_str(uuid, text), e);
	if (r == 0)
		r = rtnl_rule_list(nl, AF_INET, &list, &n, e);
	for (size_t i = 0; i < N_RULES && r == 0; i++)
		if (!listed(list, n, &want[i]))
			r = rtnl_rule_add(nl, &want[i], e);
	return r;
}

/* By whose they are, not by mark_base, which may be another by now. */
static int remove_rules(struct nl *nl, const char *bridge, struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET, &list, &n, e);

	for (size_t i = 0; i < n && r == 0; i++)
		if (list[i].protocol == MARKS_RULE_PROTOCOL && !list[i].foreign &&
		    strcmp(list[i].iif, bridge) == 0)
			r = rtnl_rule_del(nl, &list[i], e);
	return r;
}

int unguarded_close(const char *root, struct nl *nl, const char *bridge, const struct uuid *uuid,
		    struct err *e)
{
	char text[UUID_STRLEN];
	int r = 0;

	uuid_str(uuid, text);
	if (!notes_has(root, NOTES, bridge, text))
		return 0;
	if (!notes_others(root, NOTES, bridge, text))
		r = remove_rules(nl, bridge, e);
	return r < 0 ? r : notes_remove(root, NOTES, bridge, text, e);
}

bool unguarded_noted(const char *root, const char *bridge, const struct uuid *uuid)
{
	char text[UUID_STRLEN];

	return notes_has(root, NOTES, bridge, uuid_str(uuid, text));
}

int unguarded_check(const char *root, struct nl *nl, const char *bridge, struct strbuf *diff,
		    struct err *e)
{
	auto_free struct rtnl_rule *list = NULL;
	struct rtnl_rule want[N_RULES];
	char text[GUARD_RULE_TEXT];
	int ret, r;
	size_t n = 0;

	ret = desired(root, bridge, want, e);
	if (ret == 0)
		ret = rtnl_rule_list(nl, AF_INET, &list, &n, e);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < N_RULES; i++) {
		if (listed(list, n, &want[i]))
			continue;
		r = err_set(e, EX_CORDON_DIFFERS, ESTALE, "missing: IPv4 rule %s",
			    guard_rule_text(&want[i], text));
		if (diff)
			sb_addf(diff, "missing: IPv4 rule %s\n", text);
		ret = r;
	}
	return ret;
}
