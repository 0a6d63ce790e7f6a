/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases from dnsmasq's status file: whose they are, which still hold, and what is no lease. */
#include "netiso/gather.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1000

static const char own[] = "52:54:00:aa:bb:cc";

static void init_nic(struct iso_nic *nic)
{
	*nic = (struct iso_nic){.n_gateways = 1};
	assert_true(mac_parse(own, &nic->mac));
	assert_true(ip_parse("192.168.122.1", &nic->gateways[0].addr));
	assert_true(ip_prefix_parse("192.168.122.0/24", &nic->gateways[0].net));
}

static size_t parse(const char *json, struct iso_nic *nic)
{
	init_nic(nic);
	iso_leases_parse(json, strlen(json), NOW, nic);
	return nic->n_leases;
}

static void lease(struct strbuf *out, const char *ip, const char *mac, const char *rest)
{
	sb_addf(out, "%s  {\n    \"ip-address\": \"%s\",\n    \"mac-address\": \"%s\"%s\n  }\n",
		out->len ? ",\n" : "[\n", ip, mac, rest);
}

static void assert_lease(const struct iso_nic *nic, size_t i, const char *ip, uint64_t remaining)
{
	char text[PREFIX_STRLEN];

	assert_string_equal(ip_str(&nic->leases[i].addr, text), ip);
	assert_int_equal(nic->leases[i].remaining_s, remaining);
}

static void test_own_and_others(void **state)
{
	auto_sb struct strbuf json = {0};
	struct iso_nic nic;

	(void)state;
	lease(&json, "192.168.122.2", "52:54:00:aa:bb:cd", ",\n    \"expiry-time\": 2000");
	lease(&json, "192.168.122.3", own,
	      ",\n    \"hostname\": \"g\",\n    \"expiry-time\": 1500");
	lease(&json, "192.168.122.4", "52:54:00:aa:bb:ce", ",\n    \"expiry-time\": 2000");
	lease(&json, "192.168.122.5", own, ", \"expiry-time\": 0");
	sb_adds(&json, "]\n");
	assert_int_equal(parse(sb_str(&json), &nic), 2);
	assert_lease(&nic, 0, "192.168.122.3", 500);
	assert_lease(&nic, 1, "192.168.122.5", 0);
}

static void test_no_longer_valid(void **state)
{
	struct iso_nic nic;

	(void)state;
	assert_int_equal(parse("[{\"ip-address\": \"192.168.122.3\", \"mac-address\": "
			       "\"52:54:00:aa:bb:cc\", \"expiry-time\": 1000}]",
			       &nic),
			 0);
	assert_int_equal(parse("[{\"ip-address\": \"192.168.122.3\", \"mac-address\": "
			       "\"52:54:00:aa:bb:cc\", \"expiry-time\": 1001}]",
			       &nic),
			 1);
	/* on another network */
	assert_int_equal(parse("[{\"ip-address\": \"192.168.123.3\", \"mac-address\": "
			       "\"52:54:00:aa:bb:cc\", \"expiry-time\": 1001}]",
			       &nic),
			 0);
}

/* A guest chooses its client-id and its host name. */
static void test_forged(void **state)
{
	static const char *const rests[] = {
		", \"client-id\": \"52:54:00:aa:bb:cc\", \"expiry-time\": 2000",
		", \"hostname\": \"52:54:00:aa:bb:cc\", \"expiry-time\": 2000",
		", \"hostname\": \"{\\\"ip-address\\\": \\\"192.168.122.9\\\", "
		"\\\"mac-address\\\": "
		"\\\"52:54:00:aa:bb:cc\\\", \\\"expiry-time\\\": 0}\", \"expiry-time\": 2000",
		", \"mac-address\": \"52:54:00:aa:bb:cc\", \"expiry-time\": 2000",
		(", \"hostname\": \"}, {\", \"client-id\": \"52:54:00:aa:bb:cc\", "
		 "\"expiry-time\": 2000"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rests); i++) {
		auto_sb struct strbuf json = {0};
		struct iso_nic nic;

		lease(&json, "192.168.122.8", "52:54:00:00:00:01", rests[i]);
		sb_adds(&json, "]\n");
		assert_int_equal(parse(sb_str(&json), &nic), 0);
	}
}

static void test_cut_short(void **state)
{
	static const char whole[] = "[{\"ip-address\": \"192.168.122.3\", \"mac-address\": "
				    "\"52:54:00:aa:bb:cc\", \"expiry-time\": 1500}]";
	struct iso_nic nic;

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		/* Not one byte beyond may be read. */
		auto_free char *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, whole, len);
		init_nic(&nic);
		iso_leases_parse(copy, len, NOW, &nic);
		/* whole but for the bracket that ends the list */
		assert_int_equal(nic.n_leases, len + 2 > sizeof(whole) - 1 ? 1 : 0);
	}
}

static void test_not_leases(void **state)
{
	static const char *const texts[] = {
		"52:54:00:aa:bb:cc",
		"{52:54:00:aa:bb:cc",
		"52:54:00:aa:bb:cc}",
		"}52:54:00:aa:bb:cc{",
		"{52:54:00:aa:bb:cc}",
		"{\"mac-address\": \"52:54:00:aa:bb:cc\"}",
		"{\"mac-address\": \"52:54:00:aa:bb:cc\", \"ip-address\": 7, \"expiry-time\": 0}",
		"{\"mac-address\": \"52:54:00:aa:bb:cc\", \"ip-address\": \"192.168.122.3\"}",
		("{\"mac-address\": \"52:54:00:aa:bb:cc\", \"ip-address\": \"192.168.122.3\", "
		 "\"expiry-time\": \"0\"}"),
	};
	struct iso_nic nic;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse(texts[i], &nic), 0);
}

static void test_too_many(void **state)
{
	auto_sb struct strbuf json = {0};
	struct iso_nic nic;
	char ip[32];

	(void)state;
	for (int i = 0; i < ISO_LEASES_MAX + 1; i++) {
		(void)snprintf(ip, sizeof(ip), "192.168.122.%d", i + 2);
		lease(&json, ip, own, ", \"expiry-time\": 0");
	}
	sb_adds(&json, "]\n");
	assert_int_equal(parse(sb_str(&json), &nic), ISO_LEASES_MAX);
}

static void test_clock_set_back(void **state)
{
	static const char json[] = "[{\"ip-address\": \"192.168.122.3\", \"mac-address\": "
				   "\"52:54:00:aa:bb:cc\", \"expiry-time\": 999999}]";
	struct iso_nic nic;

	(void)state;
	for (uint64_t lease_s = 0; lease_s <= 3600; lease_s += 3600) {
		init_nic(&nic);
		nic.lease_s = lease_s;
		iso_leases_parse(json, strlen(json), NOW, &nic);
		assert_int_equal(nic.n_leases, 1);
		assert_lease(&nic, 0, "192.168.122.3", lease_s ? lease_s : 999999 - NOW);
	}
}

static size_t reserved(const char *hosts, const char *leases, struct iso_nic *nic)
{
	init_nic(nic);
	nic->lease_s = 3600;
	iso_reserved_parse(hosts, strlen(hosts), leases, leases ? strlen(leases) : 0, nic);
	return nic->n_leases;
}

static void test_reserved(void **state)
{
	struct iso_nic nic;

	(void)state;
	assert_int_equal(reserved("52:54:00:aa:bb:cd,192.168.122.4,o\n"
				  "52:54:00:aa:bb:cc,192.168.122.5,g,2h\n"
				  "52:54:00:aa:bb:cc,192.168.122.6\n"
				  "52:54:00:aa:bb:cc,192.168.122.7",
				  NULL, &nic),
			 3);
	assert_lease(&nic, 0, "192.168.122.5", 3600);
	assert_lease(&nic, 1, "192.168.122.6", 3600);
	assert_lease(&nic, 2, "192.168.122.7", 3600);
	/* whose lease it is is known better from the leases */
	assert_int_equal(reserved("52:54:00:aa:bb:cc,192.168.122.5\n",
				  "[{\"ip-address\": \"192.168.122.5\"}]", &nic),
			 0);
	assert_int_equal(reserved("52:54:00:aa:bb:cc,192.168.122.5\n",
				  "[{\"ip-address\": \"192.168.122.55\"}]", &nic),
			 1);
}

static void test_not_reserved(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"52:54:00:aa:bb:cc",
		"52:54:00:aa:bb:cc\n",
		"52:54:00:aa:bb:cc,",
		"52:54:00:aa:bb:cc,\n192.168.122.5\n",
		"52:54:00:aa:bb:cc 192.168.122.5\n",
		"x52:54:00:aa:bb:cc,192.168.122.5\n",
		"52:54:00:aa:bb:cc,name\n",
		"52:54:00:aa:bb:cc,[fd00::5]\n",
		"52:54:00:aa:bb:cc,fd00::5\n",
		"52:54:00:aa:bb:cc,10.0.0.5\n", /* of another network */
		"52:54:00:aa:bb:cc,192.168.122.5 \n",
		"52:54:00:aa:bb:cc,192.168.122.5.192.168.122.5.192.168.122.5.192.168.122.5\n",
		"id:52:54:00:aa:bb:cc,192.168.122.5\n",
	};
	struct iso_nic nic;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(reserved(texts[i], NULL, &nic), 0);
}

static void test_too_many_reserved(void **state)
{
	auto_sb struct strbuf hosts = {0};
	struct iso_nic nic;

	(void)state;
	for (int i = 0; i < ISO_LEASES_MAX + 1; i++)
		sb_addf(&hosts, "%s,192.168.122.%d\n", own, i + 2);
	assert_int_equal(reserved(sb_str(&hosts), NULL, &nic), ISO_LEASES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_and_others),
		cmocka_unit_test(test_no_longer_valid),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_not_leases),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_not_reserved),
		cmocka_unit_test(test_too_many_reserved),
		cmocka_unit_test(test_clock_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
