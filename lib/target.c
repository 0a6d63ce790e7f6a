/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain an argument names: see lib/target.h. */
#include "lib/target.h"

#include "lib/cli.h"

#include <errno.h>

int target_load(const char *root, const char *arg, struct record *ret, struct err *e)
{
	struct uuid uuid;

	switch (cli_target(arg, &uuid)) {
	case CLI_UUID:
		return record_load(root, &uuid, ret, e);
	case CLI_NAME:
		return record_load_by_name(root, arg, ret, e);
	default:
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is a file; name a running domain",
			       arg);
	}
}

int target_uuid(const char *root, const char *arg, struct uuid *ret, struct err *e)
{
	struct record rec = {0};
	int r;

	if (cli_target(arg, ret) == CLI_UUID)
		return 0;
	r = target_load(root, arg, &rec, e);
	if (r == 0)
		*ret = rec.uuid;
	record_free(&rec);
	return r;
}
