/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler from policy and facts to commands: what the goldens do not show. */
#include "netiso/compile.h"

#include "lib/util.h"
#include "netiso/factsfile.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FACTS                                                                                      \
	"mark_base 0x4c5a0000\nlog_group 100\nslot 7\n"                                            \
	"nic vnet0 virbr0 52:54:00:00:00:01 3600\n"                                                \
	"gateway 192.168.122.1/24\n"                                                               \
	"host 203.0.113.10/24\n"
#define RICH                                                                                       \
	"[network]\nallow_host_port = tcp/8080, udp/5353\n"                                        \
	"allow_lan = 192.168.50.50, 10.1.2.3:tcp/443, 10.9.0.0/16\n"                               \
	"forward_port = tcp/11434 10.64.0.6:11434\ndns = 192.168.50.51\nrate_out = 50mbit\n"

static struct policy policy(const char *text)
{
	struct policy p = {0};
	struct err e = {0};

	if (policy_parse("/p.ini", text, strlen(text), NULL, &p, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return p;
}

static struct iso_facts facts(const char *text)
{
	struct iso_facts f = {0};
	struct err e = {0};

	if (factsfile_parse(text, strlen(text), &f, &e) < 0)
		fail_msg("%s", e.msg);
	return f;
}

static void facts_release(struct iso_facts *f)
{
	free(f->nics);
	free(f->attached);
	free(f->local);
}

static struct iso_plan compile(const char *policy_text, const char *facts_text)
{
	struct policy p = policy(policy_text);
	struct iso_facts f = facts(facts_text);
	struct iso_plan plan = {0};
	struct err e = {0};

	if (iso_compile(&p, &f, &plan, &e) < 0)
		fail_msg("'%s' gave: %s", policy_text, e.msg);
	policy_free(&p);
	facts_release(&f);
	return plan;
}

/* Refused with @code; the message holds @part. */
static void check_refused(const char *policy_text, const char *facts_text, enum exit_code code,
			  const char *part)
{
	struct policy p = policy(policy_text);
	struct iso_facts f = facts(facts_text);
	struct iso_plan plan = {0};
	struct err e = {0};

	if (iso_compile(&p, &f, &plan, &e) >= 0 || e.exit != code || !strstr(e.msg, part))
		fail_msg("'%s' gave: %s", policy_text, e.msg);
	iso_plan_free(&plan);
	policy_free(&p);
	facts_release(&f);
}

static void test_same_bytes(void **state)
{
	struct iso_plan a = compile(RICH, FACTS), b = compile(RICH, FACTS);

	(void)state;
	assert_string_equal(sb_str(&a.apply), sb_str(&b.apply));
	assert_string_equal(sb_str(&a.fresh), sb_str(&b.fresh));
	assert_string_equal(sb_str(&a.undo), sb_str(&b.undo));
	assert_string_equal(sb_str(&a.public), sb_str(&b.public));
	assert_int_equal(a.n_elements, b.n_elements);
	iso_plan_free(&a);
	iso_plan_free(&b);
}

/* Who was denied what stands before each packet in nflog: of this domain, in the host's group. */
static void test_log(void **state)
{
	static const char *const reasons[] = {"host",	"range", "attached",  "dns",
					      "egress", "flows", "redirected"};
	static const char rule[] = "\nadd rule inet " LAYOUT_TABLE
				   " log_7 meta priority 0:%zx log prefix \"virt-cordon "
				   "12345678-9abc-def0-1234-56789abcdef0 %s \" group 100\n";
	struct iso_plan plan = compile("", FACTS "uuid 12345678-9abc-def0-1234-56789abcdef0\n");
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		(void)snprintf(line, sizeof(line), rule, i + 1, reasons[i]);
		assert_non_null(strstr(sb_str(&plan.apply), line));
	}
	assert_non_null(strstr(sb_str(&plan.fresh), "logged { 0x4c5a8007 : jump log_7 }"));
	assert_non_null(strstr(sb_str(&plan.undo), "delete chain inet " LAYOUT_TABLE " log_7\n"));
	iso_plan_free(&plan);
	plan = compile("[network]\nlog_denied = no\n", FACTS);
	assert_null(strstr(sb_str(&plan.apply), "log_7"));
	iso_plan_free(&plan);
}

/* What is read back is what was written: each element stands in the commands, its text as nft reads
 * it, its bytes padded to whole registers. */
static void test_elements(void **state)
{
	struct iso_plan plan = compile(RICH, FACTS);

	(void)state;
	assert_true(plan.n_elements > 15);
	for (size_t i = 0; i < plan.n_elements; i++) {
		const struct iso_element *el = &plan.elements[i];
		char line[256];

		(void)snprintf(line, sizeof(line), "add element %s " LAYOUT_TABLE " %s { %s",
			       el->family, el->set, el->text);
		if (!strstr(sb_str(&plan.apply), line) && !strstr(sb_str(&plan.guests), line))
			fail_msg("not in the commands: %s", line);
		assert_true(el->key_len > 0 && el->key_len <= ISO_KEY_MAX);
		assert_int_equal(el->key_len % 4, 0);
		assert_false(el->data_len && el->verdict[0]);
	}
	iso_plan_free(&plan);
}

/* Undo deletes each element it is to delete right after having made sure that it is there: so it
 * never fails, whatever was lost. */
static void test_undo_pairs(void **state)
{
	struct iso_plan plan = compile(RICH, FACTS);
	unsigned deletes = 0;

	(void)state;
	for (const char *line = sb_str(&plan.undo); *line; line += strcspn(line, "\n") + 1) {
		const size_t n = strcspn(line, "\n");
		auto_free char *this = strndup(line, n);
		auto_sb struct strbuf add = {0};
		const char *made;

		assert_non_null(this);
		if (strncmp(this, "delete ", 7) != 0)
			continue;
		deletes++;
		sb_addf(&add, "add %s", this + 7);
		made = strstr(sb_str(&plan.undo), sb_str(&add));
		if (!made || made > line)
			fail_msg("undo does not make sure of: %s", this);
	}
	assert_true(deletes > 15);
	iso_plan_free(&plan);
}

static void test_marks(void **state)
{
	const struct layout_params lp = {.mark_base = 0x4c5a0000};
	struct policy internet = policy("[network]\n");
	struct policy none = policy("[network]\negress = none\nallow_unguarded = yes\n");

	(void)state;
	assert_int_equal(iso_mark(&lp, 1, &internet), 0x4c5a8001);
	assert_int_equal(iso_mark(&lp, 1, &none), 0x4c5a0001);
	assert_int_equal(iso_mark(&lp, LAYOUT_SLOT_MASK, &internet), 0x4c5abfff);
	policy_free(&internet);
	policy_free(&none);
}

/* No two NICs of any two domains have the same number, and none has that of no one. */
static void test_nic_numbers(void **state)
{
	(void)state;
	assert_int_not_equal(iso_nic_number(1, 0), iso_nic_number(1, 1));
	assert_int_not_equal(iso_nic_number(1, ISO_NICS_MAX - 1), iso_nic_number(2, 0));
	assert_int_not_equal(iso_nic_number(1, 0), 0);
	assert_int_not_equal(iso_nic_number(LAYOUT_SLOT_MASK, ISO_NICS_MAX - 1),
			     iso_nic_number(LAYOUT_SLOT_MASK, 0));
}

static void test_tap_names(void **state)
{
	static const char *const good[] = {"vnet0", "a", "0", "A-b_c.d", "123456789012345", "drop"};
	static const char *const bad[] = {
		"",   "1234567890123456", "a b", "a\"b", "a\nb", "a;b", "a{b", "a/b",
		"a*", "\xc3\xa9",	  "a$b", "a@b",	 "a:b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(iso_tap_name_ok(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(iso_tap_name_ok(bad[i]));
}

static void test_on_network(void **state)
{
	struct iso_facts f = facts(FACTS "nic vnet1 virbr1 52:54:00:00:00:02 60\n"
					 "gateway 10.0.0.1/30\ngateway 10.1.0.1/16\n");
	struct ip_addr ip;

	(void)state;
	assert_true(ip_parse("192.168.122.255", &ip) && iso_on_network(&f.nics[0], &ip));
	assert_true(ip_parse("192.168.123.0", &ip) && !iso_on_network(&f.nics[0], &ip));
	assert_true(ip_parse("10.0.0.3", &ip) && iso_on_network(&f.nics[1], &ip));
	assert_true(ip_parse("10.1.255.1", &ip) && iso_on_network(&f.nics[1], &ip));
	assert_true(ip_parse("10.0.0.4", &ip) && !iso_on_network(&f.nics[1], &ip));
	facts_release(&f);
}

static void test_public(void **state)
{
	struct iso_plan plan =
		compile("[network]\n", FACTS "host 203.0.113.77/26\nhost 198.51.100.1/32\n");

	(void)state;
	/* Around the refused ranges, and around what the host is attached to. */
	assert_string_equal(
		sb_str(&plan.public),
		"flush set inet virt_cordon public\n"
		"add element inet virt_cordon public { 1.0.0.0-9.255.255.255 }\n"
		"add element inet virt_cordon public { 11.0.0.0-100.63.255.255 }\n"
		"add element inet virt_cordon public { 100.128.0.0-126.255.255.255 }\n"
		"add element inet virt_cordon public { 128.0.0.0-169.253.255.255 }\n"
		"add element inet virt_cordon public { 169.255.0.0-172.15.255.255 }\n"
		"add element inet virt_cordon public { 172.32.0.0-191.255.255.255 }\n"
		"add element inet virt_cordon public { 192.0.1.0-192.167.255.255 }\n"
		"add element inet virt_cordon public { 192.169.0.0-198.17.255.255 }\n"
		"add element inet virt_cordon public { 198.20.0.0-198.51.100.0 }\n"
		"add element inet virt_cordon public { 198.51.100.2-203.0.112.255 }\n"
		"add element inet virt_cordon public { 203.0.114.0-223.255.255.255 }\n");
	assert_int_equal(plan.n_ranges, 11);
	iso_plan_free(&plan);
}

static void test_slots(void **state)
{
	struct policy p = policy("[network]\n");
	static const struct {
		uint32_t slot, base;
		bool ok;
	} cases[] = {
		{1, 0x4c5a0000, true},	{LAYOUT_SLOT_MASK, 0x4c5a0000, true},
		{0, 0x4c5a0000, false}, {LAYOUT_SLOT_MASK + 1, 0x4c5a0000, false},
		{1, 0x4c5a0001, false}, {1, 0x4c5a8000, false},
		{1, 0xffff0000, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iso_facts f = facts(FACTS);
		struct iso_plan plan = {0};
		struct err e = {0};

		f.slot = cases[i].slot;
		f.layout.mark_base = cases[i].base;
		if ((iso_compile(&p, &f, &plan, &e) == 0) != cases[i].ok)
			fail_msg("slot %u, base %x: %s", cases[i].slot, cases[i].base, e.msg);
		assert_int_equal(e.exit, cases[i].ok ? EX_CORDON_OK : EX_CORDON_BUG);
		iso_plan_free(&plan);
		facts_release(&f);
	}
	policy_free(&p);
}

static void test_refusals(void **state)
{
	(void)state;
	check_refused("[network]\n",
		      "slot 1\nmark_base 0x4c5a0000\n"
		      "nic vnet0 br0 52:54:00:00:00:01 60\n",
		      EX_CORDON_POLICY, "neither an IPv4 address of the host nor a port");
	check_refused("[network]\n",
		      "slot 1\nmark_base 0x4c5a0000\nnic a\"b br0 52:54:00:00:00:01 60\n"
		      "gateway 10.0.0.1/8\n",
		      EX_CORDON_POLICY, "in its name");
	check_refused("[network]\nallow_lan = 203.0.113.10\n", FACTS, EX_CORDON_POLICY,
		      "/p.ini:2: [network] allow_lan");
	check_refused("[network]\nallow_lan = 192.168.122.9\n", FACTS, EX_CORDON_POLICY,
		      "neighbours");
	check_refused("[network]\ndns = 192.168.122.1\n", FACTS, EX_CORDON_POLICY,
		      "write dns = host");
	check_refused("[network]\naddresses = 192.168.122.1\n", FACTS, EX_CORDON_POLICY,
		      "the host's own address");
	check_refused("[network]\naddresses = 10.0.0.1\n", FACTS, EX_CORDON_POLICY, "none is on");
	/* on the network of two NICs at once */
	check_refused("[network]\naddresses = 192.168.122.9\n",
		      FACTS "nic vnet1 virbr1 52:54:00:00:00:02 60\ngateway 192.168.122.2/25\n",
		      EX_CORDON_POLICY, "of 2 NICs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_log),
		cmocka_unit_test(test_elements),   cmocka_unit_test(test_undo_pairs),
		cmocka_unit_test(test_marks),	   cmocka_unit_test(test_nic_numbers),
		cmocka_unit_test(test_tap_names),  cmocka_unit_test(test_on_network),
		cmocka_unit_test(test_public),	   cmocka_unit_test(test_slots),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
