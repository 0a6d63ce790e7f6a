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

/* A domain, the policy that was written for it, and where both were read. */
struct adopt {
	const struct facts *facts;
	const struct adopt_nic *nics;
	const struct policy *policy;
	const char *xml;
	const char *file; /* that has the XML; NULL: it is from libvirt */
};

/**
 * adopt_refusals - what a start under the policy would refuse, each with why and with the line that
 * mends it. Looks at the folders that are shared. Returns how many.
 */
size_t adopt_refusals(const struct adopt *a, struct strbuf *out);

/** adopt_hints - what a start would take, but is better otherwise; as adopt_refusals. */
size_t adopt_hints(const struct adopt *a, struct strbuf *out);

/** adopt_move_nic - the commands that put NIC @i on the guarded network. */
void adopt_move_nic(const struct adopt *a, size_t i, struct strbuf *out);

/** adopt_take_out - the command that takes the device at @line of the XML out of the domain. */
void adopt_take_out(const struct adopt *a, unsigned line, struct strbuf *out);

/** adopt_device_refusals, adopt_share_refusals - parts of adopt_refusals. */
size_t adopt_device_refusals(const struct adopt *a, struct strbuf *out);
size_t adopt_share_refusals(const struct adopt *a, struct strbuf *out);

/** adopt_word - @s as one word of a shell, quoted where it must be. */
void adopt_word(const char *s, struct strbuf *out);
