/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict INI scan: each way to write a line that two readers could take differently. */
#include "lib/ini.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Loads @text; gives the joined errors, "" for none. */
static void load(const char *text, size_t len, struct ini *ini, struct err *e)
{
	struct ini_report report = {.path = "f"};

	*e = (struct err){0};
	ini_load(text, len, "share", ini, &report);
	assert_int_equal(ini_report_finish(&report, e) != 0, report.n > 0);
	ini_report_free(&report);
}

/* @text must give exactly one error, on @line, that contains @part. */
static void check_bad_len(const char *text, size_t len, unsigned line, const char *part)
{
	char prefix[32];
	struct ini ini = {0};
	struct err e;

	load(text, len, &ini, &e);
	ini_free(&ini);
	(void)snprintf(prefix, sizeof(prefix), "f:%u: ", line);
	if (strncmp(e.msg, prefix, strlen(prefix)) != 0 || !strstr(e.msg, part) ||
	    strchr(e.msg, '\n'))
		fail_msg("'%s' gave: %s", text, e.msg);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	assert_int_equal(e.errnum, EINVAL);
}

static void check_bad(const char *text, unsigned line, const char *part)
{
	check_bad_len(text, strlen(text), line, part);
}

static void check_good(const char *text, struct ini *ini)
{
	struct err e;

	load(text, strlen(text), ini, &e);
	if (e.msg[0])
		fail_msg("'%s' gave: %s", text, e.msg);
}

static void test_plain(void **state)
{
	static const char text[] = "; comment\n"
				   "# another = [x]\n"
				   "\n"
				   "[network]\n"
				   "egress = none\n"
				   "  ALLOW_Lan.Office\t=  a, b=c  \r\n"
				   "empty =\n"
				   "\t; indented comment\n"
				   "[share A b]\n"
				   "size=1";
	struct ini ini = {0};

	(void)state;
	check_good(text, &ini);
	assert_int_equal(ini.n_sections, 2);
	assert_string_equal(ini.sections[0].name, "network");
	assert_int_equal(ini.sections[0].line, 4);
	assert_string_equal(ini.sections[1].name, "share A b");
	assert_int_equal(ini.n_entries, 4);
	assert_string_equal(ini.entries[0].key, "egress");
	assert_string_equal(ini.entries[0].value, "none");
	assert_int_equal(ini.entries[0].line, 5);
	assert_string_equal(ini.entries[1].key, "allow_lan.office");
	assert_string_equal(ini.entries[1].value, "a, b=c");
	assert_string_equal(ini.entries[2].value, "");
	assert_int_equal(ini.entries[3].section, 1);
	assert_string_equal(ini.entries[3].value, "1");
	ini_free(&ini);

	check_good("", &ini);
	assert_int_equal(ini.n_sections, 0);
	ini_free(&ini);
}

static void test_sections(void **state)
{
	(void)state;
	check_bad("[a]\n[b\n", 2, "closing bracket");
	check_bad("[a] ; comment\n", 1, "comments on lines of their own");
	check_bad("[a] b = c\n", 1, "text after");
	check_bad("[a] = [b]\n", 1, "a bracket inside");
	check_bad("[a]]\n", 1, "a bracket inside");
	check_bad("[[a]\n", 1, "a bracket inside");
	check_bad("[]\n", 1, "without a name");
	check_bad("[ a ]\n", 1, "blanks inside");
	check_bad("[a\tb]\n", 1, "blanks inside");
	check_bad("[a:b]\n", 1, "':'");
	check_bad("[a ; b]\n", 1, "a comment inside");
	check_bad("[a #b]\n", 1, "a comment inside");
	check_bad("[\xff]\n", 1, "UTF-8");
	check_bad("[\n", 1, "closing bracket");
	check_bad("k = v\n", 1, "before any section");
	/* The keys below a header that is not read are not reported as well. */
	check_bad("[a\nk = v\n", 1, "closing bracket");
	check_bad("[a\x01]\nk = v\n", 1, "control character");
}

static void test_duplicates(void **state)
{
	struct ini ini = {0};

	(void)state;
	check_bad("[a]\nk = 1\n[b]\n[A]\n", 4, "on line 1");
	check_bad("[a]\nk = 1\nj = 2\nK = 1\n", 4, "on line 2");
	check_bad("[a]\nk.x = 1\nk.X = 1\n", 3, "on line 2");
	check_bad("[share a]\n[share a]\n", 2, "on line 1");
	check_bad("[share a]\n[SHARE a]\n", 2, "on line 1");
	/* Tags are told apart by case; the same key in two sections is no duplicate. */
	check_good("[share a]\nsize = 1\n[share A]\nsize = 2\n[b]\nsize = 3\n", &ini);
	assert_int_equal(ini.n_sections, 3);
	assert_string_equal(ini.entries[0].value, "1");
	assert_string_equal(ini.entries[1].value, "2");
	ini_free(&ini);
	/* A word that only begins like the exact one is folded. */
	check_bad("[shares a]\n[shares A]\n", 2, "on line 1");
}

static void test_values(void **state)
{
	struct ini ini = {0};

	(void)state;
	check_bad("[a]\nk = v ; comment\n", 2, "comments on lines of their own");
	check_bad("[a]\nk = v#\n", 2, "comments on lines of their own");
	check_bad("[a]\nk = ;\n", 2, "comments on lines of their own");
	check_bad("[a]\nk = \"v\"\n", 2, "quotes");
	check_bad("[a]\nk = 'v'\n", 2, "quotes");
	check_bad("[a]\nk = \"\"\n", 2, "quotes");
	check_bad("[a]\nk = 'v\n", 2, "quotes");
	check_bad("[a]\nk = v\"\n", 2, "quotes");
	check_bad("[a]\nk = \xc3\x28\n", 2, "UTF-8");
	check_good("[a]\nk = bob's \"x\" y\n; \xff latin\n", &ini);
	assert_string_equal(ini.entries[0].value, "bob's \"x\" y");
	ini_free(&ini);
	check_good("[a]\nk = = v\n", &ini);
	assert_string_equal(ini.entries[0].value, "= v");
	ini_free(&ini);
}

static void test_lines(void **state)
{
	(void)state;
	check_bad("[a]\nk\n", 2, "neither a [section]");
	check_bad("[a]\nk : v\n", 2, "neither a [section]");
	check_bad("[a]\nx", 2, "neither a [section]");
	check_bad("[a]\n= v\n", 2, "not a key");
	check_bad("[a]\nk k = v\n", 2, "not a key");
	check_bad("[a]\n\"k\" = v\n", 2, "not a key");
	check_bad("[a]\n\xc3\xa4 = v\n", 2, "not a key");
	check_bad("[a]\nk:k = v\n", 2, "not a key");
	check_bad("[a]\nk = v \\\n", 2, "backslash");
	check_bad("[a]\nk = v \\  \n", 2, "backslash");
	check_bad("[a]\nk = v \\\r\n", 2, "backslash");
	check_bad("[a]\n; comment \\\nk = v\n", 2, "backslash");
	check_bad("[a]\rk = v\r", 1, "carriage return");
	check_bad("[a]\nk = v\r\r\n", 2, "carriage return");
	check_bad("[a]\nk = v\x1b[0m\n", 2, "control character");
	check_bad("[a]\nk = v\x7f\n", 2, "control character");
	check_bad("[a]\n; \x0b\n", 2, "control character");
	check_bad("\xef\xbb\xbf[a]\nk = v\n", 1, "byte order mark");
	check_bad("[a]\n\xef\xbb\xbfk = v\n", 2, "not a key");
	check_bad_len("[a]\nk = v\0w\n", 12, 2, "NUL");
	check_bad_len("[a]\n\0", 5, 2, "NUL");
}

/* A key with a value such that its line has @len bytes. */
static char *long_line(size_t len, const char *newline)
{
	struct strbuf sb = {0};

	sb_adds(&sb, "[a]\nk = ");
	for (size_t i = 4; i < len; i++)
		sb_adds(&sb, "x");
	sb_adds(&sb, newline);
	return sb_take(&sb);
}

static void test_line_length(void **state)
{
	static const char *const newlines[] = {"", "\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(newlines); i++) {
		char *fits = long_line(INI_LINE_MAX, newlines[i]);
		char *over = long_line(INI_LINE_MAX + 1, newlines[i]);
		struct ini ini = {0};

		check_good(fits, &ini);
		assert_int_equal(strlen(ini.entries[0].value), INI_LINE_MAX - 4);
		ini_free(&ini);
		check_bad(over, 2, "a line of 1023 bytes");
		free(fits);
		free(over);
	}
}

static void test_counts(void **state)
{
	struct strbuf fits = {0}, over = {0};
	struct ini ini = {0};

	(void)state;
	for (int i = 0; i < INI_SECTIONS_MAX; i++)
		sb_addf(&fits, "[s%d]\n", i);
	sb_addf(&over, "%s[more]\nk = v\n", sb_str(&fits));
	check_good(sb_str(&fits), &ini);
	assert_int_equal(ini.n_sections, INI_SECTIONS_MAX);
	ini_free(&ini);
	check_bad(sb_str(&over), INI_SECTIONS_MAX + 1, "more than 128 sections");
	sb_free(&fits);
	sb_free(&over);

	sb_adds(&fits, "[s]\n");
	for (int i = 0; i < INI_ENTRIES_MAX; i++)
		sb_addf(&fits, "k%d = v\n", i);
	sb_addf(&over, "%smore = v\n", sb_str(&fits));
	check_good(sb_str(&fits), &ini);
	assert_int_equal(ini.n_entries, INI_ENTRIES_MAX);
	ini_free(&ini);
	check_bad(sb_str(&over), INI_ENTRIES_MAX + 2, "more than 2048 keys");
	sb_free(&fits);
	sb_free(&over);
}

static void test_report(void **state)
{
	struct ini_report report = {.path = "f"};
	struct err e = {0};
	size_t lines = 1;

	(void)state;
	assert_int_equal(ini_report_finish(&report, &e), 0);
	assert_false(err_is_set(&e));

	ini_report_add(&report, 9, "s", "k", "nine");
	ini_report_add(&report, 0, NULL, NULL, "none");
	ini_report_add(&report, 3, "s", NULL, "three %s", "a");
	ini_report_add(&report, 3, NULL, "k", "three b");
	assert_int_equal(ini_report_finish(&report, &e), -EINVAL);
	assert_string_equal(e.msg, "f: none\nf:3: [s]: three a\nf:3: k: three b\nf:9: [s] k: nine");

	for (unsigned i = 0; i < INI_REPORT_MAX; i++)
		ini_report_add(&report, 10, NULL, NULL, "more");
	e = (struct err){0};
	assert_int_equal(ini_report_finish(&report, &e), -EINVAL);
	for (const char *p = e.msg; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, INI_REPORT_MAX + 1);
	assert_non_null(strstr(e.msg, "\nf: 4 more errors"));
	ini_report_free(&report);

	report.oom = true;
	e = (struct err){0};
	assert_int_equal(ini_report_finish(&report, &e), -ENOMEM);
	assert_int_equal(e.exit, EX_CORDON_OS);
}

static void test_quote(void **state)
{
	char text[INI_QUOTE_MAX + 3], buf[INI_QUOTE_MAX + 8];

	(void)state;
	assert_string_equal(ini_quote("", buf), "''");
	memset(text, 'x', sizeof(text));
	text[INI_QUOTE_MAX] = '\0';
	assert_int_equal(strlen(ini_quote(text, buf)), INI_QUOTE_MAX + 2);
	/* One more: cut, and never inside a character. */
	memcpy(text + INI_QUOTE_MAX - 1, "\xc3\xa4", 3);
	ini_quote(text, buf);
	assert_string_equal(buf + INI_QUOTE_MAX, "...'");
	assert_int_equal(buf[INI_QUOTE_MAX - 1], 'x');
}

/* Scans one text, lets iniparser read another: each difference must be seen. */
static void check_difference(const char *scanned, const char *parsed, const char *part)
{
	struct ini_report report = {.path = "f"};
	struct ini ini = {0};
	struct err e = {0};

	ini_scan(scanned, strlen(scanned), "share", &ini, &report);
	assert_int_equal(report.n, 0);
	ini_cross_check(&ini, parsed, strlen(parsed), &report);
	(void)ini_report_finish(&report, &e);
	if (part ? !strstr(e.msg, part) : e.msg[0] != '\0')
		fail_msg("'%s' and '%s' gave: %s", scanned, parsed, e.msg);
	ini_report_free(&report);
	ini_free(&ini);
}

static void test_cross_check(void **state)
{
	(void)state;
	check_difference("[a]\nk = v\n", "[A]\n K=v ; x\n", NULL);
	check_difference("[a]\nk = v\n", "[a]\nk = w\n", "f:2: iniparser reads 'w', not 'v'");
	check_difference("[a]\nk = v\n", "[a]\n", "f:2: iniparser does not see this line");
	check_difference("[a]\nk = v\n[b]\n", "[a]\nk = v\n", "f:3: iniparser does not see");
	check_difference("[a]\n", "[a]\nk = v\n", "2 sections and keys, not 1");
	check_difference("[a]\nk = v\n", "[a]\nk = v\nk = w\n", "reads 'w', not 'v'");
	check_difference("[a]\nk = v\n", "[a:k]\n[a]\nk\n", "iniparser refuses");
	check_difference("[a]\nk = v\n", "[a]\nk = v\n[a:k]\n", "reads a section, not 'v'");
	check_difference("[a]\nk =\n", "[a:k]\n[a]\n", "reads a section, not ''");
	/* Of tags that differ in case iniparser keeps the last. */
	check_difference("[share a]\nk = 1\n[share A]\nk = 2\n", "[share a]\nk = 2\n", NULL);
	check_difference("[share a]\nk = 1\n[share A]\nk = 2\n", "[share a]\nk = 1\n", "not '2'");
}

/* Messages of iniparser would land in what libvirt shows to the user. */
static void test_silence(void **state)
{
	static const char bad[] = "[a]\nno equals sign\n";
	struct ini_report report = {.path = "f"};
	char name[] = "/tmp/cordon-ini-XXXXXX";
	int saved = dup(STDERR_FILENO), fd = mkstemp(name);
	struct ini ini = {0};
	off_t end;

	(void)state;
	assert_true(saved >= 0 && fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	ini_cross_check(&ini, bad, strlen(bad), &report);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	end = lseek(fd, 0, SEEK_END);
	(void)close(saved);
	(void)close(fd);
	(void)unlink(name);
	assert_int_equal(report.n, 1);
	assert_int_equal(end, 0);
	ini_report_free(&report);
}

/* Random text from the bytes that matter: what the scan takes, iniparser must read the same. */
static void test_random(void **state)
{
	static const char alphabet[] = "ab.=[] \t;#\"'\\:\n\n\n\rkS";
	uint32_t seed = 20240501;
	size_t taken = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[48] = "[a]\n";
		struct ini_report report = {.path = "f"};
		struct ini ini = {0};
		size_t len = 4;

		for (; len < 4 + (size_t)round % 40; len++) {
			seed = seed * 1664525 + 1013904223;
			text[len] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		ini_scan(text, len, "share", &ini, &report);
		if (report.n == 0) {
			taken++;
			ini_cross_check(&ini, text, len, &report);
			if (report.n)
				fail_msg("round %d: '%.*s': %s", round, (int)len, text,
					 report.kept[0].text);
		}
		ini_report_free(&report);
		ini_free(&ini);
	}
	assert_true(taken > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	   cmocka_unit_test(test_sections),
		cmocka_unit_test(test_duplicates), cmocka_unit_test(test_values),
		cmocka_unit_test(test_lines),	   cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_counts),	   cmocka_unit_test(test_report),
		cmocka_unit_test(test_quote),	   cmocka_unit_test(test_cross_check),
		cmocka_unit_test(test_silence),	   cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
