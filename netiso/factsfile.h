/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts from a file: for `plan` of a policy away from its host, and for golden tests. */
#pragma once

#include "lib/err.h"
#include "netiso/compile.h"

/**
 * factsfile_parse - one fact a line, '#' starts a comment line:
 *
 *   mark_base 0x4c5a0000 | log_group N | slot N | uuid UUID
 *   nic TAP BRIDGE MAC LEASE_SECONDS
 *   gateway ADDRESS/LEN          of the NIC before
 *   uplink PORT                  of the bridge of the NIC before, which makes it a switched one
 *   router ADDRESS MAC           of that bridge
 *   lease ADDRESS SECONDS        of the NIC before; 0: for ever
 *   host ADDRESS/LEN             an address of the host with its prefix
 *   forwarding6 no               the host forwards no IPv6
 *
 * A gateway is an address of the host too. Exit code 65 with the line.
 */
int factsfile_parse(const char *text, size_t len, struct iso_facts *ret, struct err *e);

/** factsfile_load - the same from a file. */
int factsfile_load(const char *path, struct iso_facts *ret, struct err *e);

/**
 * factsfile_example - facts of one NIC on libvirt's default network; with @ipv6 on the guarded
 * network `cordon` as cordon-ipv6.xml has it.
 */
int factsfile_example(bool ipv6, struct iso_facts *ret, struct err *e);

/** factsfile_add_host - one more address of the host, behind the others; false: no memory. */
bool factsfile_add_host(struct iso_facts *f, const struct ip_addr *addr,
			const struct ip_prefix *net);
