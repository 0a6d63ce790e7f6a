/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's WireGuard by generic netlink: see wgtun/backend.h. */
#include "wgtun/backend.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/wireguard.h>
#include <string.h>

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct genlmsghdr)))
		return -EBADMSG;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint16_t))
			*(uint16_t *)data = mnl_attr_get_u16(attr);
	return 0;
}

/* The number of the family "wireguard"; the kernel loads the module when it is asked. */
static int resolve_family(struct nl *nl, uint16_t *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;
	uint16_t family = 0;
	int r;

	nlh->nlmsg_type = GENL_ID_CTRL;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
	r = nl_talk(nl, nlh, family_cb, &family);
	if (r == -ENOENT || (r == 0 && !family))
		return err_set(e, EX_CORDON_UNAVAILABLE, EOPNOTSUPP,
			       "this kernel has no WireGuard; write [tunnel] backend = userspace");
	if (r < 0)
		return err_os(e, -r, "cannot ask the kernel for WireGuard");
	*ret = family;
	return 0;
}

static int open_family(struct nl *nl, uint16_t *family, struct err *e)
{
	int r = nl_open(nl, NETLINK_GENERIC, e);

	nl->secret = true;
	return r < 0 ? r : resolve_family(nl, family, e);
}

int wgt_kernel_set(const char *link, const struct wgt_conf *c, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct wgt_nl_cursor cur = {0};
	auto_nl struct nl nl = {0};
	uint16_t family;
	int r;

	r = open_family(&nl, &family, e);
	while (r == 0 && !cur.done) {
		r = nl_talk(&nl, wgt_nl_set(buf, family, link, c, &cur), NULL, NULL);
		if (r < 0)
			err_os(e, -r, "cannot configure the tunnel %s", link);
	}
	wgt_wipe(buf, sizeof(buf));
	return r;
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	return wgt_nl_get(nlh, data);
}

int wgt_kernel_get(const char *link, struct wgt_state *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct wgt_state state = {0};
	auto_nl struct nl nl = {0};
	uint16_t family;
	int r;

	r = open_family(&nl, &family, e);
	if (r < 0)
		return r;
	/* A dump that changed under the reader is asked for again. */
	for (int i = 0; i < 8; i++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct genlmsghdr *genl;

		nlh->nlmsg_type = family;
		nlh->nlmsg_flags = NLM_F_DUMP;
		genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
		genl->cmd = WG_CMD_GET_DEVICE;
		genl->version = WG_GENL_VERSION;
		mnl_attr_put_strz(nlh, WGDEVICE_A_IFNAME, link);
		r = nl_talk(&nl, nlh, get_cb, &state);
		if (r != -EINTR)
			break;
		wgt_state_free(&state);
	}
	if (r == 0) {
		*ret = state;
		wgt_wipe(&state, sizeof(state));
		return 0;
	}
	wgt_state_free(&state);
	if (r == -ENODEV || r == -EOPNOTSUPP)
		return err_set(e, EX_CORDON_DIFFERS, ENODEV, "there is no tunnel %s", link);
	return err_os(e, -r, "cannot read the tunnel %s", link);
}
