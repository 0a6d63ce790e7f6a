/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects on the tunnel of one domain: apply, revert, check. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/record.h"
#include "lib/strbuf.h"
#include "wgtun/backend.h"
#include "wgtun/compile.h"

/* In the domain's folder: there as long as anything of the tunnel is in force. */
#define WGT_UNDO "wgtun.undo"

/* All that one run on one domain works with; release with wgt_job_free. */
struct wgt_job {
	const char *root;
	struct record rec;
	struct policy policy;
	struct wgt_conf conf;
	struct wgt_plan plan;
	struct nl route;
};

/** wgt_job_load - record, recorded policy, the file it names, the plan. */
int wgt_job_load(const char *root, const struct uuid *uuid, struct wgt_job *ret, struct err *e);
void wgt_job_free(struct wgt_job *j);

/** wgt_domain_apply - put the tunnel in, or repair it; takes the host lock. */
int wgt_domain_apply(const char *root, const struct uuid *uuid, struct err *e);

/** wgt_domain_revert - take it out by what was recorded; needs neither policy nor file. */
int wgt_domain_revert(const char *root, const struct uuid *uuid, struct err *e);

/**
 * wgt_domain_check - the live system against the plan, and the age of the last handshake.
 * @diff: a line per difference, may be NULL
 */
int wgt_domain_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e);

/* What the undo file says. */
struct wgt_undo {
	uint32_t mark;
	uint32_t slot;
	bool has_backend; /* false: it was not decided yet */
	enum wgt_backend backend;
};

/** wgt_undo_load - -ENOENT (exit code 66) when nothing is in force. */
int wgt_undo_load(const char *root, const struct uuid *uuid, struct wgt_undo *ret, struct err *e);
int wgt_undo_save(const char *root, const struct uuid *uuid, const struct wgt_undo *undo,
		  struct err *e);
/** wgt_file_remove - of the domain's folder; nothing there is success. */
int wgt_file_remove(const char *root, const struct uuid *uuid, const char *name, struct err *e);

/** wgt_rules_ensure - those that are missing, in the plan's order. Needs the host lock. */
int wgt_rules_ensure(struct nl *nl, const struct rtnl_rule *rules, struct err *e);
/** wgt_rules_remove - the domain's own, and the shared ones when no tunnel is left. */
int wgt_rules_remove(struct nl *nl, const struct rtnl_rule *rules, struct err *e);
/** wgt_rules_missing - the first that does not stand, or WGT_RULES; negative on error. */
int wgt_rules_missing(struct nl *nl, const struct rtnl_rule *rules, struct err *e);

/** wgt_routes_ensure - the table's routes; those of earlier plans go. @link: 0 for none yet. */
int wgt_routes_ensure(struct nl *nl, const struct wgt_plan *plan, int link, struct err *e);
int wgt_routes_remove(struct nl *nl, uint32_t table, struct err *e);
/** wgt_routes_same - 1 yes, 0 no (@ret_what says which), negative on error. */
int wgt_routes_same(struct nl *nl, const struct wgt_plan *plan, int link,
		    char ret_what[static PREFIX_STRLEN], struct err *e);

/** wgt_sysctl_set, wgt_sysctl_same - reverse path filter and IPv6 of the device. */
int wgt_sysctl_set(const char *link, struct err *e);
bool wgt_sysctl_same(const char *link, const char **ret_what);
