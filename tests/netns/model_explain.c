// SPDX-License-Identifier: GPL-2.0-or-later
/* What `explain` says of random destinations, against what the kernel does with such packets. */
#include "tests/netns/model.h"

#include "lib/net.h"
#include "lib/parse.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { EXPLAINED6 = 100, EXPLAINED = PER_POLICY + EXPLAINED6 };

struct answer {
	bool allowed, to_host, redirected;
	uint32_t to;
	struct in6_addr to6;
	uint16_t to_port;
};

struct tally explain_tally;

/* Sound in all but where it goes: that is what explain is asked about. */
static void plain(struct rng *r, const struct situation *s, struct packet *p)
{
	struct budget none = {0, 0};
	struct packet q;

	do
		packet_generate(r, s, &none, &q);
	while (q.kind != FRAME_IP);
	packet_plain(p, AT_G, s->own[rng_below(r, (uint32_t)s->n_own)], q.dst);
	p->proto = q.proto;
	if (q.proto != IPPROTO_TCP && q.proto != IPPROTO_ICMP)
		p->proto = IPPROTO_UDP;
	/* DHCP is another matter: see the ports and addresses it needs. */
	if (p->proto != IPPROTO_ICMP)
		p->dport = q.dport == 67 || q.dport == 68 ? 7777 : q.dport;
}

static void plain6(struct rng *r, const struct situation *s, struct packet *p)
{
	struct budget6 none = {0, 0, 0, 0};
	struct packet q;

	do
		packet6_generate(r, s, &none, &q);
	while (q.six.dst.s6_addr[0] == 0xff);
	packet6_plain(p, AT_G, &s->own6[0], &q.six.dst);
	p->proto = q.proto;
	if (q.proto != IPPROTO_TCP && q.proto != IPPROTO_ICMPV6)
		p->proto = IPPROTO_UDP;
	if (p->proto != IPPROTO_ICMPV6)
		p->dport = q.dport;
}

void explain_situation(struct situation *s)
{
	/* What other programs redirect is not the policy's. */
	s->published = false;
	if (s->n_own == 0) {
		s->n_leases = 0;
		s->addresses[s->n_addresses++] = guest_addresses[0];
		situation_own(s, guest_addresses[0]);
	}
}

void explain_shots(struct round *r)
{
	/* Of what the bridges learn from nothing is asked. */
	shots_first(r);
	wire_drain(QUIET_MS);
	r->n = 0;
	for (size_t i = 0; i < EXPLAINED; i++) {
		struct shot *shot = &r->shots[r->n++];

		if (i < PER_POLICY)
			plain(&r->rng, &r->s, &shot->packet);
		else
			plain6(&r->rng, &r->s, &shot->packet);
		wire_stamp(&shot->packet);
		shot->verdict = judge(&r->s, &shot->packet);
		wire_send(&shot->packet);
	}
}

/* --- the answers ------------------------------------------------------------------------------ */

static void question(const struct packet *p, char *buf, size_t size)
{
	char ip[16], six[INET6_ADDRSTRLEN];

	if (p->kind == FRAME_IP6 && p->proto == IPPROTO_ICMPV6)
		(void)snprintf(buf, size, "%s/icmp", ip6_text(&p->six.dst, six));
	else if (p->kind == FRAME_IP6)
		(void)snprintf(buf, size, "[%s]:%u/%s", ip6_text(&p->six.dst, six), p->dport,
			       p->proto == IPPROTO_TCP ? "tcp" : "udp");
	else if (p->proto == IPPROTO_ICMP)
		(void)snprintf(buf, size, "%s/icmp", ip_text(p->dst, ip));
	else
		(void)snprintf(buf, size, "%s:%u/%s", ip_text(p->dst, ip), p->dport,
			       p->proto == IPPROTO_TCP ? "tcp" : "udp");
}

/* "  path  direct, as 10.1.2.3:80" */
static bool take_path(const char *line, size_t len, struct answer *a)
{
	char text[96], *as, *colon;
	struct ip_addr to;
	uint64_t port;

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	a->to_host = strstr(text, "to the host") != NULL;
	as = strstr(text, ", as ");
	if (!as)
		return true;
	as += strlen(", as ");
	colon = strrchr(as, ':');
	if (!colon)
		return false;
	*colon = '\0';
	if (*as == '[' && colon[-1] == ']') {
		as++;
		colon[-1] = '\0';
	}
	if (!ip_parse(as, &to) || !parse_u64(colon + 1, 65535, &port))
		return false;
	a->redirected = true;
	if (to.family == AF_INET6)
		a->to6 = to.v6;
	else
		a->to = ntohl(to.v4.s_addr);
	a->to_port = (uint16_t)port;
	return true;
}

static size_t take_answers(const char *text, struct answer *list, size_t max)
{
	size_t n = 0;

	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (strncmp(text, "allowed ", 8) == 0 || strncmp(text, "denied ", 7) == 0) {
			if (n == max)
				return n + 1;
			list[n++] = (struct answer){.allowed = *text == 'a'};
		}
		if (n && strncmp(text, "  path  ", 8) == 0 && !take_path(text, len, &list[n - 1]))
			bail("explain: %.*s", (int)len, text);
	}
	return n;
}

static void ask(const struct round *r, struct answer *list)
{
	static char questions[EXPLAINED][64];
	const char *argv[EXPLAINED + 8] = {"virt-cordon-netiso", "--root", model_root, "explain",
					   model_guest_uuid};
	auto_sb struct strbuf out = {0};
	int status;

	for (size_t i = 0; i < EXPLAINED; i++) {
		question(&r->shots[i].packet, questions[i], sizeof(questions[i]));
		argv[5 + i] = questions[i];
	}
	status = run_quietly(argv, NULL, &out);
	if (status != 0 || take_answers(sb_str(&out), list, EXPLAINED) != EXPLAINED)
		bail("explain: exit status %d: %.2000s", status, sb_str(&out));
}

/* --- the comparison --------------------------------------------------------------------------- */

static bool same(const struct answer *a, const struct packet *p, const struct seen *s)
{
	const bool ports = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
	const uint32_t dst = a->redirected ? a->to : p->dst;
	const struct in6_addr dst6 = a->redirected ? a->to6 : p->six.dst;
	const uint16_t dport = !ports ? 0 : a->redirected ? a->to_port : p->dport;

	if (!a->allowed)
		return s->places == 0;
	if (a->to_host)
		return s->places == 1u << AT_HOST;
	return s->places && !(s->places & (s->places - 1)) && s->places != 1u << AT_HOST &&
	       s->dport == dport &&
	       (p->kind == FRAME_IP6 ? ip6_same(&s->dst6, &dst6) : s->dst == dst);
}

static bool in_time(struct round *r, const struct answer *a, const struct shot *shot)
{
	struct seen seen = wire_seen(&shot->packet);
	struct packet p = shot->packet;

	if (same(a, &shot->packet, &seen))
		return true;
	/* What does not arrive is sent once more; and of some, nothing promises that they do. */
	if (!a->allowed || seen.places)
		return false;
	(void)trial(&r->s, &p, &seen);
	return same(a, &p, &seen) || (!seen.places && shot->verdict.may);
}

void explain_judge(struct round *r)
{
	static struct answer answers[EXPLAINED];

	ask(r, answers);
	wire_drain(QUIET_MS);
	for (size_t i = 0; i < EXPLAINED; i++) {
		const struct answer *a = &answers[i];
		const struct seen seen = wire_seen(&r->shots[i].packet);

		explain_tally.asked++;
		explain_tally.allowed += a->allowed;
		explain_tally.to_host += a->allowed && a->to_host;
		explain_tally.redirected += a->redirected;
		if (in_time(r, a, &r->shots[i]))
			continue;
		r->wrong++;
		sb_adds(&r->report, "packet    ");
		text_packet(&r->shots[i].packet, &r->report);
		sb_addf(&r->report, "explained as %s%s\nseen      ",
			a->allowed ? "allowed" : "denied", a->to_host ? ", to the host" : "");
		text_seen(&seen, &r->report);
	}
}
