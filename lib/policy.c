/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy object: defaults, copy, comparison, release. See lib/policy.h. */
#include "lib/policy.h"

#include "lib/policy_internal.h"
#include "lib/util.h"

#include <string.h>

void policy_defaults(struct policy *ret)
{
	*ret = (struct policy){
		.isolation = true,
		.egress = EGRESS_INTERNET,
		.dns = DNS_AUTO,
		.ipv6 = IPV6_NO,
		.max_flows = 4096,
		.log_denied = true,
		.tunnel_backend = BACKEND_AUTO,
		.playbook_when = PLAYBOOK_ONCE,
		.seed_after = SEED_EJECT,
		.disk_reset = RESET_NEVER,
	};
}

static void share_free(struct policy_share *share)
{
	free(share->tag);
	free(share->owner);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_shares; i++)
		share_free(&p->shares[i]);
	free(p->path);
	free(p->host_ports);
	free(p->lan);
	free(p->forwards);
	free(p->addresses);
	free(p->tunnel_config);
	free(p->shares);
	free(p->user_data);
	free(p->network_config);
	free(p->playbook);
	free(p->run_as);
	free(p->ssh_user);
	*p = (struct policy){0};
}

/* A copy of @n elements, NULL for none; clears @ok without memory. */
static void *copy_array(const void *src, size_t n, size_t size, bool *ok)
{
	void *copy = n ? reallocarray(NULL, n, size) : NULL;

	if (copy)
		memcpy(copy, src, n * size);
	else if (n)
		*ok = false;
	return copy;
}

static char *copy_string(const char *src, bool *ok)
{
	char *copy = src ? strdup(src) : NULL;

	if (src && !copy)
		*ok = false;
	return copy;
}

static void copy_shares(const struct policy *p, struct policy *ret, bool *ok)
{
	ret->shares = copy_array(p->shares, p->n_shares, sizeof(*p->shares), ok);
	ret->n_shares = ret->shares ? p->n_shares : 0;
	for (size_t i = 0; i < ret->n_shares; i++) {
		ret->shares[i].tag = copy_string(p->shares[i].tag, ok);
		ret->shares[i].owner = copy_string(p->shares[i].owner, ok);
	}
}

static void forget_lines(struct policy *p)
{
	memset(p->line, 0, sizeof(p->line));
	for (size_t i = 0; i < p->n_shares; i++)
		p->shares[i].line = 0;
	for (size_t i = 0; i < p->n_host_ports; i++)
		p->host_ports[i].line = 0;
	for (size_t i = 0; i < p->n_lan; i++)
		p->lan[i].line = 0;
	for (size_t i = 0; i < p->n_forwards; i++)
		p->forwards[i].line = 0;
	for (size_t i = 0; i < p->n_addresses; i++)
		p->addresses[i].line = 0;
}

bool policy_copy(const struct policy *p, struct policy *ret)
{
	struct policy copy = *p;
	bool ok = true;

	copy.path = copy_string(p->path, &ok);
	copy.host_ports = copy_array(p->host_ports, p->n_host_ports, sizeof(*p->host_ports), &ok);
	copy.lan = copy_array(p->lan, p->n_lan, sizeof(*p->lan), &ok);
	copy.forwards = copy_array(p->forwards, p->n_forwards, sizeof(*p->forwards), &ok);
	copy.addresses = copy_array(p->addresses, p->n_addresses, sizeof(*p->addresses), &ok);
	copy.tunnel_config = copy_string(p->tunnel_config, &ok);
	copy_shares(p, &copy, &ok);
	copy.user_data = copy_string(p->user_data, &ok);
	copy.network_config = copy_string(p->network_config, &ok);
	copy.playbook = copy_string(p->playbook, &ok);
	copy.run_as = copy_string(p->run_as, &ok);
	copy.ssh_user = copy_string(p->ssh_user, &ok);
	if (ok)
		forget_lines(&copy);
	else
		policy_free(&copy);
	*ret = copy;
	return ok;
}

static bool string_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* An address of family 0 is equal to another. */
static bool lists_equal(const struct policy *a, const struct policy *b)
{
	if (a->n_host_ports != b->n_host_ports || a->n_lan != b->n_lan ||
	    a->n_forwards != b->n_forwards || a->n_addresses != b->n_addresses)
		return false;
	for (size_t i = 0; i < a->n_host_ports; i++)
		if (a->host_ports[i].proto != b->host_ports[i].proto ||
		    a->host_ports[i].port != b->host_ports[i].port)
			return false;
	for (size_t i = 0; i < a->n_lan; i++)
		if (!ip_equal(&a->lan[i].prefix.addr, &b->lan[i].prefix.addr) ||
		    a->lan[i].prefix.len != b->lan[i].prefix.len ||
		    a->lan[i].proto != b->lan[i].proto || a->lan[i].port != b->lan[i].port)
			return false;
	for (size_t i = 0; i < a->n_forwards; i++)
		if (a->forwards[i].proto != b->forwards[i].proto ||
		    a->forwards[i].port != b->forwards[i].port ||
		    !ip_equal(&a->forwards[i].to, &b->forwards[i].to) ||
		    a->forwards[i].to_port != b->forwards[i].to_port ||
		    a->forwards[i].via_tunnel != b->forwards[i].via_tunnel)
			return false;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (!ip_equal(&a->addresses[i].addr, &b->addresses[i].addr))
			return false;
	return true;
}

static bool share_equal(const struct policy_share *a, const struct policy_share *b)
{
	return strcmp(a->tag, b->tag) == 0 && a->size == b->size && a->ro == b->ro &&
	       string_equal(a->owner, b->owner) && a->adopt == b->adopt && a->reserve == b->reserve;
}

static bool shares_equal(const struct policy *a, const struct policy *b)
{
	if (a->n_shares != b->n_shares)
		return false;
	for (size_t i = 0; i < a->n_shares; i++)
		if (!share_equal(&a->shares[i], &b->shares[i]))
			return false;
	return true;
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
	return a->has_uuid == b->has_uuid && (!a->has_uuid || uuid_equal(&a->uuid, &b->uuid)) &&
	       a->isolation == b->isolation && a->egress == b->egress && a->dns == b->dns &&
	       ip_equal(&a->dns_addr, &b->dns_addr) && ip_equal(&a->dns_addr6, &b->dns_addr6) &&
	       a->ipv6 == b->ipv6 && a->rate_out == b->rate_out && a->rate_in == b->rate_in &&
	       a->max_flows == b->max_flows && a->log_denied == b->log_denied &&
	       a->allow_unguarded == b->allow_unguarded && lists_equal(a, b) &&
	       string_equal(a->tunnel_config, b->tunnel_config) &&
	       a->tunnel_backend == b->tunnel_backend && a->tunnel_shared == b->tunnel_shared &&
	       a->handshake_ms == b->handshake_ms && shares_equal(a, b) &&
	       a->dev_allow == b->dev_allow && string_equal(a->user_data, b->user_data) &&
	       string_equal(a->network_config, b->network_config) &&
	       string_equal(a->playbook, b->playbook) && string_equal(a->run_as, b->run_as) &&
	       string_equal(a->ssh_user, b->ssh_user) && a->disk_reset == b->disk_reset &&
	       a->playbook_when == b->playbook_when && a->seed_after == b->seed_after;
}

enum policy_dns policy_dns_effective(const struct policy *p)
{
	if (p->dns != DNS_AUTO)
		return p->dns;
	switch (p->egress) {
	case EGRESS_INTERNET:
		return DNS_HOST;
	case EGRESS_TUNNEL:
		return DNS_AUTO;
	case EGRESS_NONE:
		break;
	}
	return DNS_NONE;
}
