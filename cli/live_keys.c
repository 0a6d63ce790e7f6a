/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that wait for the next start: see cli/live_keys.h. */
#include "cli/live_keys.h"

#include "lib/util.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_addresses(const struct policy *a, const struct policy *b)
{
	if (a->n_addresses != b->n_addresses)
		return false;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (!ip_equal(&a->addresses[i].addr, &b->addresses[i].addr))
			return false;
	return true;
}

static bool same_tunnel_use(const struct policy *a, const struct policy *b)
{
	return (a->egress == EGRESS_TUNNEL) == (b->egress == EGRESS_TUNNEL);
}

static bool same_shares(const struct policy *a, const struct policy *b)
{
	if (a->n_shares != b->n_shares)
		return false;
	for (size_t i = 0; i < a->n_shares; i++) {
		struct policy one = {.shares = &a->shares[i], .n_shares = 1};
		struct policy other = {.shares = &b->shares[i], .n_shares = 1};

		if (!policy_equal(&one, &other))
			return false;
	}
	return true;
}

/* Whatever no line below speaks of: @now with all that may change as it was. */
static bool rest_differs(const struct policy *then, const struct policy *now)
{
	struct policy p = *now; /* shares what it points to: not to be freed */

	p.has_uuid = then->has_uuid;
	p.uuid = then->uuid;
	p.egress = then->egress;
	p.host_ports = then->host_ports;
	p.n_host_ports = then->n_host_ports;
	p.lan = then->lan;
	p.n_lan = then->n_lan;
	p.forwards = then->forwards;
	p.n_forwards = then->n_forwards;
	p.dns = then->dns;
	p.dns_addr = then->dns_addr;
	p.rate_out = then->rate_out;
	p.rate_in = then->rate_in;
	p.max_flows = then->max_flows;
	p.log_denied = then->log_denied;
	p.allow_unguarded = then->allow_unguarded;
	return !policy_equal(&p, then);
}

size_t live_keys_stuck(const struct policy *then, const struct policy *now, struct strbuf *out)
{
	const struct {
		enum policy_key key;
		bool same;
	} keys[] = {
		{KEY_NET_ISOLATION, then->isolation == now->isolation},
		{KEY_NET_EGRESS, same_tunnel_use(then, now)},
		{KEY_NET_ADDRESSES, same_addresses(then, now)},
		{KEY_NET_IPV6, then->ipv6 == now->ipv6},
		{KEY_TUN_CONFIG, same_text(then->tunnel_config, now->tunnel_config)},
		{KEY_TUN_BACKEND, then->tunnel_backend == now->tunnel_backend},
		{KEY_TUN_SHARED, then->tunnel_shared == now->tunnel_shared},
		{KEY_TUN_REQUIRE_HANDSHAKE, then->handshake_ms == now->handshake_ms},
		{KEY_DEV_ALLOW, then->dev_allow == now->dev_allow},
		{KEY_PROV_USER_DATA, same_text(then->user_data, now->user_data)},
		{KEY_PROV_NETWORK_CONFIG, same_text(then->network_config, now->network_config)},
		{KEY_PROV_PLAYBOOK, same_text(then->playbook, now->playbook)},
		{KEY_PROV_RUN_AS, same_text(then->run_as, now->run_as)},
		{KEY_PROV_SSH_USER, same_text(then->ssh_user, now->ssh_user)},
		{KEY_PROV_DISK_RESET, then->disk_reset == now->disk_reset},
	};
	char where[512];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!keys[i].same)
			sb_addf(out, "%s%s: cannot change while the domain runs; restart it",
				n++ ? "\n" : "",
				policy_where(now, keys[i].key, where, sizeof(where)));
	if (!same_shares(then, now))
		sb_addf(out, "%s%s: [share]: cannot change while the domain runs; restart it",
			n++ ? "\n" : "", now->path);
	if (n == 0 && rest_differs(then, now) && ++n)
		sb_addf(out,
			"%s: only keys of [network] can change while the domain runs; restart it",
			now->path);
	return n;
}
