/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every run on one domain begins and ends with: see netiso/job.h. */
#include "netiso/job.h"

#include "lib/record_policy.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/gather.h"
#include "netiso/kernel.h"
#include "netiso/switched.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

void job_free(struct job *j)
{
	record_free(&j->rec);
	policy_free(&j->policy);
	iso_facts_free(&j->facts);
	iso_plan_free(&j->plan);
	nl_close(&j->route);
	nl_close(&j->nf);
}

int job_open(struct job *j, struct err *e)
{
	int r = nl_open(&j->route, NETLINK_ROUTE, e);

	return r < 0 ? r : nl_open(&j->nf, NETLINK_NETFILTER, e);
}

/* A lease is no claim to an address that the policy of another domain names. */
static int drop_named_leases(struct job *j, struct err *e)
{
	struct iso_element fixed = {.family = "bridge", .set = "address_static", .key_len = 4};

	for (size_t i = 0; i < j->facts.n_nics; i++) {
		struct iso_nic *nic = &j->facts.nics[i];
		size_t kept = 0;

		for (size_t k = 0; k < nic->n_leases; k++) {
			int r;

			memcpy(fixed.key, nic->leases[k].addr.b, 4);
			r = kern_element_matches(&j->nf, &fixed);
			if (r < 0)
				return err_os(e, -r, "cannot read the set address_static");
			if (r == 0)
				nic->leases[kept++] = nic->leases[k];
		}
		nic->n_leases = kept;
	}
	return 0;
}

/* One that is not there is an error of the plan, which knows the policy's line. */
static int load_tunnel(struct job *j, struct err *e)
{
	struct err why = {0};
	int r = tunnel_load(j->root, &j->rec.uuid, &j->facts.tunnel, &why);

	return r == 0 || r == -ENOENT ? 0 : err_set(e, why.exit, why.errnum, "%s", why.msg);
}

int job_compile(struct job *j, bool leases, struct err *e)
{
	int r;

	r = record_policy_load(j->root, &j->rec, &j->policy, e);
	if (r == 0)
		r = base_params(j->root, &j->params, e);
	if (r == 0)
		r = iso_gather(j->root, &j->rec, &j->route, leases, &j->facts, e);
	if (r == 0 && j->policy.egress == EGRESS_TUNNEL)
		r = load_tunnel(j, e);
	if (r == 0 && iso_wants_ipv6(&j->policy, &j->facts.tunnel))
		r = iso_gather_ipv6(&j->route, &j->facts, e);
	if (r == 0 && leases && !j->policy.n_addresses && j->nf.sock)
		r = drop_named_leases(j, e);
	if (r < 0)
		return r;
	j->facts.layout = j->params;
	j->facts.slot = j->rec.slot;
	j->facts.uuid = j->rec.uuid;
	return iso_compile(&j->policy, &j->facts, &j->plan, e);
}

bool job_has_tap(const struct job *j)
{
	for (size_t i = 0; i < j->rec.n_nics; i++)
		if (!j->rec.nics[i].gone && if_nametoindex(j->rec.nics[i].tap) != 0)
			return true;
	return false;
}

int job_write_undo(struct job *j, const char *text, struct err *e)
{
	return record_file_write(j->root, &j->rec.uuid, UNDO_FILE, text, strlen(text), e);
}

int job_note_chains(struct job *j, struct err *e)
{
	char tap[ISO_CHAIN_MAX];
	int r = 0;

	for (size_t i = 0; i < j->facts.n_nics && r == 0; i++)
		for (size_t k = 0; k < iso_tap_n_chains(&j->facts.nics[i]) && r == 0; k++)
			r = base_chain_note(j->root, &j->nf, "netdev",
					    iso_tap_chain_n(j->facts.nics[i].tap, k, tap), e);
	for (size_t i = 0; i < j->plan.n_chains && r == 0; i++)
		if (j->chain_made[i])
			r = base_chain_note(j->root, &j->nf, j->plan.chains[i].family,
					    j->plan.chains[i].name, e);
	return r;
}
