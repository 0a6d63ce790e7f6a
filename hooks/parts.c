/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of parts: see hooks/parts.h. */
#include "hooks/parts.h"

#include "hooks/hook.h"
#include "lib/util.h"

#include <stdio.h>

static bool wants_shares(const struct policy *p)
{
	return p->n_shares > 0;
}

static bool wants_tunnel(const struct policy *p)
{
	return p->egress == EGRESS_TUNNEL || p->tunnel_config;
}

static bool wants_provision(const struct policy *p)
{
	return p->user_data || p->network_config || p->playbook || p->disk_reset != RESET_NEVER;
}

/* In the order in which they are applied: what is most likely to refuse comes first, and a disk is
 * reset only when nothing else can. */
static bool (*const wanted[])(const struct policy *p) = {
	[PART_FSGUARD] = wants_shares,
	[PART_WGTUN] = wants_tunnel,
	[PART_PROVISION] = wants_provision,
};

uint32_t parts_wanted(const struct policy *p)
{
	uint32_t parts = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (wanted[i](p))
			parts |= UINT32_C(1) << i;
	return parts;
}

static int run_part(enum record_part part, const char *verb, const struct record *rec,
		    struct err *e)
{
	char text[UUID_STRLEN], program[40];
	const char *args[] = {"--quiet", verb, uuid_str(&rec->uuid, text), NULL};

	(void)snprintf(program, sizeof(program), "virt-cordon-%s", record_part_name(part));
	return run_program_of_ours(program, args, e);
}

static bool has(const struct record *rec, enum record_part part)
{
	return rec->parts & UINT32_C(1) << part;
}

int parts_apply(const struct record *rec, struct err *e)
{
	for (unsigned i = 0; i < PART_COUNT; i++) {
		int r = has(rec, i) ? run_part(i, "apply", rec, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int parts_check(const struct record *rec, struct err *e)
{
	for (unsigned i = 0; i < PART_COUNT; i++) {
		int r = has(rec, i) ? run_part(i, "check", rec, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

void parts_repair(const struct record *rec)
{
	for (unsigned i = 0; i < PART_COUNT; i++) {
		struct err e = {0};

		if (!has(rec, i) || run_part(i, "check", rec, &e) == 0)
			continue;
		hook_log("%s: %s; repairing", rec->name, e.msg);
		e = (struct err){0};
		if (run_part(i, "apply", rec, &e) < 0)
			hook_log("%s: %s", rec->name, e.msg);
	}
}

/* NAME.undo, as long as something is in force. */
static bool part_left(const struct record *rec, enum record_part part)
{
	char undo[40];

	(void)snprintf(undo, sizeof(undo), "%s.undo", record_part_name(part));
	return !record_file_gone(HOOK_ROOT, &rec->uuid, undo);
}

uint32_t parts_left(const struct record *rec)
{
	uint32_t parts = 0;

	for (unsigned i = 0; i < PART_COUNT; i++)
		if (part_left(rec, i))
			parts |= UINT32_C(1) << i;
	return parts;
}

int parts_revert(const struct record *rec, struct err *e)
{
	int first = 0;

	for (unsigned i = PART_COUNT; i-- > 0;) {
		int r;

		if (!part_left(rec, i))
			continue;
		r = run_part(i, "revert", rec, first ? NULL : e);
		if (r < 0 && !first)
			first = r;
	}
	return first;
}

void parts_begin(const struct record *rec)
{
	struct err e = {0};

	if (has(rec, PART_PROVISION) && run_part(PART_PROVISION, "begin", rec, &e) < 0)
		hook_log("%s: %s", rec->name, e.msg);
}
