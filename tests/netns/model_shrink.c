// SPDX-License-Identifier: GPL-2.0-or-later
/* One packet again, and the smallest case in which model and kernel still disagree. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <string.h>

enum { ALONE_MS = 60 };

bool trial(struct situation *s, struct packet *p, struct seen *seen)
{
	struct verdict v;

	wire_stamp(p);
	v = judge(s, p);
	wire_send(p);
	wire_drain(ALONE_MS);
	*seen = wire_seen(p);
	return agrees(&v, seen);
}

/* --- the packet ------------------------------------------------------------------------------- */

/* Each sets one thing to what an ordinary packet has. */
static void plain_dmac(struct packet *p)
{
	memcpy(p->dmac, bridge_mac, 6);
}

static void plain_smac(struct packet *p)
{
	memcpy(p->smac, place_mac[AT_G], 6);
}

static void plain_tag(struct packet *p)
{
	p->tag = TAG_NONE;
}

static void plain_options(struct packet *p)
{
	p->options = OPTIONS_NONE;
}

static void plain_fragments(struct packet *p)
{
	p->fragments = FRAGMENTS_NONE;
}

static void plain_flaw(struct packet *p)
{
	p->flaw = FLAW_NONE;
}

static void plain_ttl(struct packet *p)
{
	p->ttl = 64;
}

static void plain_flags(struct packet *p)
{
	p->tcp_flags = FLAG_SYN;
	p->icmp_type = 8;
}

static void plain_proto(struct packet *p)
{
	p->proto = IPPROTO_UDP;
}

static void plain_dhcp(struct packet *p)
{
	p->is_dhcp = false;
}

static void plain_sport(struct packet *p)
{
	p->sport = 0;
}

static void plain_dport(struct packet *p)
{
	p->dport = 7777;
}

static void plain_dst(struct packet *p)
{
	p->dst = IP4(8, 8, 8, 8);
}

static void plain_to_gateway(struct packet *p)
{
	p->dst = GATEWAY;
}

static void (*const simpler[])(struct packet *) = {
	plain_dmac,  plain_smac,  plain_tag,   plain_options,	 plain_fragments,
	plain_flaw,  plain_ttl,	  plain_flags, plain_proto,	 plain_dhcp,
	plain_sport, plain_dport, plain_dst,   plain_to_gateway,
};

/* Whether the disagreement is still there, and of the same kind: something seen, or nothing. */
static bool still_wrong(struct situation *s, struct packet *p, bool was_seen)
{
	struct seen seen;

	return !trial(s, p, &seen) && (seen.places != 0) == was_seen;
}

static void shrink_packet(struct situation *s, struct packet *p, bool was_seen)
{
	for (size_t i = 0; i < ARRAY_SIZE(simpler); i++) {
		struct packet q = *p;

		simpler[i](&q);
		if (p->from == AT_G && still_wrong(s, &q, was_seen))
			*p = q;
	}
	if (p->from == AT_G && s->n_own && p->src != s->own[0]) {
		struct packet q = *p;

		q.src = s->own[0];
		if (still_wrong(s, &q, was_seen))
			*p = q;
	}
}

/* --- the policy ------------------------------------------------------------------------------- */

static bool still_wrong_under(struct situation *s, struct packet *p, const char *tap, bool was_seen)
{
	iso_others(!s->alone, s->ipv6);
	iso_surroundings(s);
	iso_write_policy(s, tap);
	return iso_run("apply", NULL) == 0 && still_wrong(s, p, was_seen);
}

static void drop_entry(void *list, size_t *n, size_t size, size_t i)
{
	uint8_t *at = (uint8_t *)list + i * size;

	memmove(at, at + size, (*n - i - 1) * size);
	(*n)--;
}

enum change { CHANGE_NONE, CHANGE_DROP, CHANGE_SWITCH };

/* The @i-th way to make a policy simpler; none beyond the last. */
static enum change simplify(struct situation *s, size_t i)
{
	if (i < s->n_lan) {
		drop_entry(s->lan, &s->n_lan, sizeof(*s->lan), i);
		return CHANGE_DROP;
	}
	i -= s->n_lan;
	if (i < s->n_ports) {
		drop_entry(s->ports, &s->n_ports, sizeof(*s->ports), i);
		return CHANGE_DROP;
	}
	i -= s->n_ports;
	if (i < s->n_forwards) {
		drop_entry(s->forwards, &s->n_forwards, sizeof(*s->forwards), i);
		return CHANGE_DROP;
	}
	i -= s->n_forwards;
	s->dns = i == 0 ? DNSKEY_AUTO : s->dns;
	s->log = i == 1 ? true : s->log;
	s->rates = i == 2 ? false : s->rates;
	s->bridge_nf = i == 3 ? false : s->bridge_nf;
	s->marks_lost = i == 4 ? false : s->marks_lost;
	s->masquerade = i == 5 ? false : s->masquerade;
	s->published = i == 6 ? false : s->published;
	return i < 7 ? CHANGE_SWITCH : CHANGE_NONE;
}

static void shrink_policy(struct situation *s, struct packet *p, const char *tap, bool was_seen)
{
	size_t i = 0;

	for (;;) {
		struct situation t = *s;
		const enum change c = simplify(&t, i);
		const bool kept = c != CHANGE_NONE && still_wrong_under(&t, p, tap, was_seen);

		if (c == CHANGE_NONE)
			break;
		if (kept)
			*s = t;
		/* After a drop, what was the next entry is the i-th now. */
		i += !kept || c == CHANGE_SWITCH;
	}
	/* What was tried last may not be what is left. */
	(void)still_wrong_under(s, p, tap, was_seen);
}

bool shrink(struct situation *s, struct packet *p, const char *tap)
{
	struct seen seen;

	if (trial(s, p, &seen))
		return false;
	shrink_packet(s, p, seen.places != 0);
	shrink_policy(s, p, tap, seen.places != 0);
	return true;
}
