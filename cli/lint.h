/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies looked at without any domain: what is wrong, and what weakens them. */
#pragma once

#include "lib/policy.h"

/**
 * lint_warnings - what in a valid policy lets the guest reach more than most should, a line each
 * in @out: "PATH:LINE: [section] key: warning: …". Returns how many.
 */
size_t lint_warnings(const struct policy *p, struct strbuf *out);

/**
 * lint_file - read the policy file @path and print what there is to say: errors, all of them, on
 * stderr, warnings on stdout. A file in the folder of policies is held to its owner and mode, too.
 * @host: settings of the host, whose defaults hold for the policy
 *
 * Returns the exit code: 0 also with warnings.
 */
int lint_file(const char *root, const char *path, const struct host_config *host, bool quiet);

/**
 * lint_domain - the same for the policy of the domain @name.
 * @ret: the policy, when 0 is returned; policy_free releases it
 */
int lint_domain(const char *root, const char *name, const struct host_config *host, bool quiet,
		struct policy *ret);
