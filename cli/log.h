/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was denied, or opened: from netlink messages to lines of text or JSON. */
#pragma once

#include "lib/net.h"
#include "lib/strbuf.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LOG_REASON_MAX 16

/* One packet that was denied, or the first one of a connection. */
struct log_flow {
	bool denied;
	struct uuid uuid;	     /* of a denial: the domain's */
	uint32_t slot;		     /* of an opened one: the domain's number */
	char reason[LOG_REASON_MAX]; /* of a denial: "range", "host", … */
	uint8_t proto;		     /* of IP */
	struct ip_addr src, dst;
	bool has_ports;
	uint16_t sport, dport;
};

/**
 * log_packet - addresses and ports of an IP packet, of which the first @len bytes are there.
 *
 * The bytes are a guest's. False, and nothing is changed, when not even the addresses are there;
 * ports that are cut off or in another fragment are left out.
 */
bool log_packet(const uint8_t *p, size_t len, struct log_flow *ret);

/**
 * log_nflog - a message of nflog (linux/netfilter/nfnetlink_log.h): false when it is not of a rule
 * of ours.
 */
bool log_nflog(const struct nlmsghdr *nlh, struct log_flow *ret);

/**
 * log_conntrack - an event of conntrack (linux/netfilter/nfnetlink_conntrack.h): false when it is
 * not a connection that a domain opened.
 */
bool log_conntrack(const struct nlmsghdr *nlh, struct log_flow *ret);

/** log_reason_key - the key of a policy's section [network] that allows what @reason denies. */
const char *log_reason_key(const char *reason);

struct log_domain {
	const char *name; /* NULL: it is not known any more */
	const struct uuid *uuid;
};

/** log_text - one line for a person. */
void log_text(const struct log_flow *f, const struct log_domain *d, const struct timespec *when,
	      struct strbuf *out);

/** log_json - the same as a JSON object, on one line. */
void log_json(const struct log_flow *f, const struct log_domain *d, const struct timespec *when,
	      struct strbuf *out);
