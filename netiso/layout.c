/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nftables layout that all domains share: see "Theory of operation" below. */
#include "netiso/layout.h"

#include "lib/util.h"
#include "netiso/denials.h"

/*
 * Theory of operation
 * ===================
 *
 * A frame that leaves a guest passes four gates:
 *
 * 1. netdev ingress of its tap, one small chain per tap: the NIC's own source MAC, its rate, and
 *    the domain's mark. Then, for all taps: only IPv4 and ARP, untagged, to a unicast or the
 *    broadcast address. This gate must be on the device: the bridge hands frames to
 *    01:80:c2:00:00:0x (STP, LLDP) to the host as if they had arrived on the tap itself, whatever
 *    their ethertype, past every bridge hook and past each rule that names the bridge.
 * 2. bridge prerouting. The mark says that the frame came through the first gate; one from a tap of
 *    ours that did not is dropped. The tap's name, looked up in maps, says which ARP sender, IPv4
 *    source and DHCP chaddr are its own. Rules here are positive: what cannot be read (a header cut
 *    short by fragmentation) matches nothing and is dropped.
 * 3. bridge forward. Nothing goes from or to a tap of ours but through the host's IP stack.
 * 4. inet prerouting, after conntrack and after the usual place of programs that rewrite marks
 *    (wg-quick, -150), before any destination NAT (-100). The mark tells the domain, which is
 *    looked up in maps again: what the policy does not allow ends here. Since wg-quick takes the
 *    mark of each UDP packet away, the NIC's number in skb->priority brings it back; ip_forward()
 *    is the first to overwrite that field, later.
 *
 * Forward and input look again at new connections that another program's NAT has redirected.
 *
 * Before conntrack a domain's packets are put into a zone of their own, for the original direction
 * only: what it opens is told from what others opened, and from what it opened in an earlier run.
 *
 * The other way, nobody but the host opens a connection to a guest: inet postrouting marks such
 * packets in skb->priority, and bridge output, which knows the tap, drops them.
 *
 * Bridge output also lets the host's own DHCP acknowledgements teach which NIC an address belongs
 * to. They are told from forged ones by a mark that only inet output sets. An address has one
 * owner: what the server gives to another NIC, the one before it has lost.
 *
 * A NIC's number, slot:1 and up, is what skb->priority holds and what owns addresses.
 *
 * A domain adds elements and one chain per tap, nothing else: cost does not grow with the number
 * of domains, and stopping one touches no object of another.
 *
 * All this is for a NIC whose bridge is the guest's gateway. One on a switched bridge has gates of
 * its own (netiso/switched.c): here is what keeps its frames, told by skb->priority, from going
 * anywhere but to an uplink.
 *
 * A set that is being changed is not read as a whole: kernels before 6.17 may miss an element that
 * stands both before and after the transaction (interval sets on the whole way, others for the
 * moment in which the generation changes). So a miss must close, not open. The addresses that may
 * be reached are in a set, not those that may not; and what says that a frame is a guest's is a
 * rule of its tap.
 */

#define PRI_BRIDGE "-400"
#define PRI_GUEST "-149"
#define PRI_REDIRECTED "-10"
#define PRI_ZONES "-300" /* before conntrack, -200 */
#define PRI_INWARD "300" /* behind those who sort packets into classes */

/* skb->priority from inet forward or postrouting to bridge output: from elsewhere to a guest. */
#define PRIO_OUTSIDE "ffff:1"
#define PRIO_REDIRECTED "ffff:2"

static const struct layout_chain chains[] = {
	{"netdev", "frames", NULL},
	{"netdev", "types", NULL},
	{"netdev", "deny", NULL},
	{"bridge", "prerouting",
	 "type filter hook prerouting priority " PRI_BRIDGE "; policy accept;"},
	{"bridge", "nic", NULL},
	{"bridge", "nic_arp", NULL},
	{"bridge", "nic_arp_sender", NULL},
	{"bridge", "nic_arp_target", NULL},
	{"bridge", "nic_arp_own", NULL},
	{"bridge", "nic_ip", NULL},
	{"bridge", "nic_service", NULL},
	{"bridge", "nic_dhcp", NULL},
	{"bridge", "nic_dhcp_target", NULL},
	{"bridge", "nic_dhcp_source", NULL},
	{"bridge", "nic_dhcp_rate", NULL},
	{"bridge", "answer", NULL},
	{"bridge", "lesson", NULL},
	{"bridge", "learn", NULL},
	{"bridge", "deny", NULL},
	{"bridge", "between", "type filter hook forward priority " PRI_BRIDGE "; policy accept;"},
	{"bridge", "lessons", "type filter hook output priority " PRI_BRIDGE "; policy accept;"},
	{"bridge", "switched_between",
	 "type filter hook forward priority " PRI_BRIDGE "; policy accept;"},
	{"bridge", "switched_host",
	 "type filter hook input priority " PRI_BRIDGE "; policy accept;"},
	{"inet", "zones", "type filter hook prerouting priority " PRI_ZONES "; policy accept;"},
	{"inet", "prerouting",
	 "type filter hook prerouting priority " PRI_GUEST "; policy accept;"},
	{"inet", "guest", NULL},
	{"inet", "not_public", NULL},
	{"inet", "to_host", NULL},
	{"inet", "dns_host", NULL},
	{"inet", "opened", NULL},
	{"inet", "closed", NULL},
	{"inet", "through", NULL},
	{"inet", "own_ways", NULL},
	{"inet", "beside_open", NULL},
	{"inet", "tunnel_answer", NULL},
	{"inet", "tunnel_query", NULL},
	{"inet", "tunnel_resolver", NULL},
	{"inet", "resolver_0", NULL},
	{"inet", "resolver_1", NULL},
	{"inet", "resolver_2", NULL},
	{"inet", "resolver_3", NULL},
	{"inet", "tunnel_resolver_16", NULL},
	{"inet", "tunnel_nat", "type nat hook postrouting priority 99; policy accept;"},
	{"inet", "tunnel_leaving", NULL},
	{"inet", "tunnel_passing", NULL},
	{"inet", "nat_guest", "type nat hook prerouting priority -101; policy accept;"},
	{"inet", "passing", "type filter hook forward priority " PRI_REDIRECTED "; policy accept;"},
	{"inet", "inward", "type filter hook postrouting priority " PRI_INWARD "; policy accept;"},
	{"inet", "arriving", "type filter hook input priority " PRI_REDIRECTED "; policy accept;"},
	{"inet", "leaving", "type filter hook output priority -400; policy accept;"},
	{"inet", "onward", NULL},
	{"inet", "inbound", NULL},
	{"inet", "redirected", NULL},
	{"inet", "deny_host", NULL},
	{"inet", "deny_range", NULL},
	{"inet", "deny_attached", NULL},
	{"inet", "deny_dns", NULL},
	{"inet", "deny_egress", NULL},
	{"inet", "deny_flows", NULL},
	{"inet", "deny_redirected", NULL},
	{"inet", "refuse", NULL},
};

/* Raw payload keys, since nft 1.0.6 lets no concatenation mix an address type and raw payload:
 * @ll,48,48 source MAC; @nh,96,32 IPv4 source; ARP: @nh,64,48 sender MAC, @nh,112,32 sender IPv4,
 * @nh,192,32 target IPv4 (RFC 826); BOOTP (RFC 951) behind the UDP header: @th,64,24 op, htype and
 * hlen, @th,192,32 yiaddr, @th,256,32 giaddr, @th,288,48 chaddr. */
static const struct layout_set sets[] = {
	{"set bridge", "nics { typeof iifname; }"},
	{"map bridge", "nic_priority { typeof iifname : meta priority; }"},
	{"map bridge", "nic_lease { type ifname : verdict; }"},
	{"set bridge", "nic_mac { typeof iifname . @ll,48,48; }"},
	{"set bridge", "nic_gateway { typeof iifname . @nh,96,32; }"},
	{"set bridge", "nics_closed { typeof iifname; }"},
	{"set bridge", "nic_own { typeof iifname . meta priority; }"},
	{"map bridge", "address_owner { typeof @nh,96,32 : meta priority; size 1048576; flags "
		       "dynamic,timeout; }"},
	{"set bridge", "address_static { typeof @nh,96,32; }"},
	{"set bridge", "networks { type ipv4_addr; flags interval; auto-merge; }"},
	{"map bridge", "nic_rate_in { type ifname : limit; }"},
	{"set bridge",
	 "arp_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2m; }"},
	{"set bridge",
	 "dns_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2m; }"},
	{"set bridge",
	 "fragment_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 2m; }"},
	{"set bridge",
	 "dhcp_rate { typeof iifname; size 65536; flags dynamic,timeout; timeout 1h; }"},
	{"set bridge", "switched { typeof iifname; }"},
	{"set bridge", "uplinks { typeof iifname; }"},
	{"map inet", "priority_mark { typeof meta priority : meta mark; }"},
	/* With a size, which no number of domains exceeds, the kernel has a cheaper kind of set. */
	{"map inet", "mark_zone { typeof meta mark : ct zone; size 16384; }"},
	{"set inet", "own_zone { typeof meta mark . ct original zone; }"},
	{"set inet", "main_zone { typeof meta mark . ct original zone; size 16384; }"},
	{"map inet", "egress { type mark : verdict; }"},
	{"map inet", "dns { type mark : verdict; }"},
	{"map inet", "dns_to { typeof meta mark : ip daddr; }"},
	{"set inet", "dns_address { typeof meta mark . ip daddr; }"},
	{"set inet", "host_port { typeof meta mark . meta l4proto . th dport; }"},
	{"set inet", "forward_port { typeof meta mark . meta l4proto . th dport; }"},
	{"map inet",
	 "forward_to { type mark . inet_proto . inet_service : ipv4_addr . inet_service; }"},
	{"set inet", "gateway { typeof meta mark . ip daddr; }"},
	{"map inet", "lan { type mark : verdict; }"},
	{"map inet", "flow_limit { type mark : verdict; }"},
	{"set inet", "flows { type mark; size 65536; flags dynamic; }"},
	{"set inet", "dns_flows { type mark; size 65536; flags dynamic; }"},
	{"map inet", "logged { type mark : verdict; }"},
	{"set inet", "bridges { type ifname; }"},
	{"set inet", "tunnelled { type mark; }"},
	{"set inet", "tunnels { type ifname; }"},
	{"set inet", "tunnel_in { typeof iifname . ct original zone; }"},
	{"map inet", "tunnel_mark { typeof iifname . ct original zone : meta mark; }"},
	{"set inet", "tunnel_out { typeof meta mark . oifname; }"},
	{"map inet", "tunnel_source { typeof meta mark : ip daddr; }"},
	{"map inet", "tunnel_private { type mark : verdict; }"},
	{"map inet", "tunnel_dns_0 { typeof meta mark : ip daddr; }"},
	{"map inet", "tunnel_dns_1 { typeof meta mark : ip daddr; }"},
	{"map inet", "tunnel_dns_2 { typeof meta mark : ip daddr; }"},
	{"map inet", "tunnel_dns_3 { typeof meta mark : ip daddr; }"},
	{"set inet", "tunnel_dns_many { type mark; }"},
	{"map inet", "tunnel_dns_16 { typeof meta mark . meta priority : ip daddr; }"},
	{"map inet", "beside { type mark : verdict; }"},
	{"set inet", "beside_port { typeof meta mark . meta l4proto . th dport; }"},
	{"set inet", "tunnel_guests { type ipv4_addr; flags interval; auto-merge; }"},
	{"set inet", "tunnel_quoted { typeof @th,192,32; flags interval; auto-merge; }"},
	{"set inet", "refused { type ipv4_addr; flags interval; }"},
	{"set inet", "guests { type ipv4_addr; flags interval; auto-merge; }"},
	{"set inet", "public { type ipv4_addr; flags interval; }"},
};

#define IP4(...)                                                                                   \
	{                                                                                          \
		.family = AF_INET, .b = { __VA_ARGS__ }                                            \
	}

/* RFC 6890 and its registry. */
const struct ip_range layout_refused[] = {
	{IP4(0, 0, 0, 0), IP4(0, 255, 255, 255)},	/* 0.0.0.0/8 */
	{IP4(10, 0, 0, 0), IP4(10, 255, 255, 255)},	/* 10.0.0.0/8 */
	{IP4(100, 64, 0, 0), IP4(100, 127, 255, 255)},	/* 100.64.0.0/10 */
	{IP4(127, 0, 0, 0), IP4(127, 255, 255, 255)},	/* 127.0.0.0/8 */
	{IP4(169, 254, 0, 0), IP4(169, 254, 255, 255)}, /* 169.254.0.0/16 */
	{IP4(172, 16, 0, 0), IP4(172, 31, 255, 255)},	/* 172.16.0.0/12 */
	{IP4(192, 0, 0, 0), IP4(192, 0, 0, 255)},	/* 192.0.0.0/24 */
	{IP4(192, 168, 0, 0), IP4(192, 168, 255, 255)}, /* 192.168.0.0/16 */
	{IP4(198, 18, 0, 0), IP4(198, 19, 255, 255)},	/* 198.18.0.0/15 */
	{IP4(224, 0, 0, 0), IP4(255, 255, 255, 255)},	/* 224.0.0.0/4, 240.0.0.0/4 */
};
const size_t layout_n_refused = ARRAY_SIZE(layout_refused);

/* $BASE is mark_base, $MASK the mask of all our marks, $DHCP the mark of the host's DHCP replies;
 * $CLASS, $BESIDE: bits of a mark. $MAIN and $WIDE: base and mask with the class bit. */
static const struct layout_rule rules[] = {
	{"netdev", "frames", "@ll,0,8 & 1 == 0 goto types"},
	{"netdev", "frames", "ether daddr ff:ff:ff:ff:ff:ff goto types"},
	{"netdev", "frames", "ether type ip6 " DENY_IPV6},
	{"netdev", "frames", DENY_FRAME},
	/* A tag, even a priority tag, shows here as the ethertype 8021q. */
	{"netdev", "types", "ether type ip accept"},
	{"netdev", "types", "ether type arp accept"},
	{"netdev", "types", "ether type ip6 " DENY_IPV6},
	{"netdev", "types", DENY_FRAME},

	{"bridge", "prerouting", "meta mark & $MASK == $BASE goto nic"},
	{"bridge", "prerouting", "iifname @nics drop"},
	{"bridge", "nic", "ether type ip goto nic_ip"},
	{"bridge", "nic", "meta priority set none"},
	{"bridge", "nic", "ether type arp goto nic_arp"},
	{"bridge", "nic", "ether type ip6 goto nic_ip6"},
	{"bridge", "nic", "drop"},
	/* More than a guest needs, less than would keep the host's neighbour table busy. */
	{"bridge", "nic_arp",
	 "update @arp_rate { iifname limit rate over 100/second burst 200 packets } " DENY_RATE},
	/* Ethernet, IPv4, lengths 6 and 4; then the sender's MAC. */
	{"bridge", "nic_arp",
	 "@nh,0,48 0x000108000604 iifname . @nh,64,48 @nic_mac goto nic_arp_sender"},
	{"bridge", "nic_arp", DENY_SOURCE},
	/* RFC 5227: a probe has no sender address; it may ask for its own. */
	{"bridge", "nic_arp_sender", "@nh,112,32 0x00000000 goto nic_arp_own"},
	{"bridge", "nic_arp_sender", "meta priority set @nh,112,32 map @address_owner"},
	{"bridge", "nic_arp_sender", "iifname . meta priority @nic_own goto nic_arp_target"},
	{"bridge", "nic_arp_sender", DENY_SOURCE},
	{"bridge", "nic_arp_target", "@nh,48,16 0x0002 accept"},
	{"bridge", "nic_arp_target", "@nh,48,16 0x0001 iifname . @nh,192,32 @nic_gateway accept"},
	{"bridge", "nic_arp_target", "goto nic_arp_own"},
	{"bridge", "nic_arp_own", "meta priority set none"},
	{"bridge", "nic_arp_own", "meta priority set @nh,192,32 map @address_owner"},
	{"bridge", "nic_arp_own", "@nh,48,16 0x0001 iifname . meta priority @nic_own accept"},
	{"bridge", "nic_arp_own", DENY_ATTACHED},
	/* No IP options: a source route would lead on from an address that is allowed. Raw, here
	 * and below: in this family nft has each rule ask for the protocol first. */
	{"bridge", "nic_ip", "@nh,0,8 != 0x45 " DENY_FRAME},
	/* A datagram of which a part never comes is kept for 30 s, and the host keeps 4 MB of them
	 * (net.ipv4.ipfrag_high_thresh). */
	{"bridge", "nic_ip",
	 "@nh,48,16 & 0x3fff != 0 update @fragment_rate { iifname limit rate over 40/second "
	 "burst 200 packets } " DENY_RATE},
	{"bridge", "nic_ip", "@nh,72,8 17 @th,16,16 <= 67 jump nic_service"},
	{"bridge", "nic_ip",
	 "meta priority set @nh,96,32 map @address_owner iifname . meta priority @nic_own accept"},
	{"bridge", "nic_ip", DENY_SOURCE},
	{"bridge", "nic_service", "udp dport 67 goto nic_dhcp"},
	/* dnsmasq answers 150 questions at a time, of all guests together. */
	{"bridge", "nic_service",
	 "udp dport 53 update @dns_rate { iifname limit rate over 500/second burst 1000 packets "
	 "} " DENY_RATE},
	/* A request of its own hardware address, not relayed, to all or to the gateway. Its source
	 * may be any address of the network: after a restore a guest renews one that nothing here
	 * has learnt. But not one from elsewhere, to which the host would send its errors. */
	{"bridge", "nic_dhcp", "meta priority set none"},
	{"bridge", "nic_dhcp",
	 "udp sport 68 @th,64,24 0x010106 @th,256,32 0x00000000 iifname . @th,288,48 @nic_mac goto "
	 "nic_dhcp_target"},
	{"bridge", "nic_dhcp", DENY_SOURCE},
	{"bridge", "nic_dhcp_target", "ip daddr 255.255.255.255 goto nic_dhcp_source"},
	{"bridge", "nic_dhcp_target", "iifname . @nh,128,32 @nic_gateway goto nic_dhcp_source"},
	{"bridge", "nic_dhcp_target", DENY_SOURCE},
	{"bridge", "nic_dhcp_source", "ip saddr 0.0.0.0 goto nic_dhcp_rate"},
	{"bridge", "nic_dhcp_source", "ip saddr @networks goto nic_dhcp_rate"},
	{"bridge", "nic_dhcp_source", DENY_SOURCE},
	/* A server that tells clients by an identifier gives a lease to each that a guest makes up:
	 * an hour's worth must not be the whole of a network's addresses. */
	{"bridge", "nic_dhcp_rate",
	 "update @dhcp_rate { iifname limit rate over 60/hour burst 30 packets } " DENY_RATE},
	{"bridge", "nic_dhcp_rate", "meta priority set iifname map @nic_priority"},
	{"bridge", "nic_dhcp_rate", "accept"},
	{"bridge", "between", "iifname @nics drop"},
	{"bridge", "between", "oifname @nics drop"},
	{"bridge", "lessons", "meta priority " PRIO_OUTSIDE " oifname @nics drop"},
	{"bridge", "lessons", "meta priority " PRIO_REDIRECTED " oifname @nics_closed drop"},
	{"bridge", "lessons", "limit name oifname map @nic_rate_in drop"},
	{"bridge", "lessons",
	 "meta mark $DHCP udp sport 67 udp dport 68 oifname @nics goto answer"},
	/* A broadcast answer is flooded to every port: no guest hears what is another's. */
	{"bridge", "answer", "oifname . @th,288,48 @nic_mac goto lesson"},
	{"bridge", "answer", "drop"},
	/* RFC 2132: option 53 of length 1, value 5 (ACK), which dnsmasq puts first, right behind
	 * the magic cookie. An address; none that a policy gave away. */
	{"bridge", "lesson",
	 "oifname . @nh,96,32 @nic_gateway @th,1984,24 0x350105 @th,192,32 != 0x00000000 goto "
	 "learn"},
	{"bridge", "learn", "@th,192,32 != @address_static oifname vmap @nic_lease"},

	/* A NIC on a switched bridge: between its tap and an uplink, nowhere else. */
	{"bridge", "switched_between",
	 "meta priority " LAYOUT_PRIO_LEAVING " oifname @uplinks accept"},
	{"bridge", "switched_between", "meta priority " LAYOUT_PRIO_LEAVING " drop"},
	{"bridge", "switched_between",
	 "iifname @uplinks oifname @switched meta priority set " LAYOUT_PRIO_COMING " accept"},
	/* One whose priority another program has changed. */
	{"bridge", "switched_between", "iifname @switched drop"},
	{"bridge", "switched_host", "meta mark & $MASK == $BASE accept"},
	{"bridge", "switched_host", "meta priority " LAYOUT_PRIO_LEAVING " drop"},
	{"bridge", "switched_host", "iifname @switched drop"},

	/* What the host says of its own in place of a tunnelled guest, an ICMP error or a reset to
	 * one whose packet came by the tunnel, would go by the uplink and show whose guest it is.
	 * The error quotes the packet: its destination lies 24 bytes into the ICMP message. */
	{"inet", "leaving", "oifname != @bridges oif != \"lo\" ip saddr @tunnel_guests drop"},
	/* Nor what it says to the guest, where a routing rule of others leads that elsewhere. */
	{"inet", "leaving", "oifname != @bridges oif != \"lo\" ip daddr @tunnel_guests drop"},
	{"inet", "leaving",
	 "oifname != @bridges icmp type { destination-unreachable, source-quench, redirect, "
	 "time-exceeded, parameter-problem } @th,192,32 @tunnel_quoted drop"},
	{"inet", "leaving", "oifname @bridges udp sport 67 udp dport 68 meta mark set $DHCP"},

	/* What a domain opens is its own, and this run's: connections of before, under another
	 * policy or none, are not found again. The other direction has no zone, so answers find
	 * their way. */
	/* All DHCP clients share one entry of conntrack, which has no second zone for the answer.
	 */
	{"inet", "zones", "meta mark & $MASK != $BASE accept"},
	{"inet", "zones", "udp sport 68 udp dport 67 accept"},
	{"inet", "zones", "ct original zone set meta mark map @mark_zone"},

	{"inet", "prerouting", "meta mark & $MASK == $BASE goto guest"},
	{"inet", "prerouting", "iifname @tunnels goto tunnel_answer"},
	{"inet", "prerouting", "iifname @bridges meta mark set meta priority map @priority_mark"},
	{"inet", "prerouting", "meta mark & $MASK == $BASE goto guest"},
	/* Out of a tunnel come answers to its own guest, nothing else. Its mark is what reverse
	 * path filtering asks for; nothing that the host would have to answer for gets so far. */
	{"inet", "tunnel_answer", "ip ttl < 2 drop"},
	{"inet", "tunnel_answer", "ip6 hoplimit < 2 drop"},
	{"inet", "tunnel_answer",
	 "ct state established,related meta mark set iifname . ct original zone map @tunnel_mark "
	 "accept"},
	{"inet", "tunnel_answer", "drop"},
	/* Most packets there are, of both families. */
	{"inet", "guest", LAYOUT_BEGUN("main_zone") " accept"},
	{"inet", "guest", "meta nfproto ipv6 goto guest6"},
	{"inet", "guest", "ct state invalid drop"},
	{"inet", "guest", "meta mark & $CLASS == 0x00000000 jump own_ways"},
	/* An answer to one who should not have been able to ask, from before the policy or by a way
	 * around it. The host may, and who comes by a port that the host redirects. */
	{"inet", "guest",
	 "ct direction reply fib daddr type != local ct status & dnat != dnat drop"},
	{"inet", "guest", "ct state established accept"},
	/* An ICMP error speaks of any connection that it quotes: only of the guest's own. */
	{"inet", "guest", "ct state related meta mark . ct original zone @own_zone accept"},
	{"inet", "guest", "ct state related drop"},
	/* A connection begins with SYN; conntrack takes up others in mid-stream
	 * (nf_conntrack_tcp_loose), and an answer to one would tell that there is a host. */
	{"inet", "guest", "tcp flags & (fin | syn | rst | ack) != syn drop"},
	{"inet", "guest", LAYOUT_BEGUN("own_zone") " accept"},
	{"inet", "guest", "udp sport 68 udp dport 67 fib daddr . iif type local accept"},
	{"inet", "guest", "udp sport 68 udp dport 67 ip daddr 255.255.255.255 accept"},
	{"inet", "guest", "udp dport 53 meta mark vmap @dns"},
	{"inet", "guest", "tcp dport 53 meta mark vmap @dns"},
	{"inet", "guest", "fib daddr type local goto to_host"},
	{"inet", "guest", "fib daddr type != unicast goto deny_range"},
	/* No hole in the LAN, however wide, leads to guests. */
	{"inet", "guest", "ip daddr @guests goto deny_attached"},
	{"inet", "guest", "meta mark vmap @lan"},
	{"inet", "guest", "ip daddr != @public goto not_public"},
	{"inet", "guest", "meta mark vmap @egress"},
	{"inet", "guest", "goto deny_egress"},
	/* Of those who may not use the main table. What a port of the gateway leads to beside the
	 * tunnel needs the mark that is routed there, each packet of it. An ICMP error has no port
	 * to be told by, so it would go into the tunnel, to an address of the LAN. */
	{"inet", "own_ways", "fib daddr type unicast goto closed"},
	{"inet", "own_ways", "ct state related ct status & dnat == dnat drop"},
	{"inet", "own_ways",
	 "fib daddr . iif type local meta mark . meta l4proto . th dport @beside_port meta mark "
	 "set meta mark | $BESIDE"},
	{"inet", "closed", "meta mark @tunnelled goto through"},
	/* Without egress not even in answer to a connection that stands since before. */
	{"inet", "closed", "goto deny_egress"},
	{"inet", "through", "ct direction reply drop"},
	{"inet", "through", "meta mark vmap @beside"},
	{"inet", "through", "ct state established accept"},
	{"inet", "through", "ct state related meta mark . ct original zone @own_zone accept"},
	{"inet", "through", "ct state related drop"},
	{"inet", "through", "tcp flags & (fin | syn | rst | ack) != syn drop"},
	{"inet", "through", LAYOUT_BEGUN("own_zone") " accept"},
	{"inet", "through", "udp dport 53 meta mark vmap @dns"},
	{"inet", "through", "tcp dport 53 meta mark vmap @dns"},
	{"inet", "through", "ip daddr @guests goto deny_attached"},
	{"inet", "through", "meta mark vmap @tunnel_private"},
	{"inet", "through", "ip daddr != @public goto not_public"},
	{"inet", "through", "goto opened"},
	/* Past the tunnel, to what an entry of the policy names. */
	{"inet", "beside_open", "meta mark set meta mark | $BESIDE"},
	{"inet", "beside_open", "ct state established accept"},
	{"inet", "beside_open", "ct state related meta mark . ct original zone @own_zone accept"},
	{"inet", "beside_open", "ct state related drop"},
	{"inet", "beside_open", "tcp flags & (fin | syn | rst | ack) != syn drop"},
	{"inet", "beside_open", "ip daddr @guests goto deny_attached"},
	{"inet", "beside_open", "goto opened"},
	{"inet", "not_public", "ip daddr @refused goto deny_range"},
	{"inet", "not_public", "goto deny_attached"},
	{"inet", "to_host",
	 "fib daddr . iif type local meta mark . meta l4proto . th dport @host_port goto opened"},
	{"inet", "to_host",
	 "fib daddr . iif type local meta mark . meta l4proto . th dport @forward_port goto "
	 "opened"},
	{"inet", "to_host", "goto deny_host"},
	/* dnsmasq has 20 processes for questions by TCP. */
	{"inet", "dns_host",
	 "tcp dport 53 fib daddr . iif type local add @dns_flows { meta mark ct count over 4 } "
	 "goto deny_flows"},
	{"inet", "dns_host", "fib daddr . iif type local goto opened"},
	/* Counted when it began: it need not be looked for among a few thousand each time. */
	{"inet", "opened", "ct status & confirmed == confirmed accept"},
	{"inet", "opened", "meta mark vmap @flow_limit"},
	{"inet", "opened", "drop"},
	{"inet", "nat_guest", "meta mark & $MASK != $BASE accept"},
	{"inet", "nat_guest",
	 "fib daddr . iif type local dnat ip to meta mark . meta l4proto . th dport map "
	 "@forward_to"},
	{"inet", "nat_guest", "meta mark @tunnelled goto tunnel_query"},
	{"inet", "nat_guest", "udp dport 53 dnat ip to meta mark map @dns_to"},
	{"inet", "nat_guest", "tcp dport 53 dnat ip to meta mark map @dns_to"},
	{"inet", "nat_guest", "udp dport 53 dnat ip6 to meta mark map @dns_to6"},
	{"inet", "nat_guest", "tcp dport 53 dnat ip6 to meta mark map @dns_to6"},

	{"inet", "tunnel_query", "udp dport 53 goto tunnel_resolver"},
	{"inet", "tunnel_query", "tcp dport 53 goto tunnel_resolver"},
	{"inet", "tunnel_resolver", "meta mark @tunnel_dns_many goto tunnel_resolver_16"},
	{"inet", "tunnel_resolver",
	 "numgen random mod 4 vmap { 0 : goto resolver_0, 1 : goto resolver_1, 2 : goto "
	 "resolver_2, 3 : goto resolver_3 }"},
	{"inet", "resolver_0", "dnat ip to meta mark map @tunnel_dns_0"},
	{"inet", "resolver_1", "dnat ip to meta mark map @tunnel_dns_1"},
	{"inet", "resolver_2", "dnat ip to meta mark map @tunnel_dns_2"},
	{"inet", "resolver_3", "dnat ip to meta mark map @tunnel_dns_3"},
	/* The NIC's number has been read from the priority by now. */
	{"inet", "tunnel_resolver_16", "meta priority set numgen random mod 16"},
	{"inet", "tunnel_resolver_16", "dnat ip to meta mark . meta priority map @tunnel_dns_16"},
	{"inet", "tunnel_nat", "oifname @tunnels snat ip to meta mark map @tunnel_source"},

	/* Of the Internet's class and to where the guest sent it: most packets, in one rule. */
	{"inet", "passing", "meta mark & $WIDE == $MAIN ct status & dnat != dnat accept"},
	{"inet", "passing", "meta mark & $MASK == $BASE goto onward"},
	{"inet", "passing", "iifname @tunnels goto tunnel_passing"},
	/* To a guest, what pretends to be an answer: from another, in the name of a peer elsewhere.
	 */
	{"inet", "passing",
	 "iifname @bridges oifname @bridges fib saddr . iif oif missing meta priority "
	 "set " PRIO_OUTSIDE " accept"},
	/* Whoever is not of the Internet's class goes by the own tunnel or nowhere. */
	{"inet", "onward", "meta mark & $CLASS == 0x00000000 goto tunnel_leaving"},
	{"inet", "onward", "ct state established,related accept"},
	{"inet", "onward", "ct status & dnat == dnat goto redirected"},
	{"inet", "tunnel_leaving", "iifname @tunnels goto tunnel_passing"},
	{"inet", "tunnel_leaving", "meta mark . oifname != @tunnel_out drop"},
	{"inet", "tunnel_leaving",
	 "tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu"},
	{"inet", "tunnel_leaving", "accept"},
	{"inet", "tunnel_passing", "iifname . ct original zone != @tunnel_in drop"},
	{"inet", "tunnel_passing", "oifname != @bridges drop"},
	{"inet", "tunnel_passing", "meta mark set 0x00000000 accept"},
	/* From outside, or from another guest, to a guest: bridge output knows whether it is ours.
	 * Past ip_forward() the priority is free, and other programs' marks stay what they are. The
	 * host's own packets have come in nowhere. */
	{"inet", "inward", "meta mark & $MASK == $BASE accept"},
	/* What the kernel says of neighbours has its link as the one it came by, too; no packet
	 * that was forwarded still has that hop limit. */
	{"inet", "inward",
	 "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit "
	 "255 accept"},
	{"inet", "inward", "ct state new,invalid,untracked oifname @bridges iif != 0 goto inbound"},
	/* A port that the host's admin redirects to a guest is open on purpose. */
	{"inet", "inbound",
	 "ct status & dnat == dnat meta priority set " PRIO_REDIRECTED " accept"},
	{"inet", "inbound", "meta priority set " PRIO_OUTSIDE " accept"},
	{"inet", "redirected", "ip daddr @guests goto deny_redirected"},
	{"inet", "redirected", "meta mark . ip daddr @dns_address accept"},
	{"inet", "redirected", "meta mark . ct original ip daddr @gateway accept"},
	{"inet", "redirected", "meta mark vmap @lan"},
	{"inet", "redirected", "ip daddr != @public goto deny_redirected"},
	{"inet", "arriving", "meta mark & $MASK != $BASE accept"},
	{"inet", "arriving",
	 "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept"},
	{"inet", "arriving", "ct state established,related accept"},
	{"inet", "arriving", "ct status & dnat != dnat accept"},
	{"inet", "arriving", "meta mark . ct original ip daddr @gateway accept"},
	{"inet", "arriving", "goto deny_redirected"},

	{"inet", "refuse", "meta l4proto tcp reject with tcp reset"},
	{"inet", "refuse", "fib daddr type unicast reject with icmpx admin-prohibited"},
	{"inet", "refuse", "fib daddr type local reject with icmpx admin-prohibited"},
	{"inet", "refuse", "drop"},
};

const struct layout_part layout_ipv4 = {
	.chains = chains,
	.n_chains = ARRAY_SIZE(chains),
	.sets = sets,
	.n_sets = ARRAY_SIZE(sets),
	.rules = rules,
	.n_rules = ARRAY_SIZE(rules),
};
