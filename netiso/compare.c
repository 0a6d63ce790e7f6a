/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between a domain's plan and the kernel. */
#include "netiso/job.h"

#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/drift.h"
#include "netiso/guard.h"
#include "netiso/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Each interval's start and end, and no other start. */
bool job_attached_same(struct job *j)
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0, starts = 0;

	if (kern_set_keys(&j->nf, "inet", "attached", &keys, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		starts += !keys[i].interval_end;
	if (starts != j->plan.n_prefixes)
		return false;
	for (size_t p = 0; p < j->plan.n_prefixes; p++) {
		const struct ip_prefix *x = &j->plan.prefixes[p];
		const uint32_t start = x->addr.v4.s_addr;
		const uint32_t end = htonl(ntohl(start) + (x->len ? 1u << (32 - x->len) : 0));
		bool s = false, t = end == 0;

		for (size_t i = 0; i < n; i++) {
			if (keys[i].len != 4)
				return false;
			s = s || (!keys[i].interval_end && memcmp(keys[i].bytes, &start, 4) == 0);
			t = t || memcmp(keys[i].bytes, &end, 4) == 0;
		}
		if (!s || !t)
			return false;
	}
	return true;
}

/* Whether one interval has all of @net. Keys are in no order; intervals do not overlap. */
static bool interval_has(const struct kern_key *keys, size_t n, const struct ip_prefix *net)
{
	const uint32_t first = ntohl(net->addr.v4.s_addr);
	const uint32_t last = first + (net->len < 32 ? UINT32_MAX >> net->len : 0);
	bool inside = false;
	uint32_t nearest = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t at;

		if (keys[i].len != sizeof(at))
			return false;
		memcpy(&at, keys[i].bytes, sizeof(at));
		at = ntohl(at);
		if (at > first && at <= last)
			return false;
		/* The border before the first address; where two meet, the start counts. */
		if (at <= first && (at > nearest || (at == nearest && !inside))) {
			nearest = at;
			inside = !keys[i].interval_end;
		}
	}
	return inside;
}

static bool set_has_networks(struct job *j, const char *family, const char *set)
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0;

	if (kern_set_keys(&j->nf, family, set, &keys, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < j->facts.n_nics; i++)
		for (size_t k = 0; k < j->facts.nics[i].n_gateways; k++)
			if (j->facts.nics[i].gateways[k].net.len < 32 &&
			    !interval_has(keys, n, &j->facts.nics[i].gateways[k].net))
				return false;
	return true;
}

bool job_guests_known(struct job *j)
{
	return set_has_networks(j, "inet", "guests") && set_has_networks(j, "bridge", "networks");
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

static int compare_chains(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->plan.n_chains; i++) {
		const struct iso_chain *c = &j->plan.chains[i];
		int r = base_chain_stands(j->root, &j->nf, c->family, c->name, e);

		if (r < 0)
			return r;
		if (r == 0)
			ret = differs(diff, e,
				      "the chain %s of the table %s " LAYOUT_TABLE
				      " is gone or was changed",
				      c->name, c->family);
	}
	return ret;
}

static int compare_nics(struct job *j, struct strbuf *diff, struct err *e)
{
	char chain[ISO_CHAIN_MAX];
	struct rtnl_link link;
	int ret = 0, r;

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const char *tap = j->rec.nics[i].tap;

		if (j->rec.nics[i].gone)
			continue;
		(void)snprintf(chain, sizeof(chain), "tap_%s", tap);
		r = kern_chain_exists(&j->nf, "netdev", chain, tap);
		if (r < 0)
			return err_os(e, -r, "cannot read the chain %s", chain);
		if (r == 0)
			ret = differs(diff, e, "missing: netdev " LAYOUT_TABLE " chain %s on %s",
				      chain, tap);
		r = rtnl_link_get(&j->route, tap, &link, e);
		if (r < 0)
			return r;
		if (!link.is_port || !link.isolated)
			ret = differs(diff, e, "bridge port %s is not isolated", tap);
	}
	return ret;
}

static int compare_guards(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (nic->guarded && !nic->gone)
			r = guard_check_bridge(j->root, &j->route, nic->bridge, diff, e);
		if (r < 0)
			ret = r;
	}
	return ret;
}

int job_compare_devices(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = compare_nics(j, diff, e);
	int r = compare_guards(j, diff, e);

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
	r = compare_elements(j, diff, e);
	if (r < 0)
		ret = r;
	r = compare_chains(j, diff, e);
	if (r < 0)
		ret = r;
	r = job_compare_devices(j, diff, e);
	if (r < 0)
		ret = r;
	/* No reason to end a guest: what hooks ask for has no list of differences. */
	if (diff && !job_attached_same(j))
		ret = differs(diff, e,
			      "the host's attached prefixes changed since they were applied");
	return ret;
}
