/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs must agree on in packets and routing: marks, tables, preferences of rules. */
#pragma once

#include "lib/err.h"

#include <net/if.h>
#include <stdint.h>

/*
 * A mark is mark_base + class bit + slot. The class bit says that the main table may be used. A
 * domain with a tunnel has a second mark, with the bit BESIDE, for what its policy lets out beside
 * the tunnel.
 */
#define MARKS_MASK 0xffff0000u
#define MARKS_CLASS_INTERNET 0x8000u
#define MARKS_BESIDE 0x4000u
#define MARKS_SLOT_MASK 0x3fffu

#define MARKS_RULE_PROTOCOL 206 /* of tunnels' rules and routes; the guard's rules have 205 */

/*
 * Preferences of `ip rule`, the same in both families but for two. Those of tunnels stand behind
 * the kernel's own (32766, 32767): only what jumps there walks along them, so that the rest of the
 * host's traffic does not pay for them. The kernel walks a list; so that it is never long, a mark's
 * number N (the mark without BASE, 15 bits) leads down a tree of four levels with up to 16 rules
 * each:
 *
 *   90       iif BR fwmark CLOSED goto 40000     by the guard; CLOSED: BASE and no class
 *   90       iif lo fwmark CLOSED goto 40000     for the reverse path of what a tunnel brings
 *   91, 92   iif BR fwmark CLOSED ...            where no guard is: see netiso/unguarded.h
 *   101      nop                                 IPv6: where answers from a tunnel go on
 *   39999    fwmark CLOSED blackhole             what came here without a jump
 *   40000    nop                                 stands while there is a tunnel
 *   40001    fwmark N>>12 goto a group of the next level, and so on
 *   43000    nop, then fwmark BASE+N lookup BASE+N
 *   77816    fwmark CLOSED unreachable
 *
 * A rule of a level is at its group's nop, plus 1, plus the four bits of N that it looks at.
 */
#define MARKS_PREF_JUMP 90
#define MARKS_PREF_ANSWERS 101 /* see wgtun/guard.c */
#define MARKS_PREF_STRAY 39999
#define MARKS_PREF_TUNNELS 40000
#define MARKS_PREF_END 77816
#define MARKS_LEVELS 4

/** marks_pref_group - of the nop before the rules of N's group; @level 0..MARKS_LEVELS - 1. */
uint32_t marks_pref_group(unsigned level, uint32_t n);
/** marks_pref - of N's rule at a level; marks_level_mask - the bits of the mark it looks at. */
uint32_t marks_pref(unsigned level, uint32_t n);
uint32_t marks_level_mask(unsigned level);

/** marks_link - the name of a domain's own tunnel, "wgc" and its slot; returns @buf. */
const char *marks_link(uint32_t slot, char buf[static IFNAMSIZ]);

/** marks_link_shared - of one that several domains share: "wgs" and a number; returns @buf. */
const char *marks_link_shared(uint32_t number, char buf[static IFNAMSIZ]);

/**
 * marks_base - the mark_base in force: that of the rules that stand (ROOT/run/virt-cordon/base),
 * else what virt-cordon.ini says.
 */
int marks_base(const char *root, uint32_t *ret, struct err *e);
