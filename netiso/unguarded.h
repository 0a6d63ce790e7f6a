/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels on a bridge that is not guarded: routing rules for what the packet filter has marked. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/nl.h"
#include "lib/strbuf.h"

/*
 * Theory of operation
 * ===================
 *
 * On a guarded network the guard leads a tunnel's packets to its rules (netiso/guard.c). Elsewhere,
 * where guests without a policy use the bridge as well, these do, for each bridge of a domain with
 * a tunnel:
 *
 *   91   iif BR fwmark CLOSED goto 40000   a tunnel's, or none's: see lib/marks.h
 *   92   iif BR fwmark CLOSED unreachable  where the first is missing, or leads nowhere
 *
 * Both ask for our mark, which nftables sets: after a flush no packet has one, and what the guest
 * sends goes by the host's own routes. That is what `allow_unguarded` says. All else that may be
 * deleted, the device, its table, its rules, the drop in forward, closes the guest as it does on a
 * guarded network. In IPv4 alone: guests without a guard have no IPv6.
 */

/** unguarded_open - for domain @uuid on @bridge, after a note of it. Needs the host lock. */
int unguarded_open(const char *root, struct nl *nl, const char *bridge, const struct uuid *uuid,
		   struct err *e);

/**
 * unguarded_close - the domain needs them no more; nothing when it never did. With the last one the
 * rules go. Needs the host lock.
 */
int unguarded_close(const char *root, struct nl *nl, const char *bridge, const struct uuid *uuid,
		    struct err *e);

/** unguarded_noted - whether it was opened for the domain. */
bool unguarded_noted(const char *root, const char *bridge, const struct uuid *uuid);

/** unguarded_check - 0, or -ESTALE (exit code 1) with a line per missing rule in @diff. */
int unguarded_check(const char *root, struct nl *nl, const char *bridge, struct strbuf *diff,
		    struct err *e);
