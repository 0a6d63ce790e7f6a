/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of YAML is let through to cloud-init. */
#include "provision/yaml.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void good(const char *text, enum yaml_root root)
{
	struct err e = {0};

	if (yaml_check("f", text, strlen(text), root, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
}

static void bad(const char *text, enum yaml_root root, const char *said)
{
	struct err e = {0};

	if (yaml_check("f", text, strlen(text), root, &e) == 0)
		fail_msg("'%s' is let through", text);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	if (strncmp(e.msg, said, strlen(said)) != 0)
		fail_msg("'%s' gave: %s", text, e.msg);
}

static void test_good(void **state)
{
	(void)state;
	good("#cloud-config\n{}\n", YAML_MAPPING);
	good("a: 1\nb: [x, {a: 1, a: 2}]\nc:\n  a: 1\n", YAML_MAPPING);
	good("a: &x {k: v}\nb: *x\n", YAML_MAPPING);
	good("a: |\n  a: 1\n  a: 2\n", YAML_MAPPING);
	good("- a\n- a\n", YAML_LIST);
	good("? [a, b]\n: 1\nc: 2\n", YAML_MAPPING);
}

static void test_bad(void **state)
{
	(void)state;
	bad("", YAML_MAPPING, "f:1: it is empty");
	bad("# nothing\n", YAML_MAPPING, "f:1: it is empty");
	bad("a: 1\nb: 2\na: 3\n", YAML_MAPPING, "f:3: a key for the second time");
	bad("a: 1\n  b: 2\n", YAML_MAPPING, "f:2: ");
	bad("a:\t1\n\tb: 2\n", YAML_MAPPING, "f:2: ");
	bad("a: [1\n", YAML_MAPPING, "f:2: ");
	bad("a: *x\nb: \"\n", YAML_MAPPING, "f:");
	bad("- a\n", YAML_MAPPING, "f:1: not a mapping");
	bad("text\n", YAML_MAPPING, "f:1: not a mapping");
	bad("a: 1\n", YAML_LIST, "f:1: not a list");
	bad("a: 1\n---\nb: 2\n", YAML_MAPPING, "f:2: a second document");
	bad("a: \xff\n", YAML_MAPPING, "f:1: ");
}

static void test_many_keys(void **state)
{
	char text[4096];
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "k%u: 1\n", i);
	good(text, YAML_MAPPING);
	(void)snprintf(text + n, sizeof(text) - n, "k256: 1\n");
	bad(text, YAML_MAPPING, "f:257: too many keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
