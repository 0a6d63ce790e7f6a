/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the two makers is asked: see wgtun/backend.h. */
#include "wgtun/backend.h"

#include "wgtun/rtnl.h"

#include <errno.h>
#include <string.h>

const char *wgt_backend_name(enum wgt_backend b)
{
	return b == WGT_KERNEL ? "kernel" : "userspace";
}

static int ensure_kernel(struct nl *route, const char *link, bool *made, struct err *e)
{
	int r = wgt_link_add(route, link, e);

	if (r == 0)
		*made = true;
	return r;
}

/* What is left of a process that was killed goes first: a socket that no one listens on. */
static int ensure_user(struct nl *route, const char *link, bool *made, struct err *e)
{
	int r = wgt_device_remove(route, WGT_USERSPACE, link, e);

	if (r == 0)
		r = wgt_user_start(link, e);
	if (r == 0)
		*made = true;
	return r;
}

int wgt_device_ensure(struct nl *route, const char *link, bool auto_, enum wgt_backend *b,
		      bool *made, struct err *e)
{
	struct rtnl_link have;
	struct err local = {0};
	int r;

	*made = false;
	r = wgt_link_get(route, link, &have, &local);
	if (r < 0 && r != -ENODEV)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	if (r == 0) {
		const bool kernel = strcmp(have.kind, "wireguard") == 0;
		struct wgt_state state = {0};

		if (!kernel && strcmp(have.kind, "tun") != 0)
			return err_set(e, EX_CORDON_OS, EEXIST,
				       "a link %s stands that is no tunnel; remove it", link);
		if (kernel && (auto_ || *b == WGT_KERNEL)) {
			*b = WGT_KERNEL;
			return 0;
		}
		if (!kernel && (auto_ || *b == WGT_USERSPACE) &&
		    wgt_user_get(link, &state, NULL) == 0) {
			wgt_state_free(&state);
			*b = WGT_USERSPACE;
			return 0;
		}
		/* Of another backend, or of a process that does not answer. */
		r = wgt_device_remove(route, kernel ? WGT_KERNEL : WGT_USERSPACE, link, e);
		if (r < 0)
			return r;
	}
	if (*b == WGT_USERSPACE && !auto_)
		return ensure_user(route, link, made, e);
	*b = WGT_KERNEL;
	local = (struct err){0};
	r = ensure_kernel(route, link, made, &local);
	if (r == -EOPNOTSUPP && auto_) {
		*b = WGT_USERSPACE;
		return ensure_user(route, link, made, e);
	}
	return r < 0 ? err_set(e, local.exit, local.errnum, "%s", local.msg) : 0;
}

int wgt_device_set(enum wgt_backend b, const char *link, const struct wgt_conf *c, struct err *e)
{
	return b == WGT_KERNEL ? wgt_kernel_set(link, c, e) : wgt_user_set(link, c, e);
}

int wgt_device_get(enum wgt_backend b, const char *link, struct wgt_state *ret, struct err *e)
{
	return b == WGT_KERNEL ? wgt_kernel_get(link, ret, e) : wgt_user_get(link, ret, e);
}

int wgt_device_remove(struct nl *route, enum wgt_backend b, const char *link, struct err *e)
{
	int r = b == WGT_USERSPACE ? wgt_user_stop(link, e) : 0;

	return r < 0 ? r : wgt_link_del(route, link, e);
}
