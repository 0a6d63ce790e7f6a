/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts besides the isolator say of themselves: see cli/part_state.h. */
#include "cli/part_state.h"

#include "cli/netiso.h"
#include "cli/shares.h"
#include "lib/util.h"

#include <jansson.h>
#include <string.h>

static const char *state_of_error(const struct err *why)
{
	return why->exit == EX_CORDON_NOPERM || why->exit == EX_CORDON_TEMPFAIL ? "unknown"
										: "broken";
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s ? s : "";
}

/* From what `virt-cordon-provision show --json` prints. */
static void read_provision(const json_t *doc, struct part_state *ret)
{
	ret->name = "in force";
	if (strcmp(text_of(doc, "seed"), "another file") == 0)
		ret->name = "broken";
	else if (*text_of(doc, "phase"))
		ret->name = "working";
	else if (strcmp(text_of(doc, "result"), "failed") == 0)
		ret->name = "failed";
	else if (json_is_true(json_object_get(doc, "due")))
		ret->name = "not done";
	if (strcmp(ret->name, "failed") == 0)
		ret->why = strdup(text_of(doc, "message"));
}

static void look_at_provision(const char *root, const struct uuid *uuid, struct part_state *ret)
{
	char text[UUID_STRLEN];
	const char *args[] = {"--json", "show", uuid_str(uuid, text), NULL};
	auto_sb struct strbuf out = {0};
	struct err why = {0};
	json_t *doc;

	if (part_run("provision", root, args, &out, &why) < 0) {
		ret->name = state_of_error(&why);
		return;
	}
	doc = json_loads(sb_str(&out), 0, NULL);
	ret->name = "unknown";
	if (doc)
		read_provision(doc, ret);
	json_decref(doc);
}

void part_state_of(const char *root, const struct domain *d, enum record_part part,
		   struct part_state *ret)
{
	const struct record *rec = &d->rec;
	struct err why = {0};

	*ret = (struct part_state){0};
	if (!(rec->parts & UINT32_C(1) << part))
		return;
	if (part == PART_FSGUARD && shares_busy(root, d))
		ret->name = "busy";
	else if (rec->phase != PHASE_ISOLATED && rec->phase != PHASE_RUNNING)
		ret->name = "pending";
	else if (part == PART_PROVISION)
		look_at_provision(root, &rec->uuid, ret);
	else if (part_uuid(record_part_name(part), root, "check", &rec->uuid, NULL, &why) == 0)
		ret->name = part == PART_WGTUN ? "up" : "in force";
	else
		ret->name = state_of_error(&why);
}
