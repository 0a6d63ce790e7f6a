/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's settings and the defaults that policies take from them. */
#include "lib/policy.h"

#include "lib/util.h"
#include "tests/unit/policy_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The host's file. */
static struct host_config must_parse_host(const char *text)
{
	struct host_config c = {0};
	struct err e = {0};

	if (host_config_parse("/etc/virt-cordon/virt-cordon.ini", text, strlen(text), &c, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return c;
}

static void check_bad_host(const char *text, const char *where, const char *part)
{
	struct host_config c = {0};
	char prefix[256];
	struct err e = {0};
	int r = host_config_parse("/v.ini", text, strlen(text), &c, &e);

	(void)snprintf(prefix, sizeof(prefix), "/v.ini%s", where);
	if (r != -EINVAL || e.exit != EX_CORDON_POLICY ||
	    strncmp(e.msg, prefix, strlen(prefix)) != 0 || !strstr(e.msg, part) ||
	    strchr(e.msg, '\n'))
		fail_msg("'%s' gave: %s", text, e.msg);
}

static void test_host(void **state)
{
	struct host_config c = must_parse_host("");

	(void)state;
	assert_int_equal(c.unlisted, UNLISTED_IGNORE);
	assert_false(c.unlisted_migration);
	assert_int_equal(c.mark_base, 0x4c5a0000);
	assert_int_equal(c.n_guarded_networks, 1);
	assert_string_equal(c.guarded_networks[0], "cordon");
	assert_int_equal(c.hook_deadline_ms, 20000);
	assert_int_equal(c.lock_deadline_ms, 10000);
	assert_int_equal(c.log_group, 0);
	assert_true(c.defaults.isolation);
	host_config_free(&c);

	c = must_parse_host("[host]\nunlisted = isolate\nmark_base = 0x10000\n"
			    "unlisted_migration = yes\n"
			    "guarded_networks = a, B c\nguarded_networks.more = d\n"
			    "hook_deadline = 1m\nlock_deadline = 1m\nlog_group = 65535\n");
	assert_int_equal(c.unlisted, UNLISTED_ISOLATE);
	assert_true(c.unlisted_migration);
	assert_int_equal(c.mark_base, 0x10000);
	assert_int_equal(c.n_guarded_networks, 3);
	assert_string_equal(c.guarded_networks[1], "B c");
	assert_string_equal(c.guarded_networks[2], "d");
	assert_int_equal(c.hook_deadline_ms, 60000);
	assert_int_equal(c.log_group, 65535);
	host_config_free(&c);

	c = must_parse_host(
		"[host]\nguarded_networks =\nmark_base = 0xffff0000\nhook_deadline = 1h\n"
		"lock_deadline = 1ms\n");
	assert_int_equal(c.n_guarded_networks, 0);
	assert_int_equal(c.mark_base, 0xffff0000);
	assert_int_equal(c.lock_deadline_ms, 1);
	host_config_free(&c);
}

static void test_host_bad(void **state)
{
	(void)state;
	check_bad_host("[host]\nunlisted = deny\n", ":2: [host] unlisted: ", "ignore, refuse or");
	check_bad_host("[host]\nunlisted = refused\n",
		       ":2: [host] unlisted: ", "did you mean refuse");
	check_bad_host("[host]\nmark_base = 0\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x4c5a0001\n",
		       ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x8000\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x100000000\n", ":2: [host] mark_base: ", "lower 16");
	check_bad_host("[host]\nmark_base =\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nguarded_networks = a/b\n", ":2: [host] guarded_networks: ", "name");
	check_bad_host("[host]\nguarded_networks = a, a\n",
		       ":2: [host] guarded_networks: ", "already");
	check_bad_host("[host]\nguarded_networks = a,\n", ":2: [host] guarded_networks: ", "comma");
	check_bad_host("[host]\nhook_deadline = 20\n", ":2: [host] hook_deadline: ", "such as 20s");
	check_bad_host("[host]\nhook_deadline = 0s\n", ":2: [host] hook_deadline: ", "such as 20s");
	check_bad_host("[host]\nhook_deadline = 3600001ms\n",
		       ":2: [host] hook_deadline: ", "up to 1h");
	check_bad_host("[host]\nlock_deadline = 21s\n", ":2: [host] lock_deadline: ", "shorter");
	check_bad_host("[host]\nhook_deadline = 9s\n", ":2: [host] hook_deadline: ", "shorter");
	check_bad_host("[host]\nlog_group = 65536\n", ":2: [host] log_group: ", "65535");
	check_bad_host("[host]\nlog_group = -1\n", ":2: [host] log_group: ", "65535");
	check_bad_host("[host]\nunlisted_migration = allow\n",
		       ":2: [host] unlisted_migration: ", "yes or no");
	check_bad_host("[host]\nunlistd = x\n", ":2: [host] unlistd: ", "did you mean unlisted");
	check_bad_host("[host]\nunlisted.x = ignore\n", ":2: [host] unlisted.x: ", "not a label");
	check_bad_host("[host]\nguarded_networks. = x\n",
		       ":2: [host] guarded_networks.: ", "label");
	check_bad_host("[network]\nipv6 = nat\n", ":1: [network]: ", "[defaults network]");
	check_bad_host("[default network]\n", ":1: [default network]: ", "[defaults network]");
	check_bad_host("[defaults tunnel]\nconfig = x\n",
		       ":1: [defaults tunnel]: ", "no such section");
	check_bad_host("[share a]\n", ":1: [share a]: ", "no such section");
	check_bad_host("[defaults network]\neggress = none\n",
		       ":2: [defaults network] eggress: ", "did you mean egress");
	check_bad_host("[defaults network]\nisolation = no\nipv6 = no\n",
		       ":2: [defaults network] isolation: ", "line 3");
	check_bad_host("[defaults network]\negress = none\nallow_lan = 10.0.0.1\n",
		       ":3: [defaults network] allow_lan: ", "nothing but DHCP");
	check_bad_host("[defaults provision]\nrun_as = root\n",
		       ":2: [defaults provision] run_as: ", "does not run as root");
}

static void test_host_defaults(void **state)
{
	struct host_config c =
		must_parse_host("[defaults network]\nallow_lan = 10.0.0.1, 10.0.0.2\n"
				"addresses = 10.0.0.9\nrate_out = 1mbit\n"
				"[defaults devices]\nallow = vsock\n"
				"[defaults provision]\nuser_data = base.yaml\n");
	struct policy p = {0};
	struct err e;

	(void)state;
	assert_int_equal(parse("", &c, &p, &e), 0);
	assert_int_equal(p.n_lan, 2);
	assert_int_equal(p.lan[0].line, 0);
	assert_int_equal(p.line[KEY_NET_ALLOW_LAN], 0);
	assert_true(p.rate_out == 1000000);
	assert_int_equal(p.dev_allow, 1u << DEV_VSOCK);
	assert_string_equal(p.user_data, "/etc/virt-cordon/base.yaml");
	assert_string_equal(p.path, PATH);
	policy_free(&p);

	/* A list replaces the default's, also by its labels, also by nothing. */
	assert_int_equal(parse("[network]\nallow_lan.x = 10.0.0.3\nrate_out =\naddresses = dhcp\n"
			       "[devices]\nallow =\n[provision]\nuser_data =\n",
			       &c, &p, &e),
			 0);
	assert_int_equal(p.n_lan, 1);
	assert_int_equal(p.n_addresses, 0);
	assert_true(p.rate_out == 0);
	assert_int_equal(p.dev_allow, 0);
	assert_null(p.user_data);
	policy_free(&p);

	/* A default that a policy's rule forbids is named without a line. */
	assert_int_equal(parse("[network]\negress = none\n", &c, &p, &e), -EINVAL);
	assert_memory_equal(e.msg,
			    PATH ": [network] allow_lan: ", strlen(PATH ": [network] allow_lan: "));
	assert_non_null(strstr(e.msg, "not set in this file"));
	assert_int_equal(parse("[network]\negress = none\nallow_lan =\n", &c, &p, &e), 0);
	policy_free(&p);
	assert_int_equal(parse("[network]\nisolation = no\n", &c, &p, &e), 0);
	assert_int_equal(p.n_lan, 0);
	policy_free(&p);
	host_config_free(&c);
}

/* Isolation is off for all, but this policy sets a key that means nothing without it. */
static void test_host_isolation_no(void **state)
{
	struct host_config c = must_parse_host("[defaults network]\nisolation = no\n");
	struct policy p = {0};
	struct err e;

	(void)state;
	assert_int_equal(parse("", &c, &p, &e), 0);
	assert_false(p.isolation);
	policy_free(&p);
	assert_int_equal(parse("[network]\negress = none\n", &c, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, PATH ":2: [network] egress: "));
	assert_non_null(strstr(e.msg, "write isolation = yes"));
	assert_int_equal(parse("[network]\nisolation = yes\negress = none\n", &c, &p, &e), 0);
	assert_true(p.isolation);
	policy_free(&p);
	host_config_free(&c);
}

/* The shipped host file, as it is and with its commented lines in force: both are the defaults. */
static void test_shipped_host_file(void **state)
{
	FILE *f = fopen("etc/virt-cordon.ini", "re");
	struct strbuf shipped = {0}, active = {0};
	struct host_config c, d = must_parse_host("");
	char line[1100];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		sb_adds(&shipped, line);
		/* ";key = value" is a default, "; text" a comment. */
		sb_adds(&active, line + (line[0] == ';' && line[1] != ' '));
	}
	(void)fclose(f);
	for (int i = 0; i < 2; i++) {
		c = must_parse_host(sb_str(i ? &active : &shipped));
		assert_int_equal(c.unlisted, d.unlisted);
		assert_int_equal(c.unlisted_migration, d.unlisted_migration);
		assert_int_equal(c.mark_base, d.mark_base);
		assert_int_equal(c.n_guarded_networks, 1);
		assert_string_equal(c.guarded_networks[0], "cordon");
		assert_int_equal(c.hook_deadline_ms, d.hook_deadline_ms);
		assert_int_equal(c.lock_deadline_ms, d.lock_deadline_ms);
		assert_int_equal(c.log_group, d.log_group);
		assert_true(policy_equal(&c.defaults, &d.defaults));
		host_config_free(&c);
	}
	assert_non_null(strstr(sb_str(&active), "\nunlisted = ignore\n"));
	assert_non_null(strstr(sb_str(&active), "\nmax_flows = 4096\n"));
	host_config_free(&d);
	sb_free(&shipped);
	sb_free(&active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_host_bad),
		cmocka_unit_test(test_host_defaults),
		cmocka_unit_test(test_host_isolation_no),
		cmocka_unit_test(test_shipped_host_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
