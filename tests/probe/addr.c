// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as text, and links: up, MAC, addresses, the default route. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/util.h"

/* linux/ipv6.h cannot be included beside netinet/in.h; this is its struct in6_ifreq. */
struct ifreq6 {
	struct in6_addr addr;
	uint32_t prefixlen;
	int ifindex;
};

/**
 * endpoint_parse - read an IPv4 or IPv6 address (with %IFACE for link-local) and a port
 * @port: decimal, or NULL for 0
 *
 * Return: false when either is not one; names are never resolved.
 */
bool endpoint_parse(const char *addr, const char *port, union endpoint *ret)
{
	char host[ADDR_TEXT];
	unsigned long n = 0;
	char *scope;

	if (!addr || strlen(addr) >= sizeof(host) || (port && !number(port, 0, 65535, &n)))
		return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(host, addr, strlen(addr) + 1);
	if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((uint16_t)n);
		return true;
	}
	scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, &ret->v6.sin6_addr) != 1)
		return false;
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons((uint16_t)n);
	ret->v6.sin6_scope_id = scope ? if_nametoindex(scope) : 0;
	return !scope || ret->v6.sin6_scope_id;
}

socklen_t endpoint_len(const union endpoint *e)
{
	return e->sa.sa_family == AF_INET ? sizeof(e->v4) : sizeof(e->v6);
}

/* Writes the address, without its port. Return: @buf. */
const char *endpoint_text(const union endpoint *e, char buf[static ADDR_TEXT])
{
	const void *a = e->sa.sa_family == AF_INET ? (const void *)&e->v4.sin_addr
						   : (const void *)&e->v6.sin6_addr;

	if (!inet_ntop(e->sa.sa_family, a, buf, ADDR_TEXT))
		(void)snprintf(buf, ADDR_TEXT, "?");
	return buf;
}

bool endpoint_same_host(const union endpoint *a, const union endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return !memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/**
 * hex_parse - read bytes of two hexadecimal digits each, with or without colons between
 * @size: room in @ret
 *
 * Return: how many bytes, or 0 when @text is anything else or does not fit.
 */
size_t hex_parse(const char *text, uint8_t *ret, size_t size)
{
	size_t n = 0;

	for (; text && *text; text += 2) {
		int high, low;

		if (n && *text == ':')
			text++;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || n == size)
			return 0;
		ret[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

bool mac_parse(const char *text, uint8_t ret[static ETH_ALEN])
{
	return hex_parse(text, ret, ETH_ALEN) == ETH_ALEN;
}

/* Prepares @ifr for the link. Return: a socket for ioctl, or -1 with errno set. */
static int link_request(const char *ifname, int family, struct ifreq *ifr)
{
	size_t len = strlen(ifname);

	if (len >= IFNAMSIZ) {
		errno = ENODEV;
		return -1;
	}
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, ifname, len);
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Return: the link's index, or -1 with errno set. */
int link_index(const char *ifname)
{
	unsigned int i = if_nametoindex(ifname);

	return i ? (int)i : -1;
}

bool link_mac(const char *ifname, uint8_t ret[static ETH_ALEN])
{
	struct ifreq ifr;
	auto_close int fd = link_request(ifname, AF_INET, &ifr);

	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		return false;
	memcpy(ret, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	return true;
}

static int link_flags(const char *ifname, bool up)
{
	struct ifreq ifr;
	auto_close int fd = link_request(ifname, AF_INET, &ifr);
	int flags;

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		return -1;
	flags = ifr.ifr_flags & ~IFF_UP;
	ifr.ifr_flags = (short)(up ? flags | IFF_UP : flags);
	return ioctl(fd, SIOCSIFFLAGS, &ifr);
}

int link_up(const char *ifname)
{
	return link_flags(ifname, true);
}

static void set_in(struct sockaddr *sa, struct in_addr addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = addr};

	memcpy(sa, &in, sizeof(in));
}

/* Gives the link this one IPv4 address. Return: 0, or -1 with errno set. */
int addr4_set(const char *ifname, struct in_addr addr, unsigned int len)
{
	struct in_addr mask = {.s_addr = len ? htonl(~0U << (32 - len)) : 0};
	struct ifreq ifr;
	auto_close int fd = link_request(ifname, AF_INET, &ifr);

	if (fd < 0)
		return -1;
	set_in(&ifr.ifr_addr, addr);
	if (ioctl(fd, SIOCSIFADDR, &ifr) < 0)
		return -1;
	set_in(&ifr.ifr_netmask, mask);
	if (ioctl(fd, SIOCSIFNETMASK, &ifr) < 0)
		return -1;
	return link_up(ifname);
}

/* Sets the default route. Return: 0, or -1 with errno set; one that is there already is fine. */
int route4_default(const char *ifname, struct in_addr gw)
{
	char dev[IFNAMSIZ];
	struct rtentry rt = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = dev};
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)snprintf(dev, sizeof(dev), "%s", ifname);
	set_in(&rt.rt_dst, (struct in_addr){0});
	set_in(&rt.rt_genmask, (struct in_addr){0});
	set_in(&rt.rt_gateway, gw);
	if (fd < 0 || (ioctl(fd, SIOCADDRT, &rt) < 0 && errno != EEXIST))
		return -1;
	return 0;
}

static int addr6_set(const char *ifname, const struct in6_addr *addr, unsigned int len)
{
	struct ifreq6 req = {.addr = *addr, .prefixlen = len, .ifindex = link_index(ifname)};
	auto_close int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || req.ifindex < 0 || link_up(ifname) < 0)
		return -1;
	return ioctl(fd, SIOCSIFADDR, &req) < 0 && errno != EEXIST ? -1 : 0;
}

int order_addr(int argc, char **argv)
{
	const char *gw = option(argc, argv, "gw");
	char host[ADDR_TEXT];
	union endpoint e, via;
	unsigned long len;
	char *slash;

	if (argc < 3 || strlen(argv[2]) >= sizeof(host))
		return say(BROKEN, "usage: addr IFACE ADDR/LEN [gw=ADDR]");
	memcpy(host, argv[2], strlen(argv[2]) + 1);
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (!slash || !endpoint_parse(host, NULL, &e) || !number(slash, 0, 128, &len))
		return say(BROKEN, "%s: not ADDR/LEN", argv[2]);
	if (e.sa.sa_family == AF_INET6)
		return addr6_set(argv[1], &e.v6.sin6_addr, (unsigned int)len) < 0
			       ? broken(argv[1])
			       : say(THROUGH, "%s", argv[2]);
	if (len > 32)
		return say(BROKEN, "%s: not ADDR/LEN", argv[2]);
	if (addr4_set(argv[1], e.v4.sin_addr, (unsigned int)len) < 0)
		return broken(argv[1]);
	if (gw && (!endpoint_parse(gw, NULL, &via) || via.sa.sa_family != AF_INET))
		return say(BROKEN, "%s: not an IPv4 address", gw);
	if (gw && route4_default(argv[1], via.v4.sin_addr) < 0)
		return broken("default route");
	return say(THROUGH, "%s", argv[2]);
}

int order_mac(int argc, char **argv)
{
	struct ifreq ifr;
	auto_close int fd = -1;
	uint8_t mac[ETH_ALEN];

	if (argc != 3 || !mac_parse(argv[2], mac))
		return say(BROKEN, "usage: mac IFACE MAC");
	fd = link_request(argv[1], AF_INET, &ifr);
	if (fd < 0)
		return broken(argv[1]);
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, ETH_ALEN);
	/* virtio changes it while up; other drivers want the link down, which loses the routes */
	if (ioctl(fd, SIOCSIFHWADDR, &ifr) < 0 &&
	    (errno != EBUSY || link_flags(argv[1], false) < 0 ||
	     ioctl(fd, SIOCSIFHWADDR, &ifr) < 0 || link_up(argv[1]) < 0))
		return broken(argv[1]);
	return say(THROUGH, "%s", argv[2]);
}

int order_up(int argc, char **argv)
{
	if (argc != 2)
		return say(BROKEN, "usage: up IFACE");
	return link_up(argv[1]) < 0 ? broken(argv[1]) : say(THROUGH, "up");
}

/* Prints `ok mac=… addr=… addr=…`. */
int order_show(int argc, char **argv)
{
	char text[ADDR_TEXT], line[1024];
	struct ifaddrs *all, *i;
	uint8_t m[ETH_ALEN];
	size_t n;

	if (argc != 2 || !link_mac(argv[1], m))
		return say(BROKEN, "usage: show IFACE");
	if (getifaddrs(&all) < 0)
		return broken("getifaddrs");
	n = (size_t)snprintf(line, sizeof(line), "mac=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
			     m[2], m[3], m[4], m[5]);
	for (i = all; i; i = i->ifa_next) {
		union endpoint e = {0};

		if (!i->ifa_addr || strcmp(i->ifa_name, argv[1]) != 0 ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		memcpy(&e, i->ifa_addr,
		       i->ifa_addr->sa_family == AF_INET ? sizeof(e.v4) : sizeof(e.v6));
		if (n + ADDR_TEXT + 8 < sizeof(line))
			n += (size_t)snprintf(line + n, sizeof(line) - n, " addr=%s",
					      endpoint_text(&e, text));
	}
	freeifaddrs(all);
	return say(THROUGH, "%s", line);
}
