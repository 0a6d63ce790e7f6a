/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names, links and paths mean to the host's programs; folders; superblocks. */
#include "fsguard/image.h"
#include "fsguard/scan.h"
#include "fsguard/store.h"
#include "fsguard/target.h"
#include "fsguard/undo.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_links(void **state)
{
	static const struct {
		const char *path, *target;
		bool out;
	} cases[] = {
		{"a", "b", false},	     {"a", "/etc/passwd", true},  {"a", "..", true},
		{"d/a", "..", false},	     {"d/a", "../b", false},	  {"d/a", "../../b", true},
		{"d/a", "x/../../..", true}, {"d/a", "x/../..", false},	  {"a", "./b", false},
		{"a", ".//..", true},	     {"a", "...", false},	  {"a", "", false},
		{"a", "x/../..", true},	     {"d/e/a", "../../b", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (fsg_scan_link(cases[i].path, cases[i].target) != cases[i].out)
			fail_msg("%s -> %s", cases[i].path, cases[i].target);
}

static void test_names(void **state)
{
	/* Byte by byte, so that no one takes this file for a trick. */
	static const char rtl[] = {'\xe2', '\x80', '\xae', 0};
	static const char isolate[] = {'x', '\xe2', '\x81', '\xa6', 'y', 0};
	static const char *const bad[] = {
		"a\nb", "\033[2J", "a\x7f",	   "a\xc2\x9b", "\xff",
		"\xc3", rtl,	   "\xe2\x80\x8f", isolate,
	};
	static const char *const good[] = {"a",	       "\xc3\xa4", "a b", "\xe2\x82\xac",
					   "\xc2\xa0", ".hidden",  "-rf", "\xe2\x80\x93"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!fsg_scan_name(bad[i]))
			fail_msg("bad name %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (fsg_scan_name(good[i]))
			fail_msg("good name %zu: %s", i, good[i]);
}

static void test_fold(void **state)
{
	static const struct {
		const char *name, *folded;
	} cases[] = {
		{"", ""},
		{"Makefile", "makefile"},
		{"\xc3\x84", "\xc3\xa4"},	  /* A with a diaeresis */
		{"\xd0\x96x", "\xd0\xb6x"},	  /* Cyrillic */
		{"\xc8\xba", "\xe2\xb1\xa5"},	  /* longer in lower case */
		{"A\xff\xc3Z", "a\xff\xc3z"},	  /* no UTF-8 */
		{"\xe2\x82\xac", "\xe2\x82\xac"}, /* has no case */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *folded = fsg_scan_fold(cases[i].name);

		assert_string_equal(folded, cases[i].folded);
	}
}

static void test_runs(void **state)
{
	static const char *const bad[] = {
		".git/hooks/pre-commit",
		"a/b/.git/hooks/post-checkout",
		".envrc",
		"x/.ENVRC",
		"AUTORUN.INF",
		"d/.vscode/tasks.json",
		"menu.desktop",
		".cargo/config.toml",
	};
	static const char *const good[] = {
		"hooks/pre-commit",
		".git/hooks/pre-commit.sample",
		"envrc",
		"README.md",
		"git/hooks/x",
		"xautorun.inf",
		".git/config",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!fsg_scan_runs(bad[i]))
			fail_msg("%s", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (fsg_scan_runs(good[i]))
			fail_msg("%s", good[i]);
	assert_true(fsg_scan_is_git_config(".git/config"));
	assert_true(fsg_scan_is_git_config("a/.git/config"));
	assert_false(fsg_scan_is_git_config("git/config"));
	assert_true(fsg_scan_git_config("[core]\n\tfsMonitor = touch /x\n"));
	assert_false(fsg_scan_git_config("[core]\n\tbare = false\n[remote \"origin\"]\n"));
}

static void check_clean(const char *path, const char *want)
{
	char *got = fsg_target_clean(path);

	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
	free(got);
}

static void test_target(void **state)
{
	char path[TARGET_PATH_MAX + 1];

	(void)state;
	check_clean("/srv//a/", "/srv/a");
	check_clean("/", "/");
	check_clean("/srv/../etc", NULL);
	check_clean("/srv/./a", NULL);
	check_clean("srv", NULL);
	check_clean("", NULL);
	check_clean("/srv/..a", "/srv/..a");
	memset(path, 'a', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 100)
		path[i] = '/';
	path[TARGET_PATH_MAX] = '\0';
	check_clean(path, NULL);
	path[TARGET_PATH_MAX - 1] = '\0';
	check_clean(path, path);
}

static void test_store_name(void **state)
{
	char name[STORE_NAME_MAX];

	(void)state;
	fsg_store_name("work", name);
	assert_string_equal(name, "work.img");
	fsg_store_name(".a b", name);
	assert_string_equal(name, "%2Ea%20b.img");
	/* The longest one. */
	fsg_store_name("                                    ", name);
	assert_int_equal(strlen(name), 36 * 3 + 4);
}

/* Where the fields are: Documentation/filesystems/ext4/super.rst of the kernel. */
static void test_super(void **state)
{
	uint8_t image[2048] = {0}, *sb = image + 1024;
	char path[] = "/tmp/test_scan.XXXXXX";
	struct fsg_image_super super = {0};
	struct err e = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)unlink(path);
	assert_int_equal(fsg_image_super(fd, "image", &super, &e), -EBADMSG);
	sb[56] = 0x53;
	sb[57] = 0xef;
	sb[24] = 2; /* blocks of 4096 bytes */
	sb[5] = 0x10;
	sb[58] = 1;
	assert_int_equal(pwrite(fd, image, sizeof(image), 0), sizeof(image));
	assert_int_equal(fsg_image_super(fd, "image", &super, NULL), 0);
	assert_int_equal(super.bytes, 0x1000 * 4096);
	assert_true(super.clean);
	sb[96] = 0x84; /* 64 bit, journal to be played back */
	sb[336] = 1;
	assert_int_equal(pwrite(fd, image, sizeof(image), 0), sizeof(image));
	assert_int_equal(fsg_image_super(fd, "image", &super, NULL), 0);
	assert_true(super.bytes == ((UINT64_C(1) << 32) + 0x1000) * 4096);
	assert_false(super.clean);
	sb[96] = 0;
	sb[58] = 3; /* errors */
	assert_int_equal(pwrite(fd, image, sizeof(image), 0), sizeof(image));
	assert_int_equal(fsg_image_super(fd, "image", &super, NULL), 0);
	assert_false(super.clean);
	sb[24] = 7;
	assert_int_equal(pwrite(fd, image, sizeof(image), 0), sizeof(image));
	e = (struct err){0};
	assert_int_equal(fsg_image_super(fd, "image", &super, &e), -EBADMSG);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),	   cmocka_unit_test(test_names),
		cmocka_unit_test(test_runs),	   cmocka_unit_test(test_target),
		cmocka_unit_test(test_store_name), cmocka_unit_test(test_super),
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
