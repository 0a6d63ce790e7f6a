/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a tunnel that the isolator reads: round trip, and that nothing else is taken. */
#include "lib/tunnel.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOOD                                                                                       \
	"virt-cordon-wgtun 1\nlink wgc5\nmark 0x4c5a0005\nmtu 1420\naddress 10.64.0.2\n"           \
	"address6 fd00::2\ndns 10.64.0.1\ndns fd00::1\ndefault no\ndefault6 no\n"                  \
	"route 10.0.0.0/8\nroute 192.168.0.0/16\nroute fd00::/8\nway 10.9.0.0/16\n"                \
	"way 192.0.2.1 dev lan0\nway 2001:db8::/32 dev eth0.5 via fe80::1\nend\n"

static void test_round_trip(void **state)
{
	auto_sb struct strbuf out = {0};
	struct tunnel t = {0};
	struct ip_addr ip;
	struct err e = {0};

	(void)state;
	assert_int_equal(tunnel_parse(GOOD, strlen(GOOD), &t, &e), 0);
	tunnel_print(&t, &out);
	assert_string_equal(sb_str(&out), GOOD);
	assert_true(ip_parse("10.1.2.3", &ip) && tunnel_reaches(&t, &ip));
	assert_true(ip_parse("11.1.2.3", &ip) && !tunnel_reaches(&t, &ip));
	assert_true(ip_parse("fd00::1", &ip) && tunnel_reaches(&t, &ip));
	assert_true(ip_parse("2001::1", &ip) && !tunnel_reaches(&t, &ip));
	t.to_all = true;
	assert_true(ip_parse("11.1.2.3", &ip) && tunnel_reaches(&t, &ip));
	assert_true(ip_parse("2001::1", &ip) && !tunnel_reaches(&t, &ip));
	t.to_all6 = true;
	assert_true(ip_parse("2001::1", &ip) && tunnel_reaches(&t, &ip));
	assert_int_equal(tunnel_n_dns(&t, AF_INET), 1);
	assert_int_equal(t.n_ways, 3);
	tunnel_free(&t);
}

static void test_bad(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"virt-cordon-wgtun 1", "virt-cordon-wgtun 2"},
		{"link wgc5\n", ""},
		{"link wgc5", "link eth0"},
		{"link wgc5", "link wgc"},
		{"link wgc5", "link wgc5x"},
		{"link wgc5", "link wgc1234567890123"},
		{"mark 0x4c5a0005", "mark 5"},
		{"mark 0x4c5a0005", "mark 0x0"},
		{"mtu 1420", "mtu 100"},
		{"mtu 1420", "mtu 1420\nmtu 1420"},
		{"address 10.64.0.2", "address fd00::1"},
		{"address 10.64.0.2", "address"},
		{"dns 10.64.0.1", "dns x"},
		{"default no", "default maybe"},
		{"default no\n", ""},
		{"route 10.0.0.0/8", "route 0.0.0.0/0"},
		{"route 10.0.0.0/8", "route 10.0.0.1/8"},
		{"route 10.0.0.0/8", "dns 10.0.0.1"},
		{"address6 fd00::2", "address6 10.0.0.1"},
		{"address6 fd00::2", "address6 fd00::2\naddress6 fd00::3"},
		{"default6 no\n", ""},
		{"way 10.9.0.0/16", "way 10.9.0.1/16"},
		{"way 10.9.0.0/16", "way"},
		{"dev lan0", "lan0"},
		{"dev lan0", "dev"},
		{"dev lan0", "dev a/b"},
		{"dev lan0", "dev lan0 via"},
		{"dev lan0", "dev lan0 via fd00::1"},
		{"dev lan0", "dev lan0 via 10.0.0.1 x"},
		{"way 10.9.0.0/16", "dns 10.0.0.1"},
		{"end\n", ""},
		{"end\n", "end"},
		{"end\n", "end\nend\n"},
		{"end\n", "colour blue\nend\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_sb struct strbuf text = {0};
		const char *at = strstr(GOOD, rows[i].from);
		struct tunnel t = {0};
		struct err e = {0};

		assert_non_null(at);
		sb_add(&text, GOOD, (size_t)(at - GOOD));
		sb_addf(&text, "%s%s", rows[i].to, at + strlen(rows[i].from));
		if (tunnel_parse(sb_str(&text), text.len, &t, &e) >= 0)
			fail_msg("taken: %s", sb_str(&text));
		assert_int_equal(e.exit, EX_CORDON_DATA);
		assert_null(t.routes);
		assert_null(t.ways);
	}
	/* Cut off anywhere. */
	for (size_t n = 0; n < strlen(GOOD); n++) {
		struct tunnel t = {0};

		assert_true(tunnel_parse(GOOD, n, &t, NULL) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
