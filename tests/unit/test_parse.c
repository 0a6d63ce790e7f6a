/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalar parsers and the suggestion of near words: good, bad, at the limit and one above. */
#include "lib/parse.h"
#include "lib/safe.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define UNTOUCHED UINT64_C(0xdeadbeef)

struct good {
	const char *text;
	uint64_t value;
};

/* Holds a parser to what it must take, and to leaving its result alone for what it must refuse. */
static void check_parser(bool (*parse)(const char *, uint64_t *), const struct good *good,
			 size_t n_good, const char *const *bad, size_t n_bad)
{
	for (size_t i = 0; i < n_good; i++) {
		uint64_t v = UNTOUCHED;

		if (!parse(good[i].text, &v) || v != good[i].value)
			fail_msg("'%s' gave %llu", good[i].text, (unsigned long long)v);
	}
	for (size_t i = 0; i < n_bad; i++) {
		uint64_t v = UNTOUCHED;

		if (parse(bad[i], &v) || v != UNTOUCHED)
			fail_msg("taken: '%s'", bad[i]);
	}
}

static bool parse_upto_100(const char *s, uint64_t *ret)
{
	return parse_u64(s, 100, ret);
}

static bool parse_u64_all(const char *s, uint64_t *ret)
{
	return parse_u64(s, UINT64_MAX, ret);
}

static bool parse_hex(const char *s, uint64_t *ret)
{
	uint32_t v;

	if (!parse_hex32(s, &v))
		return false;
	*ret = v;
	return true;
}

static void test_u64(void **state)
{
	static const struct good small[] = {{"0", 0}, {"7", 7}, {"100", 100}};
	static const char *const small_bad[] = {"101", "",   "00", "01", "1 ",
						" 1",  "+1", "-1", "1a"};
	static const struct good all[] = {{"18446744073709551615", UINT64_MAX}};
	static const char *const all_bad[] = {"18446744073709551616", "99999999999999999999999"};

	(void)state;
	check_parser(parse_upto_100, small, ARRAY_SIZE(small), small_bad, ARRAY_SIZE(small_bad));
	check_parser(parse_u64_all, all, ARRAY_SIZE(all), all_bad, ARRAY_SIZE(all_bad));
}

static void test_hex32(void **state)
{
	static const struct good good[] = {
		{"0", 0},      {"4294967295", UINT32_MAX}, {"0x0", 0},
		{"0xff", 255}, {"0xDeadBeef", 0xdeadbeef}, {"0x00000001", 1},
	};
	static const char *const bad[] = {
		"4294967296", "0x", "0x123456789", "0xg", "ff", "0X1", "0x-1", "0x 1", "0x1 ", "",
	};

	(void)state;
	check_parser(parse_hex, good, ARRAY_SIZE(good), bad, ARRAY_SIZE(bad));
}

static void test_bool(void **state)
{
	static const char *const bad[] = {"", "Yes", "true", "1", "on", "y", "yes ", "noo"};
	bool v = false;

	(void)state;
	assert_true(parse_bool("yes", &v) && v);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(!parse_bool(bad[i], &v) && v);
	assert_true(parse_bool("no", &v) && !v);
}

static void test_size(void **state)
{
	static const struct good good[] = {
		{"0", 0},
		{"1", 1},
		{"1K", 1024},
		{"16M", 16777216},
		{"10G", UINT64_C(10737418240)},
		{"2T", UINT64_C(2199023255552)},
		{"16777215T", UINT64_C(16777215) << 40},
	};
	static const char *const bad[] = {
		"", "M", "16777216T", "10g", "10GB", "10 G", "1.5G", "-1M", "010M", "1P", "10Gi",
	};

	(void)state;
	check_parser(parse_size, good, ARRAY_SIZE(good), bad, ARRAY_SIZE(bad));
}

static void test_rate(void **state)
{
	static const struct good good[] = {
		{"1kbit", 1000},
		{"50mbit", 50000000},
		{"10gbit", UINT64_C(10000000000)},
		{"18446744073gbit", UINT64_C(18446744073000000000)},
	};
	static const char *const bad[] = {
		"",	   "0kbit",	      "50",   "50Mbit", "50mbps",
		"50 mbit", "18446744074gbit", "mbit", "1tbit",
	};

	(void)state;
	check_parser(parse_rate, good, ARRAY_SIZE(good), bad, ARRAY_SIZE(bad));
}

static void test_duration(void **state)
{
	static const struct good good[] = {
		{"0s", 0},	{"250ms", 250},	 {"20s", 20000},
		{"2m", 120000}, {"1h", 3600000}, {"3d", UINT64_C(259200000)},
	};
	static const char *const bad[] = {
		"", "20", "s", "20S", "20 s", "1.5s", "-1s", "20sec", "18446744073709551615s"};

	(void)state;
	check_parser(parse_duration, good, ARRAY_SIZE(good), bad, ARRAY_SIZE(bad));
}

static void test_domain_name(void **state)
{
	static const char *const good[] = {
		"a",	 "vm 1", "--help", ".hidden", "...", "gr\xc3\xbc\xc3\x9f",
		"a'\"b", "$(x)", "a\\b",
	};
	static const char *const bad[] = {
		"",	".",	 "..",	  "a/b",  "/",	  "a\nb",
		"a\tb", "a\x7f", "a\x01", "\xff", "\xc3", "\xc0\xaf",
	};
	char name[249];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!parse_domain_name(good[i]))
			fail_msg("refused: '%s'", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_domain_name(bad[i]))
			fail_msg("taken: '%s'", bad[i]);
	memset(name, 'x', sizeof(name));
	name[248] = '\0';
	assert_false(parse_domain_name(name));
	name[247] = '\0';
	assert_true(parse_domain_name(name));
}

static void test_utf8(void **state)
{
	static const char *const good[] = {
		"",
		"plain",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2 ",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xf0\x90\x80",
		"\xe2(\xa1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!parse_utf8_valid(good[i]))
			fail_msg("refused: number %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_utf8_valid(bad[i]))
			fail_msg("taken: number %zu", i);
}

static void test_utf8_char(void **state)
{
	uint32_t c = 1;

	(void)state;
	assert_int_equal(parse_utf8_char("a\xff", &c), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(parse_utf8_char("\xc2\x9b", &c), 2);
	assert_int_equal(c, 0x9b);
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
	assert_int_equal(parse_utf8_char("\xe2\x80\xae", &c), 3);
	assert_int_equal(c, 0x202e);
	assert_int_equal(parse_utf8_char("\xf4\x8f\xbf\xbf", &c), 4);
	assert_int_equal(c, 0x10ffff);
	assert_int_equal(parse_utf8_char("\xf4\x90\x80\x80", &c), 0);
	assert_int_equal(c, 0x10ffff);
}

static void test_safe(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"plain ~", "plain ~"},
		{"gr\xc3\xbc\xc3\x9f\xe4\xb8\x96", "gr\xc3\xbc\xc3\x9f\xe4\xb8\x96"},
		{"a\x1b[2Jb\n\t\r", "a?[2Jb???"},
		{"\x7f\x01", "??"},
		{"\xc2\x9b\x33\x31m", "?31m"},		    /* CSI */
		{"\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0"}, /* C1, and what comes next */
		{"\xff\xc2 \xed\xa0\x80", "?? ???"},	    /* no UTF-8 */
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested */
		{"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8x", "???x"}, /* turned around */
		{"\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_sb struct strbuf out = {0};

		safe_add(&out, cases[i].text);
		assert_string_equal(sb_str(&out), cases[i].want);
	}
}

static void test_suggest(void **state)
{
	static const char *const words[] = {"isolation", "egress", "allow_lan", "dns", "ipv6"};
	const size_t n = ARRAY_SIZE(words);
	char word[SUGGEST_WORD_MAX + 2];

	(void)state;
	assert_int_equal(suggest_distance("", ""), 0);
	assert_int_equal(suggest_distance("abc", ""), 3);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(suggest_distance("abcd", "acbd"), 1);
	assert_int_equal(suggest_distance("EGRESS", "egress"), 0);

	assert_string_equal(suggest_closest("isoaltion", words, n), "isolation");
	assert_string_equal(suggest_closest("allowlan", words, n), "allow_lan");
	assert_string_equal(suggest_closest("eggress", words, n), "egress");
	assert_string_equal(suggest_closest("ip6", words, n), "ipv6");
	assert_null(suggest_closest("color", words, n));
	assert_null(suggest_closest("x", words, n));
	assert_null(suggest_closest("", words, n));
	assert_null(suggest_closest("dns", words, 0));

	memset(word, 'a', sizeof(word));
	word[SUGGEST_WORD_MAX] = '\0';
	assert_int_equal(suggest_distance(word, word), 0);
	word[SUGGEST_WORD_MAX] = 'a';
	word[SUGGEST_WORD_MAX + 1] = '\0';
	assert_true(suggest_distance(word, "a") == SIZE_MAX);
	assert_null(suggest_closest(word, (const char *const[]){word}, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),	    cmocka_unit_test(test_hex32),
		cmocka_unit_test(test_bool),	    cmocka_unit_test(test_size),
		cmocka_unit_test(test_rate),	    cmocka_unit_test(test_duration),
		cmocka_unit_test(test_domain_name), cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_char),   cmocka_unit_test(test_safe),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
