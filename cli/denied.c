/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of virt-cordon-netiso: see cli/denied.h. */
#include "cli/denied.h"

#include "cli/netiso.h"

#include <string.h>

void denied_load(const char *root, struct denied *ret)
{
	const char *args[] = {"counters", "--json", NULL};
	auto_sb struct strbuf text = {0};

	if (netiso_run(root, args, &text, NULL) == 0)
		ret->doc = json_loads(sb_str(&text), 0, NULL);
}

void denied_free(struct denied *d)
{
	json_decref(d->doc);
	d->doc = NULL;
}

json_t *denied_of(const struct denied *d, const struct uuid *uuid)
{
	char want[UUID_STRLEN];
	const json_t *entry;
	size_t i;

	if (!uuid)
		return json_object_get(d->doc, "denied");
	uuid_str(uuid, want);
	json_array_foreach(json_object_get(d->doc, "domains"), i, entry)
	{
		const char *have = json_string_value(json_object_get(entry, "uuid"));

		if (have && strcmp(have, want) == 0)
			return json_object_get(entry, "denied");
	}
	return NULL;
}

uint64_t denied_sum(const json_t *reasons)
{
	const json_t *packets;
	const char *reason;
	uint64_t sum = 0;

	json_object_foreach((json_t *)reasons, reason, packets) sum +=
		(uint64_t)json_integer_value(packets);
	return sum;
}

void denied_text(const json_t *reasons, struct strbuf *out)
{
	const json_t *packets;
	const char *reason;
	size_t n = 0;

	json_object_foreach((json_t *)reasons, reason, packets) if (json_integer_value(packets) > 0)
		sb_addf(out, "%s%s %lld", n++ ? ", " : "", reason,
			(long long)json_integer_value(packets));
}
