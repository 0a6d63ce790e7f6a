/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The property test of the isolator: its world, policies, packets, verdicts. See model.c. */
#pragma once

#include "lib/strbuf.h"
#include "tests/netns/model6.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses are in host byte order throughout. */
#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* --- random numbers (model_policy.c) --------------------------------------------------------- */

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
/* 0 to n - 1. */
uint32_t rng_below(struct rng *r, uint32_t n);
bool rng_chance(struct rng *r, uint32_t percent);
#define PICK(r, array) ((array)[rng_below((r), (uint32_t)ARRAY_SIZE(array))])

/* --- the world (model_world.c) ---------------------------------------------------------------- */

/* Where a packet can be sent from, and seen. All but the host are interfaces of one namespace that
 * has no address and answers nothing. */
enum place {
	AT_NOWHERE,
	AT_HOST, /* past all of its filters: raw sockets */
	AT_WAN,	 /* where the host's default route leads */
	AT_LAN,	 /* 192.168.50.0/24, attached to the host */
	AT_PUB,	 /* 198.51.100.0/24, public and attached to the host */
	AT_G,	 /* the guest with the policy */
	AT_N,	 /* its neighbour on the bridge, without a policy */
	AT_H,	 /* its neighbour on the bridge, with a policy of its own */
	AT_X,	 /* on another bridge, without */
	AT_Y,	 /* on another bridge, with one */
	N_PLACES,
};

#define GATEWAY IP4(192, 168, 122, 1)
#define GATEWAY2 IP4(192, 168, 122, 2) /* another address of the same bridge */
#define OTHER_GATEWAY IP4(10, 8, 0, 1)

struct prefix {
	uint32_t addr;
	uint8_t len;
};

bool prefix_has(struct prefix p, uint32_t ip);

extern const char *const place_names[N_PLACES];
extern const uint8_t place_mac[N_PLACES][6]; /* of guests and neighbours */
extern const uint8_t bridge_mac[6], other_bridge_mac[6], tap_mac[6], neighbour_tap_mac[6];
extern const uint32_t host_addresses[];
extern const size_t n_host_addresses;
extern const struct prefix attached[]; /* prefixes of the host's interfaces */
extern const size_t n_attached;
extern const struct prefix guest_net, other_net;

bool is_host_address(uint32_t ip);
/* An address of the guest's bridge: which of them a guest has as its gateway, no one can see. */
bool is_gateway(uint32_t ip);

/** world_make - the links of host and far namespace. Bails out on failure. */
void world_make(void);
/** world_tap - a new tap for the guest, as libvirt makes one at each start; the old one goes. */
void world_tap(const char *old, const char *name);

/* Addresses of the guest's network that lead to the guest. */
enum { N_GUEST_ADDRESSES = 6 };
extern const uint32_t guest_addresses[N_GUEST_ADDRESSES];
uint8_t tcp_or_udp(struct rng *r);
uint16_t any_port(struct rng *r);
/* Of those that policies open or forward. */
uint16_t open_port(struct rng *r);

/* --- policies (model_policy.c) --------------------------------------------------------------- */

enum dns { DNSKEY_AUTO, DNSKEY_HOST, DNSKEY_NONE, DNSKEY_ADDRESS };
enum lease_kind { LEASE_LIVE, LEASE_FOR_EVER, LEASE_EXPIRED, LEASE_FOREIGN, N_LEASE_KINDS };

enum { MAX_ENTRIES = 5, MAX_OWN = 16, N_REDIRECTIONS = 5 };

struct port_entry {
	uint8_t proto;
	uint16_t port;
};

struct lan_entry {
	struct prefix to;
	struct port_entry at; /* port 0: any protocol and port */
};

struct lan6_entry {
	const char *to; /* "PREFIX/LEN" */
	struct port_entry at;
};

struct forward_entry {
	struct port_entry at;
	uint32_t to;
	uint16_t to_port;
};

/* What another program does to TCP for a public address, at the usual priority of DNAT. */
struct redirection {
	uint32_t from, to;
	uint16_t port, to_port;
};
extern const struct redirection redirections[N_REDIRECTIONS];

struct lease {
	uint32_t addr;
	enum lease_kind kind;
};

/* A policy, and the surroundings it is tried in. */
struct situation {
	bool egress_none;
	enum dns dns;
	uint32_t dns_addr;     /* 0: it names one by IPv6 alone */
	const char *dns_addr6; /* or NULL */
	struct port_entry ports[MAX_ENTRIES];
	size_t n_ports;
	struct lan_entry lan[MAX_ENTRIES];
	size_t n_lan;
	struct lan6_entry lan6[MAX_ENTRIES];
	size_t n_lan6;
	struct forward_entry forwards[MAX_ENTRIES];
	size_t n_forwards;
	uint32_t addresses[MAX_ENTRIES]; /* none: dhcp */
	size_t n_addresses;
	bool log, rates;
	bool ipv6; /* ipv6 = nat, on a guarded network */

	struct lease leases[MAX_ENTRIES]; /* in dnsmasq's file */
	size_t n_leases;
	bool alone;	 /* no other domain has a policy */
	bool bridge_nf;	 /* br_netfilter hands bridged packets to the hooks of inet, too */
	bool marks_lost; /* another program rewrites the mark of each UDP packet */
	bool masquerade; /* another program has NAT rules */
	bool published;	 /* another program redirects what is in redirections[] */

	uint32_t own[MAX_OWN]; /* what the guest may use: of the policy, of leases, learnt */
	size_t n_own;
	struct in6_addr own6[MAX_OWN6]; /* made of its MAC, or claimed */
	size_t n_own6;
};

void situation_generate(struct rng *r, struct situation *s);
void situation_own(struct situation *s, uint32_t ip);
bool situation_owns(const struct situation *s, uint32_t ip);

/* --- packets (model_packet.c, model_frame.c) ------------------------------------------------- */

enum frame_kind { FRAME_IP, FRAME_ARP, FRAME_OTHER, FRAME_IP6 };
enum tag { TAG_NONE, TAG_PRIORITY, TAG_VLAN, TAG_QINQ, N_TAGS };
enum options {
	OPTIONS_NONE,
	OPTIONS_NOP,
	OPTIONS_RECORD_ROUTE,
	OPTIONS_LOOSE_ROUTE,
	OPTIONS_STRICT_ROUTE,
	OPTIONS_ALERT,
	N_OPTIONS,
};
enum fragments {
	FRAGMENTS_NONE,
	FRAGMENTS_BOTH,
	FRAGMENTS_REVERSED,
	FRAGMENTS_FIRST, /* alone */
	FRAGMENTS_LAST,
	N_FRAGMENTS,
};
enum flaw {
	FLAW_NONE,
	FLAW_PADDED,	/* bytes behind the end of the packet: none */
	FLAW_VERSION,	/* 6 in the header's first nibble */
	FLAW_SMALL_IHL, /* a header of 16 bytes */
	FLAW_BIG_IHL,	/* a header of 60 bytes: beyond the end of what is there */
	FLAW_SHORT,	/* total length below the header's */
	FLAW_LONG,	/* total length beyond the frame */
	FLAW_CUT,	/* the frame ends inside the IP header */
	FLAW_CHECKSUM,	/* of IP */
	FLAW_CHECKSUM4, /* of TCP, UDP, ICMP */
	FLAW_LENGTH4,	/* UDP's length, TCP's data offset */
	N_FLAWS,
};

struct dhcp_fields {
	uint8_t op, htype, hlen, type; /* type: option 53 */
	uint32_t yiaddr, giaddr;
	uint8_t chaddr[6];
};

struct arp_fields {
	uint16_t htype, ptype, op;
	uint8_t hlen, plen;
	uint8_t sha[6], tha[6];
	uint32_t spa, tpa;
};

struct packet {
	enum place from;
	enum frame_kind kind;
	uint8_t dmac[6], smac[6];
	enum tag tag;
	uint16_t type; /* of FRAME_OTHER: an ethertype, or below 1536 an LLC frame */

	uint32_t src, dst;
	uint8_t proto, ttl;
	enum options options;
	enum fragments fragments;
	enum flaw flaw;
	uint16_t sport; /* also ICMP's identifier; 0: a fresh one */
	uint16_t dport;
	uint8_t tcp_flags;
	uint8_t icmp_type;
	bool is_dhcp;
	struct dhcp_fields dhcp;

	struct arp_fields arp;
	struct packet6 six;

	uint32_t token;
	uint16_t fresh_port;
};

enum {
	FLAG_FIN = 1,
	FLAG_SYN = 2,
	FLAG_RST = 4,
	FLAG_PSH = 8,
	FLAG_ACK = 16,
	FLAG_URG = 32,
	FLAG_ECE = 64,
	FLAG_CWR = 128,
};

/* How many rate-limited packets may still be sent from the tap. */
struct budget {
	unsigned dhcp, arp;
};

/** packet_plain - an ordinary one from @from: UDP to @dst by way of the gateway. */
void packet_plain(struct packet *p, enum place from, uint32_t src, uint32_t dst);
void any_mac(struct rng *r, uint8_t mac[static 6]);
void spoil_flags(struct rng *r, struct packet *p);
/** packet_dhcp - makes it a request of @chaddr. */
void packet_dhcp(struct packet *p, const uint8_t chaddr[static 6]);
/** packet_generate - a random packet of the guest. */
void packet_generate(struct rng *r, const struct situation *s, struct budget *budget,
		     struct packet *p);

#define FRAME_BYTES 1600
#define TOKEN_BYTES 8

struct frame {
	uint8_t data[FRAME_BYTES];
	size_t len;
};

/** frame_build - the frames of @p, one or two of them. */
size_t frame_build(const struct packet *p, struct frame out[static 2]);
uint16_t packet_sport(const struct packet *p);
/** token_find - the token in @data, or 0. */
uint32_t token_find(const uint8_t *data, size_t len);

/* --- verdicts (model_ref.c) ------------------------------------------------------------------ */

enum reason {
	WHY_SOURCE_MAC,
	WHY_TAG,
	WHY_ETHERTYPE,
	WHY_NEIGHBOUR,
	WHY_ARP_FORM,
	WHY_ARP_SENDER,
	WHY_ARP_TARGET,
	WHY_OPTIONS,
	WHY_CHADDR,
	WHY_SOURCE,
	WHY_EGRESS_NONE,
	WHY_NO_DNS,
	WHY_HOST,
	WHY_BROADCAST,
	WHY_GUEST,
	WHY_RANGE,
	WHY_ATTACHED,
	WHY_TO_GUEST,
	WHY_NO_SYN,
	WHY_REDIRECTED,
	WHY_NO_IPV6,
	WHY_GROUP,
	WHY_HEADER,
	WHY_ND_FORM,
	WHY_ND_TARGET,
	WHY_ND_MAC,
	WHY_ROUTER,
	WHY_DHCP6,
	WHY_SOURCE6,
	WHY_HOST6,
	WHY_GROUP6,
	WHY_GUEST6,
	WHY_RANGE6,
	WHY_ATTACHED6,
	N_DENIALS,
	WHY_ARP = N_DENIALS,
	WHY_DHCP,
	WHY_DNS_HOST,
	WHY_DNS_ADDRESS,
	WHY_HOST_PORT,
	WHY_FORWARD,
	WHY_LAN,
	WHY_INTERNET,
	WHY_FROM_HOST,
	WHY_REPLY,
	WHY_ND,
	WHY_DHCPV6,
	WHY_INTERNET6,
	N_REASONS,
};

extern const char *const reason_text[N_REASONS];

struct verdict {
	enum reason why;
	enum place at; /* AT_NOWHERE: denied */
	bool may;      /* or nowhere: nothing promises that it arrives */
	uint32_t dst;  /* where it must be going, beyond the host */
	struct in6_addr dst6;
	uint16_t dport;
};

/** judge - what the design says about a packet from the guest, or to it; see judge6. */
struct verdict judge(struct situation *s, const struct packet *p);

/* What was seen of a token. */
struct seen {
	unsigned places; /* bits 1 << enum place */
	uint32_t dst;	 /* of the last IPv4 packet beyond the host */
	struct in6_addr dst6;
	uint16_t dport;
};

/** agrees - whether that is what was expected. */
bool agrees(const struct verdict *v, const struct seen *s);

/* --- sending and seeing (model_wire.c) -------------------------------------------------------- */

void wire_open(void);
/** wire_new_tap - the guest's interface was made anew. */
void wire_new_tap(void);
/** wire_stamp - a token, and a port that no packet had since wire_forget. */
void wire_stamp(struct packet *p);
void wire_send(const struct packet *p);
/** wire_strict6 - IPv6 counts wherever it is seen on the host, not only behind its filters. */
void wire_strict6(bool strict);
/** wire_drain - take in what arrives until nothing did for @quiet_ms. */
void wire_drain(int quiet_ms);
/** wire_seen - what was seen of a packet so far, but for where it was sent. */
struct seen wire_seen(const struct packet *p);
/** wire_forget - forget all tokens, and the host all connections. */
void wire_forget(void);

/* --- the isolator (model_iso.c) --------------------------------------------------------------- */

extern const char *model_root;

void iso_write_policy(const struct situation *s, const char *tap);
void iso_surroundings(const struct situation *s);
/** iso_others - the other domains get their policies, or lose them. */
void iso_others(bool managed, bool ipv6);
/** iso_guard - of both bridges: what ipv6 = nat needs, and gives to those who have it. */
void iso_guard(bool on);
extern const char model_guest_uuid[];
/** iso_run - one verb on the guest's domain; returns the exit status, @out may be NULL. */
int iso_run(const char *verb, struct strbuf *out);
/** without_clock - @text without what time alone changes: how long elements are still there. */
void without_clock(const char *text, struct strbuf *out);
/** iso_ruleset - what nft lists, without what only time changes. */
void iso_ruleset(struct strbuf *out);
/** iso_traces - the lines of @ruleset that name the guest's tap, mark or chains. */
void iso_traces(const char *ruleset, const char *tap, struct strbuf *out);
/** run_quietly - a program; returns the exit status. @input and @out may be NULL. */
int run_quietly(const char *const argv[], const char *input, struct strbuf *out);

/* --- one policy (model_shots.c, model.c) ------------------------------------------------------ */

enum {
	PER_POLICY = 250,  /* packets from the guest */
	PER_POLICY6 = 200, /* and of IPv6 */
	QUIET_MS = 25,	   /* without a packet: all have arrived */
};

struct shot {
	struct packet packet;
	struct verdict verdict;
};

struct round {
	unsigned long number;
	struct rng rng;
	char tap[16];
	struct situation s;
	struct shot shots[PER_POLICY + PER_POLICY6 + 300];
	size_t n;
	size_t wrong;
	struct strbuf report;
};

/** shoot, shoot_as - stamp it, judge it or take that verdict, send it. */
void shoot(struct round *r, struct packet *p);
void shoot_as(struct round *r, struct packet *p, struct verdict v);
/** shots_first - what shows the bridge where the guests are. */
void shots_first(struct round *r);
/** shots_outward - random packets of the guest, and what might teach the isolator between them. */
void shots_outward(struct round *r);
/** shots_from_host - the host to the guest, and the guest's answers. */
void shots_from_host(struct round *r);
/** shots_from_others - neighbours and the world to the guest. */
void shots_from_others(struct round *r);

/* --- what explain says (model_explain.c) ------------------------------------------------------ */

struct tally {
	unsigned long asked, allowed, to_host, redirected;
};
extern struct tally explain_tally;

/** explain_situation - leave out what explain does not know of. */
void explain_situation(struct situation *s);
/** explain_shots - packets that are sound in all but where they go. */
void explain_shots(struct round *r);
/** explain_judge - what explain says of each, against where it was seen. */
void explain_judge(struct round *r);

/* --- text (model_text.c) and the smallest case (model_shrink.c) ------------------------------- */

const char *ip_text(uint32_t ip, char buf[static 16]);
void text_policy(const struct situation *s, struct strbuf *out); /* the INI file */
void text_surroundings(const struct situation *s, struct strbuf *out);
void text_packet(const struct packet *p, struct strbuf *out);
void text_verdict(const struct verdict *v, struct strbuf *out);
void text_seen(const struct seen *s, struct strbuf *out);

/** trial - one packet alone, once more; true when model and kernel agree. */
bool trial(struct situation *s, struct packet *p, struct seen *seen);
/**
 * shrink - leave out of packet, then policy, what the disagreement does not need.
 *
 * False when the packet alone, once more, is treated as it should be: then nothing is changed.
 */
bool shrink(struct situation *s, struct packet *p, const char *tap);

void bail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
