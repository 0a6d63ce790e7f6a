/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy, wg-quick file and slot to what is to stand on the host. Pure: no I/O, a stable order. */
#pragma once

#include "lib/err.h"
#include "lib/marks.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/strbuf.h"
#include "lib/tunnel.h"
#include "wgtun/conf.h"

/* Shared ones, and for two marks the leaf and a goto with its target above; in two families. */
#define WGT_RULES_MAX (2 * (5 + 2 * (1 + 2 * (MARKS_LEVELS - 1))))
#define WGT_METRIC_LAST UINT32_MAX
#define WGT_MTU_IPV6 1280 /* the least */

/* In the order in which they are made: nothing leads to a rule that is not there yet. */
struct wgt_rules {
	struct rtnl_rule list[WGT_RULES_MAX];
	size_t n;
};

/* Zero-initialise, release with wgt_plan_free. */
struct wgt_plan {
	uint32_t slot;
	uint32_t table;	      /* of the tunnel: the mark */
	uint32_t beside;      /* of what goes beside it: the other mark; 0: nothing does */
	bool ipv6;	      /* of the domain, inside the tunnel */
	bool device_ipv6;     /* of the device: one that is shared has it when its file has it */
	struct tunnel tunnel; /* mtu 0: not in the file, to be computed; ways: not looked up yet */
	struct ip_prefix *targets; /* beside the tunnel, sorted, each once */
	size_t n_targets;
	struct wgt_rules rules;
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

/**
 * wgt_rules - of the domain in @slot, with those that all share.
 * @beside: with those of its second mark; @ipv6: in both families
 */
void wgt_rules(uint32_t mark_base, uint32_t slot, bool beside, bool ipv6, struct wgt_rules *ret);

/** wgt_targets - fill in @plan's targets, and refuse those that the tunnel has (compile_targets.c).
 */
int wgt_targets(const struct policy *p, const struct wgt_conf *c, struct wgt_plan *plan,
		struct err *e);

/** wgt_plan_print - as the commands that would do the same; no key is in it. */
void wgt_plan_print(const struct wgt_plan *plan, const struct wgt_conf *c, struct strbuf *out);

/** wgt_guard_print - the guard of a device with IPv6 (wgtun/guard.c), as such commands. */
void wgt_guard_print(uint32_t mark_base, const char *link, struct strbuf *out);

/** wgt_rule_text - as `ip rule` has it; returns @buf. */
const char *wgt_rule_text(const struct rtnl_rule *rule, char *buf, size_t size);
