/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the live host: see netiso/gather.h. */
#include "netiso/gather.h"

#include "lib/util.h"
#include "netiso/uplink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int gather_links(const struct record_nic *from, struct nl *route, struct iso_nic *nic,
			int *bridge_index, struct err *e)
{
	struct rtnl_link tap, bridge;
	int r;

	if (!from->tap[0] || !from->bridge[0])
		return err_set(
			e, EX_CORDON_DATA, ENODEV,
			"the record names no tap or bridge for a NIC; is the domain running?");
	r = rtnl_link_get(route, from->tap, &tap, e);
	if (r == 0)
		r = rtnl_link_get(route, from->bridge, &bridge, e);
	if (r)
		return r;
	if (tap.master != bridge.index || strcmp(bridge.kind, "bridge") != 0)
		return err_set(e, EX_CORDON_DIFFERS, ENODEV,
			       "tap %s is not a port of the bridge %s", from->tap, from->bridge);

	memcpy(nic->tap, from->tap, sizeof(nic->tap));
	memcpy(nic->bridge, from->bridge, sizeof(nic->bridge));
	nic->mac = from->mac;
	nic->lease_s = from->lease_s;
	nic->guarded = from->guarded;
	nic->link = (uint32_t)bridge.index;
	*bridge_index = bridge.index;
	return 0;
}

static int gather_gateways(const struct rtnl_addr *addrs, size_t n, int bridge_index,
			   struct iso_nic *nic, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (addrs[i].link != bridge_index || addrs[i].addr.family != AF_INET)
			continue;
		if (nic->n_gateways == ISO_GATEWAYS_MAX)
			return err_set(e, EX_CORDON_POLICY, E2BIG,
				       "bridge %s has more than %d IPv4 addresses", nic->bridge,
				       ISO_GATEWAYS_MAX);
		nic->gateways[nic->n_gateways].addr = addrs[i].addr;
		nic->gateways[nic->n_gateways++].net = addrs[i].net;
	}
	return 0;
}

static int gather_host(const struct rtnl_addr *addrs, size_t n, struct iso_facts *f, struct err *e)
{
	if (n > ISO_ATTACHED_MAX)
		return err_set(e, EX_CORDON_OS, E2BIG, "the host has more than %d addresses",
			       ISO_ATTACHED_MAX);
	f->attached = calloc(n + 1, sizeof(*f->attached));
	f->local = calloc(n + 1, sizeof(*f->local));
	if (!f->attached || !f->local)
		return err_os(e, ENOMEM, "the host's addresses");
	for (size_t i = 0; i < n; i++) {
		if (addrs[i].addr.family != AF_INET)
			continue;
		f->local[f->n_local++] = addrs[i].addr;
		f->attached[f->n_attached++] = addrs[i].net;
	}
	return 0;
}

int iso_gather(const char *root, const struct record *rec, struct nl *route, bool leases,
	       struct iso_facts *ret, struct err *e)
{
	auto_free struct rtnl_addr *addrs = NULL;
	size_t n;
	int r;

	r = rtnl_addr_list(route, AF_INET, &addrs, &n, e);
	if (r == 0)
		r = gather_host(addrs, n, ret, e);
	if (r < 0)
		return r;
	ret->nics = calloc(rec->n_nics + 1, sizeof(*ret->nics));
	if (!ret->nics)
		return err_os(e, ENOMEM, "NICs");
	for (size_t i = 0; i < rec->n_nics; i++) {
		struct iso_nic *nic = &ret->nics[ret->n_nics];
		int bridge_index = 0;

		if (rec->nics[i].gone)
			continue;
		ret->n_nics++;
		nic->index = (unsigned)i;
		r = gather_links(&rec->nics[i], route, nic, &bridge_index, e);
		if (r == 0)
			r = gather_gateways(addrs, n, bridge_index, nic, e);
		if (r == 0)
			r = uplink_gather(root, &rec->uuid, route, bridge_index, leases, nic, e);
		if (r < 0)
			return r;
		if (leases && !nic->switched)
			iso_leases_gather(root, rec->nics[i].network, nic);
	}
	return 0;
}

/* What the kernel asks before it forwards: one setting for all links. */
static bool forwards6(void)
{
	auto_close int fd = open("/proc/sys/net/ipv6/conf/all/forwarding", O_RDONLY | O_CLOEXEC);
	char value = '0';

	return fd >= 0 && read(fd, &value, 1) == 1 && value != '0';
}

static int gather_gateways6(const struct rtnl_addr *addrs, size_t n, struct iso_nic *nic,
			    struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct iso_gateway *gw = &nic->gateways6[nic->n_gateways6];

		if (addrs[i].link != (int)nic->link || addrs[i].addr.family != AF_INET6)
			continue;
		if (nic->n_gateways6 == ISO_GATEWAYS_MAX)
			return err_set(e, EX_CORDON_POLICY, E2BIG,
				       "bridge %s has more than %d IPv6 addresses", nic->bridge,
				       ISO_GATEWAYS_MAX);
		*gw = (struct iso_gateway){addrs[i].addr, addrs[i].net};
		nic->n_gateways6++;
	}
	return 0;
}

int iso_gather_ipv6(struct nl *route, struct iso_facts *f, struct err *e)
{
	auto_free struct rtnl_addr *addrs = NULL;
	size_t n = 0;
	int r;

	r = rtnl_addr_list(route, AF_INET6, &addrs, &n, e);
	if (r == 0 && n > ISO_ATTACHED_MAX)
		r = err_set(e, EX_CORDON_OS, E2BIG, "the host has more than %d addresses",
			    ISO_ATTACHED_MAX);
	if (r < 0)
		return r;
	f->attached6 = calloc(n + 1, sizeof(*f->attached6));
	f->local6 = calloc(n + 1, sizeof(*f->local6));
	if (!f->attached6 || !f->local6)
		return err_os(e, ENOMEM, "the host's addresses");
	for (size_t i = 0; i < n; i++) {
		f->local6[f->n_local6++] = addrs[i].addr;
		f->attached6[f->n_attached6++] = addrs[i].net;
	}
	f->no_forwarding6 = !forwards6();
	for (size_t i = 0; i < f->n_nics && r == 0; i++)
		r = gather_gateways6(addrs, n, &f->nics[i], e);
	return r;
}

void iso_facts_free(struct iso_facts *f)
{
	if (!f)
		return;
	free(f->nics);
	free(f->attached);
	free(f->local);
	free(f->attached6);
	free(f->local6);
	tunnel_free(&f->tunnel);
	*f = (struct iso_facts){0};
}
