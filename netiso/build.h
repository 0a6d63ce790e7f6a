/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan under construction: shared by the files that compile one. */
#pragma once

#include "netiso/compile.h"
#include "netiso/term.h"

/* A plan under construction. Chains are made before the elements that jump to them, and removed
 * after these. */
struct build {
	const struct policy *p;
	const struct iso_facts *f;
	uint32_t mark;
	struct strbuf clear, guests, apply, undo_elements, undo_chains, undo_objects;
	struct iso_chain *chains;
	size_t n_chains;
	struct iso_element *elements;
	size_t n_elements;
	struct iso_address *addresses;
	size_t n_addresses;
	bool localnet;
	bool failed;
};

/** build_remember - what must be in the kernel afterwards; its text is @key and @rest. */
void build_remember(struct build *b, struct iso_element *el, const char *key, const char *rest);

/**
 * build_add - the commands alone: added by apply; by undo added (so that it is surely there) and
 * deleted.
 */
void build_add(struct build *b, const char *family, const char *set, struct term key,
	       const char *rest);

/** build_element - the key of an element, without a value. */
struct iso_element build_element(const char *family, const char *set, struct term key);

/**
 * build_forget - what packets put into the set under this key ends with the domain.
 *
 * Names of taps are used again, and an hour's requests were not those of the next guest. Not at the
 * start, where whoever deletes waits for the kernel. Added first, it need not be there.
 */
void build_forget(struct build *b, const char *family, const char *set, struct term key);

/** build_set - an element that is the domain's alone: undo removes it. */
void build_set(struct build *b, const char *family, const char *set, struct term key);
void build_map(struct build *b, const char *family, const char *set, struct term key,
	       struct term value);
/** build_verdict - @verb is "jump" or "goto". */
void build_verdict(struct build *b, const char *family, const char *set, struct term key,
		   const char *verb, const char *chain);

/**
 * build_chain - the commands that make a chain, empty so far: NULL when the plan has it already, or
 * without memory, which b->failed says.
 */
struct strbuf *build_chain(struct build *b, const char *family, const char *name);

/**
 * build_own_chain - the same of one that is the domain's alone: undo removes it. The map @map leads
 * there from the domain's mark, by a jump.
 */
struct strbuf *build_own_chain(struct build *b, enum iso_own_chain which, const char *map);

/** build_shared - one that all domains on this bridge share: undo leaves it alone. */
void build_shared(struct build *b, const char *family, const char *set, struct term key);

/** build_network - a prefix of a set with intervals, which undo leaves alone. */
void build_network(struct build *b, const char *family, const char *set,
		   const struct ip_prefix *net);

/** build_raw_network - the same where the key is raw payload. */
void build_raw_network(struct build *b, const char *family, const char *set,
		       const struct ip_prefix *net);

/** build_raw_net6 - the first half of a /64's addresses as raw payload, which undo leaves alone. */
void build_raw_net6(struct build *b, const char *family, const char *set,
		    const struct ip_prefix *net);

/** build_shared_verdict - as build_verdict, and as build_shared left alone by undo. */
void build_shared_verdict(struct build *b, const char *family, const char *set, struct term key,
			  const char *verb, const char *chain);

/** build_address - an address that is the NIC's; undo finds what a NIC owns in the kernel. */
void build_address(struct build *b, const struct iso_nic *nic, const struct ip_addr *ip,
		   uint64_t timeout_s);

/** build_ipv6, build_ipv6_nic - what ipv6 = nat adds to a domain and its NICs (netiso/ipv6.c). */
void build_ipv6(struct build *b);
void build_ipv6_nic(struct build *b, const struct iso_nic *nic);

/** build_tunnel, build_tunnel_dns - what a tunnelled domain has besides (netiso/tunnelled.c). */
void build_tunnel(struct build *b);
void build_tunnel_dns(struct build *b);
/** build_tunnel6 - the same of one with IPv6 inside. */
void build_tunnel6(struct build *b);

/**
 * build_beside - what its policy lets out beside the tunnel.
 * @flows: the chain that limits the domain's connections
 */
void build_beside(struct build *b, const char *flows);

/** build_forward_mark - the mark that an entry of forward_port is looked up by. */
uint32_t build_forward_mark(const struct build *b, const struct policy_forward *fw);
