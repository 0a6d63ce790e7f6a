/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy and host files: no crash, and what is taken is printed and read again as the same. */
#include "lib/policy.h"

#include "lib/util.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what, const char *text)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

/* A failed call has a message and a code, and is never "no such file". */
static void check_error(int r, const struct err *e)
{
	require(r < 0 && r != -ENOENT && err_is_set(e), "no error is set", e->msg);
	require(e->exit == EX_CORDON_POLICY, "wrong exit code", e->msg);
	require(strncmp(e->msg, "/d/vm.ini", 9) == 0, "no path in the message", e->msg);
}

static void check_policy(const char *text, size_t size)
{
	auto_sb struct strbuf first = {0}, second = {0};
	struct policy p = {0}, again = {0};
	struct err e = {0};
	int r = policy_parse("/d/vm.ini", text, size, NULL, &p, &e);

	if (r < 0) {
		check_error(r, &e);
		return;
	}
	policy_print(&p, &first);
	r = policy_parse("/other/vm.ini", sb_str(&first), first.len, NULL, &again, &e);
	require(r == 0, e.msg, sb_str(&first));
	policy_print(&again, &second);
	require(policy_equal(&p, &again), "not the same policy", sb_str(&first));
	require(strcmp(sb_str(&first), sb_str(&second)) == 0, "not the same text", sb_str(&first));
	policy_free(&p);
	policy_free(&again);
}

static void check_host(const char *text, size_t size)
{
	struct host_config c = {0};
	struct policy p = {0};
	struct err e = {0};
	int r = host_config_parse("/d/vm.ini", text, size, &c, &e);

	if (r < 0) {
		check_error(r, &e);
		return;
	}
	require((c.mark_base & 0xffff) == 0 && c.mark_base != 0, "bad mark", "");
	require(c.hook_deadline_ms >= c.lock_deadline_ms, "bad deadlines", "");
	r = policy_parse("/d/vm.ini", "", 0, &c, &p, &e);
	if (r < 0)
		check_error(r, &e);
	else
		require(policy_equal(&p, &c.defaults) || !p.isolation, "defaults not taken", "");
	policy_free(&p);
	host_config_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_policy((const char *)data, size);
	check_host((const char *)data, size);
	return 0;
}
