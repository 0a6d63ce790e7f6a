/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7) for tunnels: see wgtun/rtnl.h. */
#include "wgtun/rtnl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static struct nlmsghdr *link_request(char *buf, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

int wgt_link_get(struct nl *nl, const char *name, struct rtnl_link *ret, struct err *e)
{
	struct err why = {0};
	int r = rtnl_link_get(nl, name, ret, &why);

	if (r == 0)
		return 0;
	return err_set(e, r == -ENODEV ? EX_CORDON_DIFFERS : why.exit, why.errnum, "%s", why.msg);
}

int wgt_link_add(struct nl *nl, const char *name, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = link_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	int r;

	mnl_attr_put_str(nlh, IFLA_INFO_KIND, "wireguard");
	mnl_attr_nest_end(nlh, nest);
	r = nl_talk(nl, nlh, NULL, NULL);
	if (r == -EOPNOTSUPP)
		return err_set(e, EX_CORDON_UNAVAILABLE, EOPNOTSUPP,
			       "this kernel has no WireGuard; load its module, or write "
			       "[tunnel] backend = userspace");
	return r < 0 ? err_os(e, -r, "cannot make the link '%s'", name) : 0;
}

int wgt_link_del(struct nl *nl, const char *name, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	int r = nl_talk(nl, link_request(buf, RTM_DELLINK, 0, name), NULL, NULL);

	return r < 0 && r != -ENODEV ? err_os(e, -r, "cannot remove the link '%s'", name) : 0;
}

int wgt_link_up(struct nl *nl, const char *name, uint32_t mtu, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = link_request(buf, RTM_SETLINK, 0, name);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	int r;

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	r = nl_talk(nl, nlh, NULL, NULL);
	return r < 0 ? err_os(e, -r, "cannot set up the link '%s'", name) : 0;
}

int wgt_path_mtu(struct nl *nl, const struct ip_addr *ip, uint32_t *ret)
{
	char name[IFNAMSIZ];
	struct rtnl_route route;
	struct rtnl_link link;
	int r = rtnl_route_get(nl, ip, &route);

	if (r < 0)
		return r;
	if (route.mtu) {
		*ret = route.mtu;
		return 0;
	}
	if (!if_indextoname((unsigned)route.link, name))
		return -errno;
	r = rtnl_link_get(nl, name, &link, NULL);
	if (r == 0)
		*ret = link.mtu;
	return r;
}
