/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on disk: files, owners, slots, taps, histories, networks, locks. */
#include "lib/record.h"

#include "lib/util.h"
#include "tests/unit/tree_help.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define A "0aaaaaaa-0000-4000-8000-000000000001"
#define B "0bbbbbbb-0000-4000-8000-000000000002"

static struct uuid uuid_of(const char *text)
{
	struct uuid u;

	assert_true(uuid_parse(text, &u));
	return u;
}

static void save(const char *root, const char *uuid, const char *name, uint32_t slot)
{
	struct record r = {.name = (char *)(uintptr_t)name, .uuid = uuid_of(uuid), .slot = slot};
	struct err e = {0};

	if (record_save(root, &r, &e) < 0)
		fail_msg("%s", e.msg);
}

static int load(const char *root, const char *uuid, struct err *e)
{
	struct uuid u = uuid_of(uuid);
	struct record r = {0};
	int status;

	*e = (struct err){0};
	status = record_load(root, &u, &r, e);
	assert_int_equal(status < 0, err_is_set(e));
	record_free(&r);
	return status;
}

static void assert_refused(const char *root, enum exit_code code)
{
	struct err e;

	if (load(root, A, &e) >= 0 || e.exit != code)
		fail_msg("exit code %d: %s", e.exit, e.msg);
	assert_int_not_equal(e.errnum, ENOENT);
}

static void test_save_load(void **state)
{
	const char *root = *state;
	struct record r = {0};
	struct err e;

	assert_int_equal(load(root, A, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	save(root, A, "one", 1);
	save(root, B, "two", 2);
	assert_int_equal(load(root, A, &e), 0);
	assert_int_equal(record_load_by_name(root, "two", &r, &e), 0);
	assert_int_equal(r.slot, 2);
	record_free(&r);
	e = (struct err){0};
	assert_int_equal(record_load_by_name(root, "tw", &r, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	/* What a crash while writing left is in no one's way. */
	tree_write(tree_path(root, "run/virt-cordon/" A "/.record.new"), "half a rec");
	assert_int_equal(load(root, A, &e), 0);
	save(root, A, "renamed", 1);
	assert_int_equal(record_load_by_name(root, "renamed", &r, NULL), 0);
	record_free(&r);
}

/* Only "not there" may read as "not there": else a managed domain would look like another one. */
static void test_unreadable(void **state)
{
	const char *root = *state;
	const char *dir, *file;

	save(root, A, "one", 1);
	file = tree_path(root, "run/virt-cordon/" A "/record");
	dir = tree_path(root, "run/virt-cordon/" A);
	assert_int_equal(chmod(file, 0666), 0);
	assert_refused(root, EX_CORDON_DATA);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(chmod(dir, 0775), 0);
	assert_refused(root, EX_CORDON_NOPERM);
	assert_int_equal(chmod(dir, 0755), 0);
	tree_write(file, "virt-cordon-record 1\n");
	assert_refused(root, EX_CORDON_DATA);
	tree_write(file, "");
	assert_refused(root, EX_CORDON_DATA);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/dev/null", file), 0);
	assert_refused(root, EX_CORDON_OS);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0644), 0);
	assert_refused(root, EX_CORDON_DATA); /* and does not wait for a writer */
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0755), 0);
	assert_refused(root, EX_CORDON_DATA);
}

static void test_foreign_owner(void **state)
{
	const char *root = *state;
	const char *dir, *file;

	if (geteuid() != 0) {
		print_message("only root can give a file away\n");
		skip();
	}
	save(root, A, "one", 1);
	file = tree_path(root, "run/virt-cordon/" A "/record");
	dir = tree_path(root, "run/virt-cordon/" A);
	assert_int_equal(chown(file, 65534, 0), 0);
	assert_refused(root, EX_CORDON_DATA);
	assert_int_equal(chown(file, 0, 0), 0);
	assert_int_equal(chown(dir, 65534, 0), 0);
	assert_refused(root, EX_CORDON_NOPERM);
}

/* Root's record is read by anyone who may: for a status without privilege. */
static void test_read_by_others(void **state)
{
	const char *root = *state;
	struct err e;
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("needs two users\n");
		skip();
	}
	save(root, A, "one", 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* The folders above may be closed to others. */
		if (chdir(root) < 0 || setuid(65534) < 0)
			_exit(2);
		_exit(load(".", A, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The record of one domain, copied to another's place, is not the other's. */
static void test_anothers_record(void **state)
{
	const char *root = *state;

	save(root, B, "two", 2);
	assert_int_equal(rename(tree_path(root, "run/virt-cordon/" B),
				tree_path(root, "run/virt-cordon/" A)),
			 0);
	assert_refused(root, EX_CORDON_DATA);
}

static void test_remove(void **state)
{
	struct record r = {.uuid = uuid_of(A), .slot = 0};
	const char *root = *state;
	struct err e = {0};

	assert_int_equal(record_remove(root, &r, &e), 0);
	save(root, A, "one", 0);
	assert_int_equal(record_file_write(root, &r.uuid, RECORD_NETISO_UNDO, "x", 1, &e), 0);
	assert_false(record_file_gone(root, &r.uuid, RECORD_NETISO_UNDO));
	assert_int_equal(record_remove(root, &r, &e), 0);
	assert_true(record_file_gone(root, &r.uuid, RECORD_NETISO_UNDO));
	assert_int_equal(access(tree_path(root, "run/virt-cordon/" A), F_OK), -1);
	assert_int_equal(load(root, A, &e), -ENOENT);
}

static void test_list(void **state)
{
	const char *root = *state;
	struct uuid *list = NULL;
	struct err e = {0};
	size_t n = 9;

	assert_int_equal(record_list(root, &list, &n, &e), 0);
	assert_int_equal(n, 0);
	free(list);
	save(root, B, "two", 2);
	save(root, A, "one", 1);
	assert_int_equal(mkdir(tree_path(root, "run/virt-cordon/not-a-uuid"), 0755), 0);
	assert_int_equal(record_list(root, &list, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_memory_equal(list[0].b, uuid_of(A).b, UUID_LEN);
	assert_memory_equal(list[1].b, uuid_of(B).b, UUID_LEN);
	free(list);
}

static uint32_t allot(const char *root, const char *uuid)
{
	char name[] = "g";
	struct record r = {.name = name, .uuid = uuid_of(uuid)};
	struct record saved = {0};
	struct err e = {0};

	if (record_slot_allot(root, &r, &e) < 0)
		fail_msg("%s", e.msg);
	/* A second time is the same. */
	uint32_t slot = r.slot;
	assert_int_equal(record_slot_allot(root, &r, &e), 0);
	assert_int_equal(r.slot, slot);
	/* The record knows it. */
	assert_int_equal(record_load(root, &r.uuid, &saved, &e), 0);
	assert_int_equal(saved.slot, slot);
	record_free(&saved);
	return slot;
}

static void set_last(const char *root, unsigned slot)
{
	const char *path = tree_path(root, "run/virt-cordon/slots/last");
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", slot);
	(void)unlink(path);
	assert_int_equal(symlink(text, path), 0);
}

static void give_back(const char *root, const char *uuid, uint32_t slot)
{
	struct record r = {.uuid = uuid_of(uuid), .slot = slot};

	assert_int_equal(record_remove(root, &r, NULL), 0);
}

static void test_slots(void **state)
{
	const char *root = *state;

	assert_int_equal(allot(root, A), 1);
	assert_int_equal(allot(root, B), 2);
	/* One that was given back is the last to be used again. */
	give_back(root, A, 1);
	assert_int_equal(allot(root, A), 3);
	/* What another domain holds is not given back by a record that claims it. */
	give_back(root, A, 2);
	set_last(root, 1);
	assert_int_equal(allot(root, A), 4);
	set_last(root, RECORD_SLOT_MAX - 1);
	assert_int_equal(allot(root, A), RECORD_SLOT_MAX);
	assert_int_equal(allot(root, A), 1); /* round, and 2 is the other's */
	assert_int_equal(allot(root, A), 5);
	/* A counter that is damaged starts again. */
	set_last(root, RECORD_SLOT_MAX + 1);
	assert_int_equal(allot(root, A), 6);
}

static void test_slots_all_taken(void **state)
{
	char name[] = "g";
	struct record r = {.name = name, .uuid = uuid_of(A)};
	const char *root = *state;
	struct err e = {0};

	assert_int_equal(allot(root, B), 1);
	for (unsigned i = 2; i <= RECORD_SLOT_MAX; i++)
		assert_int_equal(symlink(B, tree_path(root, "run/virt-cordon/slots/%u", i)), 0);
	assert_int_equal(record_slot_allot(root, &r, &e), -ENOSPC);
	assert_int_equal(e.exit, EX_CORDON_OS);
	assert_int_equal(r.slot, 0);
	give_back(root, B, 10000);
	e = (struct err){0};
	assert_int_equal(record_slot_allot(root, &r, &e), 0);
	assert_int_equal(r.slot, 10000);
}

static void test_taps(void **state)
{
	static const char *const names[] = {"vnet0", ".", "..", "-t", "a%2e", "\xff tap", "a=b"};
	const struct uuid a = uuid_of(A), b = uuid_of(B);
	const char *root = *state;
	struct uuid old;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		/* What no one claims is anybody's. */
		assert_true(record_tap_is_ours(root, names[i], &a));
		assert_int_equal(record_tap_claim(root, names[i], &a, &old, &e), 0);
		assert_int_equal(record_tap_claim(root, names[i], &a, &old, &e), 0);
		assert_true(record_tap_is_ours(root, names[i], &a));
		assert_false(record_tap_is_ours(root, names[i], &b));
		assert_int_equal(record_tap_claim(root, names[i], &b, &old, &e), 1);
		assert_true(uuid_equal(&old, &a));
		assert_false(record_tap_is_ours(root, names[i], &a));
		/* The one that lost it takes nothing from the other. */
		assert_int_equal(record_tap_release(root, names[i], &a, &e), 0);
		assert_true(record_tap_is_ours(root, names[i], &b));
		assert_int_equal(record_tap_release(root, names[i], &b, &e), 0);
		assert_true(record_tap_is_ours(root, names[i], &a));
	}
}

static void assert_history(const char *root, const char *uuid, const char *want)
{
	const struct uuid u = uuid_of(uuid);
	struct err e = {0};
	char *name = NULL;

	assert_int_equal(record_history_has(root, &u, &name, &e), want != NULL);
	if (want)
		assert_string_equal(name, want);
	free(name);
}

static void test_history(void **state)
{
	const struct uuid a = uuid_of(A), b = uuid_of(B);
	struct record_history *list = NULL;
	const char *root = *state;
	struct err e = {0};
	size_t n = 9;

	assert_int_equal(record_history_list(root, &list, &n, &e), 0);
	assert_int_equal(n, 0);
	record_history_free(list, n);
	assert_history(root, A, NULL);
	assert_int_equal(record_history_remove(root, &a, &e), 0);
	assert_int_equal(record_history_add(root, &b, "two", &e), 0);
	assert_int_equal(record_history_add(root, &a, "one", &e), 0);
	assert_int_equal(record_history_add(root, &a, "renamed, then", &e), 0);
	assert_history(root, A, "renamed, then");
	assert_false(record_history_is_unlisted(root, &a));
	assert_int_equal(record_history_set_unlisted(root, &a, false, &e), 0);
	assert_int_equal(record_history_set_unlisted(root, &a, true, &e), 0);
	assert_true(record_history_is_unlisted(root, &a));
	assert_false(record_history_is_unlisted(root, &b));
	assert_int_equal(record_history_set_unlisted(root, &b, true, &e), 0);
	assert_int_equal(record_history_set_unlisted(root, &b, false, &e), 0);
	assert_false(record_history_is_unlisted(root, &b));
	assert_int_equal(mkdir(tree_path(root, "var/lib/virt-cordon/" A "/shares"), 0755), 0);
	assert_int_equal(record_history_list(root, &list, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "renamed, then");
	assert_true(uuid_equal(&list[0].uuid, &a));
	assert_string_equal(list[1].name, "two");
	record_history_free(list, n);
	assert_int_equal(record_history_remove(root, &a, &e), 0);
	assert_int_equal(record_history_remove(root, &b, &e), 0);
	assert_history(root, A, NULL);
	assert_history(root, B, NULL);
	assert_false(record_history_is_unlisted(root, &a));
	/* Its shares are not its history. */
	assert_int_equal(access(tree_path(root, "var/lib/virt-cordon/" A "/shares"), F_OK), 0);
	assert_int_equal(access(tree_path(root, "var/lib/virt-cordon/" B), F_OK), -1);
}

/* What cannot be read must not read as "has had no policy". */
static void test_history_damaged(void **state)
{
	const struct uuid a = uuid_of(A);
	const char *root = *state;
	struct err e = {0};

	assert_int_equal(record_history_add(root, &a, "one", &e), 0);
	assert_int_equal(chmod(tree_path(root, "var/lib/virt-cordon/" A "/managed"), 0666), 0);
	assert_true(record_history_has(root, &a, NULL, &e) < 0);
	assert_true(err_is_set(&e));
}

static void test_networks(void **state)
{
	struct record_network *list = NULL;
	char bridge[IFNAMSIZ];
	const char *root = *state;
	struct err e = {0};
	size_t n = 9;

	assert_int_equal(record_network_list(root, &list, &n, &e), 0);
	assert_int_equal(n, 0);
	record_network_free(list, n);
	assert_int_equal(record_network_bridge(root, "cordon", bridge, &e), -ENOENT);
	assert_int_equal(record_network_of_bridge(root, "virbr1", NULL), 0);
	assert_int_equal(record_network_save(root, "net two", "virbr2", NULL), 0);
	assert_int_equal(record_network_save(root, "cordon", "virbr0", NULL), 0);
	assert_int_equal(record_network_save(root, "cordon", "virbr1", NULL), 0);
	assert_int_equal(record_network_save(root, "../up", "virbr3", NULL), 0);
	assert_int_equal(record_network_bridge(root, "cordon", bridge, NULL), 0);
	assert_string_equal(bridge, "virbr1");
	assert_int_equal(record_network_of_bridge(root, "virbr1", NULL), 1);
	assert_int_equal(record_network_of_bridge(root, "virbr0", NULL), 0);
	/* Not an entry that we write. */
	assert_int_equal(symlink("virbr9", tree_path(root, "run/virt-cordon/networks/a b")), 0);
	assert_int_equal(record_network_list(root, &list, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "../up");
	assert_string_equal(list[1].name, "cordon");
	assert_string_equal(list[1].bridge, "virbr1");
	assert_string_equal(list[2].name, "net two");
	record_network_free(list, n);
	assert_int_equal(record_network_remove(root, "cordon", NULL), 0);
	assert_int_equal(record_network_remove(root, "cordon", NULL), 0);
	assert_int_equal(record_network_bridge(root, "cordon", bridge, NULL), -ENOENT);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int lock(const char *root, bool host, uint32_t deadline_ms, struct err *e)
{
	const struct uuid a = uuid_of(A);

	*e = (struct err){0};
	return host ? record_lock_host(root, deadline_ms, e)
		    : record_lock_domain(root, &a, deadline_ms, e);
}

static void check_lock(const char *root, bool host)
{
	struct err e;
	int64_t begin;
	int first = lock(root, host, 0, &e), second;

	assert_true(first >= 0);
	begin = now_ms();
	second = lock(root, host, 80, &e);
	assert_int_equal(second, -ETIMEDOUT);
	assert_int_equal(e.exit, EX_CORDON_TEMPFAIL);
	assert_in_range(now_ms() - begin, 80, 2000);
	assert_int_equal(close(first), 0);
	second = lock(root, host, 0, &e);
	assert_true(second >= 0);
	assert_true(fcntl(second, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(close(second), 0);
}

static void test_locks(void **state)
{
	struct err e;
	int host, domain;

	check_lock(*state, true);
	check_lock(*state, false);
	/* Two locks, not one. */
	host = lock(*state, true, 0, &e);
	domain = lock(*state, false, 0, &e);
	assert_true(host >= 0 && domain >= 0);
	(void)close(host);
	(void)close(domain);
}

/* Whoever waited while the holder removed the domain's folder holds the lock that is there now. */
static void test_lock_of_removed_folder(void **state)
{
	const struct record r = {.uuid = uuid_of(A)};
	const char *root = *state;
	const char *path = tree_path(root, "run/virt-cordon/" A "/lock");
	struct timespec pause = {.tv_nsec = 50000000};
	struct err e;
	int status, held = lock(root, false, 0, &e);
	pid_t pid = fork();

	assert_true(pid >= 0 && held >= 0);
	if (pid == 0) {
		struct stat mine, there;
		int fd;

		(void)close(held);
		fd = lock(root, false, 10000, &e);
		_exit(fd >= 0 && fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
				      mine.st_ino == there.st_ino
			      ? 0
			      : 1);
	}
	(void)nanosleep(&pause, NULL);
	assert_int_equal(record_remove(root, &r, NULL), 0);
	(void)close(held);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_lock_is_no_link(void **state)
{
	const char *root = *state;
	struct err e;
	int fd = lock(root, true, 0, &e);

	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(unlink(tree_path(root, "run/virt-cordon/lock")), 0);
	assert_int_equal(symlink("/dev/null", tree_path(root, "run/virt-cordon/lock")), 0);
	assert_int_equal(lock(root, true, 0, &e), -ELOOP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_save_load),
		TEST(test_unreadable),
		TEST(test_foreign_owner),
		TEST(test_read_by_others),
		TEST(test_anothers_record),
		TEST(test_remove),
		TEST(test_list),
		TEST(test_slots),
		TEST(test_slots_all_taken),
		TEST(test_taps),
		TEST(test_history),
		TEST(test_history_damaged),
		TEST(test_networks),
		TEST(test_locks),
		TEST(test_lock_of_removed_folder),
		TEST(test_lock_is_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
