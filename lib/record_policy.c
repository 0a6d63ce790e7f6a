/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy in a domain's record, and the host lock as virt-cordon.ini has it. */
#include "lib/record_policy.h"

#include "lib/util.h"

#include <limits.h>
#include <stdio.h>

#define LOCK_MS 10000 /* when virt-cordon.ini cannot be read */

int record_policy_parse(const char *root, const struct record *rec, const char *text, size_t len,
			struct policy *ret, struct err *e)
{
	char path[PATH_MAX + sizeof(RECORD_POLICY) + 1], dir[PATH_MAX];
	struct host_config no_defaults = {0};
	int r;

	(void)snprintf(path, sizeof(path), "%s/" RECORD_POLICY,
		       record_dir(root, &rec->uuid, dir, sizeof(dir)));
	policy_defaults(&no_defaults.defaults);
	r = policy_parse(path, text, len, &no_defaults, ret, e);
	policy_free(&no_defaults.defaults);
	return r < 0 ? r : policy_copy_of(ret, root, rec->name, e);
}

int record_policy_load(const char *root, const struct record *rec, struct policy *ret,
		       struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = record_file_read(root, &rec->uuid, RECORD_POLICY, &text, &len, e);
	return r < 0 ? r : record_policy_parse(root, rec, text, len, ret, e);
}

int record_lock_host_configured(const char *root, struct err *e)
{
	struct host_config host = {0};
	uint32_t ms = LOCK_MS;

	if (host_config_load(root, &host, NULL) == 0)
		ms = host.lock_deadline_ms;
	host_config_free(&host);
	return record_lock_host(root, ms, e);
}
