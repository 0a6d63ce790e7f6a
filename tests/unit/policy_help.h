/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the policy have in common. */
#pragma once

#include "lib/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PATH "/etc/virt-cordon/domains/vm.ini"
#define UUID "0f6fb3a5-4d3e-4f1a-9d5e-0123456789ab"

static inline int parse(const char *text, const struct host_config *host, struct policy *p,
			struct err *e)
{
	*e = (struct err){0};
	return policy_parse(PATH, text, strlen(text), host, p, e);
}

static inline struct policy must_parse(const char *text)
{
	struct policy p = {0};
	struct err e;

	if (parse(text, NULL, &p, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return p;
}

/* @text must give exactly one error; it begins with PATH and @where, and contains @part. */
static inline void check_bad(const char *text, const char *where, const char *part)
{
	struct policy p = {0};
	char prefix[256];
	struct err e;

	(void)snprintf(prefix, sizeof(prefix), PATH "%s", where);
	if (parse(text, NULL, &p, &e) != -EINVAL || e.exit != EX_CORDON_POLICY ||
	    strncmp(e.msg, prefix, strlen(prefix)) != 0 || !strstr(e.msg, part) ||
	    strchr(e.msg, '\n'))
		fail_msg("'%s' gave: %s", text, e.msg);
}
