/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a WireGuard device, whatever told it: see wgtun/device.h. */
#include "wgtun/device.h"

#include <stdlib.h>
#include <string.h>

struct wgt_peer_state *wgt_state_add_peer(struct wgt_state *s)
{
	struct wgt_peer_state *grown;

	/* No more than we would have set, and some that someone else added. */
	if (s->n_peers >= 2 * (size_t)WGT_PEERS_MAX)
		return NULL;
	grown = realloc(s->peers, (s->n_peers + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	s->peers = grown;
	grown[s->n_peers] = (struct wgt_peer_state){0};
	return &grown[s->n_peers++];
}

struct ip_prefix *wgt_state_add_allowed(struct wgt_peer_state *p)
{
	struct ip_prefix *grown;

	if (p->n_allowed >= 2 * (size_t)WGT_ALLOWED_MAX)
		return NULL;
	grown = realloc(p->allowed, (p->n_allowed + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	p->allowed = grown;
	return &grown[p->n_allowed++];
}

void wgt_state_free(struct wgt_state *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_peers; i++)
		free(s->peers[i].allowed);
	free(s->peers);
	wgt_wipe(s, sizeof(*s));
}

static bool prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len == b->len && ip_equal(&a->addr, &b->addr);
}

static bool has_allowed(const struct wgt_peer_state *p, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < p->n_allowed; i++)
		if (prefix_equal(&p->allowed[i], prefix))
			return true;
	return false;
}

static const struct wgt_peer_state *find_peer(const struct wgt_state *s, const struct wgt_key *key)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (wgt_key_equal(&s->peers[i].public_key, key))
			return &s->peers[i];
	return NULL;
}

/* Curve25519 uses a private key with some bits set and cleared; the kernel gives it back so. */
static struct wgt_key clamped(const struct wgt_key *key)
{
	struct wgt_key k = *key;

	k.b[0] &= 248;
	k.b[31] = (uint8_t)((k.b[31] & 127) | 64);
	return k;
}

bool wgt_state_same_key(const struct wgt_state *s, const struct wgt_conf *c)
{
	struct wgt_key want = clamped(&c->private_key), have = clamped(&s->private_key);
	const bool same_key = wgt_key_equal(&want, &have);

	wgt_wipe(&want, sizeof(want));
	wgt_wipe(&have, sizeof(have));
	return same_key;
}

static const char *difference(const struct wgt_state *s, const struct wgt_conf *c)
{
	if (!wgt_state_same_key(s, c))
		return "the private key";
	if (s->fwmark != c->fwmark)
		return "FwMark";
	if (c->listen_port && s->listen_port != c->listen_port)
		return "ListenPort";
	if (s->n_peers != c->n_peers)
		return "the number of peers";
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct wgt_peer_state *p = find_peer(s, &c->peers[i].public_key);

		if (!p)
			return "a peer";
		if (p->keepalive != c->peers[i].keepalive)
			return "PersistentKeepalive";
		if (p->n_allowed != c->peers[i].n_allowed)
			return "AllowedIPs";
		for (size_t k = 0; k < p->n_allowed; k++)
			if (!has_allowed(p, &c->peers[i].allowed[k].prefix))
				return "AllowedIPs";
	}
	return NULL;
}

bool wgt_state_same(const struct wgt_state *s, const struct wgt_conf *c, const char **why)
{
	const char *what = difference(s, c);

	if (why)
		*why = what;
	return !what;
}

bool wgt_state_same_way(const struct wgt_state *s, const struct wgt_conf *c)
{
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct wgt_peer_state *p = find_peer(s, &c->peers[i].public_key);

		if (c->peers[i].host && (!p || !ip_equal(&p->endpoint, &c->peers[i].where) ||
					 p->port != c->peers[i].port))
			return false;
	}
	return true;
}

#define REJECT_AFTER_TIME 180
#define REKEY_TIMEOUT 5

uint32_t wgt_peer_due(const struct wgt_peer_state *p)
{
	if (!p->keepalive || !p->endpoint.family)
		return 0;
	return REJECT_AFTER_TIME + p->keepalive + REKEY_TIMEOUT;
}
