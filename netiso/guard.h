/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard of a network: routing rules that keep its bridge closed without any nftables. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/strbuf.h"

/**
 * guard_apply - close @bridge to every packet without one of our marks, in both address families.
 * @network: libvirt's name of the network, for the record
 *
 * Puts rules before the one that looks up the local table; that one stands at every moment.
 * Idempotent; repairs an order that was changed. Reads back.
 */
int guard_apply(const char *root, const char *network, const char *bridge, struct err *e);

/** guard_apply_locked - the same for a caller that holds the host lock. */
int guard_apply_locked(const char *root, const char *network, const char *bridge, struct err *e);

/** guard_revert - remove the rules of the network's bridge. Nothing there is success. */
int guard_revert(const char *root, const char *network, struct err *e);

/** guard_check - 0, or -ESTALE (exit code 1) with a line per difference appended to @diff. */
int guard_check(const char *root, const char *network, struct strbuf *diff, struct err *e);

/** guard_check_bridge - the same for a bridge, with an open rtnetlink socket. */
int guard_check_bridge(const char *root, struct nl *nl, const char *bridge, struct strbuf *diff,
		       struct err *e);

/** guard_rule_text - a rule of ours as ip-rule(8) has it; returns @buf. */
#define GUARD_RULE_TEXT 160
const char *guard_rule_text(const struct rtnl_rule *rule, char buf[static GUARD_RULE_TEXT]);

/** guard_plan - the rules as ip-rule(8) commands. */
int guard_plan(const char *root, const char *bridge, struct strbuf *out, struct err *e);
