/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules between the lines of a wg-quick file: what single values cannot show. */
#include "wgtun/conf_internal.h"

#include "lib/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A prefix and whose it is. */
struct owned {
	const struct wgt_allowed *allowed;
	size_t peer;
};

static size_t address_bytes(const struct ip_prefix *p)
{
	return p->addr.family == AF_INET ? 4 : 16;
}

/* By family, then address, then the wider one first: what lies in another stands behind it. */
static int compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = &((const struct owned *)va)->allowed->prefix;
	const struct ip_prefix *b = &((const struct owned *)vb)->allowed->prefix;
	int r;

	if (a->addr.family != b->addr.family)
		return a->addr.family - b->addr.family;
	r = memcmp(a->addr.b, b->addr.b, address_bytes(a));
	return r ? r : (int)a->len - (int)b->len;
}

static void overlap(struct wgt_reader *r, const struct owned *in, const struct owned *of)
{
	char inner[PREFIX_STRLEN], outer[PREFIX_STRLEN];

	r->line = in->allowed->line > of->allowed->line ? in->allowed->line : of->allowed->line;
	ip_prefix_str(&in->allowed->prefix, inner);
	if (in->peer == of->peer)
		wgt_bad(r, "%s is there twice; remove one", inner);
	else
		wgt_bad(r, "%s overlaps %s of another peer; each address belongs to one peer",
			inner, ip_prefix_str(&of->allowed->prefix, outer));
}

/* Prefixes that hold the one at hand form a chain: a stack, kept by the sorted order. */
static void check_overlaps(struct wgt_reader *r)
{
	const struct wgt_conf *c = r->conf;
	auto_free struct owned *list = calloc(c->n_allowed + 1, sizeof(*list));
	const struct owned *stack[130];
	size_t n = 0, depth = 0;

	if (!list) {
		r->report.oom = true;
		return;
	}
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t k = 0; k < c->peers[i].n_allowed; k++)
			list[n++] = (struct owned){&c->peers[i].allowed[k], i};
	if (n)
		qsort(list, n, sizeof(*list), compare);
	r->section = WGT_PEER;
	r->key = "AllowedIPs";
	for (size_t i = 0; i < n; i++) {
		const struct ip_prefix *p = &list[i].allowed->prefix;

		while (depth && !ip_prefix_overlap(&stack[depth - 1]->allowed->prefix, p))
			depth--;
		for (size_t k = depth; k-- > 0;) {
			const bool same = stack[k]->allowed->prefix.len == p->len;

			if (stack[k]->peer != list[i].peer || same) {
				overlap(r, &list[i], stack[k]);
				break;
			}
		}
		if (depth < ARRAY_SIZE(stack) &&
		    (!depth || stack[depth - 1]->allowed->prefix.len < p->len))
			stack[depth++] = &list[i];
	}
}

static void check_peers(struct wgt_reader *r)
{
	const struct wgt_conf *c = r->conf;

	r->section = WGT_PEER;
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct wgt_peer *p = &c->peers[i];

		r->line = p->line;
		r->key = "PublicKey";
		if (!p->has_public_key)
			wgt_bad(r, "is missing");
		for (size_t k = 0; k < i && p->has_public_key; k++)
			if (c->peers[k].has_public_key && !wgt_key_is_zero(&p->public_key) &&
			    wgt_key_equal(&p->public_key, &c->peers[k].public_key)) {
				wgt_bad(r, "is that of the peer on line %u; remove one of them",
					c->peers[k].line);
				break;
			}
	}
}

void wgt_cross_check(struct wgt_reader *r)
{
	const struct wgt_conf *c = r->conf;

	r->section = WGT_INTERFACE;
	if (!r->has_interface)
		wgt_bad(r, "is missing");
	r->key = "PrivateKey";
	if (r->has_interface && !c->has_private_key)
		wgt_bad(r, "is missing");
	r->key = "Address";
	if (r->has_interface && !c->n_addresses && !r->report.n)
		wgt_bad(r, "is missing");
	r->key = NULL;
	if (!c->n_peers && !r->report.n) {
		r->section = WGT_NONE;
		wgt_bad(r, "has no [Peer]: nothing could be sent anywhere");
	}
	check_peers(r);
	check_overlaps(r);
}
