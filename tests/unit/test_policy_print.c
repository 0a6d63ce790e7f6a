/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing a policy and reading it again gives the same policy, for many of them. */
#include "lib/policy.h"

#include "lib/util.h"
#include "tests/unit/policy_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* parse(print(p)) must be p, and print(parse(print(p))) the same bytes. */
static void check_round_trip(const struct policy *p)
{
	struct strbuf first = {0}, second = {0};
	struct policy again = {0};
	struct err e;

	policy_print(p, &first);
	if (parse(sb_str(&first), NULL, &again, &e) < 0)
		fail_msg("%s\ngave: %s", sb_str(&first), e.msg);
	policy_print(&again, &second);
	if (!policy_equal(p, &again) || strcmp(sb_str(&first), sb_str(&second)) != 0)
		fail_msg("not the same:\n%s\n%s", sb_str(&first), sb_str(&second));
	policy_free(&again);
	sb_free(&first);
	sb_free(&second);
}

/* A generator of policies: the same from the same seed, which is printed when one fails. */
struct generator {
	uint64_t state;
};

static unsigned pick(struct generator *g, unsigned n)
{
	g->state = g->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(g->state >> 33) % n;
}

static const char *choose(struct generator *g, const char *const *words, size_t n)
{
	return words[pick(g, (unsigned)n)];
}

#define CHOOSE(g, ...)                                                                             \
	choose(g, (const char *const[]){__VA_ARGS__},                                              \
	       ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

/* Numbers in the entries keep them apart: no duplicates. */
static void generate_lists(struct generator *g, bool v6, bool tunnel, struct strbuf *sb)
{
	for (unsigned i = 0, n = pick(g, 12); i < n; i++)
		sb_addf(sb, "allow_host_port.%u = %s/%u\n", i, CHOOSE(g, "tcp", "udp"), 1000 + i);
	if (v6)
		sb_addf(sb, "allow_lan.v6 = %s\n",
			CHOOSE(g, "fd00::/8", "[fd00::1]:tcp/1", "2001:db8::1"));
	for (unsigned i = 0, n = pick(g, 40); i < n; i++)
		sb_addf(sb, "allow_lan.%u = 10.%u.0.%s\n", i, i,
			CHOOSE(g, "0/16", "0/24", "1", "1:tcp/443", "0/24:udp/53"));
	for (unsigned i = 0, n = pick(g, 12); i < n; i++)
		sb_addf(sb, "forward_port.%u = %s/%u %s:%u%s\n", i, CHOOSE(g, "tcp", "udp"),
			2000 + i, v6 && pick(g, 2) ? "[fd00::5]" : "100.64.0.6", 1 + pick(g, 65535),
			tunnel && pick(g, 2) ? " via-tunnel" : "");
}

static void generate_network(struct generator *g, struct strbuf *sb)
{
	const char *egress = CHOOSE(g, "internet", "tunnel", "none");
	bool none = strcmp(egress, "none") == 0, tunnel = strcmp(egress, "tunnel") == 0;
	bool v6 = !none && pick(g, 2);

	sb_adds(sb, "[network]\n");
	if (pick(g, 8) == 0) {
		sb_adds(sb, "isolation = no\n");
		return;
	}
	sb_addf(sb, "egress = %s\nipv6 = %s\n", egress, v6 ? "nat" : "no");
	if (!none)
		generate_lists(g, v6, tunnel, sb);
	sb_addf(sb, "dns = %s\n",
		none ? CHOOSE(g, "auto", "none") : CHOOSE(g, "auto", "host", "none", "9.9.9.9"));
	for (unsigned i = 0, n = pick(g, 9); i < n; i++)
		sb_addf(sb, "addresses.%u = 192.168.%u.7\n", i, i);
	sb_addf(sb, "rate_out = %u%s\n", 1 + pick(g, 5000), CHOOSE(g, "kbit", "mbit", "gbit"));
	sb_addf(sb, "max_flows = %u\n", 1 + pick(g, POLICY_MAX_FLOWS_MAX));
	sb_addf(sb, "log_denied = %s\nallow_unguarded = %s\n", CHOOSE(g, "yes", "no"),
		CHOOSE(g, "yes", "no"));
	if (tunnel)
		sb_addf(sb,
			"[tunnel]\nconfig = %s\nbackend = %s\nshared = %s\nrequire_handshake = "
			"%s\n",
			CHOOSE(g, "a.conf", "/b c.conf"), CHOOSE(g, "auto", "kernel", "userspace"),
			CHOOSE(g, "yes", "no"), CHOOSE(g, "", "10s", "1ms", "15000ms"));
}

static void generate(struct generator *g, struct strbuf *sb)
{
	if (pick(g, 2))
		sb_adds(sb, "[domain]\nuuid = " UUID "\n");
	generate_network(g, sb);
	for (unsigned i = 0, n = pick(g, 5); i < n; i++)
		sb_addf(sb,
			"[share %s%u]\nsize = %u%s\nmode = %s\nowner =%s\nadopt = %s\n"
			"reserve = %s\n",
			CHOOSE(g, "w", "W", "a b", "\xc3\xa4"), i, 16 + pick(g, 2000),
			CHOOSE(g, "M", "G", "T"), CHOOSE(g, "rw", "ro"),
			CHOOSE(g, "", " alice", " 7:users"), CHOOSE(g, "yes", "no"),
			CHOOSE(g, "yes", "no"));
	sb_adds(sb, "[devices]\n");
	for (unsigned c = 0; c < DEV_REFUSABLE_COUNT; c++)
		if (pick(g, 3) == 0)
			sb_addf(sb, "allow.%u = %s\n", c, device_class_name(c));
	sb_addf(sb,
		"[provision]\nuser_data = %s\nplaybook = %s\nrun_as = u%u\nssh_user = "
		"d\ndisk_reset = %s\n",
		CHOOSE(g, "", "a", "/x/y z"), CHOOSE(g, "", "p.yml"), pick(g, 100),
		CHOOSE(g, "never", "on-start"));
}

static void test_round_trip(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 1000; seed++) {
		struct generator g = {seed};
		struct strbuf sb = {0};
		struct policy p = {0};
		struct err e;

		generate(&g, &sb);
		if (parse(sb_str(&sb), NULL, &p, &e) < 0)
			fail_msg("seed %u: %s\ngave: %s", seed, sb_str(&sb), e.msg);
		check_round_trip(&p);
		policy_free(&p);
		sb_free(&sb);
	}
}

/* Long lists are printed over several lines that iniparser takes. */
static void test_print_width(void **state)
{
	struct strbuf sb = {0}, out = {0};
	struct policy p;

	(void)state;
	sb_adds(&sb, "[network]\n");
	for (unsigned i = 0; i < POLICY_LIST_MAX; i++)
		sb_addf(&sb, "allow_lan.%u = 10.200.%u.0/24:tcp/65535\n", i, i);
	p = must_parse(sb_str(&sb));
	policy_print(&p, &out);
	for (const char *line = sb_str(&out), *end; (end = strchr(line, '\n')); line = end + 1)
		assert_true(end - line <= 78);
	assert_non_null(strstr(sb_str(&out), "\nallow_lan.2 = "));
	check_round_trip(&p);
	policy_free(&p);
	sb_free(&sb);
	sb_free(&out);
}

/* Each member that a policy has makes two of them different. */
static void test_equal(void **state)
{
	static const char *const variants[] = {
		"",
		"[domain]\nuuid = " UUID "\n",
		"[domain]\nuuid = 1f6fb3a5-4d3e-4f1a-9d5e-0123456789ab\n",
		"[network]\nisolation = no\n",
		"[network]\negress = none\n",
		"[network]\nallow_host_port = tcp/1\n",
		"[network]\nallow_host_port = udp/1\n",
		"[network]\nallow_host_port = tcp/2\n",
		"[network]\nallow_lan = 10.0.0.0/8\n",
		"[network]\nallow_lan = 10.0.0.0/9\n",
		"[network]\nallow_lan = 10.0.0.0/8:tcp/1\n",
		"[network]\nallow_lan = 10.0.0.0/8:udp/1\n",
		"[network]\nallow_lan = 10.0.0.0/8:tcp/2\n",
		"[network]\nallow_lan = 11.0.0.0/8\n",
		"[network]\nforward_port = tcp/1 10.0.0.1:1\n",
		"[network]\nforward_port = udp/1 10.0.0.1:1\n",
		"[network]\nforward_port = tcp/2 10.0.0.1:1\n",
		"[network]\nforward_port = tcp/1 10.0.0.2:1\n",
		"[network]\nforward_port = tcp/1 10.0.0.1:2\n",
		"[network]\ndns = none\n",
		"[network]\ndns = 9.9.9.9\n",
		"[network]\ndns = 9.9.9.8\n",
		"[network]\naddresses = 10.0.0.1\n",
		"[network]\naddresses = 10.0.0.2\n",
		"[network]\nipv6 = nat\n",
		"[network]\nrate_out = 1mbit\n",
		"[network]\nrate_in = 1mbit\n",
		"[network]\nmax_flows = 1\n",
		"[network]\nlog_denied = no\n",
		"[network]\nallow_unguarded = yes\n",
		"[network]\negress = tunnel\n[tunnel]\nconfig = a\n",
		"[network]\negress = tunnel\n[tunnel]\nconfig = b\n",
		"[network]\negress = tunnel\nforward_port = tcp/1 10.0.0.1:1\n[tunnel]\nconfig = "
		"b\n",
		"[network]\negress = tunnel\nforward_port = tcp/1 10.0.0.1:1 via-tunnel\n"
		"[tunnel]\nconfig = b\n",
		"[tunnel]\nbackend = kernel\n",
		"[share a]\n",
		"[share A]\n",
		"[share a]\nsize = 1G\n",
		"[share a]\nmode = ro\n",
		"[devices]\nallow = vsock\n",
		"[provision]\nuser_data = a\n",
		"[provision]\nnetwork_config = a\n",
		"[provision]\nrun_as = a\n",
		"[provision]\nrun_as = a\nplaybook = a\nssh_user = b\n",
		"[provision]\nssh_user = a\n",
		"[provision]\nplaybook_when = always\n",
		"[provision]\nseed_after = keep\n",
		"[provision]\ndisk_reset = on-start\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		struct policy a = must_parse(variants[i]);

		check_round_trip(&a);
		for (size_t j = 0; j < ARRAY_SIZE(variants); j++) {
			struct policy b = must_parse(variants[j]);

			if (policy_equal(&a, &b) != (i == j))
				fail_msg("'%s' and '%s'", variants[i], variants[j]);
			policy_free(&b);
		}
		policy_free(&a);
	}
}

/* The files that are shipped as examples. */
static void test_examples(void **state)
{
	DIR *dir = opendir("etc/examples");
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct policy p = {0};
		struct err e = {0};
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "etc/examples/%s", entry->d_name);
		if (policy_load_file(path, false, NULL, &p, &e) < 0)
			fail_msg("%s", e.msg);
		check_round_trip(&p);
		policy_free(&p);
		n++;
	}
	(void)closedir(dir);
	assert_true(n >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_print_width),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
