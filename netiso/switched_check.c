/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switched bridges: what is refused there, names of chains, what a repair keeps. */
#include "netiso/switched.h"

#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TBL LAYOUT_TABLE

static const char *const prefixes[ISO_TAP_CHAINS_MAX] = {
	"tap_", "to_", "arp_", "ip_", "dhcp_", "flow_", "toarp_", "toip_", "back_"};

const char *iso_tap_chain_n(const char *tap, size_t i, char buf[static ISO_CHAIN_MAX])
{
	(void)snprintf(buf, ISO_CHAIN_MAX, "%s%s", prefixes[i], tap);
	return buf;
}

size_t iso_tap_n_chains(const struct iso_nic *nic)
{
	return nic->switched ? ISO_TAP_CHAINS_MAX : 1;
}

/* Keys that need the host's IP stack. */
static int check_keys(const struct policy *p, const struct iso_nic *nic, struct err *e)
{
	const struct {
		enum policy_key key;
		bool asked;
		const char *what;
	} keys[] = {
		{KEY_NET_EGRESS, p->egress == EGRESS_TUNNEL,
		 "cannot go through a tunnel; write egress = internet or none"},
		{KEY_TUN_CONFIG, p->tunnel_config != NULL, "has no tunnel; remove the key"},
		{KEY_NET_FORWARD_PORT, p->n_forwards > 0,
		 "has no ports to forward; name the target in allow_lan"},
		{KEY_NET_ALLOW_HOST_PORT, p->n_host_ports > 0,
		 "never reaches the host; remove the key"},
		{KEY_NET_IPV6, p->ipv6 != IPV6_NO, "has no NAT; write ipv6 = no"},
		{KEY_NET_DNS,
		 policy_dns_effective(p) != DNS_NONE && policy_dns_effective(p) != DNS_REDIRECT,
		 "cannot ask the host's DNS server; write dns = and the address of the server that "
		 "the guest is to ask, or dns = none"},
	};
	char where[512];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].asked)
			return err_set(
				e, EX_CORDON_POLICY, EOPNOTSUPP,
				"%s: bridge %s is switched (%s is a port of it), so its traffic "
				"does not pass the host: a guest there %s",
				policy_where(p, keys[i].key, where, sizeof(where)), nic->bridge,
				nic->uplinks[0], keys[i].what);
	return 0;
}

/* Whether an address is one that no guest may have, or be sent to by name. */
static int check_own(const struct policy *p, const struct iso_nic *nic, struct err *e)
{
	char ip[PREFIX_STRLEN], where[512];

	for (size_t i = 0; i < p->n_addresses; i++)
		if (nic->has_router && ip_equal(&p->addresses[i].addr, &nic->router))
			return err_set(e, EX_CORDON_POLICY, EINVAL,
				       "%s: %s is the router's address",
				       policy_where(p, KEY_NET_ADDRESSES, where, sizeof(where)),
				       ip_str(&p->addresses[i].addr, ip));
	return 0;
}

static int check_dns_host(const struct policy *p, const struct iso_facts *f,
			  const struct iso_nic *nic, struct err *e)
{
	char ip[PREFIX_STRLEN], where[512];

	for (size_t i = 0; p->dns == DNS_REDIRECT && i < f->n_local; i++)
		if (ip_equal(&p->dns_addr, &f->local[i]))
			return err_set(
				e, EX_CORDON_POLICY, EINVAL,
				"%s: %s is the host itself, which a guest on the switched bridge "
				"%s never reaches; write the address of another server",
				policy_where(p, KEY_NET_DNS, where, sizeof(where)),
				ip_str(&p->dns_addr, ip), nic->bridge);
	return 0;
}

int iso_check_switched(const struct policy *p, const struct iso_facts *f, const struct iso_nic *nic,
		       struct err *e)
{
	char ip[PREFIX_STRLEN];
	int r;

	for (size_t i = 0; i < nic->n_uplinks; i++)
		if (!iso_tap_name_ok(nic->uplinks[i]))
			return err_set(
				e, EX_CORDON_POLICY, EINVAL,
				"port '%s' of bridge %s: only letters, digits, '_', '.' and '-' "
				"are supported in its name",
				nic->uplinks[i], nic->bridge);
	r = check_keys(p, nic, e);
	if (r == 0)
		r = check_dns_host(p, f, nic, e);
	if (r == 0)
		r = check_own(p, nic, e);
	if (r < 0 || p->egress == EGRESS_NONE || (nic->has_router && nic->n_gateways))
		return r;
	if (nic->router.family && nic->n_gateways)
		return err_set(
			e, EX_CORDON_POLICY, EHOSTUNREACH,
			"bridge %s is switched, and its router %s does not answer ARP: what a "
			"guest may send to is not known",
			nic->bridge, ip_str(&nic->router, ip));
	return err_set(
		e, EX_CORDON_POLICY, EOPNOTSUPP,
		"bridge %s is switched (%s is a port of it), and the host has no IPv4 address "
		"and default route on it: the router that a guest may send to is not known; "
		"give the host both, use a NAT or routed libvirt network, or write egress = none",
		nic->bridge, nic->uplinks[0]);
}

void iso_switched_keep(struct strbuf *undo, const char *apply)
{
	static const char head[] = "delete set netdev " TBL " ";
	struct strbuf kept = {0};

	for (const char *line = sb_str(undo); *line;) {
		const size_t n = strcspn(line, "\n");
		char made[160] = "";

		if (strncmp(line, head, sizeof(head) - 1) == 0)
			(void)snprintf(made, sizeof(made), "add set netdev " TBL " %.*s {",
				       (int)(n - sizeof(head) + 1), line + sizeof(head) - 1);
		if (!made[0] || !strstr(apply, made))
			sb_add(&kept, line, n + (line[n] == '\n'));
		line += n + (line[n] == '\n');
	}
	kept.failed = kept.failed || undo->failed;
	sb_free(undo);
	*undo = kept;
}
