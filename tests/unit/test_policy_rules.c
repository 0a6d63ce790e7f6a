/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single values cannot show: unknown keys, rules between keys, lists, all errors at once. */
#include "lib/policy.h"

#include "lib/util.h"
#include "tests/unit/policy_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_unknown(void **state)
{
	(void)state;
	check_bad("[network]\neggress = none\n", ":2: [network] eggress: ", "did you mean egress");
	check_bad("[network]\ncolour = none\n", ":2: [network] colour: ", "no such key");
	check_bad("[network]\nconfig = x\n", ":2: [network] config: ", "belongs in [tunnel]");
	check_bad("[network]\nsize = 1G\n", ":2: [network] size: ", "belongs in [share TAG]");
	check_bad("[netwrok]\negress = none\n", ":1: [netwrok]: ", "did you mean [network]");
	check_bad("[shares work]\nsize = 1G\n", ":1: [shares work]: ", "did you mean [share TAG]");
	check_bad("[host]\nunlisted = refuse\n", ":1: [host]: ", "virt-cordon.ini");
	check_bad("[defaults network]\n", ":1: [defaults network]: ", "virt-cordon.ini");
	check_bad("[xyzzy]\n", ":1: [xyzzy]: ", "no such section");
	check_bad("[network]\negress.x = none\n", ":2: [network] egress.x: ", "only lists");
	check_bad("[network]\nallow_lan. = 10.0.0.1\n", ":2: [network] allow_lan.: ", "a label");
	check_bad("[network]\nallow_lan.a.b = 10.0.0.1\n",
		  ":2: [network] allow_lan.a.b: ", "a label");
	check_bad("[network]\n.x = 10.0.0.1\n", ":2: [network] .x: ", "no such key");
	/* A mistyped key does not draw complaints of what it would have set. */
	check_bad("[network]\negres = tunnel\n[tunnel]\nconfig = a\n",
		  ":2: [network] egres: ", "did you mean egress");
	check_bad("[netwrk]\negress = tunnel\n[tunnel]\nconfig = a\n",
		  ":1: [netwrk]: ", "did you mean [network]");
	check_bad("[network]\negress = tunnle\n[tunnel]\nconfig = a\n",
		  ":2: [network] egress: ", "did you mean tunnel");
}

static void test_rules(void **state)
{
	static const char *const none_bad[][2] = {
		{"allow_host_port = tcp/80", "allow_host_port: "},
		{"allow_lan = 10.0.0.1", "allow_lan: "},
		{"forward_port = tcp/80 10.0.0.1:80", "forward_port: "},
		{"dns = host", "dns: "},
		{"dns = 9.9.9.9", "dns: "},
		{"ipv6 = nat", "ipv6: "},
	};
	static const char *const none_good[] = {
		"dns = auto",	    "dns = none",
		"allow_lan =",	    "addresses = 10.0.0.1",
		"rate_out = 1mbit", "allow_unguarded = yes",
		"ipv6 = no",
	};
	struct strbuf sb = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none_bad); i++) {
		char where[64];

		sb_addf(&sb, "[network]\negress = none\n%s\n", none_bad[i][0]);
		(void)snprintf(where, sizeof(where), ":3: [network] %s", none_bad[i][1]);
		check_bad(sb_str(&sb), where, "nothing but DHCP");
		sb_free(&sb);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none_good); i++) {
		struct policy p;

		sb_addf(&sb, "[network]\negress = none\n%s\n", none_good[i]);
		p = must_parse(sb_str(&sb));
		policy_free(&p);
		sb_free(&sb);
	}
	check_bad("[network]\negress = tunnel\n",
		  ":2: [network] egress: ", "config = FILE in [tunnel]");
	check_bad("[tunnel]\nconfig = a\n",
		  ":2: [tunnel] config: ", "egress = tunnel in [network]");
	check_bad("[network]\nisolation = no\n[tunnel]\nconfig = a\n",
		  ":4: [tunnel] config: ", "egress = tunnel");
	check_bad("[network]\nallow_lan = fd00::1\n", ":2: [network] allow_lan: ", "ipv6 = nat");
	check_bad("[network]\nforward_port = tcp/1 [fd00::1]:1\n",
		  ":2: [network] forward_port: ", "ipv6 = nat");
	check_bad("[network]\naddresses = fd00::1\n", ":2: [network] addresses: ", "ipv6 = nat");
	check_bad("[network]\ndns = fd00::1\n", ":2: [network] dns: ", "ipv6 = nat");
}

static void test_isolation_no(void **state)
{
	static const char *const others[] = {
		"egress = internet",
		"allow_host_port =",
		"allow_lan =",
		"forward_port =",
		"dns = auto",
		"addresses = dhcp",
		"ipv6 = no",
		"rate_out =",
		"rate_in =",
		"max_flows = 1",
		"log_denied = yes",
		"allow_unguarded = no",
		"allow_lan.x = 10.0.0.1",
	};
	struct strbuf sb = {0};
	struct policy p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		sb_addf(&sb, "[network]\n%s\nisolation = no\n", others[i]);
		check_bad(sb_str(&sb), ":3: [network] isolation: ", "line 2");
		sb_free(&sb);
	}
	p = must_parse("[network]\nisolation = no\n[share a]\n");
	assert_false(p.isolation);
	policy_print(&p, &sb);
	assert_non_null(strstr(sb_str(&sb), "[network]\nisolation = no\n\n[tunnel]"));
	sb_free(&sb);
	policy_free(&p);
}

static void test_all_at_once(void **state)
{
	static const char text[] = "[network]\n"
				   "egress = nowhere\n"
				   "allow_lan = 127.0.0.1, 10.0.0.1, ::1\n"
				   "k = v ; comment\n"
				   "[provision]\n"
				   "run_as = root\n"
				   "[netwrk]\n";
	static const char *const want[] = {
		":2: [network] egress: ",	  ":3: [network] allow_lan: '127.0.0.1'",
		":3: [network] allow_lan: '::1'", ":4: [network] k: ",
		":6: [provision] run_as: ",	  ":7: [netwrk]: ",
	};
	struct policy p = {0};
	struct strbuf sb = {0};
	char *line, *save = NULL;
	struct err e;
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(text, NULL, &p, &e), -EINVAL);
	for (line = strtok_r(e.msg, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
		assert_true(n < ARRAY_SIZE(want));
		assert_memory_equal(line, PATH, strlen(PATH));
		assert_memory_equal(line + strlen(PATH), want[n], strlen(want[n]));
	}
	assert_int_equal(n, ARRAY_SIZE(want));

	sb_adds(&sb, "[network]\n");
	for (int i = 0; i < 25; i++)
		sb_addf(&sb, "x%d = y\n", i);
	assert_int_equal(parse(sb_str(&sb), NULL, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, ":21: [network] x19: "));
	assert_null(strstr(e.msg, "x20"));
	assert_non_null(strstr(e.msg, "\n" PATH ": 5 more errors"));
	sb_free(&sb);
}

static void check_list_limit(const char *key, const char *format, bool good, int n)
{
	struct strbuf sb = {0};
	struct policy p = {0};
	struct err e;

	sb_adds(&sb, "[network]\n");
	for (int i = 0; i < n; i++) {
		sb_addf(&sb, "%s.%d = ", key, i);
		if (strstr(format, "%d"))
			sb_addf(&sb, "tcp/%d%s", i + 100, strstr(format, " ") ? " 10.0.0.1:1" : "");
		else
			sb_addf(&sb, "10.0.%d.%d", i / 200, i % 200 + 1);
		sb_adds(&sb, "\n");
	}
	if ((parse(sb_str(&sb), NULL, &p, &e) == 0) != good)
		fail_msg("%d of %s: %s", n, key, e.msg);
	if (!good)
		assert_non_null(strstr(e.msg, "more than 256 entries"));
	policy_free(&p);
	sb_free(&sb);
}

static void test_list_limits(void **state)
{
	static const char *const lists[][2] = {{"allow_lan", ""},
					       {"addresses", ""},
					       {"allow_host_port", "%d"},
					       {"forward_port", "%d x"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		check_list_limit(lists[i][0], lists[i][1], true, POLICY_LIST_MAX);
		check_list_limit(lists[i][0], lists[i][1], false, POLICY_LIST_MAX + 1);
	}
}

static void test_labels(void **state)
{
	struct policy p = must_parse("[network]\n"
				     "allow_lan.office = 10.0.0.1, 10.0.0.2\n"
				     "allow_lan =\n"
				     "allow_lan.a-b_9 = 10.0.0.3\n"
				     "Allow_LAN.Home = 10.0.0.4\n");

	(void)state;
	assert_int_equal(p.n_lan, 4);
	assert_int_equal(p.line[KEY_NET_ALLOW_LAN], 2);
	assert_int_equal(p.lan[0].line, 2);
	assert_int_equal(p.lan[1].line, 2);
	assert_int_equal(p.lan[2].line, 4);
	assert_int_equal(p.lan[3].line, 5);
	policy_free(&p);
	check_bad("[network]\nallow_lan = 10.0.0.1\nallow_lan.x = 10.0.0.1\n",
		  ":3: [network] allow_lan.x: ", "listed already");
}

static void test_where(void **state)
{
	struct policy p = must_parse("[network]\n\ndns = host\n");
	char buf[256];

	(void)state;
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, sizeof(buf)),
			    PATH ":3: [network] dns");
	assert_string_equal(policy_where(&p, KEY_TUN_CONFIG, buf, sizeof(buf)),
			    PATH ": [tunnel] config");
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, 8), "/etc/vi");
	policy_free(&p);
	policy_defaults(&p);
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, sizeof(buf)),
			    "virt-cordon.ini: [network] dns");
}

/* Nothing is written to the result of a failed call. */
static void test_untouched(void **state)
{
	struct policy p = {.max_flows = 77};
	struct host_config c = {.log_group = 77};
	struct err e;

	(void)state;
	assert_int_equal(parse("[network]\nmax_flows = 0\n", NULL, &p, &e), -EINVAL);
	assert_int_equal(p.max_flows, 77);
	e = (struct err){0};
	assert_int_equal(host_config_parse("v", "x", 1, &c, &e), -EINVAL);
	assert_int_equal(c.log_group, 77);
	assert_int_equal(policy_parse("v", "x", 1, NULL, &p, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),	     cmocka_unit_test(test_rules),
		cmocka_unit_test(test_isolation_no), cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_list_limits),  cmocka_unit_test(test_labels),
		cmocka_unit_test(test_where),	     cmocka_unit_test(test_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
