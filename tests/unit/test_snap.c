/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of snapshots, and headers of qcow2 images: what is let through. */
#include "provision/snap.h"

#include "lib/util.h"
#include "provision/qcow2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_note(void **state)
{
	auto_snap struct snap in = {.done = true, .ours = true, .number = 3, .when = 99};
	auto_snap struct snap out = {0};
	auto_sb struct strbuf text = {0}, again = {0};
	struct err e = {0};

	(void)state;
	in.inst = (struct instance){.number = 2, .booted = true, .said = "x y"};
	assert_true(snap_add_disk(&in, "vda", "/a b", "/a b.cordon-s", "qcow2"));
	assert_true(snap_add_disk(&in, "vdb", "/c", "/d", "raw"));
	snap_print(&in, &text);
	if (snap_parse("s", sb_str(&text), text.len, &out, &e) < 0)
		fail_msg("%s: %s", e.msg, sb_str(&text));
	snap_print(&out, &again);
	assert_string_equal(sb_str(&text), sb_str(&again));
	assert_string_equal(out.name, "s");
	assert_int_equal(out.n_disks, 2);
	assert_string_equal(out.disks[0].layer, "/a b.cordon-s");
	assert_true(out.inst.booted);
	for (size_t n = 0; n < text.len; n++) {
		struct snap cut = {0};

		assert_true(snap_parse("s", text.data, n, &cut, NULL) < 0);
	}
}

static void test_names(void **state)
{
	char most[SNAP_NAME_MAX + 2];

	(void)state;
	assert_true(snap_name_ok("s1"));
	assert_true(snap_name_ok("2026-11-24_a.b"));
	assert_false(snap_name_ok(""));
	assert_false(snap_name_ok(".x"));
	assert_false(snap_name_ok("-x"));
	assert_false(snap_name_ok("=new"));
	assert_false(snap_name_ok("a/b"));
	memset(most, 'a', sizeof(most));
	most[SNAP_NAME_MAX + 1] = '\0';
	assert_false(snap_name_ok(most));
	most[SNAP_NAME_MAX] = '\0';
	assert_true(snap_name_ok(most));
}

static void test_on(void **state)
{
	struct snap list[2] = {{.done = true, .name = "a"}, {.done = false, .name = "b"}};
	const struct snaps all = {list, 2};

	(void)state;
	assert_true(snap_add_disk(&list[0], "vda", "/d", "/d.a", "qcow2"));
	assert_true(snap_add_disk(&list[1], "vda", "/d", "/d.b", "qcow2"));
	assert_ptr_equal(snaps_on(&all, "/d", "/d.a"), &list[0]);
	assert_null(snaps_on(&all, "/d", "/d.b")); /* not finished */
	assert_null(snaps_on(&all, "/x", "/d.a"));
	assert_null(snaps_on(&all, "/d", ""));
	assert_ptr_equal(snaps_find(&all, "b"), &list[1]);
	assert_null(snaps_find(&all, "c"));
	snap_free(&list[0]);
	snap_free(&list[1]);
}

static void put(char *p, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (char)(v >> (8 * (bytes - 1 - i)));
}

static void header(char data[static 200], unsigned version, uint64_t at, uint32_t n)
{
	memset(data, 0, 200);
	memcpy(data, "QFI\xfb", 4);
	put(data + 4, version, 4);
	put(data + 8, at, 8);
	put(data + 16, n, 4);
	put(data + 24, 4096, 8);
	memcpy(data + 104, "/base", 5);
}

static void test_header(void **state)
{
	struct qcow2 q = {0};
	char data[200];

	(void)state;
	header(data, 3, 104, 5);
	assert_int_equal(qcow2_parse(data, 200, &q, NULL), 0);
	assert_string_equal(q.backing, "/base");
	assert_int_equal(q.size, 4096);
	header(data, 2, 0, 0);
	assert_int_equal(qcow2_parse(data, 200, &q, NULL), 0);
	assert_string_equal(q.backing, "");
	assert_true(qcow2_parse(data, 71, &q, NULL) < 0);
	header(data, 4, 0, 0);
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, 104, 97);
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, UINT64_MAX, 5);
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, 104, 0);
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, 104, 6); /* a NUL in the name */
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, 0, 0);
	put(data + 72, 4, 8); /* its data in another file */
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
	header(data, 3, 0, 0);
	data[0] = 'q';
	assert_true(qcow2_parse(data, 200, &q, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_on),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
