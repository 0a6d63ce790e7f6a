/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pure core: policy and facts to nftables commands. No I/O, no clock, a stable order. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/policy.h"
#include "lib/range.h"
#include "lib/strbuf.h"
#include "lib/tunnel.h"
#include "netiso/layout.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISO_NICS_MAX 32
#define ISO_UPLINKS_MAX 16    /* ports of one bridge that lead out */
#define ISO_GATEWAYS_MAX 16   /* IPv4 addresses of one bridge */
#define ISO_LEASES_MAX 64     /* live leases of one NIC */
#define ISO_ATTACHED_MAX 4096 /* prefixes the host is attached to */

struct iso_gateway {
	struct ip_addr addr;
	struct ip_prefix net;
};

struct iso_lease {
	struct ip_addr addr;
	uint64_t remaining_s; /* 0: for ever */
};

struct iso_nic {
	unsigned index; /* among the domain's NICs; stays when another is unplugged */
	char tap[IFNAMSIZ];
	char bridge[IFNAMSIZ];
	struct mac mac;
	uint64_t lease_s; /* DHCP lease time of the network, 0: infinite */
	bool guarded;	  /* its network is closed without nftables, too */
	/* The host's addresses on the bridge: the guest's gateway, unless that is switched. */
	struct iso_gateway gateways[ISO_GATEWAYS_MAX];
	size_t n_gateways;
	uint32_t link; /* number of the bridge: link-local addresses are of one */
	struct iso_gateway gateways6[ISO_GATEWAYS_MAX]; /* IPv6, of every scope */
	size_t n_gateways6;
	bool switched; /* the bridge has a port that leads out of the host */
	char uplinks[ISO_UPLINKS_MAX][IFNAMSIZ];
	size_t n_uplinks;
	bool has_router;       /* the router of a switched bridge, and its hardware address */
	struct ip_addr router; /* also when only that is not known; family 0: no default route */
	struct mac router_mac;
	struct iso_lease leases[ISO_LEASES_MAX];
	size_t n_leases;
};

/* Everything besides the policy that the commands depend on. */
struct iso_facts {
	struct layout_params layout;
	uint32_t slot;	  /* 1..LAYOUT_SLOT_MASK */
	struct uuid uuid; /* for what is logged */
	struct iso_nic *nics;
	size_t n_nics;
	struct ip_prefix *attached; /* IPv4, any order; may overlap */
	size_t n_attached;
	struct ip_addr *local; /* the host's own IPv4 addresses */
	size_t n_local;
	/* The same of IPv6; only where the policy says ipv6 = nat. */
	struct ip_prefix *attached6;
	size_t n_attached6;
	struct ip_addr *local6;
	size_t n_local6;
	bool no_forwarding6;  /* the host forwards no IPv6 */
	struct tunnel tunnel; /* of a domain with egress = tunnel; link "" when it has none */
};

#define ISO_KEY_MAX 32	 /* bytes: a link name and a padded MAC need 24 */
#define ISO_CHAIN_MAX 64 /* bytes of a chain name */

/* An element as the kernel keeps it, for reading back. Fields of a concatenation are padded to four
 * bytes each; a mark and a priority are in host byte order (nf_tables registers). */
struct iso_element {
	const char *family; /* constants */
	const char *set;
	uint8_t key[ISO_KEY_MAX];
	uint8_t key_len;
	uint8_t data[16];	     /* value of a map: four bytes, an address, that and a port */
	uint8_t data_len;	     /* 0: a set, or a verdict */
	char verdict[ISO_CHAIN_MAX]; /* chain of a jump or goto, or "" */
	char text[96];		     /* the key (and value) as nft writes it, for people */
};

/* An address that the plan gives to one of its NICs. */
struct iso_address {
	struct ip_addr addr;
	uint32_t owner; /* iso_nic_number */
	uint32_t link;	/* of an IPv6 address */
};

/* A chain that a domain's elements lead to. */
struct iso_chain {
	const char *family; /* a constant */
	char name[ISO_CHAIN_MAX];
	struct strbuf make; /* makes it, or fills it anew */
	/* The domain's own, which undo removes. Otherwise domains with the same setting, which is
	 * in the name, share it, and undo leaves it alone. */
	bool own;
};

/* Chains of a domain's own, in the family inet, but for those of its taps. */
enum iso_own_chain {
	ISO_OWN_LOG,	/* what it is denied */
	ISO_OWN_LAN,	/* allow_lan */
	ISO_OWN_INSIDE, /* prefixes within its tunnel that are no part of the Internet */
	ISO_OWN_BESIDE, /* allow_lan of a tunnelled one */
	ISO_OWN_CHAINS,
};

/* Of one plan: one for each NIC's lease time, one for the limit of connections, and its own. */
#define ISO_PLAN_CHAINS_MAX (ISO_NICS_MAX + 1 + ISO_OWN_CHAINS)

struct iso_plan {
	struct strbuf apply; /* adds the domain's objects; the shared layout stands already */
	/* @apply in parts: @chains, @clear, @guests, @fresh. */
	struct strbuf clear;  /* removes older chains of its taps */
	struct strbuf fresh;  /* what is the domain's alone */
	struct strbuf guests; /* adds its networks to those where guests live */
	struct iso_chain *chains;
	size_t n_chains;
	struct strbuf undo;	 /* removes them, also when some or all of them are gone */
	struct strbuf public;	 /* replaces the set of public addresses */
	struct ip_range *ranges; /* what @public says, sorted */
	size_t n_ranges;
	struct strbuf public6; /* the same of IPv6; "" unless ipv6 = nat */
	struct ip_range *ranges6;
	size_t n_ranges6;
	struct iso_element *elements; /* what must be in the kernel afterwards */
	size_t n_elements;
	struct iso_address *addresses;
	size_t n_addresses;
	bool localnet; /* its bridges must have route_localnet: see netiso/localnet.h */
};

/** iso_mark - the mark of the domain in @slot under @p. */
uint32_t iso_mark(const struct layout_params *lp, uint32_t slot, const struct policy *p);

/**
 * iso_nic_number - what owns a NIC's addresses: slot and NIC, as a traffic control handle.
 * iso_nic_of_number - the reverse; false when it is no such number.
 */
uint32_t iso_nic_number(uint32_t slot, unsigned index);
bool iso_nic_of_number(uint32_t number, uint32_t *ret_slot, unsigned *ret_index);

/**
 * iso_compile - commands for one domain.
 * @p: a policy with isolation = yes
 * @ret: zero-initialised; release with iso_plan_free
 *
 * Refuses (exit code 78) what this release cannot enforce, with the key's file and line: a bridge
 * that is neither routed nor switched, a key that needs routing on one that is switched, an address
 * that fits no or several NICs, an allow_lan entry that names the host itself, a link name that nft
 * has no way to write. Same input, same bytes.
 */
int iso_compile(const struct policy *p, const struct iso_facts *f, struct iso_plan *ret,
		struct err *e);
void iso_plan_free(struct iso_plan *plan);

/**
 * iso_compile_public - the part of iso_compile about the host alone: @plan's public and ranges.
 * What neither layout_refused nor an attached prefix has is public.
 */
int iso_compile_public(const struct iso_facts *f, struct iso_plan *plan, struct err *e);

/** iso_compile_public6 - the same of IPv6: @plan's public6 and ranges6. */
int iso_compile_public6(const struct iso_facts *f, struct iso_plan *plan, struct err *e);

/** iso_attached_range - what is closed because the host is attached to @p, whose len is not 0. */
struct ip_range iso_attached_range(const struct ip_prefix *p);

/**
 * iso_wants_ipv6 - whether the policy gives IPv6 to its guest, and where all goes through a tunnel,
 * that has it, too. @t: the domain's; family 0 for its IPv6 address when it has none
 */
bool iso_wants_ipv6(const struct policy *p, const struct tunnel *t);

/** iso_check_ipv6 - the refusals that concern ipv6 = nat. */
int iso_check_ipv6(const struct policy *p, const struct iso_facts *f, struct err *e);

/** iso_is_link_local - fe80::/10. */
bool iso_is_link_local(const struct ip_addr *ip);

/** iso_on_network6 - whether @ip lies in a prefix of the NIC's bridge that is not link-local. */
bool iso_on_network6(const struct iso_nic *nic, const struct ip_addr *ip);

/** iso_eui64 - the address of @mac in the /64 of @net (RFC 4291, appendix A). */
struct ip_addr iso_eui64(const struct ip_prefix *net, const struct mac *mac);

/**
 * iso_tunnel_names - whether @ip lies in a prefix of AllowedIPs that is no part of the Internet: it
 * is to be reached inside the tunnel although it is none of the public addresses.
 */
bool iso_tunnel_names(const struct tunnel *t, const struct ip_addr *ip);

/** iso_check_supported - the refusals of iso_compile alone. */
int iso_check_supported(const struct policy *p, const struct iso_facts *f, struct err *e);

/** iso_on_network - whether @ip lies in a prefix of the NIC's bridge. */
bool iso_on_network(const struct iso_nic *nic, const struct ip_addr *ip);

/** iso_is_loopback - whether @ip lies in 127.0.0.0/8. */
bool iso_is_loopback(const struct ip_addr *ip);

/** iso_own_chain - the name of the domain in @slot's own chain @which into @buf; returns @buf. */
const char *iso_own_chain(enum iso_own_chain which, uint32_t slot, char buf[static ISO_CHAIN_MAX]);

/** iso_tap_chain - the name of the netdev chain of @tap into @buf; returns @buf. */
const char *iso_tap_chain(const char *tap, char buf[static ISO_CHAIN_MAX]);

/** iso_tap_name_ok - letters, digits, '_', '.', '-': what can stand in a chain name and in quotes.
 */
bool iso_tap_name_ok(const char *name);
