/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets were denied on this host, by reason. */
#include "netiso/counters.h"

#include "lib/util.h"
#include "netiso/layout.h"
#include "netiso/nft.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "deny_"

int counters_verb(const struct cli *cli, struct err *e)
{
	auto_free char *json = NULL;
	struct err why = {0};
	const json_t *entry, *counter;
	const char *name;
	json_t *doc;
	size_t i;

	(void)cli;
	/* No table: nothing was counted. */
	if (iso_nft_json("list counters table inet " LAYOUT_TABLE, &json, &why) < 0)
		return why.exit == EX_CORDON_NOPERM
			       ? err_set(e, why.exit, why.errnum, "%s", why.msg)
			       : 0;
	doc = json_loads(json, 0, NULL);
	json_array_foreach(json_object_get(doc, "nftables"), i, entry)
	{
		counter = json_object_get(entry, "counter");
		name = json_string_value(json_object_get(counter, "name"));
		if (name && strncmp(name, PREFIX, strlen(PREFIX)) == 0)
			printf("%s %lld\n", name + strlen(PREFIX),
			       (long long)json_integer_value(json_object_get(counter, "packets")));
	}
	json_decref(doc);
	return 0;
}
