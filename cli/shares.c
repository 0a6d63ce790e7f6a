/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared folders for status: see cli/shares.h. */
#include "cli/shares.h"

#include "cli/netiso.h"
#include "lib/util.h"

#include <string.h>

#define SHARES_UNDO "fsguard.undo"

static bool has_shares(const struct domain *d)
{
	return d->has_record && !d->unread && d->rec.parts & UINT32_C(1) << PART_FSGUARD;
}

json_t *shares_of(const char *root, const struct domain *d)
{
	char text[UUID_STRLEN];
	const char *args[] = {"show", "--json", uuid_str(&d->uuid, text), NULL};
	auto_sb struct strbuf out = {0};

	if (!has_shares(d) || part_run("fsguard", root, args, &out, NULL) < 0)
		return NULL;
	return json_loadb(sb_str(&out), out.len, 0, NULL);
}

bool shares_busy(const char *root, const struct domain *d)
{
	return has_shares(d) && d->rec.phase == PHASE_STOPPING &&
	       !record_file_gone(root, &d->uuid, SHARES_UNDO);
}

json_t *shares_holders(const json_t *shares)
{
	static const char *const keys[] = {"tag", "folder", "holders"};
	json_t *list = shares ? json_array() : NULL, *share;
	size_t i;

	json_array_foreach(json_object_get(shares, "shares"), i, share)
	{
		const char *who = json_string_value(json_object_get(share, "holders"));
		json_t *held = who && *who ? json_object() : NULL;

		for (size_t k = 0; held && k < ARRAY_SIZE(keys); k++)
			(void)json_object_set(held, keys[k], json_object_get(share, keys[k]));
		if (held)
			(void)json_array_append_new(list, held);
	}
	return list;
}

const char *shares_warning(const json_t *shares)
{
	return json_string_value(json_object_get(shares, "warning"));
}
