/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the <hookData> of libvirt's network hook (https://libvirt.org/hooks.html). */
#include "lib/facts.h"

#include "lib/facts_xml.h"
#include "lib/parse.h"
#include "lib/util.h"

#include <stdio.h>
#include <string.h>

/* dnsmasq's own, for a range in whose line libvirt writes none. */
#define LEASE_DEFAULT_S 3600

static bool uuid_from(struct fx *x, const xmlNode *parent, struct uuid *ret)
{
	const xmlNode *node = fx_only(x, parent, "uuid");
	const char *text = fx_text(x, node);

	if (text && uuid_parse(text, ret))
		return true;
	(void)fx_fail(x, node ? node : parent, "<%s> without a valid <uuid>",
		      (const char *)parent->name);
	return false;
}

static char *name_from(struct fx *x, const xmlNode *parent)
{
	const char *text = fx_text(x, fx_only(x, parent, "name"));

	if (!text || !*text)
		(void)fx_fail(x, parent, "<%s> without a <name>", (const char *)parent->name);
	return fx_dup(x, text);
}

static void mac_from(struct fx *x, const xmlNode *parent, struct port_facts *p)
{
	const xmlNode *mac = fx_only(x, parent, "mac");
	const char *text = fx_attr(x, mac, "address");

	if (!text)
		return;
	p->has_mac = mac_parse(text, &p->mac);
	if (!p->has_mac)
		(void)fx_fail(x, mac, "the address is not a MAC");
}

/* The longest lease seen; 0 seconds is for ever. */
struct lease {
	bool any;
	uint64_t s;
};

static void lease_add(struct lease *longest, uint64_t s)
{
	if (!longest->any || s == 0 || (longest->s != 0 && s > longest->s))
		longest->s = s;
	longest->any = true;
}

/* Adds the <lease> in a <range> or <host>; false when there is none. */
static bool lease_read(struct fx *x, const xmlNode *owner, struct lease *longest)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}};
	const xmlNode *lease = fx_only(x, owner, "lease");
	const char *expiry = fx_attr(x, lease, "expiry");
	const char *unit = fx_attr_or(x, lease, "unit", "minutes");
	uint64_t number;

	if (!expiry)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) != 0 || !parse_u64(expiry, UINT32_MAX, &number))
			continue;
		lease_add(longest, number * units[i].seconds);
		return true;
	}
	(void)fx_fail(x, lease, "a lease of '%s %s'", expiry, unit);
	return false;
}

/* A <host> without a lease of its own has the range's; without any range, dnsmasq's default. */
static void dhcp_leases(struct fx *x, const xmlNode *dhcp, struct lease *longest)
{
	const xmlNode *node = NULL;
	bool ranges = fx_next(dhcp, NULL, "range") != NULL;

	while ((node = fx_next(dhcp, node, "range")))
		if (!lease_read(x, node, longest))
			lease_add(longest, LEASE_DEFAULT_S);
	while ((node = fx_next(dhcp, node, "host")))
		if (!lease_read(x, node, longest) && !ranges)
			lease_add(longest, LEASE_DEFAULT_S);
}

static void read_dhcp(struct fx *x, const xmlNode *network, struct port_facts *p)
{
	const xmlNode *ip = NULL, *dhcp;
	struct lease longest = {0};

	while ((ip = fx_next(network, ip, "ip"))) {
		if (strcmp(fx_attr_or(x, ip, "family", "ipv4"), "ipv4") != 0)
			continue;
		dhcp = fx_only(x, ip, "dhcp");
		if (!dhcp)
			continue;
		p->has_dhcp = true;
		dhcp_leases(x, dhcp, &longest);
	}
	p->lease_s = longest.any ? longest.s : LEASE_DEFAULT_S;
}

static void read_network(struct fx *x, const xmlNode *network, struct port_facts *p)
{
	const xmlNode *node = fx_only(x, network, "bridge");
	const char *bridge = fx_attr(x, node, "name");
	const xmlNode *forward = fx_only(x, network, "forward");

	p->network = name_from(x, network);
	(void)uuid_from(x, network, &p->network_uuid);
	if (bridge && strlen(bridge) >= sizeof(p->bridge))
		(void)fx_fail(x, node, "the bridge's name is longer than %d bytes", IFNAMSIZ - 1);
	else if (bridge)
		(void)snprintf(p->bridge, sizeof(p->bridge), "%s", bridge);
	/* A <forward> that names no mode is NAT. */
	if (forward)
		p->forward_mode = fx_dup(x, fx_attr_or(x, forward, "mode", "nat"));
	read_dhcp(x, network, p);
}

static void read_port(struct fx *x, const xmlNode *port, struct port_facts *p)
{
	const xmlNode *owner = fx_only(x, port, "owner");

	if (!owner) {
		(void)fx_fail(x, port, "<networkport> without an <owner>");
		return;
	}
	p->has_port = uuid_from(x, port, &p->port);
	p->owner_name = name_from(x, owner);
	(void)uuid_from(x, owner, &p->owner_uuid);
	mac_from(x, port, p);
}

/* Before libvirt 5.5 "plugged" and "unplugged" brought the whole <domain> and its <interface>. */
static void read_plug(struct fx *x, const xmlNode *domain, const xmlNode *interface,
		      struct port_facts *p)
{
	p->owner_name = name_from(x, domain);
	(void)uuid_from(x, domain, &p->owner_uuid);
	mac_from(x, interface, p);
}

int facts_parse_hook_data(const char *xml, size_t len, struct port_facts *ret, struct err *e)
{
	struct port_facts p = {0};
	auto_fx struct fx x = {0};
	const xmlNode *network, *port, *domain;

	if (fx_open(&x, xml, len, "hook data", "hookData", e))
		return x.rc;
	network = fx_only(&x, fx_root(&x), "network");
	port = fx_only(&x, fx_root(&x), "networkport");
	domain = fx_only(&x, fx_root(&x), "domain");
	if (network)
		read_network(&x, network, &p);
	else
		(void)fx_fail(&x, fx_root(&x), "no <network>");
	if (port)
		read_port(&x, port, &p);
	else if (domain)
		read_plug(&x, domain, fx_only(&x, fx_root(&x), "interface"), &p);
	if (x.rc) {
		port_facts_free(&p);
		return x.rc;
	}
	*ret = p;
	return 0;
}

void port_facts_free(struct port_facts *p)
{
	if (!p)
		return;
	free(p->network);
	free(p->forward_mode);
	free(p->owner_name);
	memset(p, 0, sizeof(*p));
}
