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

/* A share may grow. What is wrong with another change of it, or NULL. */
static const char *share_stuck(const struct policy_share *then, const struct policy_share *now)
{
	struct policy_share old = *then, new = *now; /* neither is to be freed */
	const struct policy one = {.shares = &old, .n_shares = 1};
	const struct policy other = {.shares = &new, .n_shares = 1};

	new.size = old.size;
	if (!policy_equal(&one, &other))
		return "only its size can change while the domain runs; restart it";
	if (now->size < then->size)
		return "size: a share does not shrink";
	if (now->size > then->size && now->ro)
		return "size: what the guest only reads grows at the next start; restart it";
	return NULL;
}

static size_t shares_stuck(const struct policy *then, const struct policy *now, struct strbuf *out)
{
	size_t n = 0;

	if (then->n_shares != now->n_shares) {
		sb_addf(out, "%s: [share]: none comes or goes while the domain runs; restart it",
			now->path);
		return 1;
	}
	for (size_t i = 0; i < now->n_shares; i++) {
		const char *why = share_stuck(&then->shares[i], &now->shares[i]);

		if (why)
			sb_addf(out, "%s%s:%u: [share %s]: %s", n++ ? "\n" : "", now->path,
				now->shares[i].line, now->shares[i].tag, why);
	}
	return n;
}

bool live_keys_grown(const struct policy *then, const struct policy *now)
{
	bool grown = false;

	for (size_t i = 0; i < now->n_shares && i < then->n_shares; i++)
		grown = grown || now->shares[i].size > then->shares[i].size;
	return grown;
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
	p.dns_addr6 = then->dns_addr6;
	p.rate_out = then->rate_out;
	p.rate_in = then->rate_in;
	p.max_flows = then->max_flows;
	p.log_denied = then->log_denied;
	p.allow_unguarded = then->allow_unguarded;
	p.shares = then->shares;
	p.n_shares = then->n_shares;
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
	auto_sb struct strbuf shares = {0};
	char where[512];
	size_t n = 0, stuck;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!keys[i].same)
			sb_addf(out, "%s%s: cannot change while the domain runs; restart it",
				n++ ? "\n" : "",
				policy_where(now, keys[i].key, where, sizeof(where)));
	stuck = shares_stuck(then, now, &shares);
	if (stuck)
		sb_addf(out, "%s%s", n ? "\n" : "", sb_str(&shares));
	n += stuck;
	if (n == 0 && rest_differs(then, now) && ++n)
		sb_addf(out,
			"%s: only keys of [network], and the size of shares, can change while the "
			"domain runs; restart it",
			now->path);
	return n;
}
