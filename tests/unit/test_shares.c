/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filesystems against sections, as the hook does it; what is to be undone, on disk. */
#include "fsguard/undo.h"
#include "hooks/hook.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tree_help.h"

#define UUID "5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c01"

static struct uuid uuid_of(const char *text)
{
	struct uuid u;

	assert_true(uuid_parse(text, &u));
	return u;
}

/* Holds a domain with these <filesystem> against a policy. @want: part of the message, or NULL */
static void check(const char *filesystems, const char *policy, const char *want)
{
	struct strbuf xml = {0};
	struct facts f = {0};
	struct policy p = {0};
	struct record rec = {0};
	struct err e = {0};
	int r;

	sb_addf(&xml,
		"<domain type='qemu'><name>g</name><uuid>" UUID "</uuid><devices>%s</devices>"
		"</domain>",
		filesystems);
	assert_int_equal(facts_parse_domain(sb_str(&xml), xml.len, &f, &e), 0);
	assert_int_equal(policy_parse("g.ini", policy, strlen(policy), NULL, &p, &e), 0);
	r = admit_shares(&f, &p, &e);
	if (!want && r != 0)
		fail_msg("%s", e.msg);
	if (want && (r >= 0 || e.exit != EX_CORDON_POLICY || !strstr(e.msg, want)))
		fail_msg("wanted '%s', got '%s'", want, e.msg);
	if (!want) {
		assert_int_equal(record_shares(&f, &p, &rec, &e), 0);
		assert_int_equal(rec.n_fs, p.n_shares);
		record_free(&rec);
	}
	facts_free(&f);
	policy_free(&p);
	sb_free(&xml);
}

#define FS(tag)                                                                                    \
	"<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv/x'/>"                 \
	"<target dir='" tag "'/></filesystem>"

static void test_admit(void **state)
{
	(void)state;
	check("", "", NULL);
	check(FS("work"), "[share work]\n", NULL);
	check(FS("a") FS("b"), "[share b]\n[share a]\n", NULL);
	check(FS("work"), "", "\"[share work]\" and \"size = 10G\"");
	check(FS("work"), "[share Work]\n", "\"[share work]\"");
	check(FS("a"), "[share a]\n[share b]\n", "g.ini:2: [share b]: the domain has no such");
	check("", "[share b]\n", "(its target tags: none)");
	check(FS("a") FS("a"), "[share a]\n", "two <filesystem> have the target tag 'a'");
	check("<filesystem><source dir='/srv/x'/></filesystem>", "", "has no target tag");
	check("<filesystem><source dir='/srv/x'/><target dir='t'/><readonly/></filesystem>", "",
	      "\"mode = ro\"");
}

/* A section of that name could not be written. */
static void test_tags(void **state)
{
	static const char want[] = "write another <target dir>";

	(void)state;
	check(FS("/mnt/x"), "", want);
	check(FS("a:b"), "", want);
	check(FS("a]"), "", want);
	check(FS("1234567890123456789012345678901234567"), "", want);
	check(FS("123456789012345678901234567890123456"),
	      "[share 123456789012345678901234567890123456]\n", NULL);
	check(FS(""), "", want);
	check(FS(".."), "", want);
	check(FS("a b"), "[share a b]\n", NULL);
}

/* What is no plain folder is the audit's, not a share's. */
static void test_others(void **state)
{
	static const char socket[] = "<filesystem type='mount'><driver type='virtiofs'/>"
				     "<source socket='/run/x'/><target dir='s'/></filesystem>";
	static const char ram[] = "<filesystem type='ram'><source usage='10' units='MiB'/>"
				  "<target dir='r'/></filesystem>";

	(void)state;
	check(socket, "", NULL);
	check(ram, "", NULL);
	check(socket, "[share s]\n", "has no such");
	check(ram, "[share r]\n", "has no such");
}

static void test_undo(void **state)
{
	const struct uuid uuid = uuid_of(UUID);
	struct undo u = {0}, again = {0};
	struct err e = {0};

	assert_int_equal(fsg_undo_load(*state, &uuid, &again, &e), -ENOENT);
	assert_int_equal(fsg_undo_add(&u, "my share", "/srv/a b"), 0);
	assert_int_equal(fsg_undo_add(&u, ".x", "/srv/\n"), 0);
	assert_int_equal(fsg_undo_save(*state, &uuid, &u, NULL), 0);
	assert_int_equal(fsg_undo_load(*state, &uuid, &again, NULL), 0);
	assert_int_equal(again.n, 2);
	assert_string_equal(again.list[0].tag, "my share");
	assert_string_equal(again.list[1].target, "/srv/\n");
	fsg_undo_free(&again);
	fsg_undo_free(&u);
	assert_int_equal(fsg_undo_remove(*state, &uuid, NULL), 0);
	assert_int_equal(fsg_undo_remove(*state, &uuid, NULL), 0);
	assert_int_equal(fsg_undo_load(*state, &uuid, &again, NULL), -ENOENT);
}

static void test_undo_damage(void **state)
{
	static const char *const bad[] = {
		"",
		"virt-cordon-fsguard 1\n",
		"virt-cordon-fsguard 2\nend\n",
		"virt-cordon-fsguard 1\nshare a\nend\n",
		"virt-cordon-fsguard 1\nshare a /srv\nend\n",
		"virt-cordon-fsguard 1\nshare a %2Fsrv %2Fsrv\nend\n",
		"virt-cordon-fsguard 1\nshare  %2Fsrv\nend\n",
		"virt-cordon-fsguard 1\nend\nshare a %2Fsrv\n",
		"virt-cordon-fsguard 1\nother a %2Fsrv\nend\n",
		"virt-cordon-fsguard 1\n\nend\n",
		"virt-cordon-fsguard 1\nshare a %2fsrv\nend\n",
	};
	const struct uuid uuid = uuid_of(UUID);
	struct undo u = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = {0};

		assert_int_equal(
			record_file_write(*state, &uuid, UNDO_FILE, bad[i], strlen(bad[i]), NULL),
			0);
		if (fsg_undo_load(*state, &uuid, &u, &e) != -EBADMSG || e.exit != EX_CORDON_DATA)
			fail_msg("taken: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_others),
		cmocka_unit_test_setup_teardown(test_undo, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_undo_damage, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
