/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects on the tunnel of one domain: see wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/record_policy.h"
#include "lib/util.h"
#include "wgtun/resolve.h"
#include "wgtun/rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* WireGuard's headers around an IPv6 packet, and what a link has if no way can be asked. */
#define OVERHEAD 80
#define MTU_DEFAULT 1420

void wgt_job_free(struct wgt_job *j)
{
	record_free(&j->rec);
	policy_free(&j->policy);
	wgt_conf_free(&j->conf);
	wgt_plan_free(&j->plan);
	nl_close(&j->route);
}
#define auto_job __attribute__((cleanup(wgt_job_free)))

static bool wants_tunnel(const struct wgt_job *j)
{
	return j->policy.isolation && j->policy.egress == EGRESS_TUNNEL;
}

int wgt_job_load(const char *root, const struct uuid *uuid, struct wgt_job *ret, struct err *e)
{
	uint32_t mark_base;
	int r;

	*ret = (struct wgt_job){.root = root};
	r = record_load(root, uuid, &ret->rec, e);
	if (r == 0)
		r = record_policy_load(root, &ret->rec, &ret->policy, e);
	if (r < 0 || !wants_tunnel(ret))
		return r;
	if (!ret->rec.slot)
		return err_set(e, EX_CORDON_DATA, EINVAL, "the record has no number yet");
	r = marks_base(root, &mark_base, e);
	if (r == 0)
		r = wgt_conf_load(root, ret->policy.tunnel_config, &ret->conf, e);
	if (r == 0)
		r = wgt_compile(&ret->policy, &ret->conf, mark_base, ret->rec.slot, &ret->plan, e);
	if (r == 0)
		r = nl_open(&ret->route, NETLINK_ROUTE, e);
	return r;
}

/* The narrowest way to an endpoint, less what WireGuard adds. */
static uint32_t compute_mtu(struct wgt_job *j)
{
	uint32_t least = 0;

	for (size_t i = 0; i < j->conf.n_peers; i++) {
		uint32_t mtu = 0;

		if (j->conf.peers[i].where.family &&
		    wgt_path_mtu(&j->route, &j->conf.peers[i].where, &mtu) == 0 &&
		    mtu > WGT_MTU_MIN + OVERHEAD && (!least || mtu < least))
			least = mtu;
	}
	if (!least)
		return MTU_DEFAULT;
	return least - OVERHEAD > WGT_MTU_MAX ? WGT_MTU_MAX : least - OVERHEAD;
}

/* Keys and peers, where they are not what they should be: a session that stands goes on. */
static int configure(struct wgt_job *j, const struct wgt_undo *undo, bool made, struct err *e)
{
	struct wgt_state state = {0};
	int r = wgt_share_key_unused(j, undo, e);

	if (r < 0)
		return r;
	if (!made && wgt_device_get(undo->backend, undo->link, &state, NULL) == 0 &&
	    wgt_state_same(&state, &j->conf, NULL) && wgt_state_same_way(&state, &j->conf)) {
		wgt_state_free(&state);
		return 0;
	}
	wgt_state_free(&state);
	return wgt_device_set(undo->backend, undo->link, &j->conf, e);
}

static int make_device(struct wgt_job *j, struct wgt_undo *undo, struct err *e)
{
	/* Of a device that others have, the backend is theirs. */
	const bool auto_ = j->policy.tunnel_backend == BACKEND_AUTO;
	auto_routes struct wgt_routes routes = {0};
	struct rtnl_link state = {0};
	bool made = false;
	int r;

	undo->backend = j->policy.tunnel_backend == BACKEND_USERSPACE ? WGT_USERSPACE : WGT_KERNEL;
	r = wgt_device_ensure(&j->route, undo->link, auto_, &undo->backend, &made, e);
	if (r < 0)
		return r;
	undo->has_backend = true;
	r = wgt_undo_save(j->root, &j->rec.uuid, undo, e);
	if (r == 0)
		r = wgt_sysctl_set(undo->link, j->plan.device_ipv6, e);
	if (r == 0)
		r = configure(j, undo, made, e);
	if (r == 0)
		r = wgt_link_up(&j->route, undo->link, j->plan.tunnel.mtu, e);
	if (r == 0)
		r = wgt_link_get(&j->route, undo->link, &state, e);
	if (r < 0)
		return r;
	wgt_routes_all(&j->plan, state.index, &routes);
	return wgt_routes_ensure(&j->route, &j->plan, &routes, e);
}

static int write_facts(struct wgt_job *j, struct err *e)
{
	auto_sb struct strbuf text = {0};

	tunnel_print(&j->plan.tunnel, &text);
	if (text.failed)
		return err_os(e, ENOMEM, TUNNEL_FACTS);
	return record_file_write(j->root, &j->rec.uuid, TUNNEL_FACTS, text.data, text.len, e);
}

/* What stands from before a repair stays known until that is through; else what is to be made. */
static int begin(struct wgt_job *j, struct wgt_undo *undo, struct err *e)
{
	struct wgt_undo old;
	int r = 0;

	*undo = (struct wgt_undo){
		.mark = j->plan.table, .slot = j->plan.slot, .shared = j->policy.tunnel_shared};
	if (wgt_undo_load(j->root, &j->rec.uuid, &old, NULL) == 0) {
		if (old.mark != undo->mark)
			return err_set(e, EX_CORDON_DATA, ESTALE,
				       "the tunnel stands under another mark; stop the domain and "
				       "start it again");
		*undo = old;
	} else if (undo->shared) {
		r = wgt_share_pick(j, undo, e);
	} else {
		marks_link(undo->slot, undo->link);
	}
	(void)snprintf(j->plan.tunnel.link, IFNAMSIZ, "%s", undo->link);
	return r < 0 ? r : wgt_undo_save(j->root, &j->rec.uuid, undo, e);
}

/* Block first, open last: the tables end in unreachable defaults before any rule leads there, and
 * there is no device before both, and before its guard. */
static int put_in(struct wgt_job *j, struct err *e)
{
	auto_routes struct wgt_routes last = {0};
	struct wgt_undo undo;
	int r = begin(j, &undo, e);

	wgt_routes_last(&j->plan, &last);
	if (r == 0)
		r = wgt_ways(&j->route, j->plan.targets, j->plan.n_targets, &j->plan.tunnel, e);
	if (r == 0)
		r = wgt_routes_add(&j->route, &last, e);
	if (r == 0)
		r = wgt_rules_ensure(&j->route, &j->plan.rules, e);
	if (r == 0 && j->plan.device_ipv6)
		r = wgt_guard_ensure(&j->route, j->plan.table & MARKS_MASK, undo.link, e);
	if (r == 0)
		r = make_device(j, &undo, e);
	return r < 0 ? r : write_facts(j, e);
}

/* Whether a peer has answered since the device has its keys. */
static bool answered(const struct wgt_job *j, enum wgt_backend b)
{
	struct wgt_state state = {0};
	bool yes = false;

	if (wgt_device_get(b, j->plan.tunnel.link, &state, NULL) < 0)
		return false;
	for (size_t i = 0; i < state.n_peers; i++)
		yes = yes || state.peers[i].handshake != 0;
	wgt_state_free(&state);
	return yes;
}

static int await_handshake(const struct wgt_job *j, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	char where[512];
	struct wgt_undo undo;
	int r = wgt_undo_load(j->root, &j->rec.uuid, &undo, e);

	if (r < 0)
		return r;
	for (uint32_t ms = 0; ms < j->policy.handshake_ms; ms += 20) {
		if (answered(j, undo.backend))
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return err_set(e, EX_CORDON_UNAVAILABLE, ETIMEDOUT,
		       "%s: no peer of %s answered within %u ms; look at its endpoint and keys",
		       policy_where(&j->policy, KEY_TUN_REQUIRE_HANDSHAKE, where, sizeof(where)),
		       j->conf.path, (unsigned)j->policy.handshake_ms);
}

/* The lock is held no longer than that: others need not wait for a peer. */
static int put_in_locked(struct wgt_job *j, struct err *e)
{
	auto_close int lock = record_lock_host_configured(j->root, e);

	return lock < 0 ? lock : put_in(j, e);
}

int wgt_domain_apply(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct wgt_job j = {0};
	int r;

	r = wgt_job_load(root, uuid, &j, e);
	if (r < 0 || !wants_tunnel(&j))
		return r;
	/* Without the lock: others need not wait for a name server. */
	r = wgt_resolve(&j.conf, e);
	if (r < 0)
		return r;
	if (!j.plan.tunnel.mtu)
		j.plan.tunnel.mtu = compute_mtu(&j);
	/* Where the way is narrower, WireGuard's packets travel in fragments. */
	if (j.plan.device_ipv6 && j.plan.tunnel.mtu < WGT_MTU_IPV6)
		j.plan.tunnel.mtu = WGT_MTU_IPV6;
	r = put_in_locked(&j, e);
	return r == 0 && j.policy.handshake_ms ? await_handshake(&j, e) : r;
}

/* One that another domain shares stays. Where the backend was not decided, whichever there is. */
static int remove_device(const char *root, const struct uuid *uuid, struct nl *nl,
			 const struct wgt_undo *undo, struct err *e)
{
	int r = undo->shared ? wgt_share_others(root, uuid, undo->link, e) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	r = wgt_device_remove(nl, undo->has_backend ? undo->backend : WGT_USERSPACE, undo->link, e);
	return r < 0 ? r : wgt_guard_remove(nl, undo->mark & MARKS_MASK, undo->link, e);
}

int wgt_domain_revert(const char *root, const struct uuid *uuid, struct err *e)
{
	struct wgt_rules rules;
	auto_nl struct nl nl = {0};
	struct wgt_undo undo;
	struct err local = {0};
	auto_close int lock = -1;
	int r;

	lock = record_lock_host_configured(root, e);
	if (lock < 0)
		return lock;
	r = wgt_undo_load(root, uuid, &undo, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	wgt_rules(undo.mark & MARKS_MASK, undo.slot, true, true, &rules);
	r = nl_open(&nl, NETLINK_ROUTE, e);
	if (r == 0)
		r = remove_device(root, uuid, &nl, &undo, e);
	if (r == 0)
		r = wgt_rules_remove(&nl, &rules, e);
	if (r == 0)
		r = wgt_routes_remove(&nl, undo.mark, e);
	if (r == 0)
		r = wgt_routes_remove(&nl, undo.mark | MARKS_BESIDE, e);
	if (r == 0)
		r = wgt_file_remove(root, uuid, TUNNEL_FACTS, e);
	return r < 0 ? r : wgt_file_remove(root, uuid, WGT_UNDO, e);
}
