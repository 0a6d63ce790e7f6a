/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy, wg-quick file and slot to what is to stand on the host. Pure: no I/O, a stable order. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/strbuf.h"
#include "lib/tunnel.h"
#include "wgtun/conf.h"

#define WGT_RULES 5
#define WGT_RULE_OWN 0 /* of a domain; those behind it are shared by all */
#define WGT_METRIC_LAST UINT32_MAX

/* Zero-initialise, release with wgt_plan_free. */
struct wgt_plan {
	uint32_t slot;
	uint32_t pref; /* of the domain's own rule */
	uint32_t table;
	struct tunnel tunnel; /* mtu 0: not in the file, to be computed */
	/* In the order in which they are made: nothing leads to a rule that is not there yet. */
	struct rtnl_rule rules[WGT_RULES];
};

/**
 * wgt_compile - the plan of one domain.
 * @mark_base: low 16 bits zero; @slot: 1..MARKS_SLOT_MASK
 *
 * Refuses (exit code 78) what the policy and the file cannot both have, with the key's place.
 */
int wgt_compile(const struct policy *p, const struct wgt_conf *c, uint32_t mark_base, uint32_t slot,
		struct wgt_plan *ret, struct err *e);
void wgt_plan_free(struct wgt_plan *plan);

/** wgt_rules - the rules of the domain in @slot alone. */
void wgt_rules(uint32_t mark_base, uint32_t slot, struct rtnl_rule ret[static WGT_RULES]);

/** wgt_plan_print - as the commands that would do the same; no key is in it. */
void wgt_plan_print(const struct wgt_plan *plan, const struct wgt_conf *c, struct strbuf *out);

/** wgt_rule_text - as `ip rule` has it; returns @buf. */
const char *wgt_rule_text(const struct rtnl_rule *rule, char *buf, size_t size);
