/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of an instance: text form, damage, files. */
#include "provision/instance.h"

#include "lib/util.h"
#include "tests/unit/tree_help.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
	const struct instance in = {.number = 7,
				    .booted = true,
				    .result = RESULT_FAILED,
				    .when = 1700000000,
				    .said = "no answer: 100%\nof it"};
	struct strbuf text = {0}, again = {0};
	struct instance out = {0};
	struct err e = {0};

	(void)state;
	instance_print(&in, &text);
	if (instance_parse(sb_str(&text), text.len, &out, &e) < 0)
		fail_msg("%s: %s", sb_str(&text), e.msg);
	instance_print(&out, &again);
	assert_string_equal(sb_str(&text), sb_str(&again));
	assert_string_equal(out.said, in.said);
	/* Cut anywhere, or with any byte changed to another line, it is damaged. */
	for (size_t n = 0; n < text.len; n++) {
		e = (struct err){0};
		assert_true(instance_parse(text.data, n, &out, &e) < 0);
		assert_int_equal(e.exit, EX_CORDON_DATA);
	}
	sb_free(&text);
	sb_free(&again);
}

static void test_damage(void **state)
{
	static const char *const bad[] = {
		"",
		"virt-cordon-instance 2\nnumber 1\nbooted no\nresult none\nwhen 0\nsaid \nend\n",
		"virt-cordon-instance 1\nnumber 0\nbooted no\nresult none\nwhen 0\nsaid \nend\n",
		("virt-cordon-instance 1\nnumber 1000001\nbooted no\nresult none\nwhen 0\nsaid \n"
		 "end\n"),
		"virt-cordon-instance 1\nnumber 1\nbooted maybe\nresult none\nwhen 0\nsaid \nend\n",
		"virt-cordon-instance 1\nnumber 1\nbooted no\nresult good\nwhen 0\nsaid \nend\n",
		"virt-cordon-instance 1\nnumber 1\nbooted no\nresult none\nwhen x\nsaid \nend\n",
		"virt-cordon-instance 1\nnumber 1\nbooted no\nresult none\nwhen 0\nsaid  \nend\n",
		"virt-cordon-instance 1\nnumber 1\nbooted no\nresult none\nwhen 0\nsaid \nend\nx",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct instance out = {0};

		if (instance_parse(bad[i], strlen(bad[i]), &out, NULL) == 0)
			fail_msg("let through: %s", bad[i]);
	}
}

static void test_files(void **state)
{
	struct store s = {.dir = -1};
	struct instance i = {0};
	struct err e = {0};
	struct uuid u = {{1}};

	assert_int_equal(store_open(*state, &u, true, &s, NULL), 0);
	assert_int_equal(instance_load(&s, &i, NULL), 0);
	assert_int_equal(i.number, 1);
	assert_false(i.booted);
	i.number = 2;
	i.booted = true;
	assert_int_equal(instance_save(&s, &i, NULL), 0);
	i = (struct instance){0};
	assert_int_equal(instance_load(&s, &i, NULL), 0);
	assert_int_equal(i.number, 2);
	assert_true(i.booted);
	tree_write(tree_path(s.path, INSTANCE_FILE), "nonsense");
	assert_true(instance_load(&s, &i, &e) < 0);
	assert_int_equal(e.exit, EX_CORDON_DATA);
	store_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
		cmocka_unit_test_setup_teardown(test_files, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
