/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A first policy for a domain that is already there, and what its start would refuse. */
#pragma once

#include "lib/facts.h"
#include "lib/policy.h"
#include "lib/strbuf.h"

/* What is known of a NIC beyond the domain's XML. */
struct adopt_nic {
	bool guarded;	    /* on a guarded network */
	bool uplink;	    /* its bridge has a physical port */
	const char *bridge; /* of a network in bridge mode that is on one; else NULL */
	const char
		*forward_mode; /* of its libvirt network: "nat", …; NULL: isolated or not known */
	bool no_network;       /* libvirt has no network of that name */
	bool inactive;	       /* it has, and it is not started */
};

/**
 * adopt_policy - the text of a policy, with comments about what was found.
 * @nics: one for each of @f
 */
void adopt_policy(const struct facts *f, const struct adopt_nic *nics, struct strbuf *out);

/**
 * adopt_refusals - what a start under @p would refuse, each with why and with the line that mends
 * it. Returns how many.
 */
size_t adopt_refusals(const struct facts *f, const struct adopt_nic *nics, const struct policy *p,
		      struct strbuf *out);

/** adopt_hints - what a start would take, but is better otherwise; as adopt_refusals. */
size_t adopt_hints(const struct facts *f, const struct adopt_nic *nics, struct strbuf *out);

/** adopt_word - @s as one word of a shell, quoted where it must be. */
void adopt_word(const char *s, struct strbuf *out);
