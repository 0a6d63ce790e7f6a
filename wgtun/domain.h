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

/** wgt_warnings - a line for each, of a loaded job (warn.c). */
void wgt_warnings(struct wgt_job *j, struct strbuf *out);

struct wgt_undo;
/**
 * wgt_endpoints_warn - a line for each endpoint whose name no longer leads to where the tunnel
 * goes, or of which that cannot be told now. Asks the host's resolver, for WGT_RESOLVE_MS at most.
 */
int wgt_endpoints_warn(struct wgt_job *j, const struct wgt_undo *undo, struct strbuf *out,
		       struct err *e);

/* What the undo file says. */
struct wgt_undo {
	uint32_t mark;
	uint32_t slot; /* of the mark */
	char link[IFNAMSIZ];
	bool shared;	  /* the link may be another domain's, too */
	bool has_backend; /* false: it was not decided yet */
	enum wgt_backend backend;
};

/** wgt_undo_load - -ENOENT (exit code 66) when nothing is in force. */
int wgt_undo_load(const char *root, const struct uuid *uuid, struct wgt_undo *ret, struct err *e);
int wgt_undo_save(const char *root, const struct uuid *uuid, const struct wgt_undo *undo,
		  struct err *e);
/** wgt_undo_parse - from its text. */
bool wgt_undo_parse(const char *text, size_t len, struct wgt_undo *ret);
/** wgt_file_remove - of the domain's folder; nothing there is success. */
int wgt_file_remove(const char *root, const struct uuid *uuid, const char *name, struct err *e);

/**
 * wgt_share_pick - the link of a domain that shares its tunnel, into @undo: that of another domain
 * with the same file, or a name that is free. Needs the host lock.
 */
int wgt_share_pick(struct wgt_job *j, struct wgt_undo *undo, struct err *e);
/** wgt_share_others - whether another domain has this link: 1, 0 or negative. */
int wgt_share_others(const char *root, const struct uuid *uuid, const char *link, struct err *e);
/** wgt_share_key_unused - refuses a key that a tunnel of another domain has, but for a shared one.
 */
int wgt_share_key_unused(struct wgt_job *j, const struct wgt_undo *undo, struct err *e);

/** wgt_rules_ensure - those that are missing, in the plan's order. Needs the host lock. */
int wgt_rules_ensure(struct nl *nl, const struct wgt_rules *rules, struct err *e);
/** wgt_rules_remove - those that no other domain's rules need. Needs the host lock. */
int wgt_rules_remove(struct nl *nl, const struct wgt_rules *rules, struct err *e);
/** wgt_rules_missing - the first that does not stand, or rules->n; negative on error. */
int wgt_rules_missing(struct nl *nl, const struct wgt_rules *rules, struct err *e);

/** wgt_no_ipv6 - a kernel without IPv6: nothing of it can stand there, and it cannot be asked. */
bool wgt_no_ipv6(void);

/**
 * wgt_guard_ensure - the rules that let only answers out of the device @link by IPv6, before there
 * is one. Needs the host lock, as wgt_guard_remove does.
 */
int wgt_guard_ensure(struct nl *nl, uint32_t mark_base, const char *link, struct err *e);
/** wgt_guard_stands - 1, 0, or negative on error. */
int wgt_guard_stands(struct nl *nl, uint32_t mark_base, const char *link, struct err *e);
/** wgt_guard_remove - nothing there is success. */
int wgt_guard_remove(struct nl *nl, uint32_t mark_base, const char *link, struct err *e);

/* Routes of a domain's tables; zero-initialise, release with wgt_routes_free. */
struct wgt_routes {
	struct rtnl_route *list;
	size_t n;
	bool failed; /* no memory */
};
void wgt_routes_free(struct wgt_routes *routes);
#define auto_routes __attribute__((cleanup(wgt_routes_free)))

/** wgt_routes_last - the unreachable defaults alone, which stand before any rule leads there. */
void wgt_routes_last(const struct wgt_plan *plan, struct wgt_routes *ret);
/** wgt_routes_all - of the plan, with its ways. @link: index of the device, 0 for none. */
void wgt_routes_all(const struct wgt_plan *plan, int link, struct wgt_routes *ret);
int wgt_routes_add(struct nl *nl, const struct wgt_routes *routes, struct err *e);
/** wgt_routes_ensure - these, and none of earlier plans. */
int wgt_routes_ensure(struct nl *nl, const struct wgt_plan *plan, const struct wgt_routes *routes,
		      struct err *e);
int wgt_routes_remove(struct nl *nl, uint32_t table, struct err *e);
/** wgt_routes_same - 1 yes, 0 no (@ret_what says which), negative on error. */
int wgt_routes_same(struct nl *nl, uint32_t table, const struct wgt_routes *routes,
		    char ret_what[static PREFIX_STRLEN], struct err *e);

/** wgt_sysctl_set, wgt_sysctl_same - reverse path filter and IPv6 of the device. */
int wgt_sysctl_set(const char *link, bool ipv6, struct err *e);
bool wgt_sysctl_same(const char *link, bool ipv6, const char **ret_what);
