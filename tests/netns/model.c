// SPDX-License-Identifier: GPL-2.0-or-later
/* Property test: what the kernel does under random policies with random packets, against a
 * model. */
#include "tests/netns/model.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/*
 * Theory of operation
 * ===================
 *
 * t-60-model makes a network namespace `far` and runs this in another, the host's. Here the links
 * are laid (model_world.c); then, for each policy (model_policy.c), virt-cordon-netiso applies it
 * and random packets are sent from the guest's end as raw frames, each with a token in its payload.
 * All places that a packet could get to are listened at (model_wire.c), on the host behind its
 * filters; the token tells which packet was seen where, whatever NAT did to it. model_ref.c,
 * written from the guarantees and not from the rules, says where it should have been seen.
 * IPv6 has files of its own, named *6.c; most policies have ipv6 = nat, on guarded bridges.
 *
 * Each packet is a connection of its own: source ports do not repeat under one policy.
 *
 * That a denial means something is shown by the same kind of packets before the policy is applied:
 * of each reason for a denial, some must get through then.
 *
 * Environment: CORDON_SEED (printed at the start; the same seed gives the same policies and
 * packets), CORDON_PACKETS, and CORDON_POLICY to try one policy of a run alone.
 */

enum {
	CONTROL_EVERY = 4, /* policies */
	CONTROL_ENOUGH = 25,
	MAX_REPORTS = 5, /* disagreements of one policy that are printed */
	MAX_SHRUNK = 3,	 /* and of one run that are made smaller */
};

static struct {
	unsigned long rows, failed;
	unsigned long sent[N_REASONS]; /* under a policy */
	unsigned long arrived[N_REASONS];
	unsigned long again;		   /* arrived only when sent once more */
	unsigned long controls[N_REASONS]; /* without one */
	unsigned long through[N_REASONS];
	unsigned shrunk;
} total;

static uint64_t seed;

void bail(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	(void)fflush(stdout);
	_exit(1);
}

/* --- output ----------------------------------------------------------------------------------- */

static void note(const char *prefix, const char *text)
{
	while (*text) {
		const size_t len = strcspn(text, "\n");

		printf("#%s %.*s\n", prefix, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void row(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void row(bool ok, const char *fmt, ...)
{
	va_list ap;

	total.failed += !ok;
	printf("%sok %lu - ", ok ? "" : "not ", ++total.rows);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	(void)fflush(stdout);
}

/* --- one policy ------------------------------------------------------------------------------- */

static void report(struct round *r, const struct shot *shot, const struct seen *seen)
{
	struct packet p = shot->packet;
	struct situation s = r->s;
	struct verdict v;

	if (r->wrong > MAX_REPORTS)
		return;
	sb_adds(&r->report, "packet    ");
	text_packet(&shot->packet, &r->report);
	sb_adds(&r->report, "expected  ");
	text_verdict(&shot->verdict, &r->report);
	sb_adds(&r->report, "seen      ");
	text_seen(seen, &r->report);
	/* Not of connections, nor of what is rate-limited. */
	if (shot->verdict.why == WHY_REPLY || p.is_dhcp || p.kind == FRAME_IP6 ||
	    total.shrunk >= MAX_SHRUNK)
		return;
	total.shrunk++;
	if (!shrink(&s, &p, r->tap)) {
		sb_adds(&r->report, "once more, alone, it is treated as expected\n");
		return;
	}
	v = judge(&s, &p);
	iso_surroundings(&r->s);
	sb_adds(&r->report, "\nsmallest case:\n");
	text_policy(&s, &r->report);
	sb_adds(&r->report, "; ");
	text_surroundings(&s, &r->report);
	sb_adds(&r->report, "; packet    ");
	text_packet(&p, &r->report);
	sb_adds(&r->report, "; expected  ");
	text_verdict(&v, &r->report);
	sb_adds(&r->report, "\n");
}

/* What did not arrive is sent once more: on a busy machine a queue may have been full. */
static bool arrives_after_all(struct round *r, const struct shot *shot)
{
	struct packet p = shot->packet;
	struct seen seen;

	if (shot->verdict.why == WHY_REPLY)
		return false;
	if (!trial(&r->s, &p, &seen))
		return false;
	total.again++;
	return true;
}

static void judge_round(struct round *r)
{
	wire_drain(QUIET_MS);
	for (size_t i = 0; i < r->n; i++) {
		const struct shot *shot = &r->shots[i];
		const struct seen seen = wire_seen(&shot->packet);

		total.sent[shot->verdict.why]++;
		total.arrived[shot->verdict.why] += seen.places != 0;
		if (agrees(&shot->verdict, &seen))
			continue;
		if (!seen.places && arrives_after_all(r, shot))
			continue;
		r->wrong++;
		report(r, shot, &seen);
	}
}

/* The positive control: packets of the same kind, before there is a policy. */
static void control(struct round *r)
{
	const struct rng kept = r->rng;
	const size_t n_own = r->s.n_own, n_own6 = r->s.n_own6;

	iso_guard(false);
	shots_outward(r);
	shots6_outward(r);
	shots_from_others(r);
	shots6_from_others(r);
	wire_drain(QUIET_MS);
	for (size_t i = 0; i < r->n; i++) {
		const struct shot *shot = &r->shots[i];

		total.controls[shot->verdict.why]++;
		total.through[shot->verdict.why] += wire_seen(&shot->packet).places != 0;
	}
	r->n = 0;
	r->rng = kept;
	r->s.n_own = n_own;
	r->s.n_own6 = n_own6;
}

/* --- the isolator's own promises -------------------------------------------------------------- */

/* The lines of @a between what it has in common with @b at both ends. */
static void differing(const char *a, const char *b, struct strbuf *out)
{
	size_t from = 0, to = strlen(a), other = strlen(b);

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n')
			from = i + 1;
	for (; to > from && other > from && a[to - 1] == b[other - 1]; to--)
		other--;
	to += strcspn(a + to, "\n");
	sb_add(out, a + from, to - from);
	sb_adds(out, "\n");
}

/* @text without the elements that packets made, and that go by themselves. */
static void without_counters(const char *text, struct strbuf *out)
{
	while (*text) {
		const size_t len = strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
		auto_free char *line = strndup(text, len);
		const bool rule = line && (strstr(line, "add @") || strstr(line, "update @"));

		if (!line || rule ||
		    (!strstr(line, " ct count over ") && !strstr(line, " limit rate ")))
			sb_add(out, text, len);
		text += len;
	}
}

static bool says_nothing_new(struct round *r, const char *what, const struct strbuf *a,
			     const struct strbuf *b)
{
	auto_sb struct strbuf one = {0}, other = {0};

	without_counters(sb_str(a), &one);
	without_counters(sb_str(b), &other);
	if (strcmp(sb_str(&one), sb_str(&other)) == 0)
		return true;
	sb_addf(&r->report, "%s:\n--- one\n", what);
	differing(sb_str(&one), sb_str(&other), &r->report);
	sb_adds(&r->report, "--- the other\n");
	differing(sb_str(&other), sb_str(&one), &r->report);
	return false;
}

static bool plan(struct strbuf *ret)
{
	auto_sb struct strbuf text = {0};
	const int status = iso_run("plan", &text);

	without_clock(sb_str(&text), ret);
	return status == 0;
}

static bool succeeds(struct round *r, const char *verb)
{
	auto_sb struct strbuf out = {0};
	const int status = iso_run(verb, &out);

	if (status != 0)
		sb_addf(&r->report, "%s: exit status %d\n%s", verb, status, sb_str(&out));
	return status == 0;
}

/* Same input, same bytes; what was applied is there; applied again, it is what it was. */
static bool apply(struct round *r)
{
	auto_sb struct strbuf plan1 = {0}, plan2 = {0}, rules1 = {0}, rules2 = {0};
	bool ok;

	ok = plan(&plan1) && plan(&plan2) &&
	     says_nothing_new(r, "plan differs from time to time", &plan1, &plan2);
	ok = succeeds(r, "apply") && ok;
	ok = succeeds(r, "check") && ok;
	iso_ruleset(&rules1);
	ok = succeeds(r, "apply") && ok;
	iso_ruleset(&rules2);
	return says_nothing_new(r, "apply once more changes the rules", &rules1, &rules2) && ok;
}

static bool revert(struct round *r, const struct strbuf *before)
{
	auto_sb struct strbuf after = {0}, traces = {0};
	bool ok;

	ok = succeeds(r, "check"); /* after all that traffic */
	ok = succeeds(r, "revert") && ok;
	iso_ruleset(&after);
	iso_traces(sb_str(&after), r->tap, &traces);
	if (traces.len)
		sb_addf(&r->report, "revert leaves:\n%s", sb_str(&traces));
	/* With other domains there, what they might share is left. */
	if (r->s.alone)
		ok = says_nothing_new(r, "revert of the last domain", before, &after) && ok;
	return ok && !traces.len;
}

static void show(const struct round *r)
{
	auto_sb struct strbuf text = {0};

	text_policy(&r->s, &text);
	sb_adds(&text, "; ");
	text_surroundings(&r->s, &text);
	sb_addf(&text, "; again: CORDON_SEED=%llu CORDON_POLICY=%lu\n", (unsigned long long)seed,
		r->number);
	note("  ", sb_str(&text));
	note("", sb_str(&r->report));
	(void)fflush(stdout);
}

/* Each policy has a tap of its own: with its rate limits untouched, and no address on the bridge
 * but those that it sends from. */
static void new_tap(struct round *r)
{
	static char tap[16] = "vt0";
	static unsigned n;

	(void)snprintf(r->tap, sizeof(r->tap), "vt%u", ++n);
	world_tap(tap, r->tap);
	memcpy(tap, r->tap, sizeof(tap));
	wire_new_tap();
	wire_forget();
}

static void run_round(unsigned long number, bool with_control)
{
	static struct round r;
	auto_sb struct strbuf before = {0};
	bool ok;

	/* Streams of neighbouring policies must not be one stream, begun a step later. */
	r = (struct round){.number = number, .rng = {seed ^ number << 32}};
	r.rng.state = rng_next(&r.rng);
	situation_generate(&r.rng, &r.s);
	iso_others(!r.s.alone, r.s.ipv6);
	iso_surroundings(&r.s);
	new_tap(&r);
	if (with_control) {
		control(&r);
		new_tap(&r);
	}
	iso_write_policy(&r.s, r.tap);
	if (r.s.ipv6)
		iso_guard(true);
	iso_ruleset(&before);
	ok = apply(&r);
	wire_strict6(!r.s.ipv6);
	shots_first(&r);
	shots_outward(&r);
	shots6_outward(&r);
	shots_from_host(&r);
	shots6_from_host(&r);
	shots_from_others(&r);
	shots6_from_others(&r);
	judge_round(&r);
	wire_strict6(false);
	row(r.wrong == 0, "policy %lu: %zu packets, each where the model says", number, r.n);
	ok = revert(&r, &before) && ok;
	if (r.s.ipv6)
		iso_guard(false);
	row(ok, "policy %lu: plan, apply, check, revert", number);
	if (!ok || r.wrong)
		show(&r);
	sb_free(&r.report);
}

/* The same packets, put to explain: see model_explain.c. */
static void run_explain_round(unsigned long number)
{
	static struct round r;

	r = (struct round){.number = number, .rng = {seed ^ number << 32}};
	r.rng.state = rng_next(&r.rng);
	situation_generate(&r.rng, &r.s);
	explain_situation(&r.s);
	iso_others(!r.s.alone, r.s.ipv6);
	iso_surroundings(&r.s);
	new_tap(&r);
	iso_write_policy(&r.s, r.tap);
	iso_guard(r.s.ipv6);
	if (!succeeds(&r, "apply"))
		bail("%s", sb_str(&r.report));
	explain_shots(&r);
	explain_judge(&r);
	row(r.wrong == 0, "policy %lu: %zu packets go where explain says", number, r.n);
	if (r.wrong)
		show(&r);
	if (!succeeds(&r, "revert"))
		bail("%s", sb_str(&r.report));
	iso_guard(false);
	sb_free(&r.report);
}

static void explain_summary(void)
{
	const struct tally *t = &explain_tally;

	printf("# %lu packets: %lu allowed, %lu to the host, %lu redirected\n", t->asked,
	       t->allowed, t->to_host, t->redirected);
	row(t->allowed * 10 > t->asked && t->allowed * 10 < t->asked * 9,
	    "explain allows some and denies some");
	row(t->to_host > 0 && t->redirected > 0, "some go to the host, some to other addresses");
}

/* --- the whole run ---------------------------------------------------------------------------- */

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t v = otherwise;

	if (text && *text && !parse_u64(text, UINT64_MAX, &v))
		bail("%s is not a number", name);
	return v;
}

static void summary(bool whole)
{
	unsigned long n = 0, there = 0;

	for (enum reason w = 0; w < N_REASONS; w++) {
		printf("# %-62s %7lu sent, %6lu arrived; without a policy %lu of %lu\n",
		       reason_text[w], total.sent[w], total.arrived[w], total.through[w],
		       total.controls[w]);
		n += total.sent[w];
		there += total.arrived[w];
	}
	printf("# %lu packets, %lu arrived, %lu of them at the second try\n", n, there,
	       total.again);
	if (!whole)
		return;
	for (enum reason w = 0; w < N_REASONS; w++) {
		if (w < N_DENIALS && total.controls[w] >= CONTROL_ENOUGH)
			row(total.through[w] > 0, "without a policy, some get through: %s",
			    reason_text[w]);
		if (w >= N_DENIALS && total.sent[w] >= CONTROL_ENOUGH)
			row(total.arrived[w] > 0, "with one, some arrive: %s", reason_text[w]);
	}
	row(total.again * 50 <= n, "nearly all arrive at the first try");
}

static void run_all(uint64_t packets, uint64_t only, bool explain)
{
	/* Not every guest has IPv6. */
	const uint64_t per = PER_POLICY + PER_POLICY6 * 3 / 4;
	const uint64_t from = only == UINT64_MAX ? 0 : only;
	const uint64_t to = only == UINT64_MAX ? (packets + per - 1) / per : only + 1;

	for (uint64_t i = from; i < to; i++) {
		if (explain)
			run_explain_round((unsigned long)i);
		else
			run_round((unsigned long)i, i % CONTROL_EVERY == 0);
	}
	if (!explain)
		summary(only == UINT64_MAX);
	else if (only == UINT64_MAX)
		explain_summary();
}

int main(int argc, char **argv)
{
	const uint64_t packets = setting("CORDON_PACKETS", 10000);
	const uint64_t only = setting("CORDON_POLICY", UINT64_MAX);
	auto_sb struct strbuf before = {0}, after = {0};
	uint32_t fresh = 0;

	if (argc != 2 && (argc != 3 || strcmp(argv[2], "explain") != 0))
		bail("usage: model ROOT [explain], by t-60-model and t-71-explain");
	model_root = argv[1];
	if (getrandom(&fresh, sizeof(fresh), 0) < 0)
		bail("getrandom");
	seed = setting("CORDON_SEED", fresh);
	printf("# CORDON_SEED=%llu\n", (unsigned long long)seed);
	world_make();
	wire_open();
	iso_ruleset(&before);
	run_all(packets, only, argc == 3);
	iso_others(false, false);
	iso_surroundings(&(struct situation){0});
	iso_ruleset(&after);
	row(strcmp(sb_str(&before), sb_str(&after)) == 0, "in the end no rule is left");
	printf("1..%lu\n", total.rows);
	return total.failed ? 1 : 0;
}
