/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules between the keys of a policy: what single values cannot show. */
#include "lib/policy_internal.h"

#include "lib/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checker {
	const struct policy *p;
	uint64_t bad;
	bool host_defaults;
	struct ini_report *report;
};

/* Whether a rule may build on this key. */
static bool good(const struct checker *c, enum policy_key key)
{
	return !(c->bad >> key & 1);
}

/* An error at @key, on @line; 0 for a value that the host's defaults gave. */
static __attribute__((format(printf, 4, 5))) void
complain(const struct checker *c, enum policy_key key, unsigned line, const char *fmt, ...)
{
	const struct policy_row *row = &policy_rows[key];
	auto_free char *text = NULL;
	char section[32];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		c->report->oom = true;
		return;
	}
	(void)snprintf(section, sizeof(section), "%s%s", c->host_defaults ? "defaults " : "",
		       policy_section_names[row->section]);
	ini_report_add(c->report, line, section, row->name, "%s%s", text,
		       line || c->host_defaults ? "" : " (the value is not set in this file)");
}

/* The first other key of [network] that this file sets, or KEY_COUNT. */
static enum policy_key other_network_key(const struct policy *p)
{
	for (enum policy_key k = 0; k < KEY_COUNT; k++)
		if (policy_rows[k].section == SEC_NETWORK && k != KEY_NET_ISOLATION && p->line[k])
			return k;
	return KEY_COUNT;
}

/* Rules of a policy that does not isolate: a key beside it shows that something else was meant. */
static void check_unisolated(const struct checker *c)
{
	const struct policy *p = c->p;
	enum policy_key other = other_network_key(p);

	if (other == KEY_COUNT)
		return;
	if (p->line[KEY_NET_ISOLATION])
		complain(c, KEY_NET_ISOLATION, p->line[KEY_NET_ISOLATION],
			 "no, but %s is set on line %u; write isolation = yes, or no other key in "
			 "this section",
			 policy_rows[other].name, p->line[other]);
	else
		complain(c, other, p->line[other],
			 "virt-cordon.ini has isolation = no for all; write isolation = yes here");
}

/* egress = none leaves nothing but DHCP: what opens anything contradicts it. */
static void check_egress_none(const struct checker *c)
{
	static const char fmt[] =
		"egress = none allows nothing but DHCP; write %s, or another egress";
	const struct policy *p = c->p;

	if (p->n_host_ports && good(c, KEY_NET_ALLOW_HOST_PORT))
		complain(c, KEY_NET_ALLOW_HOST_PORT, p->line[KEY_NET_ALLOW_HOST_PORT], fmt,
			 "an empty list");
	if (p->n_lan && good(c, KEY_NET_ALLOW_LAN))
		complain(c, KEY_NET_ALLOW_LAN, p->line[KEY_NET_ALLOW_LAN], fmt, "an empty list");
	if (p->n_forwards && good(c, KEY_NET_FORWARD_PORT))
		complain(c, KEY_NET_FORWARD_PORT, p->line[KEY_NET_FORWARD_PORT], fmt,
			 "an empty list");
	if ((p->dns == DNS_HOST || p->dns == DNS_REDIRECT) && good(c, KEY_NET_DNS))
		complain(c, KEY_NET_DNS, p->line[KEY_NET_DNS], fmt, "dns = none");
	if (p->ipv6 == IPV6_NAT && good(c, KEY_NET_IPV6))
		complain(c, KEY_NET_IPV6, p->line[KEY_NET_IPV6], fmt, "ipv6 = no");
}

static void check_tunnel(const struct checker *c)
{
	const struct policy *p = c->p;
	bool tunnel = p->isolation && p->egress == EGRESS_TUNNEL;
	unsigned line = p->line[KEY_NET_EGRESS];

	if (!good(c, KEY_NET_EGRESS) || !good(c, KEY_NET_ISOLATION))
		return;
	for (size_t i = 0; p->isolation && i < p->n_forwards; i++)
		if (p->forwards[i].via_tunnel && !tunnel && good(c, KEY_NET_FORWARD_PORT))
			complain(c, KEY_NET_FORWARD_PORT, p->forwards[i].line,
				 "via-tunnel without a tunnel; write egress = tunnel, or remove "
				 "via-tunnel");
	if (c->host_defaults || !good(c, KEY_TUN_CONFIG))
		return;
	if (tunnel && !p->tunnel_config)
		complain(c, KEY_NET_EGRESS, line,
			 "tunnel, but no tunnel is configured; write config = FILE in [tunnel]");
	if (!tunnel && p->tunnel_config)
		complain(c, KEY_TUN_CONFIG, p->line[KEY_TUN_CONFIG],
			 "a tunnel that nothing goes through; write egress = tunnel in [network], "
			 "or remove it");
}

static void complain_v6(const struct checker *c, enum policy_key key, unsigned line)
{
	if (good(c, key))
		complain(c, key, line,
			 "an IPv6 address, but ipv6 = no; write ipv6 = nat, or remove it");
}

static void check_ipv6(const struct checker *c)
{
	const struct policy *p = c->p;

	if (p->ipv6 == IPV6_NAT || !good(c, KEY_NET_IPV6))
		return;
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->lan[i].prefix.addr.family == AF_INET6)
			complain_v6(c, KEY_NET_ALLOW_LAN, p->lan[i].line);
	for (size_t i = 0; i < p->n_forwards; i++)
		if (p->forwards[i].to.family == AF_INET6)
			complain_v6(c, KEY_NET_FORWARD_PORT, p->forwards[i].line);
	for (size_t i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].addr.family == AF_INET6)
			complain_v6(c, KEY_NET_ADDRESSES, p->addresses[i].line);
	if (p->dns == DNS_REDIRECT && p->dns_addr6.family == AF_INET6)
		complain_v6(c, KEY_NET_DNS, p->line[KEY_NET_DNS]);
}

/* A port of the gateway leads either to the host or elsewhere. */
static void check_gateway_ports(const struct checker *c)
{
	const struct policy *p = c->p;

	for (size_t i = 0; i < p->n_forwards; i++)
		for (size_t j = 0; j < p->n_host_ports; j++)
			if (p->forwards[i].proto == p->host_ports[j].proto &&
			    p->forwards[i].port == p->host_ports[j].port)
				complain(c, KEY_NET_FORWARD_PORT, p->forwards[i].line,
					 "%s/%u is in allow_host_port too; remove it from one of "
					 "them",
					 proto_str(p->forwards[i].proto), p->forwards[i].port);
}

static void check_provision(const struct checker *c)
{
	const struct policy *p = c->p;

	if (!c->host_defaults && p->playbook && !p->run_as && good(c, KEY_PROV_PLAYBOOK) &&
	    good(c, KEY_PROV_RUN_AS))
		complain(c, KEY_PROV_PLAYBOOK, p->line[KEY_PROV_PLAYBOOK],
			 "a playbook without a user to run it; write run_as = USER");
	if (!c->host_defaults && p->playbook && !p->ssh_user && good(c, KEY_PROV_PLAYBOOK) &&
	    good(c, KEY_PROV_SSH_USER))
		complain(c, KEY_PROV_PLAYBOOK, p->line[KEY_PROV_PLAYBOOK],
			 "a playbook without a user to log in to the guest as; write ssh_user = "
			 "USER");
}

void policy_check(const struct policy *p, uint64_t bad, bool host_defaults,
		  struct ini_report *report)
{
	const struct checker c = {p, bad, host_defaults, report};

	if (!p->isolation && good(&c, KEY_NET_ISOLATION)) {
		check_unisolated(&c);
	} else {
		if (p->egress == EGRESS_NONE && good(&c, KEY_NET_EGRESS))
			check_egress_none(&c);
		check_ipv6(&c);
		check_gateway_ports(&c);
	}
	check_tunnel(&c);
	check_provision(&c);
}
