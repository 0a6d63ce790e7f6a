/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that wait for the next start: see cli/live_keys.h. */
#include "cli/live_keys.h"

#include "lib/util.h"

#include <string.h>

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

/* Those that may change; all others wait for a start, and so does one that is new in the schema. */
static bool is_live(enum policy_key key, const struct policy *then, const struct policy *now)
{
	switch (key) {
	case KEY_DOMAIN_UUID: /* compared with the domain itself */
	case KEY_NET_ALLOW_HOST_PORT:
	case KEY_NET_ALLOW_LAN:
	case KEY_NET_FORWARD_PORT:
	case KEY_NET_DNS:
	case KEY_NET_RATE_OUT:
	case KEY_NET_RATE_IN:
	case KEY_NET_MAX_FLOWS:
	case KEY_NET_LOG_DENIED:
	case KEY_NET_ALLOW_UNGUARDED:
		return true;
	case KEY_NET_EGRESS:
		return same_tunnel_use(then, now);
	default:
		return false;
	}
}

static bool same_value(enum policy_key key, const struct policy *then, const struct policy *now)
{
	auto_sb struct strbuf old = {0}, new = {0};

	policy_key_print(then, key, &old);
	policy_key_print(now, key, &new);
	return !old.failed && !new.failed &&strcmp(sb_str(&old), sb_str(&new)) == 0;
}

size_t live_keys_stuck(const struct policy *then, const struct policy *now, struct strbuf *out)
{
	auto_sb struct strbuf shares = {0};
	const char *section;
	char where[512];
	size_t n = 0, stuck;

	for (unsigned k = 0; k < KEY_COUNT; k++) {
		const enum policy_key key = (enum policy_key)k;

		(void)policy_key_name(key, &section);
		if (strcmp(section, "share") == 0 || is_live(key, then, now) ||
		    same_value(key, then, now))
			continue;
		sb_addf(out, "%s%s: cannot change while the domain runs; restart it",
			n++ ? "\n" : "", policy_where(now, key, where, sizeof(where)));
	}
	stuck = shares_stuck(then, now, &shares);
	if (stuck)
		sb_addf(out, "%s%s", n ? "\n" : "", sb_str(&shares));
	return n + stuck;
}
