/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy may say and this release cannot do. See lib/policy.h. */
#include "lib/policy.h"

#include "lib/util.h"

size_t policy_unbuilt(const struct policy *p, struct strbuf *out)
{
	const struct {
		enum policy_key key;
		bool asked;
		const char *what;
	} parts[] = {
		{KEY_NET_IPV6, p->egress == EGRESS_TUNNEL && p->ipv6 != IPV6_NO,
		 "sends no IPv6 through a tunnel; write ipv6 = no"},
	};
	char where[512];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].asked)
			sb_addf(out, "%s%s: this release %s", n++ ? "\n" : "",
				policy_where(p, parts[i].key, where, sizeof(where)), parts[i].what);
	return n;
}
