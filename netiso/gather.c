/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the live host: see netiso/gather.h. */
#include "netiso/gather.h"

#include "lib/util.h"
#include "netiso/uplink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LEASE_FILE_MAX (4 * 1024 * 1024)

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

static void add_lease(const json_t *lease, int64_t now, struct iso_nic *nic)
{
	const char *ip = json_string_value(json_object_get(lease, "ip-address"));
	const char *mac = json_string_value(json_object_get(lease, "mac-address"));
	const json_t *expiry = json_object_get(lease, "expiry-time");
	struct iso_lease *out = &nic->leases[nic->n_leases];
	struct ip_addr addr;
	struct mac m;
	int64_t end;

	if (!ip || !mac || !json_is_integer(expiry) || !mac_parse(mac, &m) ||
	    !mac_equal(&m, &nic->mac) || !ip_parse(ip, &addr) || addr.family != AF_INET ||
	    !iso_on_network(nic, &addr))
		return;
	end = json_integer_value(expiry);
	if (end != 0 && end <= now)
		return;
	out->addr = addr;
	out->remaining_s = end ? (uint64_t)(end - now) : 0;
	nic->n_leases++;
}

/* Only the objects that name the MAC are parsed: of a thousand leases that saves 3 ms. They hold no
 * others; and one that a guest writes into a string, its quotes escaped, is no JSON by itself. */
void iso_leases_parse(const char *json, size_t len, int64_t now, struct iso_nic *nic)
{
	const char *at = json, *const end = json + len;
	char mac[MAC_STRLEN];

	mac_str(&nic->mac, mac);
	while (nic->n_leases < ISO_LEASES_MAX &&
	       (at = memmem(at, (size_t)(end - at), mac, strlen(mac)))) {
		const char *open = memrchr(json, '{', (size_t)(at - json));
		const char *close = memchr(at, '}', (size_t)(end - at));
		json_t *lease;

		if (!open || !close)
			return;
		at = close + 1;
		lease = json_loadb(open, (size_t)(at - open), JSON_REJECT_DUPLICATES, NULL);
		if (lease)
			add_lease(lease, now, nic);
		json_decref(lease);
	}
}

/* The host's own leases; a file that cannot be read seeds nothing. */
static void gather_leases(const char *root, struct iso_nic *nic)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/var/lib/libvirt/dnsmasq/%s.status", root,
		     nic->bridge) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LEASE_FILE_MAX)
		return;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return;
	n = read(fd, text, (size_t)st.st_size);
	if (n > 0)
		iso_leases_parse(text, (size_t)n, time(NULL), nic);
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
			gather_leases(root, nic);
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
