/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared layout as text: complete in itself, the same each time, all its parameters used. */
#include "netiso/layout.h"

#include "lib/marks.h"
#include "lib/record.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct layout_params params = {.mark_base = 0x4c5a0000, .log_group = 100};

static struct strbuf emit(const struct layout_params *p)
{
	struct strbuf text = {0};

	layout_emit(p, &text);
	assert_false(text.failed);
	return text;
}

/* Whether a line of @text begins with @head and goes on with a blank or ends. */
static bool has_line(const char *text, const char *head)
{
	const size_t n = strlen(head);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, head, n) == 0 && strchr(" \n", line[n]))
			return true;
	}
	return false;
}

static void test_same_bytes(void **state)
{
	auto_sb struct strbuf a = emit(&params), b = emit(&params);

	(void)state;
	assert_string_equal(sb_str(&a), sb_str(&b));
}

static void test_parameters(void **state)
{
	const struct layout_params other = {.mark_base = 0x12340000, .log_group = 7};
	auto_sb struct strbuf text = emit(&other);

	(void)state;
	assert_null(strstr(sb_str(&text), "4c5a"));
	assert_non_null(strstr(sb_str(&text), "0x12340000"));
}

/* No word of the vocabulary ($BASE, …) is left. */
static void test_filled(void **state)
{
	auto_sb struct strbuf text = emit(&params);

	(void)state;
	assert_null(strchr(sb_str(&text), '$'));
}

/* Made, emptied and filled: an empty chain would let pass what it is there to judge. */
static void test_chains(void **state)
{
	auto_sb struct strbuf text = emit(&params);
	const struct layout_chain *c;
	char line[128];

	(void)state;
	assert_non_null(layout_chain_at(10));
	for (size_t i = 0; (c = layout_chain_at(i)); i++) {
		static const char *const verbs[] = {"add chain", "flush chain", "add rule"};

		for (size_t v = 0; v < ARRAY_SIZE(verbs); v++) {
			(void)snprintf(line, sizeof(line), "%s %s " LAYOUT_TABLE " %s", verbs[v],
				       c->family, c->name);
			if (!has_line(sb_str(&text), line))
				fail_msg("missing: %s", line);
		}
	}
}

/* Finds each WORD behind @before and demands that "add KIND FAMILY TABLE WORD" stands in the text.
 */
static void check_declared(const char *text, const char *before, const char *const *kinds,
			   size_t n_kinds)
{
	const size_t n = strlen(before);

	for (const char *at = strstr(text, before); at; at = strstr(at + n, before)) {
		const char *line = at;
		char family[16], name[64], want[160];
		bool found = false;

		while (line > text && line[-1] != '\n')
			line--;
		if (strncmp(line, "add rule ", 9) != 0)
			continue;
		assert_int_equal(sscanf(line, "add rule %15s", family), 1);
		assert_int_equal(sscanf(at + n, "%63[a-z_0-9]", name), 1);
		if (at[n + strlen(name)] == ',') /* @nh,96,32 is raw payload */
			continue;
		for (size_t k = 0; k < n_kinds && !found; k++) {
			(void)snprintf(want, sizeof(want), "add %s %s " LAYOUT_TABLE " %s",
				       kinds[k], family, name);
			found = has_line(text, want);
		}
		if (!found)
			fail_msg("%s '%s' is used but not made", family, name);
	}
}

static void test_references(void **state)
{
	static const char *const chain[] = {"chain"}, *const sets[] = {"set", "map"};
	auto_sb struct strbuf text = emit(&params);

	(void)state;
	check_declared(sb_str(&text), "goto ", chain, ARRAY_SIZE(chain));
	check_declared(sb_str(&text), "jump ", chain, ARRAY_SIZE(chain));
	check_declared(sb_str(&text), "@", sets, ARRAY_SIZE(sets));
}

/* Each base chain accepts what no rule decides about: it sees other programs' packets, too. */
static void test_policies(void **state)
{
	const struct layout_chain *c;

	(void)state;
	for (size_t i = 0; (c = layout_chain_at(i)); i++)
		if (c->hook)
			assert_non_null(strstr(c->hook, "policy accept;"));
}

static void test_remove(void **state)
{
	static const char *const families[] = {"netdev", "bridge", "inet"};
	auto_sb struct strbuf made = emit(&params), gone = {0};
	char line[64];

	(void)state;
	layout_emit_remove(&gone);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		(void)snprintf(line, sizeof(line), "add table %s " LAYOUT_TABLE, families[i]);
		assert_true(has_line(sb_str(&made), line));
		/* so that it stands when the next line deletes it */
		assert_true(has_line(sb_str(&gone), line));
		(void)snprintf(line, sizeof(line), "delete table %s " LAYOUT_TABLE, families[i]);
		assert_true(has_line(sb_str(&gone), line));
	}
}

static void test_marks(void **state)
{
	(void)state;
	const uint32_t all[] = {LAYOUT_MARK_MASK, LAYOUT_CLASS_INTERNET, LAYOUT_BESIDE,
				LAYOUT_SLOT_MASK};
	uint32_t seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_int_equal(seen & all[i], 0);
		seen |= all[i];
	}
	assert_int_equal(seen, UINT32_MAX);
	assert_int_equal(LAYOUT_BESIDE, MARKS_BESIDE);
	assert_int_equal(LAYOUT_SLOT_MASK, MARKS_SLOT_MASK);
	assert_int_equal(LAYOUT_SLOT_MASK, RECORD_SLOT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_filled),	   cmocka_unit_test(test_chains),
		cmocka_unit_test(test_references), cmocka_unit_test(test_policies),
		cmocka_unit_test(test_remove),	   cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
