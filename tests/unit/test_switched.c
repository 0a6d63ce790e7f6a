/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switched bridges: which keys are refused there, what a repair keeps, what explain says. */
#include "netiso/switched.h"

#include "lib/util.h"
#include "netiso/explain.h"
#include "netiso/factsfile.h"
#include "netiso/gather.h"
#include "tests/unit/policy_help.h"

#include <stdlib.h>

#define NIC "slot 7\nmark_base 0x4c5a0000\nnic vnet3 br0 52:54:00:12:34:56 3600\n"
#define GATEWAY "gateway 192.168.1.5/24\n"
#define UPLINK "uplink eth0\n"
#define ROUTER "router 192.168.1.1 00:00:5e:00:53:01\n"
#define FACTS NIC GATEWAY UPLINK ROUTER "host 203.0.113.10/24\n"

static int compile(const char *policy_text, const char *facts_text, struct iso_plan *plan,
		   struct err *e)
{
	struct policy p = must_parse(policy_text);
	struct iso_facts f = {0};
	int r;

	assert_int_equal(factsfile_parse(facts_text, strlen(facts_text), &f, NULL), 0);
	r = iso_compile(&p, &f, plan, e);
	iso_facts_free(&f);
	policy_free(&p);
	return r;
}

static void test_refusals(void **state)
{
	static const struct {
		const char *policy, *facts, *says;
	} cases[] = {
		{"[network]\n", FACTS, "write dns = and the address"},
		{"[network]\ndns = host\n", FACTS, "cannot ask the host's DNS server"},
		{"[network]\ndns = 192.168.1.5\n", FACTS, "is the host itself"},
		{"[network]\ndns = 203.0.113.10\n", FACTS, "is the host itself"},
		{"[network]\ndns = none\nallow_host_port = tcp/1\n", FACTS,
		 ":3: [network] allow_host_port: bridge br0 is switched (eth0 is a port of "
		 "it)"},
		{"[network]\ndns = none\nforward_port = tcp/1 10.0.0.1:2\n", FACTS,
		 ":3: [network] forward_port"},
		{"[network]\ndns = none\nallow_lan = 192.168.1.5\n", FACTS, "is the host itself"},
		{"[network]\ndns = none\naddresses = 192.168.1.1\n", FACTS,
		 "is the router's address"},
		{"[network]\ndns = none\naddresses = 192.168.1.5\n", FACTS, "host's own address"},
		{"[network]\ndns = none\naddresses = 10.0.0.1\n", FACTS, "none is on the network"},
		{"[network]\ndns = none\n", NIC GATEWAY UPLINK, "address and default route on it"},
		{"[network]\ndns = none\n", NIC UPLINK ROUTER, "address and default route on it"},
		{"[network]\ndns = none\n", NIC GATEWAY "uplink a\"b\n" ROUTER, "in its name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iso_plan plan = {0};
		struct err e = {0};

		if (compile(cases[i].policy, cases[i].facts, &plan, &e) >= 0 ||
		    e.exit != EX_CORDON_POLICY || !strstr(e.msg, cases[i].says))
			fail_msg("case %zu: %s", i, e.msg);
		iso_plan_free(&plan);
	}
}

static void test_accepted(void **state)
{
	static const struct {
		const char *policy, *facts;
	} cases[] = {
		{"[network]\ndns = 192.168.1.1\n", FACTS},
		{"[network]\ndns = none\naddresses = 192.168.1.9\nallow_lan = 192.168.1.7\n",
		 FACTS},
		{"[network]\negress = none\nallow_unguarded = yes\n", NIC UPLINK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iso_plan plan = {0};
		struct err e = {0};

		if (compile(cases[i].policy, cases[i].facts, &plan, &e) < 0)
			fail_msg("case %zu: %s", i, e.msg);
		/* Nothing in it makes the LAN a network of guests. */
		assert_int_equal(plan.guests.len, 0);
		iso_plan_free(&plan);
	}
}

/* Each set that is made is taken back, and a repair keeps just those that it would make again. */
static void test_keep(void **state)
{
	static const char sets[] = "add set netdev virt_cordon ";
	struct iso_plan plan = {0};
	auto_sb struct strbuf undo = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(compile("[network]\ndns = none\n", FACTS, &plan, NULL), 0);
	for (const char *s = sb_str(&plan.fresh); (s = strstr(s, sets)); s += sizeof(sets))
		n++;
	assert_int_equal(n, 3);
	sb_adds(&undo, sb_str(&plan.undo));
	assert_non_null(strstr(sb_str(&undo), "delete set netdev virt_cordon own_7_0\n"));
	iso_switched_keep(&undo, sb_str(&plan.fresh));
	assert_null(strstr(sb_str(&undo), "delete set "));
	assert_non_null(strstr(sb_str(&undo), "delete chain netdev virt_cordon to_vnet3\n"));
	iso_plan_free(&plan);

	sb_free(&undo);
	sb_adds(&undo, "delete set netdev virt_cordon flows_7_0_40\n"
		       "delete set netdev virt_cordon flows_7_0_4096");
	iso_switched_keep(&undo, "add set netdev virt_cordon flows_7_0_4096 { x }\n");
	assert_string_equal(sb_str(&undo), "delete set netdev virt_cordon flows_7_0_40\n");
}

static void test_explain(void **state)
{
	static const char policy[] = "[network]\ndns = 192.168.1.1\nallow_lan = "
				     "192.168.1.0/24:tcp/80, 10.1.2.3\n";
	static const struct {
		const char *dst;
		bool allowed;
		const char *rule;
	} cases[] = {
		{"192.168.1.5", false, "switched_host"},
		{"192.168.1.5:80", false, "switched_host"},
		{"203.0.113.10:80", false, "switched_host"},
		{"192.168.1.1:53/udp", true, "flow_TAP"},
		{"192.168.1.1:53", true, "flow_TAP"},
		{"192.168.1.1:443", false, "ip_TAP"},
		{"9.9.9.9:53/udp", false, "ip_TAP"},
		{"10.1.2.3:53", false, "ip_TAP"},
		{"10.1.2.3/icmp", true, "flow_TAP"},
		{"192.168.1.77:80", true, "flow_TAP"},
		{"192.168.1.255:80", false, "ip_TAP"},
		{"172.16.0.1:80", false, "ip_TAP"},
		{"203.0.113.77:80", false, "ip_TAP"},
		{"224.0.0.1:80", false, "ip_TAP"},
		{"9.9.9.9:80", true, "flow_TAP"},
		{"255.255.255.255:67/udp", true, "dhcp_TAP"},
		{"192.168.1.1:67/udp", true, "dhcp_TAP"},
		{"192.168.1.9:67/udp", false, "ip_TAP"},
		{"2001:db8::1:80", false, "tap_TAP"},
	};
	struct policy p = must_parse(policy);
	struct iso_facts f = {0};
	const struct explain_world w = {.p = &p, .f = &f};
	struct explain_verdict v;
	struct explain_query q;

	(void)state;
	assert_int_equal(factsfile_parse(FACTS, sizeof(FACTS) - 1, &f, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(explain_parse(cases[i].dst, &q, NULL), 0);
		explain_decide(&w, &q, &v);
		if (v.allowed != cases[i].allowed || strcmp(v.rule, cases[i].rule) != 0)
			fail_msg("%s: %s by %s: %s", cases[i].dst, v.allowed ? "allowed" : "denied",
				 v.rule, v.why);
	}
	assert_int_equal(explain_parse("192.168.1.9", &q, NULL), 0);
	explain_inward(&w, &q, &v);
	assert_false(v.allowed);
	iso_facts_free(&f);
	policy_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
