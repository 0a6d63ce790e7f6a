/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a domain may start: its policy, its devices, its NICs. */
#include "hooks/hook.h"

#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void admission_free(struct admission *a)
{
	if (!a)
		return;
	policy_free(&a->policy);
	host_config_free(&a->host);
}

bool is_guarded_network(const struct host_config *host, const char *network)
{
	for (size_t i = 0; network && i < host->n_guarded_networks; i++)
		if (strcmp(host->guarded_networks[i], network) == 0)
			return true;
	return false;
}

int nic_is_guarded(const struct host_config *host, const struct nic *nic, struct err *e)
{
	if (is_guarded_network(host, nic->network))
		return 1;
	return nic->bridge[0] ? record_network_of_bridge(HOOK_ROOT, nic->bridge, e) : 0;
}

/* A domain without a policy of its name. */
static int admit_unlisted(const struct facts *f, struct admission *a, struct err *e)
{
	auto_free char *old = NULL;
	char uuid[UUID_STRLEN];
	int r;

	r = record_history_has(HOOK_ROOT, &f->uuid, &old, e);
	if (r < 0)
		return r;
	if (r == 1 && !(a->host.unlisted == UNLISTED_ISOLATE &&
			record_history_is_unlisted(HOOK_ROOT, &f->uuid)))
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "has no policy, but has had one as '%s'; rename "
			       "/etc/virt-cordon/domains/%s.ini, or, to let it run without, "
			       "run: virt-cordon forget %s",
			       old, old, uuid_str(&f->uuid, uuid));
	for (size_t i = 0; i < f->n_nics; i++) {
		r = nic_is_guarded(&a->host, &f->nics[i], e);
		if (r < 0)
			return r;
		if (r == 1)
			return err_set(
				e, EX_CORDON_POLICY, EPERM,
				"has no policy, but a NIC on the guarded network %s; write "
				"/etc/virt-cordon/domains/%s.ini (an empty file isolates it)",
				f->nics[i].network ? f->nics[i].network : f->nics[i].bridge,
				f->name);
	}
	switch (a->host.unlisted) {
	case UNLISTED_IGNORE:
		return 0;
	case UNLISTED_ISOLATE:
		a->managed = a->unlisted = true;
		policy_free(&a->policy);
		return policy_parse("(defaults)", "", 0, &a->host, &a->policy, e);
	default:
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "has no policy, and [host] unlisted = refuse; write "
			       "/etc/virt-cordon/domains/%s.ini",
			       f->name);
	}
}

/* Parts of a policy whose program this release does not have are refused, never ignored. */
static int check_built(const struct policy *p, struct err *e)
{
	auto_sb struct strbuf missing = {0};

	if (policy_unbuilt(p, &missing) == 0)
		return 0;
	return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "%s", sb_str(&missing));
}

static int refuse_nic(const struct nic *nic, size_t i, const char *why, struct err *e)
{
	char mac[MAC_STRLEN] = "no MAC";

	if (nic->has_mac)
		mac_str(&nic->mac, mac);
	return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "NIC %zu (%s, <interface type='%s'>) %s",
		       i + 1, mac, nic->type_name, why);
}

static int check_nic(const struct admission *a, const struct nic *nic, size_t i, struct err *e)
{
	char where[512], why[640];
	int guarded;

	guarded = nic_is_guarded(&a->host, nic, e);
	if (guarded < 0)
		return guarded;
	if (!a->policy.isolation)
		return !guarded
			       ? 0
			       : refuse_nic(
					 nic, i,
					 "is on a guarded network, where nothing passes without "
					 "isolation; write isolation = yes, or use another network",
					 e);
	if (nic->type != NIC_NETWORK && nic->type != NIC_BRIDGE)
		return refuse_nic(
			nic, i,
			"cannot be isolated: its packets do not pass a bridge of the host; "
			"use <interface type='network'>",
			e);
	if (nic->virtualport)
		return refuse_nic(nic, i,
				  "has a <virtualport>, whose switch is not the host's bridge; "
				  "remove it, or use another network",
				  e);
	if (nic->vlan)
		return refuse_nic(nic, i, "has a <vlan>, which a guest in the cordon cannot use",
				  e);
	if (!nic->has_mac)
		return refuse_nic(nic, i, "has no <mac>", e);
	if (a->policy.egress != EGRESS_INTERNET && !guarded && !a->policy.allow_unguarded) {
		(void)snprintf(
			why, sizeof(why),
			"is on a network that is not guarded: %s holds there only as long as "
			"no one flushes nftables; use the network cordon, or write "
			"allow_unguarded = yes",
			policy_where(&a->policy, KEY_NET_EGRESS, where, sizeof(where)));
		return refuse_nic(nic, i, why, e);
	}
	return 0;
}

int admit_hardware(const struct facts *f, const struct admission *a, struct err *e)
{
	int r = facts_audit_devices(f, &a->policy, e);

	if (r == 0)
		r = admit_shares(f, &a->policy, e);

	for (size_t i = 0; i < f->n_nics && r == 0; i++)
		r = check_nic(a, &f->nics[i], i, e);
	return r;
}

static int check_domain(const struct facts *f, const struct admission *a, struct err *e)
{
	char want[UUID_STRLEN], have[UUID_STRLEN], where[512];
	int r;

	if (a->policy.has_uuid && !uuid_equal(&a->policy.uuid, &f->uuid))
		return err_set(e, EX_CORDON_POLICY, EPERM,
			       "%s: is %s, but this domain's UUID is %s",
			       policy_where(&a->policy, KEY_DOMAIN_UUID, where, sizeof(where)),
			       uuid_str(&a->policy.uuid, want), uuid_str(&f->uuid, have));
	r = check_built(&a->policy, e);
	return r < 0 ? r : admit_hardware(f, a, e);
}

int admit(const struct facts *f, struct admission *ret, struct err *e)
{
	struct err local = {0};
	int r;

	r = host_config_load(HOOK_ROOT, &ret->host, e);
	if (r < 0)
		return r;
	r = policy_load_domain(HOOK_ROOT, f->name, &ret->host, &ret->policy, &local);
	if (r == -ENOENT && local.exit == EX_CORDON_NOINPUT) {
		r = admit_unlisted(f, ret, e);
		if (r < 0 || !ret->managed)
			return r;
	} else if (r < 0) {
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	}
	ret->managed = true;
	return check_domain(f, ret, e);
}
