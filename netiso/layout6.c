/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 half of the shared nftables layout: see "Theory of operation" below. */
#include "netiso/layout.h"

#include "lib/util.h"
#include "netiso/denials.h"

/*
 * Theory of operation
 * ===================
 *
 * A NIC with `ipv6 = nat` has the gates of netiso/layout.c for IPv6, too; all others lose IPv6 in
 * the first one.
 *
 * 1. netdev ingress: to a unicast address, or to the groups that Neighbour Discovery and DHCPv6
 *    need: all routers, all DHCP servers, solicited nodes.
 * 2. bridge prerouting. The next header of the fixed header must be a transport: no extension
 *    header but that of a fragment, and that of TCP and UDP only, never an atomic one. Neighbour
 *    Discovery (RFC 4861) has no room for what is not its own: hop limit 255, lengths of exactly
 *    the option that belongs there, with the NIC's own MAC in it. Router advertisements,
 *    redirects and MLD end here.
 * 4. inet prerouting: the chain guest6, in the order of guest.
 *
 * A guest chooses its IPv6 addresses. As in RFC 6620 (first come, first served source address
 * validation), an address of the network that no one owns belongs to the NIC that first probes or
 * speaks for it, for hours since it last did. Only so many an hour: neither the host's neighbour
 * table nor the addresses of others run out. The address made of a NIC's own MAC (EUI-64) is
 * that NIC's from the start and without an end. A link-local address is another one on another
 * bridge, so the owner is looked up by the bridge's number and the address. By its network, which
 * must be a /64 of the bridge, the address leads to that number, which is in the packet's mark
 * meanwhile; no way out of these chains leaves it there. Of the address the first four bytes, then,
 * are not looked at again: nft 1.0.6 overwrites all but 16 bytes of a key beside a value.
 *
 * What may be reached is, as for IPv4, the complement of what is refused; see layout_refused6. The
 * source is translated to that of the link by which the packet leaves; of a domain with a tunnel to
 * the tunnel's, by the chain tunnel_nat.
 *
 * Raw payload keys: @nh,64,128 source, @nh,192,128 destination, @nh,48,8 next header; behind the
 * fixed header @nh,320,8 the ICMPv6 type or a fragment's next header, @nh,336,16 the fragment's
 * offset and flag, @nh,384,128 the target of Neighbour Discovery, and @nh,512 its option.
 */

/* How long a claimed address stays its owner's after it was last claimed. */
#define CLAIM "4h"

static const struct layout_chain chains[] = {
	{"netdev", "frames_dual", NULL},
	{"netdev", "frames6", NULL},
	{"bridge", "nic_ip6", NULL},
	{"bridge", "nic_ip6_source", NULL},
	{"bridge", "nic_ip6_link", NULL},
	{"bridge", "nic_ip6_done", NULL},
	{"bridge", "nic_ip6_deny", NULL},
	{"bridge", "nic_udp6", NULL},
	{"bridge", "nic_dhcp6", NULL},
	{"bridge", "nic_dhcp6_source", NULL},
	{"bridge", "nic_fragment6", NULL},
	{"bridge", "nic_icmp6", NULL},
	{"bridge", "nd_solicit", NULL},
	{"bridge", "nd_probe", NULL},
	{"bridge", "nd_probe_done", NULL},
	{"bridge", "nd_ask", NULL},
	{"bridge", "nd_advert", NULL},
	{"bridge", "nd_advert_done", NULL},
	{"bridge", "nd_router", NULL},
	{"bridge", "nd_source", NULL},
	{"bridge", "nd_source_known", NULL},
	{"bridge", "nd_source_new", NULL},
	{"bridge", "nd_source_done", NULL},
	{"bridge", "nd_target", NULL},
	{"bridge", "nd_target_known", NULL},
	{"bridge", "nd_target_new", NULL},
	{"inet", "guest6", NULL},
	{"inet", "own_ways6", NULL},
	{"inet", "closed6", NULL},
	{"inet", "through6", NULL},
	{"inet", "dns_tunnel6", NULL},
	{"inet", "error_options6", NULL},
	{"inet", "error_fragment6", NULL},
	{"inet", "to_host6", NULL},
	{"inet", "not_public6", NULL},
	{"inet", "redirected6", NULL},
	{"inet", "nat66", "type nat hook postrouting priority 99; policy accept;"},
};

static const struct layout_set sets[] = {
	{"set bridge", "nics_dual { typeof iifname; }"},
	{"map bridge", "nic_mark { typeof iifname : meta mark; }"},
	{"set bridge", "nic_gateway6 { typeof iifname . @nh,64,128; }"},
	{"map bridge", "nic_net6 { typeof iifname . @nh,64,64 : meta mark; }"},
	{"map bridge", "address6_owner { typeof meta mark . @nh,96,96 : meta priority; size "
		       "1048576; flags dynamic,timeout; }"},
	{"set bridge",
	 "nd_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2m; }"},
	{"set bridge",
	 "router_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2m; }"},
	/* Per hour: what is forgotten sooner would begin anew. */
	{"set bridge",
	 "claim_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 4h; }"},
	{"set bridge",
	 "dhcp6_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2h; }"},
	{"map inet", "dns6 { type mark : verdict; }"},
	{"map inet", "dns_to6 { typeof meta mark : ip6 daddr; }"},
	{"set inet", "dns_address6 { typeof meta mark . ip6 daddr; }"},
	{"map inet", "tunnel_source6 { typeof meta mark : ip6 daddr; }"},
	{"map inet", "tunnel_dns6_0 { typeof meta mark : ip6 daddr; }"},
	{"map inet", "tunnel_dns6_1 { typeof meta mark : ip6 daddr; }"},
	{"map inet", "tunnel_dns6_2 { typeof meta mark : ip6 daddr; }"},
	{"map inet", "tunnel_dns6_3 { typeof meta mark : ip6 daddr; }"},
	{"map inet", "tunnel_dns6_16 { typeof meta mark . meta priority : ip6 daddr; }"},
	{"set inet", "tunnel_guests6 { type ipv6_addr; flags interval; auto-merge; }"},
	{"set inet", "tunnel_quoted6 { typeof @th,256,64; }"},
	{"map inet", "tunnel_errors6 { type icmpv6_type : verdict; }"},
	{"set inet", "refused6 { type ipv6_addr; flags interval; }"},
	{"set inet", "guests6 { type ipv6_addr; flags interval; auto-merge; }"},
	{"set inet", "public6 { type ipv6_addr; flags interval; }"},
};

#define ND_TYPES "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }"

static const struct layout_rule rules[] = {
	{"netdev", "frames_dual", "ether type ip6 goto frames6"},
	{"netdev", "frames_dual", "goto frames"},
	{"netdev", "frames6", "ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 accept"},
	{"netdev", "frames6", "ether daddr 33:33:00:00:00:02 accept"},
	{"netdev", "frames6", "ether daddr 33:33:00:01:00:02 accept"},
	{"netdev", "frames6", "ether daddr & ff:ff:ff:00:00:00 == 33:33:ff:00:00:00 accept"},
	{"netdev", "frames6", DENY_FRAME},

	{"bridge", "nic_ip6", "iifname != @nics_dual drop"},
	{"bridge", "nic_ip6", "@nh,0,4 != 6 " DENY_FRAME},
	{"bridge", "nic_ip6", "@nh,48,8 58 goto nic_icmp6"},
	{"bridge", "nic_ip6", "@nh,48,8 17 goto nic_udp6"},
	{"bridge", "nic_ip6", "@nh,48,8 44 goto nic_fragment6"},
	/* TCP, ESP, SCTP. */
	{"bridge", "nic_ip6", "@nh,48,8 { 6, 50, 132 } goto nic_ip6_source"},
	{"bridge", "nic_ip6", DENY_FRAME},
	/* Of the rest, nothing goes to a group. */
	{"bridge", "nic_ip6_source", "@nh,192,8 0xff " DENY_FRAME},
	{"bridge", "nic_ip6_source", "meta mark set iifname . @nh,64,64 map @nic_net6"},
	{"bridge", "nic_ip6_source", "meta priority set meta mark . @nh,96,96 map @address6_owner"},
	{"bridge", "nic_ip6_source", "iifname . meta priority @nic_own goto nic_ip6_link"},
	{"bridge", "nic_ip6_source", "goto nic_ip6_deny"},
	/* From a link-local address only to the gateway. */
	{"bridge", "nic_ip6_link", "@nh,64,64 != 0xfe80000000000000 goto nic_ip6_done"},
	{"bridge", "nic_ip6_link", "iifname . @nh,192,128 @nic_gateway6 goto nic_ip6_done"},
	{"bridge", "nic_ip6_link", "goto nic_ip6_deny"},
	{"bridge", "nic_ip6_done", "meta mark set iifname map @nic_mark accept"},
	{"bridge", "nic_ip6_done", "drop"},
	/* What is counted is counted by the domain's mark. */
	{"bridge", "nic_ip6_deny", "meta mark set iifname map @nic_mark"},
	{"bridge", "nic_ip6_deny", DENY_SOURCE},
	{"bridge", "nic_udp6", "udp dport 547 goto nic_dhcp6"},
	{"bridge", "nic_udp6",
	 "udp dport 53 update @dns_rate { iifname limit rate over 500/second burst 1000 packets "
	 "} " DENY_RATE},
	{"bridge", "nic_udp6", "udp dport 0-65535 goto nic_ip6_source"},
	{"bridge", "nic_udp6", DENY_FRAME},
	/* RFC 8415: what a client asks for. No release of what may be another's. */
	{"bridge", "nic_dhcp6",
	 "udp sport 546 @nh,192,128 0xff020000000000000000000000010002 @th,64,8 { 1, 3, 4, 5, 6, "
	 "11 } goto nic_dhcp6_source"},
	{"bridge", "nic_dhcp6", DENY_SOURCE},
	/* A client has as many identities as it likes, and dnsmasq a thousand leases for all. */
	{"bridge", "nic_dhcp6_source",
	 "update @dhcp6_rate { iifname limit rate over 60/hour burst 30 packets } " DENY_RATE},
	{"bridge", "nic_dhcp6_source", "meta mark set iifname . @nh,64,64 map @nic_net6"},
	{"bridge", "nic_dhcp6_source",
	 "meta priority set meta mark . @nh,96,96 map @address6_owner"},
	{"bridge", "nic_dhcp6_source", "iifname . meta priority @nic_own goto nic_ip6_done"},
	{"bridge", "nic_dhcp6_source", "goto nic_ip6_deny"},
	{"bridge", "nic_fragment6",
	 "update @fragment_rate { iifname limit rate over 40/second burst 200 packets "
	 "} " DENY_RATE},
	{"bridge", "nic_fragment6",
	 "@nh,320,8 { 6, 17 } @nh,336,16 & 0xfff9 != 0 goto nic_ip6_source"},
	{"bridge", "nic_fragment6", DENY_FRAME},

	{"bridge", "nic_icmp6",
	 "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, "
	 "parameter-problem, echo-request, echo-reply } goto nic_ip6_source"},
	{"bridge", "nic_icmp6",
	 "update @nd_rate { iifname limit rate over 100/second burst 200 packets } " DENY_RATE},
	{"bridge", "nic_icmp6", "ip6 hoplimit != 255 " DENY_FRAME},
	{"bridge", "nic_icmp6", "icmpv6 code != 0 " DENY_FRAME},
	{"bridge", "nic_icmp6", "icmpv6 type nd-neighbor-solicit goto nd_solicit"},
	{"bridge", "nic_icmp6", "icmpv6 type nd-neighbor-advert goto nd_advert"},
	{"bridge", "nic_icmp6", "icmpv6 type nd-router-solicit goto nd_router"},
	{"bridge", "nic_icmp6", DENY_FRAME},
	/* For its own address to be, or for the gateway, with its own MAC or none. */
	{"bridge", "nd_solicit", "@nh,64,128 0x0 goto nd_probe"},
	{"bridge", "nd_solicit", "iifname . @nh,384,128 != @nic_gateway6 " DENY_ATTACHED},
	{"bridge", "nd_solicit", "ip6 length 24 goto nd_ask"},
	{"bridge", "nd_solicit",
	 "ip6 length 32 @nh,512,16 0x0101 iifname . @nh,528,48 @nic_mac goto nd_ask"},
	{"bridge", "nd_solicit", DENY_SOURCE},
	/* RFC 4862, and with a nonce RFC 7527. */
	{"bridge", "nd_probe", "ip6 length 24 goto nd_probe_done"},
	{"bridge", "nd_probe", "ip6 length 32 @nh,512,16 0x0e01 goto nd_probe_done"},
	{"bridge", "nd_probe", DENY_SOURCE},
	{"bridge", "nd_probe_done", "jump nd_target"},
	{"bridge", "nd_probe_done", "goto nic_ip6_done"},
	{"bridge", "nd_ask", "jump nd_source"},
	{"bridge", "nd_ask", "goto nic_ip6_done"},
	{"bridge", "nd_advert", "ip6 length 24 goto nd_advert_done"},
	{"bridge", "nd_advert",
	 "ip6 length 32 @nh,512,16 0x0201 iifname . @nh,528,48 @nic_mac goto nd_advert_done"},
	{"bridge", "nd_advert", DENY_SOURCE},
	{"bridge", "nd_advert_done", "jump nd_target"},
	{"bridge", "nd_advert_done", "jump nd_source"},
	{"bridge", "nd_advert_done", "goto nic_ip6_done"},
	{"bridge", "nd_router", "@nh,192,128 != 0xff020000000000000000000000000002 " DENY_FRAME},
	/* A host asks three times (RFC 4861, 10) and then ever more seldom (RFC 7559); the router
	 * may answer each question to all. */
	{"bridge", "nd_router",
	 "update @router_rate { iifname limit rate over 20/minute burst 10 packets } " DENY_RATE},
	{"bridge", "nd_router", "@nh,64,128 0x0 ip6 length 8 goto nd_source_done"},
	{"bridge", "nd_router", "ip6 length 8 goto nd_ask"},
	{"bridge", "nd_router",
	 "ip6 length 16 @nh,384,16 0x0101 iifname . @nh,400,48 @nic_mac goto nd_ask"},
	{"bridge", "nd_router", DENY_SOURCE},
	{"bridge", "nd_source_done", "meta priority set iifname map @nic_priority"},
	{"bridge", "nd_source_done", "goto nic_ip6_done"},

	/* The two that claim: back to the caller, or dropped. A mark of 0 is no bridge. */
	{"bridge", "nd_source", "meta mark set 0x00000000"},
	{"bridge", "nd_source", "meta mark set iifname . @nh,64,64 map @nic_net6"},
	{"bridge", "nd_source", "meta mark 0x00000000 goto nic_ip6_deny"},
	{"bridge", "nd_source", "meta priority set none"},
	{"bridge", "nd_source", "meta priority set meta mark . @nh,96,96 map @address6_owner"},
	{"bridge", "nd_source", "iifname . meta priority @nic_own goto nd_source_known"},
	{"bridge", "nd_source", "meta priority != none goto nic_ip6_deny"},
	{"bridge", "nd_source", "iifname . @nh,64,128 @nic_gateway6 goto nic_ip6_deny"},
	/* The routers' anycast address (RFC 4291). */
	{"bridge", "nd_source", "@nh,128,64 0x0 goto nic_ip6_deny"},
	{"bridge", "nd_source", "goto nd_source_new"},
	{"bridge", "nd_source_known",
	 "update @address6_owner { meta mark . @nh,96,96 timeout " CLAIM " : meta priority }"},
	{"bridge", "nd_source_new",
	 "update @claim_rate { iifname limit rate over 6/hour burst 16 packets } goto "
	 "nic_ip6_deny"},
	{"bridge", "nd_source_new", "meta priority set iifname map @nic_priority"},
	{"bridge", "nd_source_new",
	 "add @address6_owner { meta mark . @nh,96,96 timeout " CLAIM " : meta priority } return"},
	{"bridge", "nd_source_new", "drop"},
	{"bridge", "nd_target", "meta mark set 0x00000000"},
	{"bridge", "nd_target", "meta mark set iifname . @nh,384,64 map @nic_net6"},
	{"bridge", "nd_target", "meta mark 0x00000000 goto nic_ip6_deny"},
	{"bridge", "nd_target", "meta priority set none"},
	{"bridge", "nd_target", "meta priority set meta mark . @nh,416,96 map @address6_owner"},
	{"bridge", "nd_target", "iifname . meta priority @nic_own goto nd_target_known"},
	{"bridge", "nd_target", "meta priority != none goto nic_ip6_deny"},
	{"bridge", "nd_target", "iifname . @nh,384,128 @nic_gateway6 goto nic_ip6_deny"},
	{"bridge", "nd_target", "@nh,448,64 0x0 goto nic_ip6_deny"},
	{"bridge", "nd_target", "goto nd_target_new"},
	{"bridge", "nd_target_known",
	 "update @address6_owner { meta mark . @nh,416,96 timeout " CLAIM " : meta priority }"},
	{"bridge", "nd_target_new",
	 "update @claim_rate { iifname limit rate over 6/hour burst 16 packets } goto "
	 "nic_ip6_deny"},
	{"bridge", "nd_target_new", "meta priority set iifname map @nic_priority"},
	{"bridge", "nd_target_new",
	 "add @address6_owner { meta mark . @nh,416,96 timeout " CLAIM " : meta priority } return"},
	{"bridge", "nd_target_new", "drop"},

	/* Conntrack leaves Neighbour Discovery alone: untracked it is, and looked at above. */
	{"inet", "guest6", ND_TYPES " ip6 hoplimit 255 ip6 daddr ff02::/16 accept"},
	{"inet", "guest6", ND_TYPES " ip6 hoplimit 255 fib daddr . iif type local accept"},
	{"inet", "guest6", "udp sport 546 udp dport 547 ip6 daddr ff02::1:2 accept"},
	{"inet", "guest6", "ct state invalid,untracked drop"},
	{"inet", "guest6", "meta mark & $CLASS == 0x00000000 jump own_ways6"},
	{"inet", "guest6",
	 "ct direction reply fib daddr type != local ct status & dnat != dnat drop"},
	{"inet", "guest6", "ct state established accept"},
	{"inet", "guest6", "ct state related meta mark . ct original zone @own_zone accept"},
	{"inet", "guest6", "ct state related drop"},
	{"inet", "guest6", "tcp flags & (fin | syn | rst | ack) != syn drop"},
	{"inet", "guest6", LAYOUT_BEGUN("own_zone") " accept"},
	{"inet", "guest6", "udp dport 53 meta mark vmap @dns6"},
	{"inet", "guest6", "tcp dport 53 meta mark vmap @dns6"},
	{"inet", "guest6", "fib daddr type local goto to_host6"},
	{"inet", "guest6", "ip6 daddr ff00::/8 goto deny_range"},
	{"inet", "guest6", "fib daddr type anycast goto deny_host"},
	/* No hole in the LAN, however wide, leads to guests. */
	{"inet", "guest6", "ip6 daddr @guests6 goto deny_attached"},
	{"inet", "guest6", "meta mark vmap @lan"},
	{"inet", "guest6", "ip6 daddr != @public6 goto not_public6"},
	{"inet", "guest6", "meta mark vmap @egress"},
	{"inet", "guest6", "goto deny_egress"},
	/* Not by whether the main table has a way there: a host may have no IPv6 but this one. */
	{"inet", "own_ways6", "fib daddr type { local, anycast } return"},
	{"inet", "own_ways6", "goto closed6"},
	{"inet", "closed6", "meta mark @tunnelled goto through6"},
	{"inet", "closed6", "goto deny_egress"},
	/* From a link-local address nothing is forwarded, so it is refused at once: a resolver then
	 * asks by another. */
	{"inet", "dns_tunnel6", "ip6 saddr fe80::/10 goto deny_dns"},
	{"inet", "dns_tunnel6", "goto opened"},
	/* Nothing goes beside a tunnel by IPv6: the lists of the policy have none. */
	{"inet", "through6", "ct direction reply drop"},
	{"inet", "through6", "ct state established accept"},
	{"inet", "through6", "ct state related meta mark . ct original zone @own_zone accept"},
	{"inet", "through6", "ct state related drop"},
	{"inet", "through6", "tcp flags & (fin | syn | rst | ack) != syn drop"},
	{"inet", "through6", LAYOUT_BEGUN("own_zone") " accept"},
	{"inet", "through6", "udp dport 53 meta mark vmap @dns6"},
	{"inet", "through6", "tcp dport 53 meta mark vmap @dns6"},
	{"inet", "through6", "ip6 daddr ff00::/8 goto deny_range"},
	{"inet", "through6", "ip6 daddr @guests6 goto deny_attached"},
	{"inet", "through6", "meta mark vmap @tunnel_private"},
	{"inet", "through6", "ip6 daddr != @public6 goto not_public6"},
	{"inet", "through6", "goto opened"},
	{"inet", "to_host6",
	 "fib daddr . iif type local meta mark . meta l4proto . th dport @host_port goto opened"},
	{"inet", "to_host6", "goto deny_host"},
	{"inet", "not_public6", "ip6 daddr @refused6 goto deny_range"},
	{"inet", "not_public6", "goto deny_attached"},
	/* By another program's NAT. */
	{"inet", "redirected", "meta nfproto ipv6 goto redirected6"},
	{"inet", "redirected6", "ip6 daddr @guests6 goto deny_redirected"},
	{"inet", "redirected6", "meta mark . ip6 daddr @dns_address6 accept"},
	{"inet", "redirected6", "meta mark vmap @lan"},
	{"inet", "redirected6", "ip6 daddr != @public6 goto deny_redirected"},
	{"inet", "redirected6", "accept"},
	{"inet", "resolver_0", "dnat ip6 to meta mark map @tunnel_dns6_0"},
	{"inet", "resolver_1", "dnat ip6 to meta mark map @tunnel_dns6_1"},
	{"inet", "resolver_2", "dnat ip6 to meta mark map @tunnel_dns6_2"},
	{"inet", "resolver_3", "dnat ip6 to meta mark map @tunnel_dns6_3"},
	{"inet", "tunnel_resolver_16", "dnat ip6 to meta mark . meta priority map @tunnel_dns6_16"},
	{"inet", "tunnel_nat", "oifname @tunnels snat ip6 to meta mark map @tunnel_source6"},
	/* What the host says of its own in place of a tunnelled guest, as in netiso/layout.c: the
	 * quoted destination lies 32 bytes into the message. */
	{"inet", "leaving", "oifname != @bridges oif != \"lo\" ip6 saddr @tunnel_guests6 drop"},
	{"inet", "leaving",
	 "oifname != @bridges icmpv6 type { destination-unreachable, packet-too-big, "
	 "time-exceeded, parameter-problem } @th,256,64 @tunnel_quoted6 drop"},
	/* Before any hook, and before the destination is the guest's, the kernel complains of a
	 * hop-by-hop option that it does not know, and later of a fragment that never came. Of
	 * whose packet it was, nothing is left to be seen: so, while a tunnel has IPv6, the host
	 * complains of these to no one. */
	{"inet", "leaving", "oifname != @bridges icmpv6 type vmap @tunnel_errors6"},
	{"inet", "error_options6", "@th,112,8 0x00 drop"},
	{"inet", "error_fragment6", "icmpv6 code 1 drop"},

	{"inet", "nat66", "meta nfproto != ipv6 accept"},
	{"inet", "nat66", "meta mark & $MASK != $BASE accept"},
	{"inet", "nat66", "meta mark & $CLASS == 0x00000000 accept"},
	{"inet", "nat66", "oifname != @bridges masquerade"},
};

const struct layout_part layout_ipv6 = {
	.chains = chains,
	.n_chains = ARRAY_SIZE(chains),
	.sets = sets,
	.n_sets = ARRAY_SIZE(sets),
	.rules = rules,
	.n_rules = ARRAY_SIZE(rules),
};

/* An address that begins with two groups and ends in zeros, or in ones. */
#define FIRST(high, low)                                                                           \
	{                                                                                          \
		.family = AF_INET6, .b = {(high) >> 8, (high)&255, (low) >> 8, (low)&255 }         \
	}
#define ONES 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
#define LAST(high, low)                                                                            \
	{                                                                                          \
		.family = AF_INET6, .b = {(high) >> 8, (high)&255, (low) >> 8, (low)&255, ONES }   \
	}

/* Of RFC 4291 only 2000::/3 is given out; from it, RFC 6890 and its registry take these. Below and
 * above lie ::1, mapped and translated addresses (64:ff9b::/96), fc00::/7, fe80::/10, ff00::/8. */
const struct ip_range layout_refused6[] = {
	{FIRST(0, 0), LAST(0x1fff, 0xffff)},
	{FIRST(0x2001, 0), LAST(0x2001, 0x01ff)},      /* 2001::/23: Teredo, ORCHID, … */
	{FIRST(0x2001, 0x0db8), LAST(0x2001, 0x0db8)}, /* documentation */
	{FIRST(0x2002, 0), LAST(0x2002, 0xffff)},      /* 6to4 */
	{FIRST(0x3fff, 0), LAST(0x3fff, 0x0fff)},      /* documentation */
	{FIRST(0x4000, 0), LAST(0xffff, 0xffff)},
};
const size_t layout_n_refused6 = ARRAY_SIZE(layout_refused6);
