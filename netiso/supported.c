/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this release cannot enforce is refused, with the key that asked for it. */
#include "netiso/compile.h"

#include "lib/util.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

bool iso_on_network(const struct iso_nic *nic, const struct ip_addr *ip)
{
	for (size_t i = 0; i < nic->n_gateways; i++)
		if (ip_prefix_contains(&nic->gateways[i].net, ip))
			return true;
	return false;
}

static int check_nic(const struct policy *p, const struct iso_nic *nic, struct err *e)
{
	bool has_address = !p->n_addresses;

	if (!iso_tap_name_ok(nic->tap))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "tap '%s': only letters, digits, '_', '.' and '-' are supported in "
			       "its name; write another <target dev> in the domain's XML",
			       nic->tap);
	if (!iso_tap_name_ok(nic->bridge))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "bridge '%s': only letters, digits, '_', '.' and '-' are supported "
			       "in its name",
			       nic->bridge);
	if (!nic->n_gateways)
		return err_set(
			e, EX_CORDON_POLICY, EOPNOTSUPP,
			"bridge %s has no IPv4 address of the host: a switched bridge, which "
			"this release does not isolate; use a NAT or routed libvirt network",
			nic->bridge);
	for (size_t i = 0; i < p->n_addresses; i++)
		has_address = has_address || iso_on_network(nic, &p->addresses[i].addr);
	if (!has_address)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "[network] addresses: none is on the network of tap %s; add one, or "
			       "write dhcp",
			       nic->tap);
	return 0;
}

static int check_addresses(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	char ip[PREFIX_STRLEN], where[512];

	for (size_t i = 0; i < p->n_addresses; i++) {
		const struct ip_addr *a = &p->addresses[i].addr;
		size_t fits = 0;

		for (size_t k = 0; k < f->n_nics; k++)
			fits += iso_on_network(&f->nics[k], a);
		if (fits != 1)
			return err_set(
				e, EX_CORDON_POLICY, EINVAL,
				"%s: %s is on the network of %zu NICs of this domain, not of one",
				policy_where(p, KEY_NET_ADDRESSES, where, sizeof(where)),
				ip_str(a, ip), fits);
		for (size_t k = 0; k < f->n_local; k++)
			if (ip_equal(a, &f->local[k]))
				return err_set(
					e, EX_CORDON_POLICY, EINVAL,
					"%s: %s is the host's own address",
					policy_where(p, KEY_NET_ADDRESSES, where, sizeof(where)),
					ip_str(a, ip));
	}
	return 0;
}

/* Targets that are the host belong to allow_host_port, not here. */
static int check_targets(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	char text[PREFIX_STRLEN], where[512];

	for (size_t k = 0; k < f->n_local; k++) {
		for (size_t i = 0; i < p->n_lan; i++) {
			const struct ip_prefix *x = &p->lan[i].prefix;

			if (x->len == 32 && ip_equal(&x->addr, &f->local[k]))
				return err_set(
					e, EX_CORDON_POLICY, EINVAL,
					"%s: %s is the host itself; write [network] "
					"allow_host_port = tcp/PORT",
					policy_where(p, KEY_NET_ALLOW_LAN, where, sizeof(where)),
					ip_prefix_str(x, text));
		}
		if (p->dns == DNS_REDIRECT && ip_equal(&p->dns_addr, &f->local[k]))
			return err_set(e, EX_CORDON_POLICY, EINVAL,
				       "%s: %s is the host itself; write dns = host",
				       policy_where(p, KEY_NET_DNS, where, sizeof(where)),
				       ip_str(&p->dns_addr, text));
	}
	return 0;
}

static int check_keys(const struct policy *p, struct err *e)
{
	static const struct {
		enum policy_key key;
		size_t offset;
	} rates[] = {
		{KEY_NET_RATE_OUT, offsetof(struct policy, rate_out)},
		{KEY_NET_RATE_IN, offsetof(struct policy, rate_in)},
	};
	char where[512];

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		if (*(const uint64_t *)((const char *)p + rates[i].offset))
			return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
				       "%s: this release does not limit rates; leave it empty",
				       policy_where(p, rates[i].key, where, sizeof(where)));
	if (p->n_forwards)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "%s: this release does not forward ports; leave it empty",
			       policy_where(p, KEY_NET_FORWARD_PORT, where, sizeof(where)));
	if (p->ipv6 != IPV6_NO)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "%s: this release gives no IPv6 to guests; write ipv6 = no",
			       policy_where(p, KEY_NET_IPV6, where, sizeof(where)));
	if (p->egress == EGRESS_TUNNEL)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "%s: this release has no tunnels; write egress = internet or none",
			       policy_where(p, KEY_NET_EGRESS, where, sizeof(where)));
	return 0;
}

int iso_check_supported(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	int r;

	if (f->slot < 1 || f->slot > LAYOUT_SLOT_MASK || (f->layout.mark_base & ~LAYOUT_MARK_MASK))
		return err_set(e, EX_CORDON_BUG, EINVAL, "slot %u or mark_base 0x%08x out of range",
			       f->slot, f->layout.mark_base);
	r = check_keys(p, e);
	for (size_t i = 0; r == 0 && i < f->n_nics; i++)
		r = check_nic(p, &f->nics[i], e);
	if (r == 0)
		r = check_addresses(p, f, e);
	if (r == 0)
		r = check_targets(p, f, e);
	return r;
}
