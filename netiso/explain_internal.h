/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts as the files of explain make them. */
#pragma once

#include "netiso/explain.h"

#include <netinet/in.h>

static inline struct explain_verdict explain_deny(enum policy_key key, const char *rule,
						  const char *why)
{
	return (struct explain_verdict){.has_key = true, .key = key, .rule = rule, .why = why};
}

static inline struct explain_verdict explain_allow(enum policy_key key, unsigned line,
						   enum explain_path path, const char *why)
{
	return (struct explain_verdict){.allowed = true,
					.has_key = true,
					.key = key,
					.line = line,
					.path = path,
					.rule = "opened",
					.why = why};
}

static inline bool explain_has_ports(const struct explain_query *q)
{
	return q->port && (q->proto == IPPROTO_TCP || q->proto == IPPROTO_UDP);
}

static inline struct explain_verdict explain_redirect(struct explain_verdict v,
						      const struct ip_addr *to, uint16_t port)
{
	v.redirected = true;
	v.to = *to;
	v.to_port = port;
	return v;
}

/** explain_decide_lan - whether an entry of allow_lan names the target; of both families. */
bool explain_decide_lan(const struct explain_world *w, const struct explain_query *q,
			struct explain_verdict *ret);

/** explain_decide6 - the part of explain_decide for an IPv6 address (netiso/explain6.c). */
void explain_decide6(const struct explain_world *w, const struct explain_query *q,
		     struct explain_verdict *ret);

/** explain_local6 - whether it is an address of the host. */
bool explain_local6(const struct explain_world *w, const struct ip_addr *ip);
