/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses of both widths, against arithmetic on integers. */
#include "lib/range.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

__extension__ typedef unsigned __int128 number;

static const int families[] = {AF_INET, AF_INET6};

static unsigned bits_of(int family)
{
	return family == AF_INET6 ? 128 : 32;
}

static number all_ones(int family)
{
	return family == AF_INET6 ? ~(number)0 : (number)UINT32_MAX;
}

static struct ip_addr address(int family, number n)
{
	struct ip_addr ip = {.family = family};

	for (unsigned i = bits_of(family) / 8; i-- > 0; n >>= 8)
		ip.b[i] = (uint8_t)n;
	return ip;
}

static number value(const struct ip_addr *ip)
{
	number n = 0;

	for (unsigned i = 0; i < bits_of(ip->family) / 8; i++)
		n = n << 8 | ip->b[i];
	return n;
}

static struct ip_addr parsed(const char *text)
{
	struct ip_addr ip;

	assert_true(ip_parse(text, &ip));
	return ip;
}

/* --- single addresses ------------------------------------------------------------------------- */

static void test_steps(void **state)
{
	static const struct {
		const char *ip, *next;
	} cases[] = {
		{"0.0.0.0", "0.0.0.1"},
		{"10.0.0.255", "10.0.1.0"},
		{"127.255.255.255", "128.0.0.0"},
		{"255.255.255.254", "255.255.255.255"},
		{"::", "::1"},
		{"fd00::ffff:ffff", "fd00::1:0:0"},
		{"7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ip_addr low = parsed(cases[i].ip), high = parsed(cases[i].next);
		struct ip_addr ip = low;

		assert_true(ip_next(&ip) && ip_equal(&ip, &high));
		assert_true(ip_previous(&ip) && ip_equal(&ip, &low));
		assert_true(ip_compare(&low, &high) < 0 && ip_compare(&high, &low) > 0);
		assert_int_equal(ip_compare(&low, &low), 0);
	}
}

static void test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct ip_addr zero = address(families[i], 0);
		const struct ip_addr ones = address(families[i], all_ones(families[i]));
		struct ip_addr ip = ones;

		assert_false(ip_next(&ip));
		assert_true(ip_equal(&ip, &zero));
		assert_false(ip_previous(&ip));
		assert_true(ip_equal(&ip, &ones));
	}
}

static void test_families(void **state)
{
	const struct ip_addr four = parsed("10.0.0.1"), six = parsed("a00:1::");
	const struct ip_range any[] = {ip_range_of(&four, 0), ip_range_of(&six, 0)};

	(void)state;
	/* The same first bytes. */
	assert_int_not_equal(ip_compare(&four, &six), 0);
	assert_int_equal(ip_compare(&four, &six) < 0, ip_compare(&six, &four) > 0);
	assert_true(ip_range_has(&any[0], 1, &four) && !ip_range_has(&any[0], 1, &six));
	assert_true(ip_range_has(&any[1], 1, &six) && !ip_range_has(&any[1], 1, &four));
	assert_true(ip_range_has(any, 2, &four) && ip_range_has(any, 2, &six));
	assert_false(ip_range_has(any, 0, &four));
}

/* Every length of a prefix, with host bits set. */
static void test_range_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const unsigned bits = bits_of(families[i]);
		const number n = families[i] == AF_INET6
					 ? (number)0x20010db8deadbeefu << 64 | 0x0123456789abcdefu
					 : 0xc0a87a5bu;

		for (unsigned len = 0; len <= bits; len++) {
			const number host = len == bits ? 0 : all_ones(families[i]) >> len;
			const struct ip_addr ip = address(families[i], n);
			const struct ip_range r = ip_range_of(&ip, (uint8_t)len);

			assert_true(value(&r.first) == (n & ~host));
			assert_true(value(&r.last) == (n | host));
			assert_int_equal(r.first.family, families[i]);
			assert_int_equal(r.last.family, families[i]);
		}
	}
}

static void test_longer_than_the_width(void **state)
{
	const struct ip_addr ip = parsed("192.0.2.7");
	const struct ip_range r = ip_range_of(&ip, 64);

	(void)state;
	assert_true(ip_equal(&r.first, &ip) && ip_equal(&r.last, &ip));
}

static void test_holds(void **state)
{
	const struct ip_addr net = parsed("10.0.0.0"), half = parsed("10.128.0.0");
	const struct ip_range whole = ip_range_of(&net, 8), wider = ip_range_of(&net, 7);
	const struct ip_range halves[] = {ip_range_of(&net, 9), ip_range_of(&half, 9)};

	(void)state;
	assert_true(ip_range_holds(&whole, 1, &whole));
	assert_true(ip_range_holds(&whole, 1, &halves[1]));
	assert_false(ip_range_holds(&whole, 1, &wider));
	/* By two of them, but by no single one. */
	assert_false(ip_range_holds(halves, 2, &whole));
	assert_true(ip_range_holds(halves, 2, &halves[1]));
}

/* --- complement ------------------------------------------------------------------------------- */

enum { RANGES_MAX = 12 };

static bool naive_has(const struct ip_range *list, size_t n, number at)
{
	for (size_t i = 0; i < n; i++)
		if (value(&list[i].first) <= at && at <= value(&list[i].last))
			return true;
	return false;
}

/* Either list changes what it says at a border of one of them, and nowhere else. */
static void check_borders(const struct ip_range *borders, size_t n, const struct ip_range *closed,
			  size_t n_closed, const struct ip_range *open, size_t n_open)
{
	for (size_t i = 0; i < n; i++) {
		const number mask = all_ones(borders[i].first.family);
		const number ends[] = {value(&borders[i].first), value(&borders[i].last)};

		for (size_t k = 0; k < 6; k++) {
			const number at = (ends[k / 3] + k % 3 - 1) & mask;
			const struct ip_addr ip = address(borders[i].first.family, at);

			assert_int_not_equal(naive_has(closed, n_closed, at),
					     naive_has(open, n_open, at));
			assert_int_equal(ip_range_has(closed, n_closed, &ip),
					 naive_has(closed, n_closed, at));
		}
	}
}

static void check_complement(const struct ip_range *closed, size_t n, int family)
{
	struct ip_range sorted[RANGES_MAX + 1], open[RANGES_MAX + 1];
	const struct ip_range whole = {address(family, 0), address(family, all_ones(family))};
	size_t n_open;

	memcpy(sorted, closed, n * sizeof(*closed));
	n_open = ip_range_complement(sorted, n, family, open);
	assert_true(n_open <= n + 1);
	for (size_t i = 0; i < n_open; i++) {
		assert_int_equal(open[i].first.family, family);
		assert_int_equal(open[i].last.family, family);
		assert_true(value(&open[i].first) <= value(&open[i].last));
		/* Sorted, and something closed between them. */
		assert_true(!i || value(&open[i].first) - 1 > value(&open[i - 1].last));
	}
	check_borders(&whole, 1, closed, n, open, n_open);
	check_borders(closed, n, closed, n, open, n_open);
	check_borders(open, n_open, closed, n, open, n_open);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* Near each other, near an end, or anywhere: such that they touch, overlap and repeat. */
static number random_number(uint64_t *state, int family)
{
	const number wide = (number)next_random(state) << 64 | next_random(state);
	const number small = next_random(state) % 24;

	switch (next_random(state) % 4) {
	case 0:
		return small;
	case 1:
		return all_ones(family) - small;
	case 2:
		return ((number)1 << (bits_of(family) - 1)) + small - 12;
	default:
		return wide & all_ones(family);
	}
}

static struct ip_range random_range(uint64_t *state, int family)
{
	const number a = random_number(state, family), b = random_number(state, family);

	if (next_random(state) % 2) {
		const struct ip_addr ip = address(family, a);

		return ip_range_of(&ip, (uint8_t)(next_random(state) % (bits_of(family) + 1)));
	}
	return a < b ? (struct ip_range){address(family, a), address(family, b)}
		     : (struct ip_range){address(family, b), address(family, a)};
}

static void test_random(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15u;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct ip_range list[RANGES_MAX] = {0};
		const int family = families[round % ARRAY_SIZE(families)];
		const size_t n = next_random(&seed) % (RANGES_MAX + 1);

		for (size_t i = 0; i < n; i++)
			list[i] = random_range(&seed, family);
		check_complement(list, n, family);
	}
}

/* "A-B A-B …" and what must be left of the whole. */
static void check_text(int family, const char *in, const char *want)
{
	struct ip_range list[RANGES_MAX], open[RANGES_MAX + 1];
	auto_sb struct strbuf out = {0};
	auto_free char *copy = strdup(in);
	char first[PREFIX_STRLEN], last[PREFIX_STRLEN], *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *dash = strchr(w, '-');

		assert_non_null(dash);
		*dash = '\0';
		list[n++] = (struct ip_range){parsed(w), parsed(dash + 1)};
	}
	n = ip_range_complement(list, n, family, open);
	for (size_t i = 0; i < n; i++)
		sb_addf(&out, "%s%s-%s", i ? " " : "", ip_str(&open[i].first, first),
			ip_str(&open[i].last, last));
	assert_string_equal(sb_str(&out), want);
}

#define ONES4 "255.255.255.255"
#define ONES6 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

static void test_boundaries(void **state)
{
	(void)state;
	check_text(AF_INET, "", "0.0.0.0-" ONES4);
	check_text(AF_INET, "0.0.0.0-" ONES4, "");
	check_text(AF_INET, "0.0.0.0-0.0.0.0", "0.0.0.1-" ONES4);
	check_text(AF_INET, ONES4 "-" ONES4, "0.0.0.0-255.255.255.254");
	check_text(AF_INET, "0.0.0.1-255.255.255.254", "0.0.0.0-0.0.0.0 " ONES4 "-" ONES4);
	/* adjacent, nested, the same twice, behind what ended at the last address */
	check_text(AF_INET, "10.0.0.0-10.0.0.9 10.0.0.10-10.0.0.20",
		   "0.0.0.0-9.255.255.255 10.0.0.21-" ONES4);
	check_text(AF_INET, "10.0.0.0-10.0.0.9 10.0.0.2-10.0.0.3 10.0.0.0-10.0.0.9",
		   "0.0.0.0-9.255.255.255 10.0.0.10-" ONES4);
	check_text(AF_INET, "240.0.0.0-" ONES4 " 250.0.0.0-250.0.0.1", "0.0.0.0-239.255.255.255");
	check_text(AF_INET6, "", "::-" ONES6);
	check_text(AF_INET6, "::-" ONES6, "");
	check_text(AF_INET6, "::-::", "::1-" ONES6);
	check_text(AF_INET6, ONES6 "-" ONES6, "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	check_text(AF_INET6, "::ffff:ffff-::ffff:ffff:ffff:ffff",
		   "::-::255.255.255.254 0:0:0:1::-" ONES6);
	check_text(AF_INET6, "::-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000::-" ONES6,
		   "2000::-3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

/* --- prefixes --------------------------------------------------------------------------------- */

/* Parses "A/L B/L …" and merges. */
static void check_merge(const char *in, const char *want)
{
	struct ip_prefix list[16];
	auto_sb struct strbuf out = {0};
	auto_free char *copy = strdup(in);
	char text[PREFIX_STRLEN], *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		assert_true(ip_prefix_parse(w, &list[n++]));
	n = ip_prefix_merge(list, n);
	for (size_t i = 0; i < n; i++)
		sb_addf(&out, "%s%s", i ? " " : "", ip_prefix_str(&list[i], text));
	assert_string_equal(sb_str(&out), want);
}

static void test_merge(void **state)
{
	(void)state;
	check_merge("", "");
	check_merge("10.0.0.0/8", "10.0.0.0/8");
	check_merge("10.0.0.0/8 10.0.0.0/8", "10.0.0.0/8");
	check_merge("10.1.0.0/16 10.0.0.0/8 9.0.0.0/8", "9.0.0.0/8 10.0.0.0/8");
	check_merge("10.0.0.0/16 10.0.0.0/8 10.0.0.0/24", "10.0.0.0/8");
	check_merge("10.0.0.0/9 10.128.0.0/9", "10.0.0.0/9 10.128.0.0/9");
	check_merge("255.255.255.255 0.0.0.0 128.0.0.0/1", "0.0.0.0 128.0.0.0/1");
	check_merge("192.168.0.0/16 10.0.0.1 172.16.0.0/12 10.0.0.1",
		    "10.0.0.1 172.16.0.0/12 192.168.0.0/16");
	check_merge("fd00:1::/64 fd00::/8 fd00:2::1", "fd00::/8");
	check_merge("::1 ::/128 ::/127", "::/127");
	check_merge("fd00:0:0:1::/64 fd00::/64", "fd00::/64 fd00:0:0:1::/64");
	/* Of both families: the same bytes are no overlap. */
	check_merge("a00::/8 10.0.0.0/8", "10.0.0.0/8 a00::/8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),	 cmocka_unit_test(test_ends),
		cmocka_unit_test(test_families), cmocka_unit_test(test_range_of),
		cmocka_unit_test(test_holds),	 cmocka_unit_test(test_longer_than_the_width),
		cmocka_unit_test(test_random),	 cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
