/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of seeds: layout, names, bounds. */
#include "provision/iso.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static unsigned le32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (unsigned)u[1] << 8 | (unsigned)u[2] << 16 | (unsigned)u[3] << 24;
}

static unsigned be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[3] | (unsigned)u[2] << 8 | (unsigned)u[1] << 16 | (unsigned)u[0] << 24;
}

static void build(const struct iso_file *files, size_t n, char **image, size_t *len)
{
	struct err e = {0};

	if (iso_build("cidata", files, n, image, len, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The file of that name in a volume, by the records of its root; NULL without it. */
static const char *find(const char *image, bool joliet, const char *name, unsigned *len)
{
	const char *volume = image + (joliet ? 17 : 16) * ISO_SECTOR;
	const char *p = image + (size_t)le32(volume + 156 + 2) * ISO_SECTOR;
	const char *const end = p + ISO_SECTOR;

	for (; p < end && *p; p += (unsigned char)*p) {
		const size_t step = joliet ? 2 : 1;
		size_t i = 0;

		assert_int_equal(le32(p + 2), be32(p + 6));
		assert_int_equal(le32(p + 10), be32(p + 14));
		while (name[i] && i * step < (unsigned char)p[32] &&
		       p[33 + i * step + step - 1] == name[i])
			i++;
		if (name[i] || i * step != (unsigned char)p[32])
			continue;
		*len = le32(p + 10);
		return image + (size_t)le32(p + 2) * ISO_SECTOR;
	}
	return NULL;
}

static void test_files(void **state)
{
	static char big[3 * ISO_SECTOR + 1];
	const struct iso_file files[] = {{"meta-data", "a\n", 2},
					 {"network-config", "", 0},
					 {"user-data", big, sizeof(big)},
					 {"vendor-data", "v", 1}};
	auto_free char *image = NULL, *again = NULL;
	size_t n, n2;
	unsigned len = 0;

	(void)state;
	memset(big, 'x', sizeof(big));
	build(files, 4, &image, &n);
	assert_int_equal(n, (25 + 1 + 0 + 4 + 1) * ISO_SECTOR);
	assert_memory_equal(image + 16 * ISO_SECTOR, "\1CD001\1", 7);
	assert_memory_equal(image + 16 * ISO_SECTOR + 40, "cidata    ", 10);
	assert_memory_equal(image + 17 * ISO_SECTOR, "\2CD001\1", 7);
	assert_memory_equal(image + 18 * ISO_SECTOR, "\377CD001\1", 7);
	assert_int_equal(le32(image + 16 * ISO_SECTOR + 80) * ISO_SECTOR, n);
	assert_non_null(find(image, true, "meta-data", &len));
	assert_memory_equal(find(image, true, "meta-data", &len), "a\n", 2);
	assert_int_equal(len, 2);
	assert_non_null(find(image, true, "network-config", &len));
	assert_int_equal(len, 0);
	assert_memory_equal(find(image, true, "user-data", &len), big, sizeof(big));
	assert_int_equal(len, sizeof(big));
	assert_memory_equal(find(image, false, "VENDOR-DATA.;1", &len), "v", 1);
	assert_null(find(image, true, "other", &len));
	build(files, 4, &again, &n2);
	assert_int_equal(n, n2);
	assert_memory_equal(image, again, n);
}

static void refused(const char *label, const struct iso_file *files, size_t n)
{
	struct err e = {0};
	char *image;
	size_t len;

	assert_true(iso_build(label, files, n, &image, &len, &e) < 0);
	assert_true(err_is_set(&e));
}

static void test_bounds(void **state)
{
	static char most[ISO_SIZE_MAX + 1];
	struct iso_file file = {"a", most, ISO_SIZE_MAX};
	const struct iso_file unsorted[] = {{"b", "", 0}, {"a", "", 0}};
	struct iso_file many[ISO_FILES_MAX + 1];
	char names[ISO_FILES_MAX + 1][4], longest[ISO_NAME_MAX + 2];
	auto_free char *image = NULL, *sixteen = NULL, *named = NULL;
	size_t n;

	(void)state;
	build(&file, 1, &image, &n);
	file.len++;
	refused("cidata", &file, 1);
	refused("cidata", unsorted, 2);
	refused("", unsorted, 0);
	refused("a label of more", unsorted, 0);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		(void)snprintf(names[i], sizeof(names[i]), "f%02u", (unsigned)i % 100);
		many[i] = (struct iso_file){names[i], "", 0};
	}
	build(many, ISO_FILES_MAX, &sixteen, &n);
	refused("cidata", many, ISO_FILES_MAX + 1);
	memset(longest, 'n', sizeof(longest));
	longest[ISO_NAME_MAX] = '\0';
	file = (struct iso_file){longest, "", 0};
	build(&file, 1, &named, &n);
	longest[ISO_NAME_MAX] = 'n';
	longest[ISO_NAME_MAX + 1] = '\0';
	refused("cidata", &file, 1);
	file.name = "a/b";
	refused("cidata", &file, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
