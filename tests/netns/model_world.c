// SPDX-License-Identifier: GPL-2.0-or-later
/* The world of the property test: a host with two bridges of guests and three networks. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const place_names[N_PLACES] = {
	[AT_NOWHERE] = "nowhere",
	[AT_HOST] = "host",
	[AT_WAN] = "wan",
	[AT_LAN] = "lan",
	[AT_PUB] = "pub",
	[AT_G] = "g",
	[AT_N] = "n",
	[AT_H] = "h",
	[AT_X] = "x",
	[AT_Y] = "y",
};

const uint8_t place_mac[N_PLACES][6] = {
	[AT_G] = {0x52, 0x54, 0, 0, 0, 0x07}, [AT_H] = {0x52, 0x54, 0, 0, 0, 0x08},
	[AT_N] = {0x52, 0x54, 0, 0, 0, 0x09}, [AT_X] = {0x52, 0x54, 0, 0, 1, 0x09},
	[AT_Y] = {0x52, 0x54, 0, 0, 1, 0x07},
};
const uint8_t bridge_mac[6] = {0x52, 0x54, 0, 0, 0, 0xfe};
const uint8_t other_bridge_mac[6] = {0x52, 0x54, 0, 0, 1, 0xfe};
const uint8_t tap_mac[6] = {0xfe, 0x54, 0, 0, 0, 0x07};
const uint8_t neighbour_tap_mac[6] = {0xfe, 0x54, 0, 0, 0, 0x09};

const uint32_t host_addresses[] = {
	GATEWAY,
	GATEWAY2,
	OTHER_GATEWAY,
	IP4(192, 168, 50, 2),
	IP4(198, 51, 100, 2),
	IP4(192, 0, 2, 1),
	IP4(127, 0, 0, 1),
	IP4(127, 0, 0, 53),
};
const size_t n_host_addresses = ARRAY_SIZE(host_addresses);

const struct prefix attached[] = {
	{IP4(192, 168, 122, 0), 24}, {IP4(10, 8, 0, 0), 24},  {IP4(192, 168, 50, 0), 24},
	{IP4(198, 51, 100, 0), 24},  {IP4(192, 0, 2, 0), 30},
};
const size_t n_attached = ARRAY_SIZE(attached);
const struct prefix guest_net = {IP4(192, 168, 122, 0), 24}, other_net = {IP4(10, 8, 0, 0), 24};

/* Whoever the host sends to is there, and told by its hardware address: nothing is asked by ARP. On
 * the bridges, addresses ending in 7 and 20 to 29 are the managed guest's, 8 its neighbour's, all
 * others those of the one without a policy. The outer links know no ARP. */
static const char world[] =
	"link add virbr0 address 52:54:00:00:00:fe type bridge\n"
	"link add virbr1 address 52:54:00:00:01:fe type bridge\n"
	"addr add 192.168.122.1/24 brd + dev virbr0\n"
	"addr add 192.168.122.2/24 dev virbr0\n"
	"addr add 10.8.0.1/24 brd + dev virbr1\n"
	"link add vn address fe:54:00:00:00:09 type veth peer name n netns far\n"
	"link add vh address fe:54:00:00:00:08 type veth peer name h netns far\n"
	"link add vx address fe:54:00:00:01:09 type veth peer name x netns far\n"
	"link add vy address fe:54:00:00:01:07 type veth peer name y netns far\n"
	"link set vn master virbr0 up\n"
	"link set vh master virbr0 up\n"
	"link set vx master virbr1 up\n"
	"link set vy master virbr1 up\n"
	"link add wan0 address 52:54:00:00:02:01 type veth peer name wan netns far\n"
	"link add lan0 address 52:54:00:00:02:02 type veth peer name lan netns far\n"
	"link add pub0 address 52:54:00:00:02:03 type veth peer name pub netns far\n"
	"addr add 192.0.2.1/30 dev wan0\n"
	"addr add 192.168.50.2/24 brd + dev lan0\n"
	"addr add 198.51.100.2/24 brd + dev pub0\n"
	"link set virbr0 up\n"
	"link set virbr1 up\n"
	"link set wan0 arp off up\n"
	"link set lan0 arp off up\n"
	"link set pub0 arp off up\n"
	"route add default dev wan0\n"
	"link add vt0 type veth peer name g netns far\n";

static const char far_world[] =
	"link set dev n up\nlink set dev h up\nlink set dev x up\nlink set dev y up\n"
	"link set dev wan up\nlink set dev lan up\nlink set dev pub up\n";

static const char *const settings[] = {
	"sysctl",
	"-qw",
	"net.ipv4.ip_forward=1",
	"net.ipv4.conf.all.rp_filter=0",
	"net.ipv4.conf.default.rp_filter=0",
	"net.ipv4.conf.all.send_redirects=0",
	"net.ipv4.conf.default.send_redirects=0",
	"net.ipv4.conf.all.accept_source_route=1",
	"net.ipv4.conf.all.route_localnet=1",
	"net.ipv6.conf.all.forwarding=1",
	"net.ipv6.conf.default.forwarding=1",
	"net.ipv6.conf.default.accept_dad=0",
	/* No address but those below. */
	"net.ipv6.conf.default.addr_gen_mode=1",
	NULL,
};

bool prefix_has(struct prefix p, uint32_t ip)
{
	return p.len == 0 || (ip ^ p.addr) >> (32 - p.len) == 0;
}

bool is_gateway(uint32_t ip)
{
	return ip == GATEWAY || ip == GATEWAY2;
}

bool is_host_address(uint32_t ip)
{
	const struct prefix loopback = {IP4(127, 0, 0, 0), 8};

	for (size_t i = 0; i < n_host_addresses; i++)
		if (host_addresses[i] == ip)
			return true;
	return prefix_has(loopback, ip);
}

static void must_run(const char *const argv[], const char *input)
{
	auto_sb struct strbuf out = {0};

	if (run_quietly(argv, input, &out) != 0)
		bail("%s: %s", argv[0], sb_str(&out));
}

static void neighbours(struct strbuf *out)
{
	for (unsigned n = 3; n < 255; n++) {
		const bool managed = n == 7 || (n >= 20 && n < 30);

		sb_addf(out,
			"neigh replace 192.168.122.%u lladdr 52:54:00:00:00:%02x nud permanent "
			"dev virbr0\n",
			n,
			managed	 ? 7u
			: n == 8 ? 8u
				 : 9u);
		sb_addf(out,
			"neigh replace 10.8.0.%u lladdr 52:54:00:00:01:%02x nud permanent dev "
			"virbr1\n",
			n, n == 7 ? 7u : 9u);
	}
}

/* The kernel notices a carrier up to a second later, and has no IPv6 on the link until then. */
static void wait_for(const char *ifname)
{
	const struct timespec tick = {.tv_nsec = 20000000};
	char path[64], state[8] = "";

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/operstate", ifname);
	for (unsigned i = 0; i < 250; i++) {
		auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
		const ssize_t n = fd < 0 ? -1 : read(fd, state, sizeof(state) - 1);

		if (n > 0 && strncmp(state, "up", 2) == 0)
			return;
		(void)nanosleep(&tick, NULL);
	}
	bail("%s is not up", ifname);
}

void world_make(void)
{
	static const char *const links[] = {"virbr0", "virbr1", "wan0", "lan0", "pub0"};
	static const char *const here[] = {"ip", "-batch", "-", NULL};
	static const char *const there[] = {"ip", "-n", "far", "-batch", "-", NULL};
	auto_sb struct strbuf text = {0};

	must_run(settings, NULL);
	sb_adds(&text, world);
	neighbours(&text);
	world6(&text);
	must_run(here, sb_str(&text));
	must_run(there, far_world);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		wait_for(links[i]);
}

void world_tap(const char *old, const char *name)
{
	static const char *const here[] = {"ip", "-batch", "-", NULL};
	static const char *const there[] = {"ip",  "-n", "far", "link", "set",
					    "dev", "g",	 "up",	NULL};
	auto_sb struct strbuf text = {0};

	sb_addf(&text,
		"link del %s\n"
		"link add %s address fe:54:00:00:00:07 type veth peer name g netns far\n"
		"link set %s master virbr0 up\n",
		old, name, name);
	must_run(here, sb_str(&text));
	must_run(there, NULL);
}
