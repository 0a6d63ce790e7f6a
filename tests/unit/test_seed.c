/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a seed: kinds of user-data, placeholders, keys. */
#include "provision/seed.h"

#include "provision/schema.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct seed_input input_of(const char *user_data)
{
	return (struct seed_input){
		.name = "web",
		.uuid = "U-U",
		.instance = "U-U-1",
		.pubkey = "ssh-ed25519 AAAA c",
		.host_key = "-----BEGIN\nx\n-----END\n",
		.host_pub = "ssh-ed25519 BBBB h",
		.user_data_path = user_data ? "u" : NULL,
		.user_data = user_data,
		.user_data_len = user_data ? strlen(user_data) : 0,
	};
}

static struct seed must_fill(const struct seed_input *in)
{
	struct seed seed = {0};
	struct err e = {0};

	if (seed_fill(in, &seed, &e) < 0 || seed_check(in, &seed, &e) < 0)
		fail_msg("%s", e.msg);
	return seed;
}

static void assert_user_data(const char *in, const char *out)
{
	const struct seed_input input = input_of(in);
	struct seed seed = must_fill(&input);

	assert_string_equal(sb_str(&seed.user_data), out);
	seed_free(&seed);
}

static void refused(const struct seed_input *in, const char *said)
{
	struct seed seed = {0};
	struct err e = {0};

	assert_true(seed_fill(in, &seed, &e) < 0 || seed_check(in, &seed, &e) < 0);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	if (strncmp(e.msg, said, strlen(said)) != 0)
		fail_msg("%s", e.msg);
	seed_free(&seed);
}

static void test_files(void **state)
{
	struct seed_input in = input_of(NULL);
	struct seed seed = must_fill(&in);

	(void)state;
	assert_string_equal(sb_str(&seed.meta_data),
			    "instance-id: U-U-1\nlocal-hostname: web\npublic-keys:\n"
			    "  - ssh-ed25519 AAAA c\n");
	assert_string_equal(sb_str(&seed.user_data), "#cloud-config\n{}\n");
	assert_string_equal(sb_str(&seed.vendor_data),
			    "#cloud-config\nssh_deletekeys: true\nssh_keys:\n"
			    "  ed25519_private: |\n    -----BEGIN\n    x\n    -----END\n"
			    "  ed25519_public: ssh-ed25519 BBBB h\n");
	assert_false(seed.has_network);
	seed_free(&seed);
}

/* A guest that is set up finds the same instance, and nothing that is secret. */
static void test_clean(void **state)
{
	struct seed_input in = input_of("#cloud-config\npassword: hunter2\n");
	struct seed seed;

	(void)state;
	in.clean = true;
	in.network_path = "n";
	in.network = "version: 2\n";
	in.network_len = strlen(in.network);
	seed = must_fill(&in);
	assert_string_equal(sb_str(&seed.user_data), "#cloud-config\n{}\n");
	assert_string_equal(sb_str(&seed.vendor_data), "#cloud-config\n{}\n");
	assert_string_equal(sb_str(&seed.network_config), "version: 2\n");
	assert_non_null(strstr(sb_str(&seed.meta_data), "instance-id: U-U-1\n"));
	seed_free(&seed);
}

static void test_kinds(void **state)
{
	static const char *const as_they_are[] = {
		"#cloud-config\na: 1\n",
		"#cloud-config \r\na: 1\n",
		"#!/bin/sh\nexit 0\n",
		"Content-Type: multipart/mixed\n\n: not : yaml\n",
		"MIME-Version: 1.0\n",
		"#include\nhttps://x/y\n",
		"#cloud-boothook\n#!/bin/sh\n",
		"#cloud-config-archive\n- a\n",
		"## template: jinja\n#cloud-config\n{{ x }}\n",
		"\x1f\x8b @DOMAIN@",
	};
	struct seed_input in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(as_they_are); i++)
		assert_user_data(as_they_are[i], as_they_are[i]);
	in = input_of("packages: [git]\n");
	refused(&in, "u:1: cloud-init does not know what this is; write #cloud-config");
	in = input_of("#cloud-configs\na: 1\n");
	refused(&in, "u:1: cloud-init does not know");
	in = input_of("#cloud-config\n- a\n");
	refused(&in, "u:2: not a mapping");
	in = input_of("#cloud-config-archive\na: 1\n");
	refused(&in, "u:2: not a list");
	in = input_of(NULL);
	in.network_path = "n";
	in.network = "a";
	in.network_len = 1;
	refused(&in, "n:1: not a mapping");
}

static void test_placeholders(void **state)
{
	(void)state;
	assert_user_data("#!@DOMAIN@ @UUID@ @SSH_PUBKEY@", "#!web U-U ssh-ed25519 AAAA c");
	assert_user_data("#!@@DOMAIN@@ @DOMAIN @domain@ @", "#!@web@ @DOMAIN @domain@ @");
	assert_user_data("#!@SSH_PUBKEY", "#!@SSH_PUBKEY");
}

static void assert_hostname(const char *name, const char *host)
{
	struct seed_input in = input_of(NULL);
	auto_free char *line = NULL;
	struct seed seed;

	in.name = name;
	seed = must_fill(&in);
	if (asprintf(&line, "\nlocal-hostname: %s\n", host) < 0)
		fail();
	if (!strstr(sb_str(&seed.meta_data), line))
		fail_msg("%s", sb_str(&seed.meta_data));
	seed_free(&seed);
}

static void test_hostname(void **state)
{
	(void)state;
	assert_hostname("Web 1", "web-1");
	assert_hostname("--a..b--", "a-b");
	assert_hostname("\xc3\xa4: {x", "x");
	assert_hostname("...", "guest");
	assert_hostname("0123456789012345678901234567890123456789012345678901234567890123",
			"012345678901234567890123456789012345678901234567890123456789012");
}

static void assert_complaint(const char *output, const char *key)
{
	char got[32] = "before";

	if (!schema_read(output, got, sizeof(got)))
		fail_msg("no complaint: %s", output);
	assert_string_equal(got, key);
}

/* Of the key and of nothing behind it: what stands there may be a password. */
static void test_schema(void **state)
{
	char key[32];

	(void)state;
	assert_complaint("Cloud config schema errors: users.0.sudo: 5 is not of type 'string'\n",
			 "users.0.sudo");
	assert_complaint("Error:\nCloud config schema errors: ssh_pwauth: 'hunter2' is not …, "
			 "users: x\n",
			 "ssh_pwauth");
	assert_complaint("Cloud config schema errors: Additional properties are not allowed ('x' "
			 "was unexpected)",
			 "");
	assert_complaint("Cloud config schema errors: : Additional properties", "");
	assert_complaint("Cloud config schema errors: 0123456789012345678901234567890: x",
			 "0123456789012345678901234567890");
	assert_complaint("Cloud config schema errors: 01234567890123456789012345678901: x", "");
	assert_false(schema_read("Valid cloud-config: u\n", key, sizeof(key)));
	assert_false(schema_read("Cloud config schema deprecations: a: b", key, sizeof(key)));
	assert_false(schema_read("", key, sizeof(key)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	 cmocka_unit_test(test_clean),
		cmocka_unit_test(test_kinds),	 cmocka_unit_test(test_placeholders),
		cmocka_unit_test(test_hostname), cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
