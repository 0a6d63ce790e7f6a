/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the nftables layout that all domains share: names, marks, and the text that makes it.
 */
#pragma once

#include "lib/range.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One table of this name in each of the families netdev, bridge and inet. */
#define LAYOUT_TABLE "virt_cordon"

/*
 * A mark is mark_base + class bit + slot. Slot 0 is no domain: it marks the host's own DHCP replies
 * on their way to a tap. The class bit says that the main routing table may be used; without it
 * only the local table and a tunnel's own are. The bit "beside" is for what a domain with a tunnel
 * sends to targets that its policy names, past the tunnel: a table of its own, too.
 */
#define LAYOUT_MARK_MASK 0xffff0000u
#define LAYOUT_CLASS_INTERNET 0x8000u
#define LAYOUT_BESIDE 0x4000u
#define LAYOUT_SLOT_MASK 0x3fffu

/* The first gate, before all others on its device. */
#define LAYOUT_PRI_TAP "-500"

/* skb->priority of frames on a switched bridge: from a guest to an uplink, and the other way. */
#define LAYOUT_PRIO_LEAVING "ffff:3"
#define LAYOUT_PRIO_COMING "ffff:4"

/* A flow that was let through before, all the way, answered or not. Its zone says that the domain
 * itself opened it, in this run; which rule let it through need not be found again for each packet.
 * A miss in the set only means that it is. The set own_zone is of all domains, main_zone of those
 * of the Internet's class, for which nothing else depends on where a flow goes. */
#define LAYOUT_BEGUN(set) "ct status & confirmed == confirmed meta mark . ct original zone @" set

/* What is not the public Internet, sorted, without overlaps. */
extern const struct ip_range layout_refused[]; /* IPv4 */
extern const size_t layout_n_refused;
extern const struct ip_range layout_refused6[];
extern const size_t layout_n_refused6;

struct layout_params {
	uint32_t mark_base; /* low 16 bits are zero */
	uint16_t log_group;
};

/* A chain that all domains share: what repair and verification go through. */
struct layout_chain {
	const char *family; /* "netdev", "bridge", "inet" */
	const char *name;
	const char *hook; /* text of a base chain's type line, or NULL */
};

/** layout_chain_at - the @i-th of them, of both address families; NULL behind the last. */
const struct layout_chain *layout_chain_at(size_t i);

struct layout_set {
	const char *kind; /* "set bridge", "map inet", … */
	const char *text;
};

struct layout_rule {
	const char *family;
	const char *chain;
	const char *text; /* $BASE, $MASK, $CLASS, $DHCP stand for numbers */
};

/* The layout in two parts; rules of the second may go on with chains of the first. */
struct layout_part {
	const struct layout_chain *chains;
	size_t n_chains;
	const struct layout_set *sets;
	size_t n_sets;
	const struct layout_rule *rules;
	size_t n_rules;
};

extern const struct layout_part layout_ipv4; /* netiso/layout.c */
extern const struct layout_part layout_ipv6; /* netiso/layout6.c */

/**
 * layout_emit - the shared tables, sets, chains and rules as commands that make them, or put them
 * right again when they stand: sets keep their elements, chains are emptied and filled anew. Same
 * parameters, same bytes.
 */
void layout_emit(const struct layout_params *p, struct strbuf *out);

/**
 * layout_set - the @i-th set or map as its family, name and text behind it ("{ type …"); false
 * behind the last one.
 */
bool layout_set(size_t i, char family[static 8], char name[static 32], const char **ret_text);

/** layout_emit_remove - commands that remove the three tables, whether they stand or not. */
void layout_emit_remove(struct strbuf *out);
