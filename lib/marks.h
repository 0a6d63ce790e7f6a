/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs must agree on in packets and routing: marks, tables, preferences of rules. */
#pragma once

#include "lib/err.h"

#include <net/if.h>
#include <stdint.h>

/* A mark is mark_base + class bit + slot; the class bit says that the main table may be used. */
#define MARKS_MASK 0xffff0000u
#define MARKS_CLASS_INTERNET 0x8000u
#define MARKS_SLOT_MASK 0x7fffu

#define MARKS_RULE_PROTOCOL 206 /* of tunnels' rules and routes; the guard's rules have 205 */

/*
 * Preferences of `ip rule`. Those of tunnels stand behind the kernel's own (32766, 32767): only
 * what jumps there walks along them, so that the rest of the host's traffic does not pay for them.
 *
 *   90            iif BR fwmark CLOSED goto 40000    by the guard; CLOSED: BASE and no class
 *   90            iif lo fwmark CLOSED goto 40000    for the reverse path of what a tunnel brings
 *   39999         fwmark CLOSED blackhole            what came here without a jump
 *   40000         nop                                stands while there is a tunnel
 *   40000 + SLOT  fwmark BASE+SLOT lookup BASE+SLOT  a domain's tunnel
 *   72768         fwmark CLOSED unreachable
 */
#define MARKS_PREF_JUMP 90
#define MARKS_PREF_STRAY 39999
#define MARKS_PREF_TUNNELS 40000
#define MARKS_PREF_END 72768

/** marks_link - the name of a domain's tunnel, "wgc" and its slot; returns @buf. */
const char *marks_link(uint32_t slot, char buf[static IFNAMSIZ]);

/**
 * marks_base - the mark_base in force: that of the rules that stand (ROOT/run/virt-cordon/base),
 * else what virt-cordon.ini says.
 */
int marks_base(const char *root, uint32_t *ret, struct err *e);
