// SPDX-License-Identifier: GPL-2.0-or-later
/* The world of the property test, by IPv6. */
#include "tests/netns/model.h"

#include "lib/net.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *const host6[N_HOST6] = {
	GATEWAY6,
	"fd12:3456:789a:1::2",
	GATEWAY6_LINK,
	"2a0e:8::1",
	"fe80::5054:ff:fe00:1fe",
	"fd50::2",
	"2a0e:50::2",
	"2a0e:2::1",
	"2a0e:77::5", /* of DHCPv6 */
	"fe80::2:1",
	"::1",
};

struct in6_addr ip6(const char *text)
{
	struct in6_addr ip;

	if (inet_pton(AF_INET6, text, &ip) != 1)
		bail("%s is no address", text);
	return ip;
}

bool ip6_same(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool ip6_in(const struct in6_addr *ip, const char *prefix)
{
	const struct ip_addr a = {.family = AF_INET6, .v6 = *ip};
	struct ip_prefix p;

	if (!ip_prefix_parse(prefix, &p))
		bail("%s is no prefix", prefix);
	return ip_prefix_contains(&p, &a);
}

const char *ip6_text(const struct in6_addr *ip, char buf[static INET6_ADDRSTRLEN])
{
	(void)inet_ntop(AF_INET6, ip, buf, INET6_ADDRSTRLEN);
	return buf;
}

bool is_host6(const struct in6_addr *ip)
{
	for (size_t i = 0; i < N_HOST6; i++) {
		const struct in6_addr h = ip6(host6[i]);

		if (ip6_same(&h, ip))
			return true;
	}
	return false;
}

bool is_gateway6(const struct in6_addr *ip)
{
	for (size_t i = 0; i < 3; i++) {
		const struct in6_addr g = ip6(host6[i]);

		if (ip6_same(&g, ip))
			return true;
	}
	return false;
}

struct in6_addr eui64(const char *net, const uint8_t mac[static 6])
{
	struct in6_addr ip = ip6(net);

	memcpy(&ip.s6_addr[8], mac, 3);
	ip.s6_addr[8] ^= 2;
	ip.s6_addr[11] = 0xff;
	ip.s6_addr[12] = 0xfe;
	memcpy(&ip.s6_addr[13], mac + 3, 3);
	return ip;
}

static void neighbour(struct strbuf *out, const struct in6_addr *ip, enum place at,
		      const char *bridge)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *m = place_mac[at];

	sb_addf(out, "neigh replace %s lladdr %02x:%02x:%02x:%02x:%02x:%02x nud permanent dev %s\n",
		ip6_text(ip, text), m[0], m[1], m[2], m[3], m[4], m[5], bridge);
}

/* As in model_world.c, nothing is asked: whoever the host sends to is known, and no guest without
 * a policy can teach it otherwise. ::20 to ::2f and the address of its MAC are the guest's. */
void world6(struct strbuf *out)
{
	static const enum place on_bridge[] = {AT_G, AT_N, AT_H};
	struct in6_addr ip = ip6("fd12:3456:789a:1::20");

	sb_adds(out, "addr add " GATEWAY6 "/64 dev virbr0 nodad\n"
		     "addr add fd12:3456:789a:1::2/64 dev virbr0 nodad\n"
		     "addr add " GATEWAY6_LINK "/64 dev virbr0 nodad\n"
		     "addr add 2a0e:8::1/64 dev virbr1 nodad\n"
		     "addr add fe80::5054:ff:fe00:1fe/64 dev virbr1 nodad\n"
		     "addr add fd50::2/64 dev lan0 nodad\n"
		     "addr add 2a0e:50::2/64 dev pub0 nodad\n"
		     "addr add 2a0e:2::1/64 dev wan0 nodad\n"
		     "addr add 2a0e:77::5/128 dev wan0 nodad\n"
		     "addr add fe80::2:1/64 dev wan0 nodad\n"
		     "route add ::/0 dev wan0\n");
	for (unsigned i = 0; i < 16; i++, ip.s6_addr[15]++)
		neighbour(out, &ip, AT_G, "virbr0");
	for (size_t i = 0; i < ARRAY_SIZE(on_bridge); i++) {
		ip = eui64("fd12:3456:789a:1::", place_mac[on_bridge[i]]);
		neighbour(out, &ip, on_bridge[i], "virbr0");
		ip = eui64("fe80::", place_mac[on_bridge[i]]);
		neighbour(out, &ip, on_bridge[i], "virbr0");
	}
	ip = ip6("fe80::20");
	neighbour(out, &ip, AT_G, "virbr0");
	ip = eui64("2a0e:8::", place_mac[AT_X]);
	neighbour(out, &ip, AT_X, "virbr1");
	ip = eui64("2a0e:8::", place_mac[AT_Y]);
	neighbour(out, &ip, AT_Y, "virbr1");
}
