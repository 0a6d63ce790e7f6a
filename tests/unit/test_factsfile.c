/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts files: what each line gives, and that nothing else is taken for one. */
#include "netiso/factsfile.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NIC "nic vnet0 virbr0 52:54:00:00:00:01 3600\n"

static void release(struct iso_facts *f)
{
	free(f->nics);
	free(f->attached);
	free(f->local);
	*f = (struct iso_facts){0};
}

static struct iso_facts must_parse(const char *text)
{
	struct iso_facts f = {0};
	struct err e = {0};

	if (factsfile_parse(text, strlen(text), &f, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return f;
}

/* @text is refused, and line @n is named. */
static void check_bad(const char *text, unsigned n)
{
	struct iso_facts f = {0};
	struct err e = {0};
	char where[32];

	(void)snprintf(where, sizeof(where), "line %u ", n);
	if (factsfile_parse(text, strlen(text), &f, &e) >= 0 || e.exit != EX_CORDON_DATA ||
	    strncmp(e.msg, where, strlen(where)) != 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	assert_null(f.nics);
}

static void test_lines(void **state)
{
	struct iso_facts f = must_parse("# a comment\n"
					"\n"
					"mark_base 0x12340000\n"
					"log_group\t7\n"
					"slot 16383\n" NIC "gateway 192.168.122.1/24\n"
					"lease 192.168.122.7 0\n"
					"lease 192.168.122.8 4294967295\n"
					"host 203.0.113.10/30\n"
					"  host   198.51.100.1/32");

	(void)state;
	assert_int_equal(f.layout.mark_base, 0x12340000);
	assert_int_equal(f.layout.log_group, 7);
	assert_int_equal(f.slot, 16383);
	assert_int_equal(f.n_nics, 1);
	assert_string_equal(f.nics[0].tap, "vnet0");
	assert_string_equal(f.nics[0].bridge, "virbr0");
	assert_int_equal(f.nics[0].mac.b[5], 1);
	assert_int_equal(f.nics[0].lease_s, 3600);
	assert_int_equal(f.nics[0].n_gateways, 1);
	assert_int_equal(ntohl(f.nics[0].gateways[0].addr.v4.s_addr), 0xc0a87a01);
	assert_int_equal(ntohl(f.nics[0].gateways[0].net.addr.v4.s_addr), 0xc0a87a00);
	assert_int_equal(f.nics[0].gateways[0].net.len, 24);
	assert_int_equal(f.nics[0].n_leases, 2);
	assert_int_equal(f.nics[0].leases[0].remaining_s, 0);
	assert_int_equal(f.nics[0].leases[1].remaining_s, UINT32_MAX);
	/* a gateway is an address of the host, too */
	assert_int_equal(f.n_local, 3);
	assert_int_equal(f.n_attached, 3);
	assert_int_equal(ntohl(f.attached[1].addr.v4.s_addr), 0xcb007108);
	assert_int_equal(f.attached[2].len, 32);
	release(&f);
}

static void test_of_the_nic_before(void **state)
{
	struct iso_facts f = must_parse(NIC "gateway 10.0.0.1/8\n"
					    "nic vnet1 virbr1 52:54:00:00:00:02 0\n"
					    "gateway 10.1.0.1/16\n"
					    "gateway 10.2.0.1/16\n");

	(void)state;
	assert_int_equal(f.n_nics, 2);
	assert_int_equal(f.nics[0].n_gateways, 1);
	assert_int_equal(f.nics[1].n_gateways, 2);
	assert_int_equal(f.nics[0].index, 0);
	assert_int_equal(f.nics[1].index, 1);
	assert_int_equal(f.nics[1].lease_s, 0);
	release(&f);
	check_bad("gateway 10.0.0.1/8\n", 1);
	check_bad("lease 10.0.0.1 5\n", 1);
}

static void test_bad_lines(void **state)
{
	static const char *const bad[] = {
		"nonsense",
		"slot",
		"slot 16384",
		"slot -1",
		"slot 1 2",
		"slot 0x1",
		"mark_base",
		"mark_base 0x112340000",
		"log_group 65536",
		"log_group 1x",
		"nic vnet0 virbr0 52:54:00:00:00:01",
		"nic vnet0 virbr0 52:54:00:00:00:01 3600 more",
		"nic vnet0 virbr0 52:54:00:00:00 3600",
		"nic vnet0 virbr0 52:54:00:00:00:01 -1",
		"nic vnet0 virbr0 52:54:00:00:00:01 4294967296",
		"nic 1234567890123456 virbr0 52:54:00:00:00:01 3600",
		"nic vnet0 1234567890123456 52:54:00:00:00:01 3600",
		"host 10.0.0.1",
		"host 10.0.0.1/33",
		"host 10.0.0.1/",
		"host 10.0.0/8",
		"host fd00::1/129",
		"host",
		"a b c d e f g",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_sb struct strbuf text = {0};

		check_bad(bad[i], 1);
		sb_addf(&text, "slot 3\n# here\n%s\nslot 4\n", bad[i]);
		check_bad(sb_str(&text), 3);
	}
	check_bad(NIC "lease fd00::1 5", 2);
	check_bad(NIC "lease 10.0.0.1 4294967296", 2);
	check_bad(NIC "gateway fd00::1/129", 2);
}

/* At each bound, and one above. */
static void test_bounds(void **state)
{
	static const struct {
		const char *line;
		unsigned max;
	} cases[] = {
		{NIC, ISO_NICS_MAX},
		{"gateway 10.0.0.1/8\n", ISO_GATEWAYS_MAX},
		{"lease 10.0.0.7 60\n", ISO_LEASES_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_sb struct strbuf text = {0};
		struct iso_facts f;

		if (i > 0)
			sb_adds(&text, NIC);
		for (unsigned n = 0; n < cases[i].max; n++)
			sb_adds(&text, cases[i].line);
		f = must_parse(sb_str(&text));
		release(&f);
		sb_adds(&text, cases[i].line);
		check_bad(sb_str(&text), cases[i].max + (i > 0 ? 2 : 1));
	}
}

static void test_names_of_full_length(void **state)
{
	struct iso_facts f =
		must_parse("nic 123456789012345 abcdefghijklmno 52:54:00:00:00:01 3600\n");

	(void)state;
	assert_string_equal(f.nics[0].tap, "123456789012345");
	assert_string_equal(f.nics[0].bridge, "abcdefghijklmno");
	release(&f);
}

static void test_files(void **state)
{
	struct iso_facts f = {0};
	struct err e = {0};

	(void)state;
	assert_true(factsfile_load("/nonexistent/facts", &f, &e) < 0);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	e = (struct err){0};
	assert_int_equal(factsfile_example(false, &f, &e), 0);
	assert_int_equal(f.n_nics, 1);
	assert_true(f.slot > 0);
	release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_of_the_nic_before),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_names_of_full_length),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
