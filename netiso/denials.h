/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is denied, counted by domain and reason. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/nl.h"
#include "lib/strbuf.h"
#include "netiso/layout.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Theory of operation
 * ===================
 *
 * Each family has a set @denied, keyed by mark and reason, the reason being a number in
 * skb->priority. What ends in a denial takes the counter of its reason, on the whole host, gets the
 * number, and is counted in the set, which makes an element for the domain's first packet of that
 * kind. A packet that is let through meets none of this. A set that is full counts no more; the
 * verdict stands in a rule of its own.
 *
 * A domain's elements go with its rules, so that the next domain of this number begins at zero. The
 * guest has no say in a key: it is our mark and a constant.
 */

/* As the end of a rule in the families netdev and bridge: in place of "drop". */
#define DENIALS_RULE(reason, number)                                                               \
	"counter name \"deny_" reason "\" meta priority set 0:" number " goto deny"
#define DENY_ATTACHED DENIALS_RULE("attached", "3")
#define DENY_SOURCE DENIALS_RULE("source", "8")
#define DENY_FRAME DENIALS_RULE("frame", "9")
#define DENY_RATE DENIALS_RULE("rate", "a")
#define DENY_IPV6 DENIALS_RULE("ipv6", "b")

#define DENIALS_REASONS 11

/** denials_name - of the reason with a number from 1 to DENIALS_REASONS. */
const char *denials_name(unsigned number);

/** denials_emit_objects - counters and sets; before the chains. */
void denials_emit_objects(struct strbuf *out);

/** denials_emit_rules - the rules of the chains deny and deny_REASON. */
void denials_emit_rules(struct strbuf *out);

/* "virt-cordon UUID REASON "; NF_LOG_PREFIXLEN is 128. */
#define DENIALS_PREFIX_MAX 80

/** denials_log_prefix - what stands before what is logged of the domain @uuid, into @buf. */
void denials_log_prefix(const struct uuid *uuid, const char *reason,
			char buf[static DENIALS_PREFIX_MAX]);

/**
 * denials_log_rules - the rules of a domain's own @chain, where the chains deny_REASON lead: at
 * most ten packets a second, to nflog, with the domain and the reason.
 */
void denials_log_rules(const struct layout_params *p, const struct uuid *uuid, const char *chain,
		       struct strbuf *out);

/** denials_rule - the end of a rule in the family netdev that denies for @reason. */
void denials_rule(const char *reason, struct strbuf *out);

/** denials_clear - commands that delete what was counted of the domain in @slot. */
void denials_clear(struct nl *nf, const struct layout_params *p, uint32_t slot, struct strbuf *out);

/* What was denied to one domain: packets, by number of the reason. */
struct denials {
	uint32_t slot;
	uint64_t packets[DENIALS_REASONS + 1];
};

/**
 * denials_read - of all domains to which something was denied, malloc'd, in no order.
 * Without tables there is nothing: 0.
 */
int denials_read(struct nl *nf, struct denials **ret, size_t *n_ret, struct err *e);
