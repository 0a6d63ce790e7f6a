/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destinations as people write them, and what a policy says of each: keys, lines, paths. */
#include "netiso/explain.h"

#include "lib/util.h"
#include "netiso/factsfile.h"
#include "tests/unit/policy_help.h"

#include <stdlib.h>

#define FACTS                                                                                      \
	"slot 1\nmark_base 0x4c5a0000\nnic vnet0 virbr0 52:54:00:00:00:01 3600\n"                  \
	"gateway 192.168.122.1/24\nhost 203.0.113.10/24\nhost 192.168.50.2/24\n"                   \
	"gateway fd12::1/64\ngateway fe80::fe/64\nhost ::1/128\nhost 2a0e:2::1/64\n"               \
	"host 2a0e:50:1::7/128\n"
#define RICH                                                                                       \
	"[network]\n"                                                                              \
	"allow_host_port = tcp/8080\n"                                                             \
	"allow_lan = 192.168.50.50, 10.1.2.3:tcp/443\n"                                            \
	"forward_port = tcp/11434 100.64.0.6:9\n"

static void test_parse(void **state)
{
	static const struct {
		const char *text, *name;
		uint8_t proto;
		uint16_t port;
	} good[] = {
		{"example.org", "example.org", 0, 0},
		{"10.1.2.3:443", "10.1.2.3", IPPROTO_TCP, 443},
		{"10.1.2.3:53/udp", "10.1.2.3", IPPROTO_UDP, 53},
		{"10.1.2.3:udp/53", "10.1.2.3", IPPROTO_UDP, 53},
		{"10.1.2.3/icmp", "10.1.2.3", IPPROTO_ICMP, 0},
		{"10.1.2.3/udp", "10.1.2.3", IPPROTO_UDP, 0},
		{"2001:db8::1", "2001:db8::1", 0, 0},
		{"2001:db8::1/icmp", "2001:db8::1", IPPROTO_ICMP, 0},
		{"[2001:db8::1]", "2001:db8::1", 0, 0},
		{"[2001:db8::1]:443/tcp", "2001:db8::1", IPPROTO_TCP, 443},
	};
	static const char *const bad[] = {
		"",	  ":443",   "a:",   "a:0",	"a:65536", "a:443/icmp", "a:443/",
		"a:/tcp", "a/sctp", "[::1", "[::1]443", "[]:443",  "a:tcp/",
	};
	struct explain_query q = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(explain_parse(good[i].text, &q, &e), 0);
		assert_string_equal(q.name, good[i].name);
		assert_int_equal(q.proto, good[i].proto);
		assert_int_equal(q.port, good[i].port);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		e = (struct err){0};
		if (explain_parse(bad[i], &q, &e) != -EINVAL || e.exit != EX_CORDON_USAGE)
			fail_msg("'%s' is taken", bad[i]);
	}
}

struct expected {
	const char *dst;
	const char *begins; /* of the text */
	const char *part;
};

static void ask(const char *policy_text, const struct expected *x, bool inward)
{
	const struct policy p = must_parse(policy_text);
	auto_sb struct strbuf out = {0};
	struct explain_world w = {.p = &p};
	struct explain_verdict v = {0};
	struct explain_query q = {0};
	struct iso_facts f = {0};

	assert_int_equal(factsfile_parse(FACTS, strlen(FACTS), &f, NULL), 0);
	w.f = &f;
	assert_int_equal(explain_parse(x->dst, &q, NULL), 0);
	(inward ? explain_inward : explain_decide)(&w, &q, &v);
	explain_print(&w, &q, &v, &out);
	if (!inward)
		explain_exceptions(&w, &q, &v, &out);
	if (strncmp(sb_str(&out), x->begins, strlen(x->begins)) != 0 ||
	    !strstr(sb_str(&out), x->part))
		fail_msg("%s under '%s' gave:\n%s", x->dst, policy_text, sb_str(&out));
	free(f.nics);
	free(f.attached);
	free(f.local);
	free(f.attached6);
	free(f.local6);
	policy_free((struct policy *)(uintptr_t)&p);
}

static void test_rich(void **state)
{
	static const struct expected list[] = {
		{"8.8.8.8:443/tcp", "allowed tcp 8.8.8.8:443: ", "[network] egress (default)"},
		{"8.8.8.8", "allowed any 8.8.8.8: ", "path  direct\n"},
		{"192.168.122.1:8080", "allowed tcp", PATH ":2: [network] allow_host_port"},
		{"192.168.122.1:8080", "allowed tcp", "path  to the host\n"},
		{"192.168.122.1:8080/udp", "denied udp", "rule  virt_cordon deny_host\n"},
		{"203.0.113.10:8080", "denied tcp", "no key opens it"},
		{"127.0.0.5:8080", "denied tcp", "no key opens it"},
		{"192.168.122.1:11434", "allowed tcp", PATH ":4: [network] forward_port"},
		{"192.168.122.1:11434", "allowed tcp", "path  direct, as 100.64.0.6:9\n"},
		{"192.168.122.1", "denied any", "but   tcp/8080 is allowed: " PATH ":2"},
		{"192.168.122.1", "denied any", "but   udp/53 is allowed: " PATH},
		{"192.168.50.50", "allowed any", PATH ":3: [network] allow_lan"},
		{"192.168.50.51", "denied any", "deny_range"},
		{"10.1.2.3:443", "allowed tcp", PATH ":3: [network] allow_lan"},
		{"10.1.2.3:80", "denied tcp", "deny_range"},
		{"10.1.2.3", "denied any", "but   tcp/443 is allowed: " PATH ":3"},
		{"203.0.113.11", "denied any", "deny_attached"},
		{"203.0.113.255", "denied any", "broadcast"},
		{"192.168.122.7", "denied any", "other guests"},
		{"192.168.122.1:53/udp", "allowed udp", "path  to the host"},
		{"8.8.8.8:53/udp", "allowed udp", "[network] egress"},
		{"224.0.0.251:5353/udp", "denied udp", "broadcast or multicast"},
		{"255.255.255.255:67/udp", "allowed udp", "DHCP"},
		{"8.8.8.8:67/udp", "denied udp", "nic_dhcp"},
		{"2001:db8::1", "denied any 2001:db8::1: IPv6", "[network] ipv6"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		ask(RICH, &list[i], false);
}

static void test_others(void **state)
{
	(void)state;
	ask("[network]\negress = none\n",
	    &(struct expected){"8.8.8.8", "denied any", PATH ":2: [network] egress"}, false);
	ask("[network]\negress = none\n",
	    &(struct expected){"192.168.122.1:53/udp", "denied udp", "deny_dns"}, false);
	ask("[network]\ndns = 9.9.9.9\n",
	    &(struct expected){"8.8.8.8:53/udp", "allowed udp", "as 9.9.9.9:53\n"}, false);
	ask("[network]\ndns = none\n",
	    &(struct expected){"8.8.8.8", "allowed any", "but   udp/53 is denied"}, false);
	ask("[network]\nisolation = no\n",
	    &(struct expected){"192.168.50.9", "allowed any", "[network] isolation"}, false);
	ask("", &(struct expected){"192.168.122.9:22", "allowed tcp", "no one else"}, true);
	ask("", &(struct expected){"192.168.123.9:22", "denied tcp", "not an address"}, true);
	ask("[network]\naddresses = 192.168.122.7\n",
	    &(struct expected){"192.168.122.9:22", "denied tcp", ":2: [network] addresses"}, true);
}

static void test_ipv6(void **state)
{
	static const char policy[] = "[network]\nipv6 = nat\nallow_host_port = tcp/8080\n";
	static const struct expected list[] = {
		{"[2600::1]:443/tcp", "allowed tcp", "the host's own address"},
		{"2600::1/icmp", "allowed icmp", "path  direct"},
		{"[fd12::1]:8080", "allowed tcp", PATH ":3: [network] allow_host_port"},
		{"[fe80::fe]:8080", "allowed tcp", "path  to the host"},
		{"[fd12::1]:80", "denied tcp", "deny_host"},
		{"[fd12::1]:53/udp", "allowed udp", "DNS server is asked"},
		{"[2600::1]:53/udp", "allowed udp", "the Internet"},
		{"[2a0e:2::1]:53/udp", "denied udp", "no key opens it"},
		{"2a0e:2::1", "denied any", "no key opens it"},
		{"::1", "denied any", "deny_host"},
		{"2a0e:2::99", "denied any", "attached to"},
		{"2a0e:50:1::99", "denied any", "attached to"},
		{"2a0e:50:1:1::99", "allowed any", "the Internet"},
		{"fd12::99", "denied any", "other guests"},
		{"fd12::", "denied any", "anycast"},
		{"fd99::1", "denied any", "deny_range"},
		{"2001:db8::1", "denied any", "deny_range"},
		{"2001:1ff::1", "denied any", "deny_range"},
		{"2001:200::1", "allowed any", "direct"},
		{"2002:a00:1::1", "denied any", "deny_range"},
		{"64:ff9b::a00:1", "denied any", "deny_range"},
		{"::ffff:10.0.0.1", "denied any", "deny_range"},
		{"fe80::9", "denied any", "deny_range"},
		{"ff02::1", "denied any", "multicast"},
		{"[ff02::1:2]:547/udp", "allowed udp", "DHCP"},
		{"[2600::1]:547/udp", "denied udp", "DHCP"},
		{"8.8.8.8:443", "allowed tcp", "direct"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		ask(policy, &list[i], false);
	ask("[network]\nipv6 = nat\ndns = none\n",
	    &(struct expected){"[fd12::1]:53/udp", "denied udp", "deny_dns"}, false);
	ask("[network]\nipv6 = nat\ndns = 9.9.9.9\n",
	    &(struct expected){"[fd12::1]:53/udp", "denied udp", "deny_dns"}, false);
	ask(policy, &(struct expected){"[fd12::99]:22", "allowed tcp", "no one else"}, true);
	ask(policy, &(struct expected){"[fd13::99]:22", "denied tcp", "not an address"}, true);
	ask("", &(struct expected){"[fd12::99]:22", "denied tcp", "not an address"}, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
