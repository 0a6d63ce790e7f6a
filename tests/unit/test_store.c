/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are kept of a domain: modes, atomic writing, what is refused. */
#include "provision/store.h"

#include "lib/util.h"
#include "tests/unit/tree_help.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct uuid uuid = {{0xab}};

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_folders(void **state)
{
	struct store s = {.dir = -1}, sub = {.dir = -1};
	struct err e = {0};

	assert_int_equal(store_open(*state, &uuid, false, &s, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	umask(077);
	assert_int_equal(store_open(*state, &uuid, true, &s, NULL), 0);
	umask(022);
	assert_int_equal(mode_of(s.path), 0711);
	assert_int_equal(mode_of(tree_path(*state, "var/lib/virt-cordon")), 0711);
	assert_int_equal(store_sub(&s, "x", true, 0700, &sub, NULL), 0);
	assert_int_equal(mode_of(sub.path), 0700);
	store_close(&sub);
	assert_int_equal(chmod(s.path, 0777), 0);
	store_close(&s);
	e = (struct err){0};
	assert_true(store_open(*state, &uuid, true, &s, &e) < 0);
	assert_int_equal(e.exit, EX_CORDON_NOPERM);
}

static void test_files(void **state)
{
	struct store s = {.dir = -1};
	struct err e = {0};
	char *text = NULL;
	size_t len;

	assert_int_equal(store_open(*state, &uuid, true, &s, NULL), 0);
	assert_int_equal(store_read(&s, "f", &text, &len, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	assert_int_equal(store_write(&s, "f", "one", 3, 0640, NULL, true, NULL), 0);
	assert_int_equal(mode_of(tree_path(s.path, "f")), 0640);
	assert_true(store_same(&s, "f", "one", 3));
	assert_false(store_same(&s, "f", "one", 2));
	assert_false(store_same(&s, "f", "two", 3));
	/* What a crash left is not written into. */
	tree_write(tree_path(*state, "victim"), "keep");
	assert_int_equal(symlink(tree_path(*state, "victim"), tree_path(s.path, ".f.new")), 0);
	assert_int_equal(store_write(&s, "f", "two", 3, 0600, NULL, false, NULL), 0);
	assert_true(store_same(&s, "f", "two", 3));
	assert_int_equal(access(tree_path(s.path, ".f.new"), F_OK), -1);
	assert_int_equal(symlink("f", tree_path(s.path, "link")), 0);
	assert_true(store_read(&s, "link", &text, &len, NULL) < 0);
	assert_int_equal(store_remove(&s, "f", NULL), 0);
	assert_int_equal(store_remove(&s, "f", NULL), 0);
	store_close(&s);
}

/* A folder in the way of the file: the write fails, and leaves nothing. */
static void test_failed_write(void **state)
{
	struct store s = {.dir = -1};
	struct err e = {0};

	assert_int_equal(store_open(*state, &uuid, true, &s, NULL), 0);
	assert_int_equal(mkdir(tree_path(s.path, "f"), 0755), 0);
	assert_true(store_write(&s, "f", "one", 3, 0600, NULL, false, &e) < 0);
	assert_true(err_is_set(&e));
	assert_int_equal(access(tree_path(s.path, ".f.new"), F_OK), -1);
	store_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folders, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_files, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_failed_write, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
