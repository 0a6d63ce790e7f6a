/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of a tunnel: the tree of rules leads each mark to its table, what goes beside a tunnel,
 * both families; the undo file. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <linux/fib_rules.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x4c5a0000u
#define FILE_TEXT                                                                                  \
	"[Interface]\nPrivateKey = BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ=\n"                 \
	"Address = 10.64.0.2/32, fd00::2/128\nDNS = 10.64.0.1, fd00::1\n%s[Peer]\n"                \
	"PublicKey = DhEUFxodICMmKSwvMjU4Oz5BREdKTVBTVllcX2JlaGs=\nAllowedIPs = %s\n"
#define POLICY_TEXT "[tunnel]\nconfig = /a.conf\n%s[network]\negress = tunnel\n%s\n"

/* --- the tree --------------------------------------------------------------------------------- */

static int by_pref(const void *a, const void *b)
{
	const uint32_t x = ((const struct rtnl_rule *)a)->pref;
	const uint32_t y = ((const struct rtnl_rule *)b)->pref;

	return x < y ? -1 : x > y;
}

/* As the kernel walks: the table that a mark is looked up in, 0 for unreachable; @steps: how many
 * rules were looked at. */
static uint32_t walk(const struct rtnl_rule *list, size_t n, uint32_t mark, size_t *steps)
{
	uint32_t from = MARKS_PREF_TUNNELS;

	*steps = 0;
	for (size_t i = 0; i < n; i++) {
		const struct rtnl_rule *r = &list[i];

		if (r->pref < from)
			continue;
		++*steps;
		if (r->has_mark && (mark & r->mask) != r->mark)
			continue;
		if (r->action == FR_ACT_TO_TBL)
			return r->table;
		if (r->action == FR_ACT_UNREACHABLE)
			return 0;
		if (r->action == FR_ACT_GOTO) {
			assert_true(r->target > r->pref);
			from = r->target;
		}
	}
	fail_msg("mark 0x%x fell out of the rules", mark);
	return 0;
}

/* Many domains at once, each rule once, as they stand in the kernel. */
static bool same_rule(const struct rtnl_rule *a, const struct rtnl_rule *b)
{
	return a->family == b->family && a->pref == b->pref && strcmp(a->iif, b->iif) == 0 &&
	       a->has_mark == b->has_mark && a->mark == b->mark && a->mask == b->mask &&
	       a->action == b->action && a->table == b->table && a->target == b->target &&
	       a->protocol == b->protocol;
}

static size_t all_rules(const uint32_t *slots, size_t n, struct rtnl_rule **ret)
{
	struct rtnl_rule *list = calloc(n * WGT_RULES_MAX, sizeof(*list));
	size_t kept = 0, all = 0;

	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		struct wgt_rules r;

		wgt_rules(BASE, slots[i], true, false, &r);
		for (size_t k = 0; k < r.n; k++)
			if (r.list[k].pref >= MARKS_PREF_TUNNELS)
				list[all++] = r.list[k];
	}
	qsort(list, all, sizeof(*list), by_pref);
	for (size_t i = 0; i < all; i++)
		if (!kept || !same_rule(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	*ret = list;
	return kept;
}

static void check_tree(const uint32_t *slots, size_t n, size_t bound)
{
	auto_free struct rtnl_rule *list = NULL;
	const size_t rules = all_rules(slots, n, &list);
	size_t steps;

	for (size_t i = 1; i < rules; i++)
		if (list[i].pref == list[i - 1].pref)
			fail_msg("two rules of preference %u", list[i].pref);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(walk(list, rules, BASE | slots[i], &steps), BASE | slots[i]);
		assert_true(steps <= bound);
		assert_int_equal(walk(list, rules, BASE | MARKS_BESIDE | slots[i], &steps),
				 BASE | MARKS_BESIDE | slots[i]);
		assert_true(steps <= bound);
	}
	/* One that no one has, by each of the bits. */
	for (unsigned bit = 0; bit < 14; bit++) {
		const uint32_t other = slots[0] ^ 1u << bit;
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known = known || slots[i] == other;
		if (!known)
			assert_int_equal(walk(list, rules, BASE | other, &steps), 0);
	}
}

static void test_tree(void **state)
{
	uint32_t slots[200];

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		slots[i] = i + 1;
	check_tree(slots, 1, 12);
	check_tree(slots, 200, 72);
	/* Scattered over all numbers. */
	for (uint32_t i = 0; i < 200; i++)
		slots[i] = (i + 1) * 81;
	check_tree(slots, 200, 72);
	slots[0] = MARKS_SLOT_MASK;
	check_tree(slots, 1, 12);
}

/* Each rule's target stands before it is led to. */
static void test_order(void **state)
{
	struct wgt_rules r;

	(void)state;
	wgt_rules(BASE, 777, true, true, &r);
	assert_true(r.n <= WGT_RULES_MAX);
	for (size_t i = 0; i < r.n; i++) {
		bool stands = r.list[i].action != FR_ACT_GOTO;

		for (size_t k = 0; k < i; k++)
			stands = stands || (r.list[k].family == r.list[i].family &&
					    r.list[k].pref == r.list[i].target);
		if (!stands)
			fail_msg("rule %zu leads to one that is not there", i);
	}
}

/* --- plans ------------------------------------------------------------------------------------ */

static int compile_with(bool shared, const char *mtu, const char *keys, const char *allowed,
			struct wgt_plan *plan, struct err *e)
{
	auto_free char *file = NULL, *text = NULL;
	struct host_config host = {0};
	struct policy p = {0};
	struct wgt_conf c = {0};
	int r;

	*plan = (struct wgt_plan){0};
	*e = (struct err){0};
	assert_true(asprintf(&file, FILE_TEXT, mtu, allowed) > 0);
	assert_true(asprintf(&text, POLICY_TEXT, shared ? "shared = yes\n" : "", keys) > 0);
	assert_int_equal(host_config_parse("h", "", 0, &host, e), 0);
	if (policy_parse("/p.ini", text, strlen(text), &host, &p, e) < 0)
		fail_msg("%s", e->msg);
	if (wgt_conf_parse("/a.conf", file, strlen(file), &c, e) < 0)
		fail_msg("%s", e->msg);
	r = wgt_compile(&p, &c, BASE, 5, plan, e);
	wgt_conf_free(&c);
	policy_free(&p);
	host_config_free(&host);
	return r;
}

static int compile(const char *keys, const char *allowed, struct wgt_plan *plan, struct err *e)
{
	return compile_with(false, "", keys, allowed, plan, e);
}

static void test_refused(void **state)
{
	static const struct {
		const char *keys, *allowed, *says;
	} rows[] = {
		{"allow_lan = 10.77.0.5", "0.0.0.0/0, 10.77.0.0/16", "lies inside the tunnel"},
		{"allow_lan = 10.0.0.0/8", "0.0.0.0/0, 10.77.0.0/16", "10.0.0.0/8 lies inside"},
		{"allow_lan = 1.2.3.4", "0.0.0.0/1, 10.0.0.0/8, 64.0.0.0/2", "lies inside"},
		{"forward_port = tcp/81 10.77.0.5:81", "0.0.0.0/0, 10.77.0.0/16",
		 "/p.ini:5: [network] forward_port: 10.77.0.5 lies inside the tunnel, by "
		 "AllowedIPs 10.77.0.0/16 of /a.conf; remove it in one of the two, or write "
		 "via-tunnel"},
		{"forward_port = tcp/81 9.9.9.9:81 via-tunnel", "10.0.0.0/8",
		 "9.9.9.9 lies outside AllowedIPs"},
		{"allow_lan = 10.1.2.3:tcp/53", "0.0.0.0/0", "port 53 leads to the tunnel's"},
		{"ipv6 = nat\nallow_lan = fd00:77::5", "0.0.0.0/0, ::/0, fd00:77::/32",
		 "fd00:77::5 lies inside the tunnel"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wgt_plan plan;
		struct err e;

		if (compile(rows[i].keys, rows[i].allowed, &plan, &e) >= 0 ||
		    e.exit != EX_CORDON_POLICY || !strstr(e.msg, rows[i].says))
			fail_msg("%s gave: %s", rows[i].keys, e.msg);
	}
}

static void test_beside(void **state)
{
	struct wgt_plan plan;
	struct err e;

	(void)state;
	if (compile("allow_lan = 192.168.1.5, 192.168.1.5:tcp/80, 1.2.3.4\n"
		    "forward_port = tcp/81 192.168.1.5:81, tcp/82 127.0.0.1:82,"
		    " tcp/83 9.9.9.9:83 via-tunnel",
		    "0.0.0.0/1, 128.0.0.0/1", &plan, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(plan.n_targets, 2); /* each once, sorted; not the host, nor the tunnel's */
	assert_int_equal(plan.targets[0].addr.b[0], 1);
	assert_int_equal(plan.beside, BASE | MARKS_BESIDE | 5);
	wgt_plan_free(&plan);
	assert_int_equal(compile("", "0.0.0.0/0", &plan, &e), 0);
	assert_int_equal(plan.beside, 0);
	wgt_plan_free(&plan);
}

/* IPv6 where the policy, the address and AllowedIPs all have it; else nothing of it. */
static void test_families(void **state)
{
	static const struct {
		const char *keys, *allowed;
		bool v6;
		size_t dns;
	} rows[] = {
		{"ipv6 = nat", "0.0.0.0/0, ::/0", true, 2},
		{"ipv6 = nat", "0.0.0.0/0, fd00::/8", true, 2},
		{"ipv6 = nat", "0.0.0.0/0", false, 1},
		{"ipv6 = no", "0.0.0.0/0, ::/0", false, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wgt_plan plan;
		struct err e;
		bool rules = false;

		if (compile(rows[i].keys, rows[i].allowed, &plan, &e) < 0)
			fail_msg("row %zu: %s", i, e.msg);
		for (size_t k = 0; k < plan.rules.n; k++)
			rules = rules || plan.rules.list[k].family == AF_INET6;
		assert_int_equal(plan.ipv6, rows[i].v6);
		assert_int_equal(rules, rows[i].v6);
		assert_int_equal(plan.tunnel.address6.family, rows[i].v6 ? AF_INET6 : 0);
		assert_int_equal(plan.tunnel.n_dns, rows[i].dns);
		if (!rows[i].v6)
			assert_false(plan.tunnel.to_all6);
		wgt_plan_free(&plan);
	}
}

/* One that is shared has IPv6 when its file has it, whatever this domain has. */
static void test_shared_device(void **state)
{
	static const char both[] = "0.0.0.0/0, ::/0";
	static const struct {
		const char *keys, *mtu, *allowed;
		bool shared, v6, device;
	} rows[] = {
		{"ipv6 = nat", "", both, true, true, true},
		{"ipv6 = no", "", both, true, false, true},
		{"ipv6 = nat", "", "0.0.0.0/0", true, false, false},
		{"ipv6 = no", "", both, false, false, false},
		{"ipv6 = nat", "", both, false, true, true},
		{"ipv6 = nat", "MTU = 1280\n", both, false, true, true},
		{"ipv6 = no", "MTU = 1279\n", both, true, false, false},
	};
	struct wgt_plan plan;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (compile_with(rows[i].shared, rows[i].mtu, rows[i].keys, rows[i].allowed, &plan,
				 &e) < 0)
			fail_msg("row %zu: %s", i, e.msg);
		assert_int_equal(plan.ipv6, rows[i].v6);
		assert_int_equal(plan.device_ipv6, rows[i].device);
		wgt_plan_free(&plan);
	}
	assert_true(compile_with(false, "MTU = 1279\n", "ipv6 = nat", both, &plan, &e) < 0);
	assert_int_equal(e.exit, EX_CORDON_DATA);
	assert_non_null(strstr(e.msg, "MTU: IPv6 needs 1280"));
}

/* --- the undo file ---------------------------------------------------------------------------- */

#define UNDO                                                                                       \
	"virt-cordon-wgtun-undo 1\nmark 0x4c5a0005\nlink wgc5\nshared no\nbackend kernel\nend\n"

static void test_undo(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"undo 1", "undo 2"},
		{"0x4c5a0005", "0x4c5a8005"},
		{"0x4c5a0005", "0x4c5a4005"},
		{"0x4c5a0005", "0x4c5a0000"},
		{"0x4c5a0005", "0x4c5a005"},
		{"wgc5", "eth0"},
		{"wgc5", "wgc5x"},
		{"shared no", "shared maybe"},
		{"shared no\n", ""},
		{"kernel", "both"},
		{"end\n", ""},
		{"end\n", "end\nend\n"},
	};
	struct wgt_undo undo = {0};

	(void)state;
	assert_true(wgt_undo_parse(UNDO, strlen(UNDO), &undo));
	assert_int_equal(undo.slot, 5);
	assert_string_equal(undo.link, "wgc5");
	assert_true(undo.has_backend && !undo.shared);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strstr(UNDO, rows[i].from);
		auto_sb struct strbuf text = {0};

		assert_non_null(at);
		sb_add(&text, UNDO, (size_t)(at - UNDO));
		sb_addf(&text, "%s%s", rows[i].to, at + strlen(rows[i].from));
		if (wgt_undo_parse(sb_str(&text), text.len, &undo))
			fail_msg("taken: %s", sb_str(&text));
	}
	for (size_t n = 0; n < strlen(UNDO); n++) {
		auto_free char *cut = strndup(UNDO, n);

		assert_false(wgt_undo_parse(cut, n, &undo));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),	 cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),	 cmocka_unit_test(test_beside),
		cmocka_unit_test(test_families), cmocka_unit_test(test_shared_device),
		cmocka_unit_test(test_undo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
