/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this release cannot enforce is refused, with the key that asked for it. */
#include "netiso/compile.h"

#include "lib/util.h"
#include "netiso/switched.h"

#include <arpa/inet.h>
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

static int check_nic(const struct policy *p, const struct iso_facts *f, const struct iso_nic *nic,
		     struct err *e)
{
	bool has_address = !p->n_addresses;
	char where[512];

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
	if (nic->switched) {
		const int r = iso_check_switched(p, f, nic, e);

		if (r < 0)
			return r;
	} else if (!nic->n_gateways) {
		return err_set(
			e, EX_CORDON_POLICY, EOPNOTSUPP,
			"bridge %s has neither an IPv4 address of the host nor a port that "
			"leads out: no gateway for a guest; use a NAT or routed libvirt network",
			nic->bridge);
	}
	for (size_t i = 0; i < p->n_addresses; i++)
		has_address = has_address || iso_on_network(nic, &p->addresses[i].addr);
	if (!has_address)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: none is on the network of tap %s; add one, or write dhcp",
			       policy_where(p, KEY_NET_ADDRESSES, where, sizeof(where)), nic->tap);
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

/* Whether a target lies where no policy leads: on the host (1), among guests (2). */
static int bad_target(const struct ip_addr *to, const struct iso_facts *f)
{
	for (size_t k = 0; k < f->n_local; k++)
		if (ip_equal(to, &f->local[k]))
			return 1;
	for (size_t k = 0; k < f->n_local6; k++)
		if (ip_equal(to, &f->local6[k]))
			return 1;
	for (size_t k = 0; k < f->n_nics; k++)
		if (!f->nics[k].switched &&
		    (iso_on_network(&f->nics[k], to) || iso_on_network6(&f->nics[k], to)))
			return 2;
	return 0;
}

static int refuse_target(const struct policy *p, enum policy_key key, const struct ip_addr *to,
			 int why, struct err *e)
{
	char text[PREFIX_STRLEN], where[512];

	policy_where(p, key, where, sizeof(where));
	ip_str(to, text);
	if (why == 2)
		return err_set(
			e, EX_CORDON_POLICY, EINVAL,
			"%s: %s is on the guest's own network, where its neighbours are; remove it",
			where, text);
	return err_set(e, EX_CORDON_POLICY, EINVAL, "%s: %s is the host itself; %s", where, text,
		       key == KEY_NET_DNS ? "write dns = host"
					  : "write [network] allow_host_port = tcp/PORT");
}

bool iso_is_loopback(const struct ip_addr *ip)
{
	return ip->family == AF_INET && ntohl(ip->v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* Where nftables alone stood between the guests of a bridge and the host's loopback, a flush would
 * open it to all of them. */
static int check_loopback(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	char where[512];

	for (size_t i = 0; i < f->n_nics; i++)
		if (!f->nics[i].guarded)
			return err_set(
				e, EX_CORDON_POLICY, EOPNOTSUPP,
				"%s: only from a guarded network to the host's loopback, and tap "
				"%s is on none; move the NIC to the network cordon, or have the "
				"service listen on the gateway and write allow_host_port = "
				"tcp/PORT",
				policy_where(p, KEY_NET_FORWARD_PORT, where, sizeof(where)),
				f->nics[i].tap);
	return 0;
}

static int check_targets(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	int why;

	for (size_t i = 0; i < p->n_lan; i++) {
		const struct ip_prefix *to = &p->lan[i].prefix;
		const bool single = to->len == (to->addr.family == AF_INET6 ? 128 : 32);

		why = single ? bad_target(&to->addr, f) : 0;
		if (why)
			return refuse_target(p, KEY_NET_ALLOW_LAN, &to->addr, why, e);
	}
	for (size_t i = 0; i < p->n_forwards; i++) {
		const struct ip_addr *to = &p->forwards[i].to;

		if (iso_is_loopback(to)) {
			int r = check_loopback(p, f, e);

			if (r < 0)
				return r;
			continue;
		}
		why = bad_target(to, f);
		if (why)
			return refuse_target(p, KEY_NET_FORWARD_PORT, to, why, e);
	}
	if (p->dns == DNS_REDIRECT) {
		why = bad_target(&p->dns_addr, f);
		if (why)
			return refuse_target(p, KEY_NET_DNS, &p->dns_addr, why, e);
		why = bad_target(&p->dns_addr6, f);
		if (why)
			return refuse_target(p, KEY_NET_DNS, &p->dns_addr6, why, e);
	}
	return 0;
}

/* The parser lets IPv6 through where ipv6 = nat; of the lists that are built of IPv4 alone, and of
 * those that a tunnel has, some have none so far. */
static int check_family(const struct policy *p, struct err *e)
{
	char where[512];

	for (size_t i = 0; i < p->n_forwards; i++)
		if (p->forwards[i].to.family != AF_INET)
			return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
				       "%s: this release forwards to IPv4 addresses",
				       policy_where(p, KEY_NET_FORWARD_PORT, where, sizeof(where)));
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->egress == EGRESS_TUNNEL && p->lan[i].prefix.addr.family != AF_INET)
			return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
				       "%s: this release knows IPv4 addresses only beside a tunnel",
				       policy_where(p, KEY_NET_ALLOW_LAN, where, sizeof(where)));
	for (size_t i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].addr.family != AF_INET)
			return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
				       "%s: this release knows IPv4 addresses only",
				       policy_where(p, KEY_NET_ADDRESSES, where, sizeof(where)));
	if (p->egress == EGRESS_TUNNEL && p->dns_addr6.family)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "%s: this release knows IPv4 addresses only with a tunnel",
			       policy_where(p, KEY_NET_DNS, where, sizeof(where)));
	return 0;
}

/* What policy_unbuilt refuses at the start, for those who come here another way; and whether the
 * tunnel is there that the rules are to lead to. */
static int check_tunnel(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	char where[512];

	if (p->egress != EGRESS_TUNNEL)
		return 0;
	if (!f->tunnel.link[0] || f->tunnel.mark != iso_mark(&f->layout, f->slot, p))
		return err_set(e, EX_CORDON_DATA, ENOENT,
			       "%s: the domain's tunnel is not there; write: virt-cordon-wgtun "
			       "apply DOMAIN",
			       policy_where(p, KEY_NET_EGRESS, where, sizeof(where)));
	if (p->dns == DNS_AUTO && !tunnel_n_dns(&f->tunnel, AF_INET))
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: auto, but the tunnel has no resolver; write dns = host, an "
			       "address or none",
			       policy_where(p, KEY_NET_DNS, where, sizeof(where)));
	return 0;
}

int iso_check_supported(const struct policy *p, const struct iso_facts *f, struct err *e)
{
	int r;

	if (f->slot < 1 || f->slot > LAYOUT_SLOT_MASK || (f->layout.mark_base & ~LAYOUT_MARK_MASK))
		return err_set(e, EX_CORDON_BUG, EINVAL, "slot %u or mark_base 0x%08x out of range",
			       f->slot, f->layout.mark_base);
	r = check_tunnel(p, f, e);
	if (r == 0)
		r = check_family(p, e);
	for (size_t i = 0; r == 0 && i < f->n_nics; i++)
		r = check_nic(p, f, &f->nics[i], e);
	if (r == 0)
		r = iso_check_ipv6(p, f, e);
	if (r == 0)
		r = check_addresses(p, f, e);
	if (r == 0)
		r = check_targets(p, f, e);
	return r;
}
