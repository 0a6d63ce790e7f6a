/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy's keys one by one: what is taken and how it is printed, what is refused. */
#include "lib/policy.h"

#include "lib/util.h"
#include "tests/unit/policy_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A value of a key, and what it is printed as; NULL: refused. */
struct value {
	const char *section;
	const char *key;
	const char *value;
	const char *printed;
};

/* What an IPv6 address needs beside it. */
static const char *helpers(const struct value *v)
{
	if (v->printed && strstr(v->printed, "::"))
		return "ipv6 = nat\n";
	return "";
}

static void check_value(const struct value *v)
{
	struct strbuf text = {0}, out = {0}, want = {0};
	struct policy p = {0};
	struct err e;
	int r;

	sb_addf(&text, "[%s]\n%s = %s\n%s", v->section, v->key, v->value,
		strcmp(v->section, "network") == 0 ? helpers(v) : "");
	r = parse(sb_str(&text), NULL, &p, &e);
	if (!v->printed) {
		sb_addf(&want, PATH ":2: [%s] %s: ", v->section, v->key);
		if (r == 0 || strstr(e.msg, sb_str(&want)) != e.msg || !strstr(e.msg, "; "))
			fail_msg("'%s' gave: %s", sb_str(&text), e.msg);
	} else {
		if (r < 0)
			fail_msg("'%s' gave: %s", sb_str(&text), e.msg);
		policy_print(&p, &out);
		sb_addf(&want, "\n%s =%s%s\n", v->key, *v->printed ? " " : "", v->printed);
		if (!strstr(sb_str(&out), sb_str(&want)))
			fail_msg("'%s' was printed as: %s", sb_str(&text), sb_str(&out));
	}
	policy_free(&p);
	sb_free(&text);
	sb_free(&out);
	sb_free(&want);
}

static void check_values(const char *section, const char *key, const char *const (*pairs)[2],
			 size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_value(&(struct value){section, key, pairs[i][0], pairs[i][1]});
}

#define CHECK_VALUES(section, key, ...)                                                            \
	do {                                                                                       \
		static const char *const pairs[][2] = {__VA_ARGS__};                               \
		check_values(section, key, pairs, ARRAY_SIZE(pairs));                              \
	} while (0)
#define SAME(s)                                                                                    \
	{                                                                                          \
		s, s                                                                               \
	}
#define BAD(s)                                                                                     \
	{                                                                                          \
		s, NULL                                                                            \
	}

static void test_defaults(void **state)
{
	struct policy p = must_parse(""), d = {0};

	(void)state;
	policy_defaults(&d);
	assert_true(policy_equal(&p, &d));
	assert_true(p.isolation);
	assert_int_equal(p.egress, EGRESS_INTERNET);
	assert_int_equal(p.dns, DNS_AUTO);
	assert_int_equal(p.ipv6, IPV6_NO);
	assert_int_equal(p.max_flows, 4096);
	assert_int_equal(p.n_addresses + p.n_lan + p.n_forwards + p.n_host_ports + p.n_shares, 0);
	assert_int_equal(p.dev_allow, 0);
	assert_true(p.log_denied);
	assert_false(p.allow_unguarded);
	assert_false(p.has_uuid);
	assert_null(p.tunnel_config);
	assert_int_equal(p.disk_reset, RESET_NEVER);
	policy_free(&p);
	policy_free(&d);
}

static void test_domain_keys(void **state)
{
	(void)state;
	CHECK_VALUES("domain", "uuid", SAME(""), SAME(UUID),
		     {"0F6FB3A5-4D3E-4F1A-9D5E-0123456789AB", UUID}, BAD("vm"), BAD(UUID "0"),
		     BAD("0f6fb3a54d3e4f1a9d5e0123456789ab"));
}

static void test_network_words(void **state)
{
	(void)state;
	CHECK_VALUES("network", "isolation", SAME("yes"), BAD("true"), BAD("1"), BAD(""),
		     BAD("YES"), BAD("off"));
	CHECK_VALUES("network", "egress", SAME("internet"), SAME("none"), BAD(""), BAD("all"),
		     BAD("Internet"), BAD("internet, none"));
	CHECK_VALUES("network", "ipv6", SAME("no"), SAME("nat"), BAD("yes"), BAD(""), BAD("nat66"));
	CHECK_VALUES("network", "log_denied", SAME("yes"), SAME("no"), BAD("never"), BAD(""));
	CHECK_VALUES("network", "allow_unguarded", SAME("yes"), SAME("no"), BAD("maybe"), BAD(""));
}

static void test_network_numbers(void **state)
{
	(void)state;
	CHECK_VALUES("network", "rate_out", SAME(""), SAME("1kbit"), SAME("50mbit"), SAME("10gbit"),
		     {"1000kbit", "1mbit"}, {"1500kbit", "1500kbit"}, {"2000mbit", "2gbit"},
		     BAD("0kbit"), BAD("50"), BAD("50 mbit"), BAD("50Mbit"), BAD("50mbps"),
		     BAD("18446744074gbit"));
	CHECK_VALUES("network", "rate_in", SAME(""), SAME("7mbit"), BAD("fast"), BAD("-1mbit"));
	CHECK_VALUES("network", "max_flows", SAME("1"), SAME("1000000"), BAD("0"), BAD("1000001"),
		     BAD(""), BAD("4k"), BAD("010"), BAD("0x10"));
}

static void test_host_ports(void **state)
{
	(void)state;
	CHECK_VALUES("network", "allow_host_port", SAME(""), SAME("tcp/1"),
		     SAME("tcp/8080, udp/8080, udp/65535"),
		     {"tcp/1,udp/2 ,  tcp/3", "tcp/1, udp/2, tcp/3"}, SAME("tcp/67"),
		     SAME("udp/68"), BAD("tcp/0"), BAD("tcp/65536"), BAD("8080"), BAD("icmp/1"),
		     BAD("TCP/80"), BAD("tcp/http"), BAD("tcp/80-90"), BAD("tcp/ 80"), BAD("tcp"),
		     BAD("tcp/"), BAD("/80"), BAD("tcp/80 tcp/81"), BAD("tcp/80, tcp/80"),
		     BAD("tcp/80,"), BAD(",tcp/80"), BAD("tcp/80,,tcp/81"), BAD(","), BAD("tcp/53"),
		     BAD("udp/53"), BAD("udp/67"));
	check_bad("[network]\nallow_host_port = udp/53\n",
		  ":2: [network] allow_host_port: ", "dns = host");
	check_bad("[network]\nallow_host_port = udp/67\n",
		  ":2: [network] allow_host_port: ", "DHCP");
}

static void test_lan(void **state)
{
	(void)state;
	CHECK_VALUES("network", "allow_lan", SAME(""), SAME("192.168.1.50"),
		     SAME("10.1.2.3:tcp/443, 10.9.0.0/16"), SAME("10.0.0.0/8:udp/53"),
		     {"10.1.2.3/32", "10.1.2.3"}, SAME("1.0.0.0/8"), SAME("176.0.0.0/4"),
		     SAME("fd00::/8"), SAME("[fd00::1]:tcp/443"), SAME("[fd00::/64]:udp/5353"),
		     SAME("10.0.0.0/8, 10.1.0.0/16, 10.1.2.3, 10.1.2.3:tcp/1, 10.1.2.3:udp/1"),
		     BAD("0.0.0.0/0"), BAD("::/0"), BAD("10.1.2.3/8"), BAD("10.0.0.0/33"),
		     BAD("nas"), BAD("nas.example:tcp/443"), BAD("10.1.2.3:443"),
		     BAD("10.1.2.3:tcp/0"), BAD("10.1.2.3:tcp/65536"), BAD("10.1.2.3:icmp"),
		     BAD("10.1.2.3:"), BAD("10.1.2.3-10.1.2.9"), BAD("10.1.2.3 10.1.2.4"),
		     BAD("fd00::1:tcp/443"), BAD("[fd00::1]"), BAD("[10.1.2.3]:tcp/443"),
		     BAD("[fd00::1]tcp/443"), BAD("[fd00::1:tcp/443"), BAD("10.1.2.3, 10.1.2.3"),
		     BAD("10.1.2.3, 10.1.2.3/32"), BAD("10.0.0.0/8:tcp/1, 10.0.0.0/8:tcp/1"));
	check_bad("[network]\nallow_lan = 0.0.0.0/0\n",
		  ":2: [network] allow_lan: ", "egress = internet");
}

static void test_lan_refused(void **state)
{
	static const char *const bad[][2] = {
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"127.0.0.0/8", "loopback"},
		{"64.0.0.0/2", "loopback"},
		{"::1", "loopback"},
		{"0.0.0.0", "unspecified"},
		{"0.1.2.3", "unspecified"},
		{"::", "unspecified"},
		{"224.0.0.251", "multicast"},
		{"239.255.255.255", "multicast"},
		{"128.0.0.0/1", "multicast"},
		{"ff02::fb", "multicast"},
		{"255.255.255.255", "broadcast"},
		{"240.0.0.0/4", "broadcast"},
		{"169.254.169.254", "link-local"},
		{"169.0.0.0/8", "link-local"},
		{"fe80::1", "link-local"},
		{"::ffff:10.0.0.1", "IPv4"},
		{"127.0.0.1:tcp/80", "loopback"},
		{"[fe80::1]:tcp/80", "link-local"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct strbuf sb = {0};

		sb_addf(&sb, "[network]\nipv6 = nat\nallow_lan = %s\n", bad[i][0]);
		check_bad(sb_str(&sb), ":3: [network] allow_lan: ", bad[i][1]);
		sb_free(&sb);
	}
	/* Neighbours of the refused ranges. */
	CHECK_VALUES("network", "allow_lan", SAME("126.255.255.255"), SAME("128.0.0.0"),
		     SAME("1.0.0.0"), SAME("223.255.255.255"), SAME("240.0.0.0"),
		     SAME("255.255.255.254"), SAME("169.253.255.255"), SAME("169.255.0.0"),
		     SAME("::2"), SAME("fec0::"), SAME("fe7f::"), SAME("feff::"));
}

static void test_forwards(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("network", "forward_port", SAME(""), SAME("tcp/11434 100.64.0.6:11434"),
		     SAME("tcp/1 10.0.0.1:65535, udp/1 10.0.0.1:1"), SAME("tcp/1 [fd00::1]:2"),
		     SAME("tcp/1 127.0.0.1:2"), {"tcp/1 \t 10.0.0.1:2", "tcp/1 10.0.0.1:2"},
		     SAME("tcp/67 10.0.0.1:2"), BAD("tcp/1"), BAD("10.0.0.1:1"),
		     BAD("tcp/1 10.0.0.1"), BAD("tcp/1 10.0.0.1:0"), BAD("tcp/0 10.0.0.1:1"),
		     BAD("tcp/1 10.0.0.1:65536"), BAD("tcp/65536 10.0.0.1:1"), BAD("1 10.0.0.1:1"),
		     BAD("tcp/1 fd00::1:2"), BAD("tcp/1 [10.0.0.1]:2"), BAD("tcp/1 [fd00::1]"),
		     BAD("tcp/1 [fd00::1:2"), BAD("tcp/1 host:2"), BAD("tcp/1 10.0.0.1:2 via"),
		     BAD("tcp/1 10.0.0.1:2 via-tunnel x"), BAD("tcp/1 10.0.0.0/8:2"),
		     BAD("tcp/1 127.0.0.2:2"), BAD("tcp/1 0.0.0.0:2"), BAD("tcp/1 224.0.0.1:2"),
		     BAD("tcp/1 255.255.255.255:2"), BAD("tcp/1 169.254.1.1:2"),
		     BAD("tcp/1 [::1]:2"), BAD("tcp/1 [fe80::1]:2"), BAD("tcp/1 :2"),
		     BAD("tcp/1 ]:2"), BAD("tcp/1 10.0.0.1:2, tcp/1 10.0.0.2:3"),
		     BAD("tcp/53 10.0.0.1:53"), BAD("udp/53 10.0.0.1:53"),
		     BAD("udp/67 10.0.0.1:67"));

	p = must_parse(
		"[network]\negress = tunnel\nforward_port = tcp/11434 100.64.0.6:11435 via-tunnel\n"
		"[tunnel]\nconfig = a.conf\n");
	assert_int_equal(p.n_forwards, 1);
	assert_int_equal(p.forwards[0].port, 11434);
	assert_int_equal(p.forwards[0].to_port, 11435);
	assert_true(p.forwards[0].via_tunnel);
	assert_int_equal(p.forwards[0].line, 3);
	policy_free(&p);
	check_bad("[network]\nforward_port = tcp/1 10.0.0.1:1 via-tunnel\n",
		  ":2: [network] forward_port: ", "egress = tunnel");
	check_bad("[network]\nforward_port = tcp/1 127.0.0.1:1 via-tunnel\n",
		  ":2: [network] forward_port: ", "loopback");
	check_bad("[network]\nforward_port = tcp/80 10.0.0.1:1\nallow_host_port = tcp/80\n",
		  ":2: [network] forward_port: ", "allow_host_port");
}

static void test_dns(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("network", "dns", SAME("auto"), SAME("host"), SAME("none"), SAME("9.9.9.9"),
		     SAME("2620:fe::fe"), SAME("192.168.1.1"), SAME("9.9.9.9, 2620:fe::fe"),
		     {"2620:fe::fe ,9.9.9.9", "9.9.9.9, 2620:fe::fe"}, BAD(""), BAD("Host"),
		     BAD("yes"), BAD("9.9.9.9, 1.1.1.1"), BAD("9.9.9.9,"), BAD(", 9.9.9.9"),
		     BAD(","), BAD("9.9.9.9 1.1.1.1"), BAD("9.9.9.9, 2606:4700:4700::1111 x"),
		     BAD("2606:4700:4700::1111, 2606:4700:4700::1001"),
		     BAD("9.9.9.9, 2606:4700:4700::1111, 1.1.1.1"), BAD("9.9.9.9, host"),
		     BAD("9.9.9.9:53"), BAD("dns.example"), BAD("0.0.0.0"), BAD("127.0.0.1"),
		     BAD("127.0.0.53"), BAD("::1"), BAD("::"), BAD("224.0.0.1"),
		     BAD("255.255.255.255"), BAD("ff02::1"), BAD("09.9.9.9"));

	p = must_parse("");
	assert_int_equal(policy_dns_effective(&p), DNS_HOST);
	p.egress = EGRESS_NONE;
	assert_int_equal(policy_dns_effective(&p), DNS_NONE);
	p.egress = EGRESS_TUNNEL;
	assert_int_equal(policy_dns_effective(&p), DNS_AUTO);
	p.dns = DNS_HOST;
	assert_int_equal(policy_dns_effective(&p), DNS_HOST);
	policy_free(&p);
}

static void test_addresses(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("network", "addresses", SAME("dhcp"), {"", "dhcp"}, SAME("192.168.122.50"),
		     SAME("192.168.122.50, 10.0.0.7"), SAME("fd00::7"), BAD("static"), BAD("DHCP"),
		     BAD("192.168.122.0/24"), BAD("127.0.0.1"), BAD("::1"), BAD("0.0.0.0"),
		     BAD("224.0.0.1"), BAD("255.255.255.255"), BAD("ff02::1"),
		     BAD("dhcp, 10.0.0.1"), BAD("10.0.0.1, dhcp"), BAD("dhcp, dhcp"),
		     BAD("10.0.0.1, 10.0.0.1"));
	check_bad("[network]\naddresses = dhcp\naddresses.x = 10.0.0.1\n",
		  ":3: [network] addresses.x: ", "exclude each other");
	p = must_parse("[network]\naddresses = 10.0.0.1\naddresses.b = 10.0.0.2\n");
	assert_int_equal(p.n_addresses, 2);
	assert_int_equal(p.addresses[1].line, 3);
	policy_free(&p);
}

static void test_files_and_users(void **state)
{
	static const char *const keys[] = {"user_data", "network_config"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_VALUES("provision", keys[i], SAME(""), SAME("/srv/a b.yaml"),
			     {"a.yaml", "/etc/virt-cordon/domains/a.yaml"},
			     {"../b/a.yaml", "/etc/virt-cordon/domains/../b/a.yaml"}, BAD("/"),
			     BAD("folder/"));
	CHECK_VALUES("provision", "run_as", SAME(""), SAME("ansible"), SAME("_a-b.c@d"), SAME("A1"),
		     BAD("root"), BAD("0"), BAD("1000"), BAD("-x"), BAD("a b"), BAD("a:b"),
		     BAD("a/b"), BAD("\xc3\xa4"));
	CHECK_VALUES("provision", "ssh_user", SAME(""), SAME("debian"), SAME("root"), BAD("-oX=y"),
		     BAD("a$b"));
	CHECK_VALUES("provision", "disk_reset", SAME("never"), SAME("on-start"), BAD(""),
		     BAD("always"), BAD("yes"));
	CHECK_VALUES("provision", "playbook_when", SAME("once"), SAME("always"), BAD(""),
		     BAD("never"));
	CHECK_VALUES("provision", "seed_after", SAME("eject"), SAME("keep"), BAD(""), BAD("yes"));
	check_bad("[provision]\nplaybook = site.yml\nrun_as = a\n",
		  ":2: [provision] playbook: ", "ssh_user = USER");
	check_bad("[provision]\nplaybook = site.yml\nssh_user = a\n",
		  ":2: [provision] playbook: ", "run_as = USER");
	CHECK_VALUES("tunnel", "shared", SAME("yes"), SAME("no"), BAD(""), BAD("1"));
	CHECK_VALUES("tunnel", "require_handshake", SAME(""), {"10s", "10000ms"}, SAME("1ms"),
		     {"15s", "15000ms"}, BAD("16s"), BAD("0s"), BAD("10"), BAD("no"));
	CHECK_VALUES("tunnel", "backend", SAME("auto"), SAME("kernel"), SAME("userspace"), BAD(""),
		     BAD("user"));
}

static void check_path_length(size_t len, bool good)
{
	struct strbuf sb = {0};
	struct policy p = {0};
	struct err e;

	sb_adds(&sb, "[provision]\nuser_data = /");
	for (size_t i = 1; i < len; i++)
		sb_adds(&sb, "x");
	if ((parse(sb_str(&sb), NULL, &p, &e) == 0) != good)
		fail_msg("path of %zu bytes: %s", len, e.msg);
	policy_free(&p);
	sb_free(&sb);
}

static void test_paths(void **state)
{
	static const char text[] = "[provision]\nuser_data = a\n";
	struct policy p = {0};
	struct err e = {0};
	char cwd[4096], want[8192];

	(void)state;
	check_path_length(960, true);
	check_path_length(961, false);

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(policy_parse("vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	(void)snprintf(want, sizeof(want), "%s/a", cwd);
	assert_string_equal(p.user_data, want);
	policy_free(&p);
	assert_int_equal(policy_parse("x/vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	(void)snprintf(want, sizeof(want), "%s/x/a", cwd);
	assert_string_equal(p.user_data, want);
	policy_free(&p);
	assert_int_equal(policy_parse("/vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	assert_string_equal(p.user_data, "/a");
	policy_free(&p);
	/* A folder that could not be written into a policy again. */
	assert_int_equal(policy_parse("/x;y/vm.ini", text, sizeof(text) - 1, NULL, &p, &e),
			 -EINVAL);
	assert_non_null(strstr(e.msg, "rename it"));
}

static void test_shares(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("share work", "size", SAME("16M"), SAME("10G"), {"1024M", "1G"},
		     {"16777216", "16M"}, {"16777217", "16777217"}, {"1048576T", "1048576T"},
		     BAD(""), BAD("16777215"), BAD("15M"), BAD("0"), BAD("10g"), BAD("10GB"),
		     BAD("1048577T"), BAD("-1G"), BAD("1.5G"));
	CHECK_VALUES("share work", "mode", SAME("rw"), SAME("ro"), BAD(""), BAD("RO"), BAD("w"));
	CHECK_VALUES("share work", "owner", SAME(""), SAME("alice"), SAME("alice:users"),
		     SAME("1000:1000"), SAME("0"), BAD(":"), BAD("alice:"), BAD(":users"),
		     BAD("a b"), BAD("-1"), BAD("4294967295"), BAD("a:b:c"), BAD("01"));
	CHECK_VALUES("share work", "adopt", SAME("yes"), SAME("no"), BAD(""), BAD("1"));
	CHECK_VALUES("share work", "reserve", SAME("yes"), SAME("no"), BAD(""), BAD("1"));

	p = must_parse(
		"[share work]\n[share Work]\nsize = 1G\nmode = ro\n[SHARE a b]\nmode = rw\n");
	assert_int_equal(p.n_shares, 3);
	assert_string_equal(p.shares[0].tag, "work");
	assert_true(p.shares[0].size == UINT64_C(10) << 30 && !p.shares[0].ro);
	assert_string_equal(p.shares[1].tag, "Work");
	assert_true(p.shares[1].size == UINT64_C(1) << 30 && p.shares[1].ro);
	assert_string_equal(p.shares[2].tag, "a b");
	assert_int_equal(p.shares[2].line, 5);
	policy_free(&p);
}

static void test_share_tags(void **state)
{
	static const char good[] = "[share 123456789012345678901234567890123456]\n";
	static const char *const bad[][2] = {
		{"[share]\n", "write [share TAG]"},
		{"[share  work]\n", "write [share TAG]"},
		{"[share a/b]\n", "'/'"},
		{"[share .]\n", "no file's name"},
		{"[share ..]\n", "no file's name"},
		{"[share 1234567890123456789012345678901234567]\n", "more than 36 bytes"},
	};
	struct strbuf sb = {0};
	struct policy p = must_parse(good);

	(void)state;
	assert_int_equal(strlen(p.shares[0].tag), POLICY_TAG_MAX);
	policy_free(&p);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(bad[i][0], ":1: [share", bad[i][1]);

	for (int i = 0; i < POLICY_SHARES_MAX; i++)
		sb_addf(&sb, "[share %d]\n", i);
	p = must_parse(sb_str(&sb));
	assert_int_equal(p.n_shares, POLICY_SHARES_MAX);
	policy_free(&p);
	sb_adds(&sb, "[share more]\n");
	check_bad(sb_str(&sb), ":33: [share more]: ", "more than 32 shares");
	sb_free(&sb);
}

static void test_devices(void **state)
{
	enum device_class c;

	(void)state;
	CHECK_VALUES("devices", "allow", SAME(""), SAME("hostdev"),
		     {"fs-other, hostdev", "hostdev, fs-other"}, BAD("hostdev, hostdev"),
		     BAD("usb"), BAD("usb-redir"), BAD("spice"), BAD("guest-agent"), BAD("Hostdev"),
		     BAD("all"));
	for (unsigned i = 0; i < DEV_CLASS_COUNT; i++) {
		assert_string_not_equal(device_class_name(i), "?");
		assert_int_equal(device_class_parse(device_class_name(i), &c),
				 i < DEV_REFUSABLE_COUNT);
		if (i < DEV_REFUSABLE_COUNT)
			assert_int_equal(c, i);
	}
	assert_string_equal(device_class_name(DEV_CLASS_COUNT), "?");
	check_bad("[devices]\nallow = hostdv\n", ":2: [devices] allow: ", "did you mean hostdev");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_domain_keys),
		cmocka_unit_test(test_network_words),
		cmocka_unit_test(test_network_numbers),
		cmocka_unit_test(test_host_ports),
		cmocka_unit_test(test_lan),
		cmocka_unit_test(test_lan_refused),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_files_and_users),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_share_tags),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
