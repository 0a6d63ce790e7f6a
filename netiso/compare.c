/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between a domain's plan and the kernel. */
#include "netiso/job.h"

#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/drift.h"
#include "netiso/kernel.h"
#include "netiso/localnet.h"
#include "netiso/switched.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By address; where one interval ends and the next begins, the end first. */
static int border_compare(const void *va, const void *vb)
{
	const struct kern_key *a = va, *b = vb;
	const int d = memcmp(a->bytes, b->bytes, a->len);

	return d ? d : (int)b->interval_end - (int)a->interval_end;
}

static bool is_border(const struct kern_key *k, const struct ip_addr *addr, bool end)
{
	const size_t len = addr->family == AF_INET6 ? 16 : 4;

	return k->len == len && memcmp(k->bytes, addr->b, len) == 0 && k->interval_end == end;
}

/* The kernel has the first address of each range, and as an end the one behind its last. */
static bool set_same(struct job *j, int family, const char *set, const struct ip_range *ranges,
		     size_t n_ranges)
{
	const struct ip_addr zero = {.family = family};
	auto_free struct kern_key *keys = NULL;
	size_t n = 0, at = 0;

	if (kern_set_keys(&j->nf, "inet", set, &keys, &n, NULL) < 0)
		return false;
	if (n)
		qsort(keys, n, sizeof(*keys), border_compare);
	/* nft closes what lies before the first range. */
	if (n && is_border(&keys[0], &zero, true))
		at++;
	if (n - at != 2 * n_ranges)
		return false;
	for (size_t i = 0; i < n_ranges; i++, at += 2) {
		struct ip_addr behind = ranges[i].last;

		(void)ip_next(&behind);
		if (!is_border(&keys[at], &ranges[i].first, false) ||
		    !is_border(&keys[at + 1], &behind, true))
			return false;
	}
	return true;
}

bool job_public_same(struct job *j)
{
	return set_same(j, AF_INET, "public", j->plan.ranges, j->plan.n_ranges) &&
	       (!iso_wants_ipv6(&j->policy, &j->facts.tunnel) ||
		set_same(j, AF_INET6, "public6", j->plan.ranges6, j->plan.n_ranges6));
}

/* Whether one interval has all of @net. Keys are in no order; intervals do not overlap. */
static bool interval_has(const struct kern_key *keys, size_t n, const struct ip_prefix *net)
{
	const struct ip_range r = ip_range_of(&net->addr, net->len);
	const size_t len = net->addr.family == AF_INET6 ? 16 : 4;
	const struct kern_key *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		struct ip_addr at = {.family = net->addr.family};
		int order;

		if (keys[i].len != len)
			return false;
		memcpy(at.b, keys[i].bytes, len);
		if (ip_compare(&at, &r.first) > 0) {
			if (ip_compare(&at, &r.last) <= 0)
				return false;
			continue;
		}
		/* The border before the first address; where two meet, the start counts. */
		order = nearest ? memcmp(keys[i].bytes, nearest->bytes, len) : 1;
		if (order > 0 || (order == 0 && nearest->interval_end))
			nearest = &keys[i];
	}
	return nearest && !nearest->interval_end;
}

static bool set_has(struct job *j, const char *family, const char *set,
		    bool (*all_in)(const struct iso_nic *nic, const struct kern_key *keys,
				   size_t n))
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0;

	if (kern_set_keys(&j->nf, family, set, &keys, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < j->facts.n_nics; i++)
		if (!all_in(&j->facts.nics[i], keys, n))
			return false;
	return true;
}

static bool nic_in(const struct iso_nic *nic, const struct kern_key *keys, size_t n)
{
	for (size_t k = 0; !nic->switched && k < nic->n_gateways; k++)
		if (nic->gateways[k].net.len < 32 && !interval_has(keys, n, &nic->gateways[k].net))
			return false;
	return true;
}

static bool nic_in6(const struct iso_nic *nic, const struct kern_key *keys, size_t n)
{
	for (size_t k = 0; k < nic->n_gateways6; k++)
		if (!iso_is_link_local(&nic->gateways6[k].addr) &&
		    !interval_has(keys, n, &nic->gateways6[k].net))
			return false;
	return true;
}

/* The set has raw payload: the half of a /64 that says which it is. */
#define NET6_LEN 8

static bool nic_quoted6(const struct iso_nic *nic, const struct kern_key *keys, size_t n)
{
	for (size_t k = 0; k < nic->n_gateways6; k++) {
		const struct ip_addr *net = &nic->gateways6[k].net.addr;
		bool known = iso_is_link_local(net);

		for (size_t m = 0; m < n && !known; m++)
			known = keys[m].len == NET6_LEN &&
				memcmp(keys[m].bytes, net->b, NET6_LEN) == 0;
		if (!known)
			return false;
	}
	return true;
}

bool job_guests_known(struct job *j)
{
	const bool tunnel = j->policy.egress == EGRESS_TUNNEL;

	if (iso_wants_ipv6(&j->policy, &j->facts.tunnel) &&
	    (!set_has(j, "inet", "guests6", nic_in6) ||
	     (tunnel && (!set_has(j, "inet", "tunnel_guests6", nic_in6) ||
			 !set_has(j, "inet", "tunnel_quoted6", nic_quoted6)))))
		return false;
	return set_has(j, "inet", "guests", nic_in) && set_has(j, "bridge", "networks", nic_in) &&
	       (!tunnel || (set_has(j, "inet", "tunnel_guests", nic_in) &&
			    set_has(j, "inet", "tunnel_quoted", nic_in)));
}

static int differs(struct strbuf *diff, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes a difference; the first one is the error. */
static int differs(struct strbuf *diff, struct err *e, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (diff)
		sb_addf(diff, "%s\n", line);
	return err_set(e, EX_CORDON_DIFFERS, ESTALE, "%s", line);
}

static int compare_elements(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->plan.n_elements; i++) {
		const struct iso_element *el = &j->plan.elements[i];
		int r = kern_element_matches(&j->nf, el);

		if (r < 0)
			return err_os(e, -r, "cannot read the set %s", el->set);
		if (r == 0)
			ret = differs(diff, e, "missing: %s " LAYOUT_TABLE " %s { %s }", el->family,
				      el->set, el->text);
	}
	return ret;
}

static int compare_chain(struct job *j, const char *family, const char *name, struct strbuf *diff,
			 struct err *e)
{
	int r = base_chain_stands(j->root, &j->nf, family, name, e);

	if (r == 0)
		return differs(diff, e,
			       "the chain %s of the table %s " LAYOUT_TABLE
			       " is gone or was changed",
			       name, family);
	return r < 0 ? r : 0;
}

static int compare_chains(struct job *j, struct strbuf *diff, struct err *e)
{
	char tap[ISO_CHAIN_MAX];
	int ret = 0, r;

	for (size_t i = 0; i < j->plan.n_chains; i++) {
		r = compare_chain(j, j->plan.chains[i].family, j->plan.chains[i].name, diff, e);
		ret = r < 0 ? r : ret;
	}
	for (size_t i = 0; i < j->facts.n_nics; i++) {
		for (size_t k = 0; k < iso_tap_n_chains(&j->facts.nics[i]); k++) {
			r = compare_chain(j, "netdev",
					  iso_tap_chain_n(j->facts.nics[i].tap, k, tap), diff, e);
			ret = r < 0 ? r : ret;
		}
	}
	return ret;
}

/* On a switched bridge a second chain hangs on the tap, and was noted. */
static bool has_second_chain(const struct job *j, const char *tap)
{
	char chain[ISO_CHAIN_MAX];

	return base_chain_noted(j->root, iso_tap_chain_n(tap, ISO_TAP_TO, chain));
}

static int compare_bound(struct job *j, const char *tap, size_t which, struct strbuf *diff,
			 struct err *e)
{
	char chain[ISO_CHAIN_MAX];
	int r = kern_chain_exists(&j->nf, "netdev", iso_tap_chain_n(tap, which, chain), tap);

	if (r < 0)
		return err_os(e, -r, "cannot read the chain %s", chain);
	return r == 1 ? 0
		      : differs(diff, e, "missing: netdev " LAYOUT_TABLE " chain %s on %s", chain,
				tap);
}

static int compare_nics(struct job *j, struct strbuf *diff, struct err *e)
{
	struct rtnl_link link;
	int ret = 0, r;

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const char *tap = j->rec.nics[i].tap;

		if (j->rec.nics[i].gone)
			continue;
		r = compare_bound(j, tap, 0, diff, e);
		ret = r < 0 ? r : ret;
		r = has_second_chain(j, tap) ? compare_bound(j, tap, ISO_TAP_TO, diff, e) : 0;
		ret = r < 0 ? r : ret;
		r = rtnl_link_get(&j->route, tap, &link, e);
		if (r < 0)
			return r;
		if (!link.is_port || !link.isolated)
			ret = differs(diff, e, "bridge port %s is not isolated", tap);
	}
	return ret;
}

int job_compare_devices(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = compare_nics(j, diff, e);
	int r = job_guards_compare(j, diff, e);

	return r < 0 ? r : ret;
}

static int compare_localnet(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->rec.n_nics && j->plan.localnet; i++) {
		const char *bridge = j->rec.nics[i].bridge;
		int r = j->rec.nics[i].gone ? 1 : localnet_stands(bridge, e);

		if (r < 0)
			return r;
		if (r == 0)
			ret = differs(diff, e,
				      "net.ipv4.conf.%s.route_localnet is 0: what is forwarded to "
				      "the host's loopback does not arrive",
				      bridge);
	}
	return ret;
}

int job_compare_own(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret, r;

	ret = compare_elements(j, diff, e);
	r = compare_chains(j, diff, e);
	if (r < 0)
		ret = r;
	r = job_compare_devices(j, diff, e);
	if (r < 0)
		ret = r;
	r = compare_localnet(j, diff, e);
	return r < 0 ? r : ret;
}

int job_compare(struct job *j, struct strbuf *diff, struct err *e)
{
	struct err why = {0};
	int shared, ret = 0, r;

	shared = base_stands(j->root, &j->params, &j->nf, &why, e);
	if (shared < 0)
		return shared;
	if (shared == 0)
		ret = differs(diff, e, "%s", why.msg);
	/* Which rules, is for people: it costs a namespace. */
	if (diff) {
		r = drift_compare(j, diff, e);
		if (r < 0)
			return r;
		if (r > 0)
			ret = err_set(e, EX_CORDON_DIFFERS, ESTALE, "%d rules differ", r);
	}
	r = diff ? job_added(j, diff, NULL, e) : 0;
	if (r < 0)
		return r;
	if (r > 0)
		ret = err_set(e, EX_CORDON_DIFFERS, ESTALE, "%d elements were added", r);
	r = job_compare_own(j, diff, e);
	if (r < 0)
		ret = r;
	/* No reason to end a guest: what hooks ask for has no list of differences. */
	if (diff && !job_public_same(j))
		ret = differs(diff, e,
			      "the host's attached prefixes changed since they were applied");
	return ret;
}
