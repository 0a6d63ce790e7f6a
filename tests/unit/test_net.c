/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network value types: what is taken, what is refused, and that refusal changes nothing. */
#include "lib/net.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_mac(void **state)
{
	static const char *const bad[] = {
		"",
		"52:54:00:12:34",
		"52:54:00:12:34:5",
		"52:54:00:12:34:567",
		"52:54:00:12:34:56:",
		"52-54-00-12-34-56",
		"52:54:00:12:34:5g",
		"525400123456",
		" 52:54:00:12:34:56",
		"5:54:00:12:34:56",
		"52:54:00:12:34:56 ",
	};
	struct mac mac, other;
	char buf[MAC_STRLEN];

	(void)state;
	assert_true(mac_parse("52:54:00:Ab:cD:ef", &mac));
	assert_string_equal(mac_str(&mac, buf), "52:54:00:ab:cd:ef");
	assert_true(mac_parse("52:54:00:ab:cd:ef", &other));
	assert_true(mac_equal(&mac, &other));
	assert_true(mac_parse("52:54:00:ab:cd:ee", &other));
	assert_false(mac_equal(&mac, &other));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (mac_parse(bad[i], &other))
			fail_msg("taken: '%s'", bad[i]);
		assert_string_equal(mac_str(&other, buf), "52:54:00:ab:cd:ee");
	}
}

static void test_uuid(void **state)
{
	static const char text[] = "0f6fb3a5-4d3e-4f1a-9d5e-0123456789ab";
	static const char *const bad[] = {
		"",
		"0f6fb3a5-4d3e-4f1a-9d5e-0123456789a",
		"0f6fb3a5-4d3e-4f1a-9d5e-0123456789abc",
		"0f6fb3a54d3e4f1a9d5e0123456789ab",
		"0f6fb3a5-4d3e-4f1a-9d5e0-123456789ab",
		"{0f6fb3a5-4d3e-4f1a-9d5e-0123456789ab}",
		"0f6fb3a5-4d3e-4f1a-9d5e-0123456789ag",
		"0f6fb3a5-",
		"0f6fb3a5",
	};
	struct uuid uuid, other;
	char buf[UUID_STRLEN];

	(void)state;
	assert_true(uuid_parse("0F6FB3A5-4D3E-4f1a-9d5e-0123456789AB", &uuid));
	assert_string_equal(uuid_str(&uuid, buf), text);
	assert_true(uuid_parse(text, &other));
	assert_true(uuid_equal(&uuid, &other));
	other.b[15] ^= 1;
	assert_false(uuid_equal(&uuid, &other));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (uuid_parse(bad[i], &uuid))
			fail_msg("taken: '%s'", bad[i]);
		assert_string_equal(uuid_str(&uuid, buf), text);
	}
}

static void test_ip(void **state)
{
	static const char *const good[][2] = {
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"192.168.122.1", "192.168.122.1"},
		{"::", "::"},
		{"::1", "::1"},
		{"FD00:0:0::1", "fd00::1"},
		{"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	};
	static const char *const bad[] = {
		"",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"01.2.3.4",
		"1.2.3.04",
		"0x1.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.",
		"fe80::1%eth0",
		"::1::",
		"12345::",
		"[::1]",
		"1.2.3.4/32",
		"localhost",
		"1:2:3:4:5:6:7:8:9",
		"16909060",
		"::01.2.3.4",
		":",
		"1.2.3.-4",
	};
	struct ip_addr ip, other;
	char buf[PREFIX_STRLEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (!ip_parse(good[i][0], &ip))
			fail_msg("refused: '%s'", good[i][0]);
		assert_string_equal(ip_str(&ip, buf), good[i][1]);
		assert_true(ip_parse(buf, &other));
		assert_true(ip_equal(&ip, &other));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ip_parse(bad[i], &ip))
			fail_msg("taken: '%s'", bad[i]);
		assert_string_equal(ip_str(&ip, buf), "1:2:3:4:5:6:7:8");
	}
	/* The same first bytes, but families never compare equal. */
	assert_true(ip_parse("1.2.3.4", &ip));
	assert_true(ip_parse("102:304::", &other));
	assert_false(ip_equal(&ip, &other));
	assert_string_equal(ip_str(&(struct ip_addr){0}, buf), "");
}

static void test_prefix(void **state)
{
	static const char *const good[][2] = {
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"10.1.2.3/32", "10.1.2.3"},
		{"10.1.2.3", "10.1.2.3"},
		{"10.1.2.2/31", "10.1.2.2/31"},
		{"fd00::/8", "fd00::/8"},
		{"::/0", "::/0"},
		{"fd00::1/128", "fd00::1"},
		{"fd00::1", "fd00::1"},
		{"128.0.0.0/1", "128.0.0.0/1"},
	};
	static const char *const bad[] = {
		"",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/08",
		"10.0.0.0/-1",
		"10.1.2.3/8",
		"10.1.2.3/31",
		"fd00::/129",
		"fd00::1/64",
		"10.0.0.0/8/8",
		"10.0.0.0 /8",
		"10.0.0.0/ 8",
		"10.0.0.0/255.0.0.0",
		"10/8",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8",
	};
	struct ip_prefix p;
	char buf[PREFIX_STRLEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (!ip_prefix_parse(good[i][0], &p))
			fail_msg("refused: '%s'", good[i][0]);
		assert_string_equal(ip_prefix_str(&p, buf), good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ip_prefix_parse(bad[i], &p))
			fail_msg("taken: '%s'", bad[i]);
		assert_string_equal(ip_prefix_str(&p, buf), "128.0.0.0/1");
	}
	/* The longest text there is, 43 bytes, is below the buffer. */
	assert_true(ip_prefix_parse("1111:2222:3333:4444:5555:6666:7777:8888/127", &p));
	assert_string_equal(ip_prefix_str(&p, buf), "1111:2222:3333:4444:5555:6666:7777:8888/127");
}

static bool overlap(const char *a, const char *b)
{
	struct ip_prefix pa, pb;

	assert_true(ip_prefix_parse(a, &pa));
	assert_true(ip_prefix_parse(b, &pb));
	assert_int_equal(ip_prefix_overlap(&pa, &pb), ip_prefix_overlap(&pb, &pa));
	return ip_prefix_overlap(&pa, &pb);
}

static bool contains(const char *prefix, const char *addr)
{
	struct ip_prefix p;
	struct ip_addr ip;

	assert_true(ip_prefix_parse(prefix, &p));
	assert_true(ip_parse(addr, &ip));
	return ip_prefix_contains(&p, &ip);
}

static void test_ranges(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/8", "10.255.255.255"));
	assert_false(contains("10.0.0.0/8", "11.0.0.0"));
	assert_true(contains("172.16.0.0/12", "172.31.255.255"));
	assert_false(contains("172.16.0.0/12", "172.32.0.0"));
	assert_true(contains("0.0.0.0/0", "255.255.255.255"));
	assert_false(contains("0.0.0.0/0", "::"));
	assert_false(contains("::/0", "1.2.3.4"));
	assert_true(contains("10.1.2.3", "10.1.2.3"));
	assert_false(contains("10.1.2.3", "10.1.2.2"));
	assert_true(contains("fe80::/10", "febf::1"));
	assert_false(contains("fe80::/10", "fec0::1"));

	assert_true(overlap("10.0.0.0/8", "10.9.0.0/16"));
	assert_true(overlap("0.0.0.0/0", "10.9.0.0/16"));
	assert_true(overlap("10.1.2.3", "10.1.2.3"));
	assert_false(overlap("10.0.0.0/9", "10.128.0.0/9"));
	assert_false(overlap("0.0.0.0/0", "::/0"));
	assert_true(overlap("fd00::/8", "fd12::/16"));
}

static void test_proto_port(void **state)
{
	static const char *const bad[] = {"",	"0",   "65536", "01",	"+1",
					  "-1", " 80", "80 ",	"0x50", "99999999999999999999"};
	uint8_t proto = 7;
	uint16_t port = 7;

	(void)state;
	assert_true(proto_parse("tcp", &proto));
	assert_int_equal(proto, IPPROTO_TCP);
	assert_true(proto_parse("udp", &proto));
	assert_int_equal(proto, IPPROTO_UDP);
	assert_false(proto_parse("TCP", &proto));
	assert_false(proto_parse("icmp", &proto));
	assert_false(proto_parse("", &proto));
	assert_int_equal(proto, IPPROTO_UDP);
	assert_string_equal(proto_str(IPPROTO_TCP), "tcp");
	assert_string_equal(proto_str(IPPROTO_UDP), "udp");
	assert_string_equal(proto_str(0), "any");

	assert_true(port_parse("1", &port));
	assert_int_equal(port, 1);
	assert_true(port_parse("65535", &port));
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (port_parse(bad[i], &port))
			fail_msg("taken: '%s'", bad[i]);
		assert_int_equal(port, 65535);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),    cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_ip),     cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_ranges), cmocka_unit_test(test_proto_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
