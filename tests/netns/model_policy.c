// SPDX-License-Identifier: GPL-2.0-or-later
/* Random numbers, and random policies of the property test. */
#include "tests/netns/model.h"

#include "lib/util.h"

/* splitmix64: small, and good enough to be the only generator. */
uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

bool rng_chance(struct rng *r, uint32_t percent)
{
	return rng_below(r, 100) < percent;
}

/* --- pools ------------------------------------------------------------------------------------ */

static const uint16_t port_pool[] = {22,  53,	67,   68,   80,	  443,	 8080,	8081,
				     123, 5353, 7777, 9090, 9091, 11434, 65535, 1};
static const uint16_t open_pool[] = {80, 443, 8080, 9090, 9091, 5353, 11434};

/* Of 192.168.122.0/24 these lead to the guest. */
const uint32_t guest_addresses[N_GUEST_ADDRESSES] = {
	IP4(192, 168, 122, 7),	IP4(192, 168, 122, 20), IP4(192, 168, 122, 21),
	IP4(192, 168, 122, 22), IP4(192, 168, 122, 23), IP4(192, 168, 122, 24),
};
/* What an admin might open; none includes a range that a policy may not name. */
static const struct prefix lan_pool[] = {
	{IP4(192, 168, 50, 50), 32}, {IP4(192, 168, 50, 0), 24},  {IP4(192, 168, 50, 48), 29},
	{IP4(10, 9, 0, 0), 16},	     {IP4(10, 1, 2, 3), 32},	  {IP4(10, 0, 0, 0), 8},
	{IP4(192, 168, 0, 0), 16},   {IP4(192, 0, 0, 0), 3},	  {IP4(8, 0, 0, 0), 5},
	{IP4(172, 16, 0, 0), 12},    {IP4(100, 64, 0, 6), 32},	  {IP4(100, 64, 0, 0), 10},
	{IP4(198, 18, 0, 0), 15},    {IP4(198, 51, 100, 50), 32}, {IP4(198, 51, 100, 0), 24},
	{IP4(192, 168, 122, 0), 24}, {IP4(192, 168, 122, 0), 25}, {IP4(10, 8, 0, 0), 16},
	{IP4(192, 0, 2, 2), 32},     {IP4(203, 0, 113, 10), 32},  {IP4(240, 0, 0, 0), 5},
	{IP4(192, 0, 0, 0), 24},
};
static const uint32_t forward_pool[] = {
	IP4(100, 64, 0, 6), IP4(192, 168, 50, 50), IP4(198, 51, 100, 50), IP4(203, 0, 113, 10),
	IP4(10, 1, 2, 3),   IP4(192, 0, 2, 2),	   IP4(10, 8, 0, 7),	  IP4(10, 8, 0, 9),
};
static const uint32_t resolver_pool[] = {
	IP4(9, 9, 9, 9),
	IP4(192, 168, 50, 53),
	IP4(10, 64, 0, 53),
	IP4(198, 51, 100, 53),
};

static const char *const lan6_pool[] = {
	"fd50::/64",
	"fd50::50/128",
	"fd50::48/125",
	"2a0e:50::/64",
	"2a0e:50::50/128",
	"2a0e::/16",
	"2001:db8::/32",
	"fd00::/8",
	"2000::/3",
	"2a0e:8::/64",
	"fd12:3456:789a:1::/64",
	"64:ff9b::/96",
	"2002::/16",
	"2a0e:77::/64",
	"3fff::/20",
};
static const char *const resolver6_pool[] = {"2606:4700:4700::1111", "fd50::53", "2a0e:50::53"};

uint16_t any_port(struct rng *r)
{
	return PICK(r, port_pool);
}

uint16_t open_port(struct rng *r)
{
	return PICK(r, open_pool);
}

/* --- policies --------------------------------------------------------------------------------- */

void situation_own(struct situation *s, uint32_t ip)
{
	if (!situation_owns(s, ip) && s->n_own < MAX_OWN)
		s->own[s->n_own++] = ip;
}

bool situation_owns(const struct situation *s, uint32_t ip)
{
	for (size_t i = 0; i < s->n_own; i++)
		if (s->own[i] == ip)
			return true;
	return false;
}

uint8_t tcp_or_udp(struct rng *r)
{
	return rng_chance(r, 50) ? IPPROTO_TCP : IPPROTO_UDP;
}

/* A port of the gateway that nothing in the policy has yet. */
static bool free_port(struct rng *r, const struct situation *s, struct port_entry *ret)
{
	const struct port_entry e = {tcp_or_udp(r), open_port(r)};

	for (size_t i = 0; i < s->n_ports; i++)
		if (s->ports[i].proto == e.proto && s->ports[i].port == e.port)
			return false;
	for (size_t i = 0; i < s->n_forwards; i++)
		if (s->forwards[i].at.proto == e.proto && s->forwards[i].at.port == e.port)
			return false;
	*ret = e;
	return true;
}

static void generate_lan(struct rng *r, struct situation *s)
{
	struct lan_entry e = {.to = PICK(r, lan_pool)};

	if (rng_chance(r, 35))
		e.at = (struct port_entry){tcp_or_udp(r), any_port(r)};
	for (size_t i = 0; i < s->n_lan; i++)
		if (s->lan[i].to.addr == e.to.addr && s->lan[i].to.len == e.to.len &&
		    s->lan[i].at.proto == e.at.proto && s->lan[i].at.port == e.at.port)
			return;
	s->lan[s->n_lan++] = e;
}

static void generate_openings(struct rng *r, struct situation *s)
{
	s->dns = (enum dns)rng_below(r, DNSKEY_ADDRESS + 1);
	s->dns_addr = PICK(r, resolver_pool);
	for (uint32_t n = rng_below(r, 4); n; n--)
		if (free_port(r, s, &s->ports[s->n_ports]))
			s->n_ports++;
	for (uint32_t n = rng_below(r, 4); n; n--) {
		struct forward_entry *f = &s->forwards[s->n_forwards];

		if (!free_port(r, s, &f->at))
			continue;
		f->to = PICK(r, forward_pool);
		f->to_port = any_port(r);
		s->n_forwards++;
	}
	if (rng_chance(r, 60))
		for (uint32_t n = rng_below(r, MAX_ENTRIES); n; n--)
			generate_lan(r, s);
}

static void generate_leases(struct rng *r, struct situation *s)
{
	for (uint32_t n = rng_below(r, 4); n; n--) {
		const struct lease l = {guest_addresses[s->n_leases],
					(enum lease_kind)rng_below(r, N_LEASE_KINDS)};

		s->leases[s->n_leases++] = l;
		if (l.kind == LEASE_LIVE || l.kind == LEASE_FOR_EVER)
			situation_own(s, l.addr);
	}
}

/* Of IPv6, each entry once. */
static void generate_openings6(struct rng *r, struct situation *s)
{
	const uint32_t first = rng_below(r, (uint32_t)ARRAY_SIZE(lan6_pool));

	if (s->dns == DNSKEY_ADDRESS && rng_chance(r, 70)) {
		s->dns_addr6 = PICK(r, resolver6_pool);
		if (rng_chance(r, 30))
			s->dns_addr = 0;
	}
	for (uint32_t n = rng_chance(r, 60) ? rng_below(r, MAX_ENTRIES) : 0; n; n--) {
		struct lan6_entry e = {.to = lan6_pool[(first + n * 4) % ARRAY_SIZE(lan6_pool)]};

		if (rng_chance(r, 35))
			e.at = (struct port_entry){tcp_or_udp(r), any_port(r)};
		s->lan6[s->n_lan6++] = e;
	}
}

void situation_generate(struct rng *r, struct situation *s)
{
	*s = (struct situation){.log = rng_chance(r, 50), .rates = rng_chance(r, 30)};
	s->egress_none = rng_chance(r, 15);
	if (s->egress_none)
		s->dns = rng_chance(r, 50) ? DNSKEY_AUTO : DNSKEY_NONE;
	else
		generate_openings(r, s);
	if (rng_chance(r, 50))
		for (uint32_t n = 1 + rng_below(r, 3); n; n--) {
			s->addresses[s->n_addresses] = guest_addresses[s->n_addresses];
			situation_own(s, s->addresses[s->n_addresses++]);
		}
	else
		generate_leases(r, s);
	s->ipv6 = rng_chance(r, 80) && !s->egress_none; /* not both */
	if (s->ipv6)
		generate_openings6(r, s);
	s->own6[s->n_own6++] = eui64("fd12:3456:789a:1::", place_mac[AT_G]);
	s->own6[s->n_own6++] = eui64("fe80::", place_mac[AT_G]);
	s->alone = rng_chance(r, 15);
	s->bridge_nf = rng_chance(r, 25);
	s->marks_lost = rng_chance(r, 30);
	s->masquerade = rng_chance(r, 50);
	s->published = rng_chance(r, 30);
}
