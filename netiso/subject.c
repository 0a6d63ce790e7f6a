/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy, facts and other guests, looked up for explain and flows: see netiso/subject.h. */
#include "netiso/subject.h"

#include "lib/record_policy.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/factsfile.h"
#include "netiso/gather.h"
#include "netiso/kernel.h"
#include "netiso/uplink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

/* --- a domain that runs ----------------------------------------------------------------------- */

/* The policy it was started with; when that is what its file says now, with the file's lines. */
static int running_policy(struct subject *s, const struct record *rec, struct err *e)
{
	struct host_config host = {0};
	struct policy now = {0};
	int r;

	r = record_policy_load(s->cli->root, rec, &s->policy, e);
	if (r < 0)
		return r;
	if (host_config_load(s->cli->root, &host, NULL) == 0 &&
	    policy_load_domain(s->cli->root, rec->name, &host, &now, NULL) == 0) {
		if (policy_equal(&now, &s->policy)) {
			const struct policy then = s->policy;

			s->policy = now;
			now = then;
		} else {
			fprintf(stderr, "note: the policy was changed since; this is the one in "
					"force\n");
		}
	}
	policy_free(&now);
	host_config_free(&host);
	return 0;
}

static void add_guests(struct subject *s, const struct record *rec, const struct rtnl_addr *addrs,
		       size_t n)
{
	for (size_t i = 0; i < rec->n_nics; i++) {
		struct rtnl_link bridge;

		if (rec->nics[i].gone || uplink_on(s->cli->root, rec->nics[i].bridge) ||
		    rtnl_link_get(&s->route, rec->nics[i].bridge, &bridge, NULL))
			continue;
		for (size_t k = 0; k < n && s->n_guests < SUBJECT_GUESTS_MAX; k++) {
			const struct ip_prefix *net = &addrs[k].net;

			if (addrs[k].link == bridge.index && net->len > 0 && net->len < 32)
				s->guests[s->n_guests++] = ip_range_of(&net->addr, net->len);
		}
	}
}

/* Where the domains of all records are that have rules. */
static int recorded_guests(struct subject *s, struct err *e)
{
	auto_free struct rtnl_addr *addrs = NULL;
	auto_free struct uuid *list = NULL;
	size_t n_addrs, n = 0;
	int r;

	r = rtnl_addr_list(&s->route, AF_INET, &addrs, &n_addrs, e);
	if (r == 0)
		r = record_list(s->cli->root, &list, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct record rec = {0};

		if (record_file_gone(s->cli->root, &list[i], RECORD_NETISO_UNDO) ||
		    record_load(s->cli->root, &list[i], &rec, NULL) < 0)
			continue;
		add_guests(s, &rec, addrs, n_addrs);
		record_free(&rec);
	}
	return r;
}

/* Both ends of each interval are keys; where one ends and the next begins, the end first. */
static int compare_keys(const void *va, const void *vb)
{
	const struct kern_key *a = va, *b = vb;
	const int order = memcmp(a->bytes, b->bytes, a->len);

	return order ? order : b->interval_end - a->interval_end;
}

static struct ip_addr key_address(int family, const struct kern_key *k)
{
	struct ip_addr ip = {.family = family};

	memcpy(ip.b, k->bytes, family == AF_INET6 ? 16 : 4);
	return ip;
}

/* Networks of domains that have ended stay in the kernel's set while others run. */
static int kernel_guests(struct subject *s, int family, const char *set)
{
	auto_free struct kern_key *keys = NULL;
	auto_nl struct nl nf = {0};
	size_t n = 0;
	int r = nl_open(&nf, NETLINK_NETFILTER, NULL);

	if (r == 0)
		r = kern_set_keys(&nf, "inet", set, &keys, &n, NULL);
	if (r < 0)
		return r;
	if (n)
		qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n && s->n_guests < SUBJECT_GUESTS_MAX; i++) {
		const struct ip_addr first = key_address(family, &keys[i]);
		struct ip_range *range = &s->guests[s->n_guests];

		if (keys[i].interval_end)
			continue;
		*range = (struct ip_range){first, ip_range_of(&first, 0).last};
		if (i + 1 < n && keys[i + 1].interval_end) {
			range->last = key_address(family, &keys[i + 1]);
			ip_previous(&range->last);
		}
		s->n_guests++;
	}
	return 0;
}

static int load_running(struct subject *s, const struct record *rec, struct err *e)
{
	int r = running_policy(s, rec, e);

	if (r == 0)
		r = nl_open(&s->route, NETLINK_ROUTE, e);
	if (r == 0)
		r = iso_gather(s->cli->root, rec, &s->route, false, &s->facts, e);
	if (r == 0)
		r = base_params(s->cli->root, &s->facts.layout, e);
	if (r == 0 && kernel_guests(s, AF_INET, "guests") < 0)
		r = recorded_guests(s, e);
	if (r == 0 && s->policy.egress == EGRESS_TUNNEL)
		(void)tunnel_load(s->cli->root, &rec->uuid, &s->facts.tunnel, NULL);
	if (r == 0 && iso_wants_ipv6(&s->policy, &s->facts.tunnel)) {
		(void)kernel_guests(s, AF_INET6, "guests6");
		r = iso_gather_ipv6(&s->route, &s->facts, e);
	}
	s->facts.slot = rec->slot;
	s->facts.uuid = rec->uuid;
	s->running = true;
	return r;
}

/* --- a policy that nothing runs under --------------------------------------------------------- */

static int add_host(struct subject *s, int family, struct err *e)
{
	auto_free struct rtnl_addr *addrs = NULL;
	size_t n = 0;
	int r;

	r = rtnl_addr_list(&s->route, family, &addrs, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!factsfile_add_host(&s->facts, &addrs[i].addr, &addrs[i].net))
			r = err_os(e, ENOMEM, "addresses of the host");
	return r;
}

/* The made-up NIC, on the host as it is: its own addresses stand for those of the example, but for
 * the gateways. */
static int live_host(struct subject *s, struct err *e)
{
	struct iso_facts *f = &s->facts;
	const struct iso_gateway *gw = &f->nics[0].gateways[0];
	int r;

	r = nl_open(&s->route, NETLINK_ROUTE, e);
	if (r < 0)
		return r;
	f->n_attached = f->n_local = 0;
	if (!factsfile_add_host(f, &gw->addr, &gw->net))
		return err_os(e, ENOMEM, "addresses of the host");
	r = add_host(s, AF_INET, e);
	return r == 0 && iso_wants_ipv6(&s->policy, &f->tunnel) ? add_host(s, AF_INET6, e) : r;
}

/* @name: a domain's, or NULL for the file @path */
static int load_file(struct subject *s, const char *name, const char *path, struct err *e)
{
	auto_sb struct strbuf unbuilt = {0};
	struct host_config host = {0};
	int r;

	r = host_config_load(s->cli->root, &host, e);
	if (r == 0)
		r = name ? policy_load_domain(s->cli->root, name, &host, &s->policy, e)
			 : policy_load_file(path, false, &host, &s->policy, e);
	host_config_free(&host);
	if (r == 0 && policy_unbuilt(&s->policy, &unbuilt) > 0)
		r = err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "%s", sb_str(&unbuilt));
	if (r < 0)
		return r;
	if (s->cli->facts)
		return factsfile_load(s->cli->facts, &s->facts, e);
	r = factsfile_example(s->policy.ipv6 == IPV6_NAT, &s->facts, e);
	if (r == 0)
		r = live_host(s, e);
	if (r == 0)
		fprintf(stderr, "note: as on %s%s\n",
			s->policy.ipv6 == IPV6_NAT
				? "the network cordon with IPv6, fdfa:40b3:13fd::/64"
				: "libvirt's default network, 192.168.122.0/24",
			name ? ": the domain does not run" : "");
	return r;
}

static int load_name(struct subject *s, const char *name, struct err *e)
{
	struct record rec = {0};
	struct err why = {0};
	int r = record_load_by_name(s->cli->root, name, &rec, &why);

	if (r == 0 && rec.phase != PHASE_PREPARED)
		r = load_running(s, &rec, e);
	else if (r == 0 || r == -ENOENT || why.exit == EX_CORDON_NOPERM)
		r = load_file(s, name, NULL, e);
	else
		r = err_set(e, why.exit, why.errnum, "%s", why.msg);
	record_free(&rec);
	return r;
}

void subject_free(struct subject *s)
{
	policy_free(&s->policy);
	iso_facts_free(&s->facts);
	iso_plan_free(&s->plan);
	nl_close(&s->route);
}

int subject_load(struct subject *s, const char *arg, struct err *e)
{
	struct record rec = {0};
	struct uuid uuid;
	int r;

	switch (cli_target(arg, &uuid)) {
	case CLI_FILE:
		r = load_file(s, NULL, arg, e);
		break;
	case CLI_UUID:
		r = record_load(s->cli->root, &uuid, &rec, e);
		if (r == 0)
			r = load_running(s, &rec, e);
		record_free(&rec);
		break;
	default:
		r = load_name(s, arg, e);
		break;
	}
	/* What a start would refuse is not explained. */
	if (r == 0 && s->policy.isolation)
		r = iso_compile(&s->policy, &s->facts, &s->plan, e);
	return r;
}
