/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secure opening: owners, modes and kinds that must be refused, and what "no such file" means. */
#include "lib/securefile.h"

#include "lib/policy.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#define FILE_PATH "/etc/virt-cordon/domains/vm.ini"

/* A fresh tree of root's with one policy; NAME_MAX is enough for all its paths. */
struct tree {
	char root[64];
};

static char *in_tree(const struct tree *t, const char *path)
{
	static char bufs[4][512];
	static unsigned next;
	char *buf = bufs[next++ % 4];

	(void)snprintf(buf, sizeof(bufs[0]), "%s%s", t->root, path);
	return buf;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	(void)snprintf(t->root, sizeof(t->root), "/tmp/cordon-secure-XXXXXX");
	assert_non_null(mkdtemp(t->root));
	assert_int_equal(mkdir(in_tree(t, "/etc"), 0755), 0);
	assert_int_equal(mkdir(in_tree(t, "/etc/virt-cordon"), 0755), 0);
	assert_int_equal(mkdir(in_tree(t, "/etc/virt-cordon/domains"), 0755), 0);
	write_file(in_tree(t, FILE_PATH), "[network]\negress = none\n");
	*state = t;
	return 0;
}

/* The tree is small and known: three levels below the root. */
static void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		char name[1024];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0)
			remove_tree(name);
	}
	if (dir)
		(void)closedir(dir);
	(void)rmdir(path);
}

static int teardown(void **state)
{
	struct tree *t = *state;

	remove_tree(t->root);
	free(t);
	return 0;
}

/* Opens FILE_PATH in the tree; returns what securefile_open does and closes what it opened. */
static int try_open(const struct tree *t, mode_t forbid, struct err *e)
{
	int fd = -1, r;

	*e = (struct err){0};
	r = securefile_open(t->root, FILE_PATH, forbid, &fd, e);
	assert_int_equal(r < 0, fd < 0);
	assert_int_equal(r < 0, err_is_set(e));
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static void check_refused(const struct tree *t, enum exit_code code, const char *part)
{
	struct err e;
	int r = try_open(t, SECUREFILE_SHARED, &e);

	if (r >= 0 || r == -ENOENT || e.exit != code || !strstr(e.msg, part))
		fail_msg("returned %d, exit code %d: %s", r, e.exit, e.msg);
}

static void check_taken(const struct tree *t)
{
	struct err e;

	if (try_open(t, SECUREFILE_SHARED, &e) < 0)
		fail_msg("refused: %s", e.msg);
}

static void check_absent(const struct tree *t)
{
	struct policy p = {0};
	struct err e;

	if (try_open(t, SECUREFILE_SHARED, &e) != -ENOENT || e.exit != EX_CORDON_NOINPUT)
		fail_msg("not absent: %s", e.msg);
	e = (struct err){0};
	assert_int_equal(policy_load_domain(t->root, "vm", NULL, &p, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
}

static void check_no_folder(const struct tree *t, const char *folder)
{
	struct policy p = {0};
	struct err e;
	char said[512];

	(void)snprintf(said, sizeof(said), "%s: no such folder", folder);
	assert_int_equal(try_open(t, SECUREFILE_SHARED, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	assert_int_equal(e.errnum, ENOTDIR);
	assert_string_equal(e.msg, said);
	(void)snprintf(said, sizeof(said),
		       "%s: no such folder; write: mkdir -p -m 0755 '%s/etc/virt-cordon/domains'",
		       folder, t->root);
	e = (struct err){0};
	assert_int_equal(policy_load_domain(t->root, "vm", NULL, &p, &e), -ENOTDIR);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	assert_string_equal(e.msg, said);
	assert_int_equal(policy_load_domain(t->root, "vm", NULL, &p, NULL), -ENOTDIR);
}

static void test_good(void **state)
{
	struct policy p = {0};
	struct err e = {0};

	check_taken(*state);
	assert_int_equal(policy_load_domain(((struct tree *)*state)->root, "vm", NULL, &p, &e), 0);
	assert_int_equal(p.egress, EGRESS_NONE);
	policy_free(&p);
}

static void test_absent(void **state)
{
	static const char *const folders[] = {"/etc/virt-cordon/domains", "/etc/virt-cordon",
					      "/etc"};
	const struct tree *t = *state;

	assert_int_equal(unlink(in_tree(t, FILE_PATH)), 0);
	check_absent(t);
	/* Without a folder it is not known whether there is one. */
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		assert_int_equal(rmdir(in_tree(t, folders[i])), 0);
		check_no_folder(t, in_tree(t, folders[i]));
	}
	/* But a root that is not there is a mistake of whoever named it. */
	assert_int_equal(rmdir(t->root), 0);
	check_refused(t, EX_CORDON_OS, "no such folder");
}

static void test_modes(void **state)
{
	static const char *const folders[] = {"", "/etc", "/etc/virt-cordon",
					      "/etc/virt-cordon/domains"};
	const struct tree *t = *state;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *folder = in_tree(t, folders[i]);

		assert_int_equal(chmod(folder, 0775), 0);
		check_refused(t, EX_CORDON_POLICY, folder);
		assert_int_equal(chmod(folder, 0757), 0);
		check_refused(t, EX_CORDON_POLICY, "chmod go-w");
		assert_int_equal(chmod(folder, 01777), 0);
		check_refused(t, EX_CORDON_POLICY, "mode 1777");
		assert_int_equal(chmod(folder, 0700), 0);
		check_taken(t);
		assert_int_equal(chmod(folder, 0755), 0);
	}
	assert_int_equal(chmod(in_tree(t, FILE_PATH), 0664), 0);
	check_refused(t, EX_CORDON_POLICY, "mode 0664");
	assert_int_equal(chmod(in_tree(t, FILE_PATH), 0646), 0);
	check_refused(t, EX_CORDON_POLICY, in_tree(t, FILE_PATH));
	assert_int_equal(chmod(in_tree(t, FILE_PATH), 0600), 0);
	check_taken(t);
	assert_int_equal(try_open(t, SECUREFILE_PRIVATE, &e), 0);
	assert_int_equal(chmod(in_tree(t, FILE_PATH), 0640), 0);
	check_taken(t);
	assert_int_equal(try_open(t, SECUREFILE_PRIVATE, &e), -EPERM);
	assert_non_null(strstr(e.msg, "chmod go= "));
}

static void test_owner(void **state)
{
	static const char *const paths[] = {"", "/etc", "/etc/virt-cordon",
					    "/etc/virt-cordon/domains", FILE_PATH};
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *path = in_tree(t, paths[i]);

		assert_int_equal(chown(path, 1, 0), 0);
		check_refused(t, EX_CORDON_POLICY, path);
		check_refused(t, EX_CORDON_POLICY, "belongs to uid 1");
		assert_int_equal(chown(path, 0, 1), 0);
		check_taken(t);
	}
}

/* A link is refused wherever it leads, or does not: it is never "no policy". */
static void test_links(void **state)
{
	const struct tree *t = *state;
	char target[512];

	(void)snprintf(target, sizeof(target), "%s/etc/real.ini", t->root);
	assert_int_equal(rename(in_tree(t, FILE_PATH), target), 0);
	assert_int_equal(symlink(target, in_tree(t, FILE_PATH)), 0);
	check_refused(t, EX_CORDON_POLICY, "symbolic link");
	assert_int_equal(unlink(target), 0);
	check_refused(t, EX_CORDON_POLICY, "symbolic link");
	assert_int_equal(unlink(in_tree(t, FILE_PATH)), 0);
	assert_int_equal(symlink("vm.ini", in_tree(t, FILE_PATH)), 0);
	check_refused(t, EX_CORDON_POLICY, "symbolic link");
	assert_int_equal(unlink(in_tree(t, FILE_PATH)), 0);

	assert_int_equal(rename(in_tree(t, "/etc/virt-cordon/domains"), in_tree(t, "/etc/d")), 0);
	assert_int_equal(symlink("../d", in_tree(t, "/etc/virt-cordon/domains")), 0);
	check_refused(t, EX_CORDON_POLICY, "domains: is a symbolic link");
	assert_int_equal(rmdir(in_tree(t, "/etc/d")), 0);
	check_refused(t, EX_CORDON_POLICY, "domains: is a symbolic link");
	assert_int_equal(unlink(in_tree(t, "/etc/virt-cordon/domains")), 0);
	write_file(in_tree(t, "/etc/virt-cordon/domains"), "");
	check_refused(t, EX_CORDON_POLICY, "domains: is not a folder");
}

static void make_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(sun.sun_path));
	memcpy(sun.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	(void)close(fd);
}

static void test_kinds(void **state)
{
	const struct tree *t = *state;
	const char *path = in_tree(t, FILE_PATH);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(5); /* an open that waits for a writer would hang here */
	check_refused(t, EX_CORDON_POLICY, "not a regular file");
	alarm(0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	check_refused(t, EX_CORDON_POLICY, "not a regular file");
	assert_int_equal(rmdir(path), 0);
	make_socket(path);
	check_refused(t, EX_CORDON_POLICY, "not a regular file");
}

/* What an ordinary user may not search or read is not "no policy" for him. */
static void test_no_access(void **state)
{
	const struct tree *t = *state;
	pid_t pid;
	int status;

	assert_int_equal(chmod(t->root, 0755), 0);
	assert_int_equal(chmod(in_tree(t, "/etc/virt-cordon/domains"), 0700), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = {0};
		int fd, r;

		if (setgid(1) < 0 || setuid(1) < 0)
			_exit(2);
		r = securefile_open(t->root, "/etc/virt-cordon/domains/none.ini", SECUREFILE_SHARED,
				    &fd, &e);
		_exit(r == -EACCES && e.exit == EX_CORDON_NOPERM ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_names(void **state)
{
	static const char *const good[] = {".hidden",	"--help",   "VM", "a b",
					   "x'\"$(id)", "\xc3\xa4", "..."};
	static const char *const none[] = {"", ".", "..", "a/b", "../domains/vm", "a\nb", "\xff"};
	const struct tree *t = *state;
	struct policy p = {0};
	struct err e = {0};
	char name[256], path[512];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		e = (struct err){0};
		assert_int_equal(policy_load_domain(t->root, good[i], NULL, &p, &e), -ENOENT);
		(void)snprintf(path, sizeof(path), "%s/etc/virt-cordon/domains/%s.ini", t->root,
			       good[i]);
		write_file(path, "[network]\n");
		e = (struct err){0};
		if (policy_load_domain(t->root, good[i], NULL, &p, &e) < 0)
			fail_msg("%s", e.msg);
		assert_string_equal(p.path, path);
		policy_free(&p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		e = (struct err){0};
		assert_int_equal(policy_load_domain(t->root, none[i], NULL, &p, &e), -ENOENT);
		assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	}
	/* The longest name of a domain fits; what a file system cannot hold is not there. */
	memset(name, 'x', sizeof(name));
	name[247] = '\0';
	(void)snprintf(path, sizeof(path), "%s/etc/virt-cordon/domains/%s.ini", t->root, name);
	write_file(path, "");
	assert_int_equal(policy_load_domain(t->root, name, NULL, &p, &e), 0);
	policy_free(&p);
	name[247] = 'x';
	name[252] = '\0';
	(void)snprintf(path, sizeof(path), "/etc/virt-cordon/domains/%s.ini", name);
	e = (struct err){0};
	assert_int_equal(securefile_open(t->root, path, 022, &(int){-1}, &e), -ENOENT);
}

static void test_size(void **state)
{
	const struct tree *t = *state;
	struct policy p = {0};
	struct strbuf sb = {0};
	struct err e = {0};

	while (sb.len < POLICY_FILE_MAX)
		sb_adds(&sb, ";23456789abcde\n;");
	sb.data[POLICY_FILE_MAX] = '\0';
	write_file(in_tree(t, FILE_PATH), sb.data);
	if (policy_load_domain(t->root, "vm", NULL, &p, &e) < 0)
		fail_msg("%s", e.msg);
	policy_free(&p);
	sb.len = POLICY_FILE_MAX;
	sb_adds(&sb, "\n");
	write_file(in_tree(t, FILE_PATH), sb.data);
	assert_int_equal(policy_load_domain(t->root, "vm", NULL, &p, &e), -EFBIG);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	e = (struct err){0};
	assert_int_equal(policy_parse("/p", sb.data, sb.len, NULL, &p, &e), -EFBIG);
	sb_free(&sb);
}

static void test_bad_content(void **state)
{
	const struct tree *t = *state;
	struct policy p = {0};
	struct err e = {0};

	write_file(in_tree(t, FILE_PATH), "[network]\negress = nowhere\n");
	assert_int_equal(policy_load_domain(t->root, "vm", NULL, &p, &e), -EINVAL);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	assert_ptr_equal(strstr(e.msg, in_tree(t, FILE_PATH)), e.msg);
	assert_non_null(strstr(e.msg, "vm.ini:2: [network] egress: "));
}

static void test_host_file(void **state)
{
	const struct tree *t = *state;
	const char *path = in_tree(t, "/etc/virt-cordon/virt-cordon.ini");
	struct host_config c = {0};
	struct err e = {0};

	assert_int_equal(host_config_load(t->root, &c, &e), 0);
	assert_null(c.path);
	assert_false(err_is_set(&e));
	assert_int_equal(c.n_guarded_networks, 1);
	assert_string_equal(c.guarded_networks[0], "cordon");
	host_config_free(&c);

	write_file(path, "[host]\nunlisted = refuse\n");
	assert_int_equal(host_config_load(t->root, &c, &e), 0);
	assert_string_equal(c.path, path);
	assert_int_equal(c.unlisted, UNLISTED_REFUSE);
	host_config_free(&c);

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(host_config_load(t->root, &c, &e), -EPERM);
	assert_int_equal(e.exit, EX_CORDON_POLICY);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("gone", path), 0);
	e = (struct err){0};
	assert_int_equal(host_config_load(t->root, &c, &e), -ELOOP);
}

static void test_any_path(void **state)
{
	const struct tree *t = *state;
	const char *path = in_tree(t, FILE_PATH), *link = in_tree(t, "/link");
	struct policy p = {0};
	struct err e = {0};

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(policy_load_file(link, false, NULL, &p, &e), 0);
	assert_string_equal(p.path, link);
	policy_free(&p);
	/* /tmp is writable for all, so the secure way refuses before it comes to the link. */
	assert_int_equal(policy_load_file(link, true, NULL, &p, &e), -EPERM);
	assert_non_null(strstr(e.msg, "/tmp: mode 1777"));
	e = (struct err){0};
	assert_int_equal(policy_load_file(in_tree(t, "/none"), false, NULL, &p, &e), -ENOENT);
	assert_int_equal(e.exit, EX_CORDON_NOINPUT);
	e = (struct err){0};
	assert_int_equal(policy_load_file("/etc/virt-cordon-none/x", true, NULL, &p, &e), -ENOENT);
	e = (struct err){0};
	assert_int_equal(policy_load_file(t->root, false, NULL, &p, &e), -EINVAL);
	e = (struct err){0};
	assert_int_equal(securefile_open(t->root, "/etc/", 022, &(int){-1}, &e), -EISDIR);
	e = (struct err){0};
	assert_int_equal(securefile_open(t->root, "/", 022, &(int){-1}, &e), -EISDIR);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_good),	     TREE_TEST(test_absent),	TREE_TEST(test_modes),
		TREE_TEST(test_owner),	     TREE_TEST(test_links),	TREE_TEST(test_kinds),
		TREE_TEST(test_no_access),   TREE_TEST(test_names),	TREE_TEST(test_size),
		TREE_TEST(test_bad_content), TREE_TEST(test_host_file), TREE_TEST(test_any_path),
	};

	if (geteuid() != 0) {
		/* Only root can make files that belong to root. */
		printf("1..%zu\n", ARRAY_SIZE(tests));
		for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
			printf("ok %zu - %s # SKIP needs root\n", i + 1, tests[i].name);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
