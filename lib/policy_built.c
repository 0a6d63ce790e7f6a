/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy may say and this release cannot do. See lib/policy.h. */
#include "lib/policy.h"

#include "lib/util.h"

static bool lan6(const struct policy *p)
{
	for (size_t i = 0; i < p->n_lan; i++)
		if (p->lan[i].prefix.addr.family == AF_INET6)
			return true;
	return false;
}

static bool forwards6(const struct policy *p)
{
	for (size_t i = 0; i < p->n_forwards; i++)
		if (p->forwards[i].to.family == AF_INET6)
			return true;
	return false;
}

static bool addresses6(const struct policy *p)
{
	for (size_t i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].addr.family == AF_INET6)
			return true;
	return false;
}

size_t policy_unbuilt(const struct policy *p, struct strbuf *out)
{
	const bool tunnel = p->egress == EGRESS_TUNNEL;
	const struct {
		enum policy_key key;
		bool asked;
		const char *what;
	} parts[] = {
		{KEY_NET_ALLOW_LAN, tunnel && lan6(p), "lets nothing out beside a tunnel by IPv6"},
		{KEY_NET_FORWARD_PORT, forwards6(p), "forwards to IPv4 addresses"},
		{KEY_NET_ADDRESSES, addresses6(p), "knows IPv4 addresses only"},
		{KEY_NET_DNS, tunnel && p->dns_addr6.family, "asks no address by IPv6 in a tunnel"},
	};
	char where[512];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].asked)
			sb_addf(out, "%s%s: this release %s", n++ ? "\n" : "",
				policy_where(p, parts[i].key, where, sizeof(where)), parts[i].what);
	return n;
}
