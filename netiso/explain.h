/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's connection is let through, and by what: the policy read as a person asks. */
#pragma once

#include "lib/err.h"
#include "lib/strbuf.h"
#include "netiso/compile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLAIN_NAME_MAX 256 /* bytes of a host's name or address, with NUL */

/* What is asked about: "example.org:443/tcp". */
struct explain_query {
	char name[EXPLAIN_NAME_MAX]; /* host name or address, as it was written */
	struct ip_addr dst;	     /* of one of its addresses */
	uint8_t proto;		     /* IPPROTO_TCP, _UDP or _ICMP; 0: not given */
	uint16_t port;		     /* 0: not given */
};

/* The same as iso_compile works with, and where other guests are. */
struct explain_world {
	const struct policy *p;
	const struct iso_facts *f;
	const struct ip_range *guests; /* networks of other domains' bridges, of both families */
	size_t n_guests;
};

enum explain_path { EXPLAIN_NOWHERE, EXPLAIN_HOST, EXPLAIN_DIRECT, EXPLAIN_TUNNEL };

struct explain_verdict {
	bool allowed;
	bool has_key;
	enum policy_key key; /* that allows it, or that would have to name it */
	unsigned line;	     /* of the entry in a list, 0: of the key */
	const char *why;     /* a constant */
	const char *rule;    /* the chain in which it ends, a constant */
	enum explain_path path;
	bool redirected; /* to another address */
	struct ip_addr to;
	uint16_t to_port;
};

/**
 * explain_parse - NAME, NAME:PORT, NAME:PORT/PROTO, NAME:PROTO/PORT or NAME/PROTO; an IPv6 address
 * before a port stands in brackets. PROTO is tcp (when a port is given, the default), udp or icmp.
 */
int explain_parse(const char *text, struct explain_query *ret, struct err *e);

/**
 * explain_decide - what becomes of the first packet of such a connection. Pure.
 *
 * The packet is sound, and has the guest's own addresses: what is dropped at the tap is not asked.
 */
void explain_decide(const struct explain_world *w, const struct explain_query *q,
		    struct explain_verdict *ret);

/** explain_inward - the same for a connection that the host opens to a guest. */
void explain_inward(const struct explain_world *w, const struct explain_query *q,
		    struct explain_verdict *ret);

/** explain_print - a verdict as lines, the first one "allowed …" or "denied …". */
void explain_print(const struct explain_world *w, const struct explain_query *q,
		   const struct explain_verdict *v, struct strbuf *out);

/**
 * explain_exceptions - for a query without a port: the ports about which the policy says something
 * else, a line each.
 */
void explain_exceptions(const struct explain_world *w, const struct explain_query *q,
			const struct explain_verdict *v, struct strbuf *out);
