/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a listing of tables when they are made anew. */
#include "netiso/renew.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TABLE                                                                                      \
	"table bridge virt_cordon {\n"                                                             \
	"\tset nics {\n\t\ttypeof iifname\n\t\telements = { \"vnet0\" }\n\t}\n\n"                  \
	"\tmap address_owner {\n\t\ttypeof @nh,96,32 : meta priority\n"                            \
	"\t\telements = { 0xc0a87a07 timeout 1h expires 59m : 4c00:20,\n"                          \
	"\t\t\t     0xc0a87a08 : 4c00:40 }\n\t}\n\n"                                               \
	"\tset own_2_0 {\n\t\telements = { 0x1 }\n\t}\n\n"                                         \
	"\tset own_7_0 {\n\t\telements = { 0x2 }\n\t}\n\n"                                         \
	"\tset flows_7_0_9 {\n\t\tsize 9\n\t}\n\n"                                                 \
	"\tchain learn {\n\t\tmeta mark set 0x1\n\t}\n}\n"

static void check(const char *family, const char *listing, const char *plans, const char *want)
{
	auto_sb struct strbuf out = {0};

	renew_learnt(family, listing, plans, &out);
	assert_string_equal(sb_str(&out), want);
}

static void test_addresses(void **state)
{
	(void)state;
	check("bridge", TABLE, NULL,
	      "add element bridge virt_cordon address_owner { 0xc0a87a07 timeout 1h expires 59m : "
	      "4c00:20,         0xc0a87a08 : 4c00:40 }\n");
}

/* Of taps, what a plan makes again: with this very name. */
static void test_plans(void **state)
{
	(void)state;
	check("netdev", TABLE, "", "");
	check("netdev", TABLE, "add set netdev virt_cordon own_7_01 { }\n", "");
	check("netdev", TABLE, "add set netdev virt_cordon own_7_0 { typeof @nh,96,32; }\n",
	      "add element netdev virt_cordon own_7_0 { 0x2 }\n");
}

static void test_cut_off(void **state)
{
	static const char table[] = TABLE;
	char text[sizeof(table)];

	(void)state;
	check("inet", TABLE, NULL, "");
	check("bridge", "", NULL, "");
	/* Wherever the listing ends, what is written ends with its brace. */
	for (size_t n = 0; n < sizeof(table); n++) {
		auto_sb struct strbuf out = {0};

		memcpy(text, table, n);
		text[n] = '\0';
		renew_learnt("bridge", text, NULL, &out);
		assert_true(!out.len || strcmp(sb_str(&out) + out.len - 3, " }\n") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses),
					   cmocka_unit_test(test_plans),
					   cmocka_unit_test(test_cut_off)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
