/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At which address a running guest is. */
#pragma once

#include "provision/domain.h"

#define ADDRESS_MAX 8

struct addresses {
	struct ip_addr list[ADDRESS_MAX];
	size_t n;
};

/**
 * address_find - the guest's addresses, in the order in which to try them; none yet is success.
 *
 * Of an isolated domain those that the isolation has learnt, which no other guest can send from; of
 * one that is not, what libvirt finds in leases, the kernel's table of neighbours, or hears from an
 * agent in the guest, the first of these that says something. That may be wrong; the guest's host
 * key tells. Never called by what a hook waits for: it asks libvirt.
 */
int address_find(const struct prov *p, struct addresses *ret, struct err *e);
