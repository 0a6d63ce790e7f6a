/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a record and the live host to the facts that iso_compile needs. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "lib/record.h"
#include "netiso/compile.h"

/**
 * iso_gather - read links, addresses and DHCP leases.
 * @root: "" or the folder of --root (for lease files and /sys; links are the live ones)
 * @route: an open rtnetlink socket
 * @leases: false leaves them out; what guests have learnt needs no comparing
 * @ret: zero-initialised; release with iso_facts_free. layout and slot are the caller's to set.
 *
 * Fails when a tap or bridge of the record is not there, or the tap is not a port of that bridge.
 */
int iso_gather(const char *root, const struct record *rec, struct nl *route, bool leases,
	       struct iso_facts *ret, struct err *e);

/**
 * iso_gather_ipv6 - add what `ipv6 = nat` needs: IPv6 addresses of the host and of the bridges in
 * @f, and whether it forwards.
 */
int iso_gather_ipv6(struct nl *route, struct iso_facts *f, struct err *e);
void iso_facts_free(struct iso_facts *f);

/**
 * iso_leases_parse - dnsmasq leases of one MAC as libvirt keeps them (a JSON array of objects with
 * "ip-address", "mac-address", "expiry-time"; src/network/leaseshelper.c of libvirt).
 * @now: seconds since the epoch; leases that ended are left out
 *
 * What is not understood is skipped: a lease that is not seeded only costs the guest a renewal.
 */
void iso_leases_parse(const char *json, size_t len, int64_t now, struct iso_nic *nic);

/**
 * iso_reserved_parse - addresses that a network's XML reserves for one MAC (<host mac ip>), as
 * libvirt gives them to dnsmasq: lines "MAC,ADDRESS[,NAME][,TIME]" (src/util/virdnsmasq.c).
 * @leases: the text that iso_leases_parse reads; an address that it names is left to it. NULL with
 *	@leases_len 0: none
 *
 * A guest that migrates to this host asks for no address, and none is leased to it here yet.
 */
void iso_reserved_parse(const char *hosts, size_t len, const char *leases, size_t leases_len,
			struct iso_nic *nic);

/**
 * iso_leases_gather - both, of the NIC's bridge below @root.
 * @network: libvirt's network that the bridge belongs to, or NULL
 */
void iso_leases_gather(const char *root, const char *network, struct iso_nic *nic);
