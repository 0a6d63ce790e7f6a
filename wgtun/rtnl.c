/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7) for tunnels: see wgtun/rtnl.h. */
#include "wgtun/rtnl.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_TRIES 8

static struct nlmsghdr *link_request(char *buf, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static int link_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct wgt_link *link = data;
	const struct nlattr *attr, *info;

	if (nlh->nlmsg_type != RTM_NEWLINK || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*ifi)))
		return 0;
	*link = (struct wgt_link){.index = ifi->ifi_index, .up = ifi->ifi_flags & IFF_UP};
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_MTU && mnl_attr_get_payload_len(attr) == 4)
			link->mtu = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(info, attr)
			if (mnl_attr_get_type(info) == IFLA_INFO_KIND)
				(void)nl_attr_str(info, link->kind, sizeof(link->kind));
	}
	return 0;
}

int wgt_link_get(struct nl *nl, const char *name, struct wgt_link *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct wgt_link link = {0};
	int r = nl_talk(nl, link_request(buf, RTM_GETLINK, 0, name), link_cb, &link);

	if (r == -ENODEV || (r == 0 && !link.index))
		return err_set(e, EX_CORDON_DIFFERS, ENODEV, "there is no link '%s'", name);
	if (r < 0)
		return err_os(e, -r, "cannot read the link '%s'", name);
	*ret = link;
	return 0;
}

int wgt_link_add(struct nl *nl, const char *name, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
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
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	int r = nl_talk(nl, link_request(buf, RTM_DELLINK, 0, name), NULL, NULL);

	return r < 0 && r != -ENODEV ? err_os(e, -r, "cannot remove the link '%s'", name) : 0;
}

int wgt_link_up(struct nl *nl, const char *name, uint32_t mtu, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct nlmsghdr *nlh = link_request(buf, RTM_SETLINK, 0, name);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	int r;

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	r = nl_talk(nl, nlh, NULL, NULL);
	return r < 0 ? err_os(e, -r, "cannot set up the link '%s'", name) : 0;
}

static struct nlmsghdr *route_request(char *buf, uint16_t type, uint16_t flags, uint32_t table,
				      const struct wgt_route *route)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)route->to.addr.family;
	rtm->rtm_dst_len = route->to.len;
	rtm->rtm_table = RT_TABLE_UNSPEC;
	rtm->rtm_protocol = MARKS_RULE_PROTOCOL;
	rtm->rtm_scope = route->link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	rtm->rtm_type = route->link ? RTN_UNICAST : RTN_UNREACHABLE;
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	if (route->to.len)
		mnl_attr_put(nlh, RTA_DST, route->to.addr.family == AF_INET ? 4 : 16,
			     route->to.addr.b);
	if (route->link)
		mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)route->link);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	return nlh;
}

int wgt_route_add(struct nl *nl, uint32_t table, const struct wgt_route *route, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	char text[PREFIX_STRLEN];
	int r = nl_talk(
		nl, route_request(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, table, route),
		NULL, NULL);

	return r < 0 && r != -EEXIST
		       ? err_os(e, -r, "cannot add the route %s", ip_prefix_str(&route->to, text))
		       : 0;
}

int wgt_route_del(struct nl *nl, uint32_t table, const struct wgt_route *route, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	char text[PREFIX_STRLEN];
	struct nlmsghdr *nlh = route_request(buf, RTM_DELROUTE, 0, table, route);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	int r;

	/* Whoever made it, of whatever kind. */
	rtm->rtm_protocol = RTPROT_UNSPEC;
	rtm->rtm_scope = RT_SCOPE_NOWHERE;
	rtm->rtm_type = RTN_UNSPEC;
	r = nl_talk(nl, nlh, NULL, NULL);
	return r < 0 && r != -ESRCH && r != -ENOENT ? err_os(e, -r, "cannot remove the route %s",
							     ip_prefix_str(&route->to, text))
						    : 0;
}

struct route_list {
	uint32_t table;
	struct wgt_route *routes;
	size_t n;
};

static int route_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct wgt_route route = {0}, *grown;
	struct route_list *list = data;
	const struct nlattr *attr;
	uint32_t table;

	if (nlh->nlmsg_type != RTM_NEWROUTE || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*rtm)) ||
	    rtm->rtm_family != AF_INET)
		return 0;
	table = rtm->rtm_table;
	route.to.addr.family = AF_INET;
	route.to.len = rtm->rtm_dst_len;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		const bool u32 = mnl_attr_get_payload_len(attr) == sizeof(uint32_t);

		if (u32 && mnl_attr_get_type(attr) == RTA_TABLE)
			table = mnl_attr_get_u32(attr);
		else if (u32 && mnl_attr_get_type(attr) == RTA_OIF)
			route.link = (int)mnl_attr_get_u32(attr);
		else if (u32 && mnl_attr_get_type(attr) == RTA_PRIORITY)
			route.metric = mnl_attr_get_u32(attr);
		else if (u32 && mnl_attr_get_type(attr) == RTA_DST)
			memcpy(route.to.addr.b, mnl_attr_get_payload(attr), 4);
	}
	if (table != list->table)
		return 0;
	grown = realloc(list->routes, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->routes = grown;
	grown[list->n++] = route;
	return 0;
}

int wgt_route_list(struct nl *nl, uint32_t table, struct wgt_route **ret, size_t *n_ret,
		   struct err *e)
{
	const struct wgt_route any = {.to.addr.family = AF_INET};
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
		struct route_list list = {.table = table};
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct rtmsg *rtm;

		nlh->nlmsg_type = RTM_GETROUTE;
		nlh->nlmsg_flags = NLM_F_DUMP;
		rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_family = (uint8_t)any.to.addr.family;
		mnl_attr_put_u32(nlh, RTA_TABLE, table);
		r = nl_talk(nl, nlh, route_cb, &list);
		/* With strict checking a table that was never used is no table. */
		if (r == 0 || r == -ENOENT) {
			*ret = list.routes;
			*n_ret = list.n;
			return 0;
		}
		free(list.routes);
	}
	return err_os(e, -r, "cannot list the routes of table %u", table);
}

struct path {
	int link;
	uint32_t mtu;
};

static int path_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *metric;
	struct path *path = data;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct rtmsg)))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct rtmsg)) {
		if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_get_payload_len(attr) == 4)
			path->link = (int)mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) != RTA_METRICS)
			continue;
		mnl_attr_for_each_nested(metric, attr)
			if (mnl_attr_get_type(metric) == RTAX_MTU &&
			    mnl_attr_get_payload_len(metric) == 4)
				path->mtu = mnl_attr_get_u32(metric);
	}
	return 0;
}

int wgt_path_mtu(struct nl *nl, const struct ip_addr *ip, uint32_t *ret)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	const bool v4 = ip->family == AF_INET;
	struct path path = {0};
	struct wgt_link link = {0};
	struct rtmsg *rtm;
	int r;

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)ip->family;
	rtm->rtm_dst_len = v4 ? 32 : 128;
	mnl_attr_put(nlh, RTA_DST, v4 ? 4 : 16, ip->b);
	r = nl_talk(nl, nlh, path_cb, &path);
	if (r < 0 || !path.link)
		return r < 0 ? r : -ENETUNREACH;
	if (!path.mtu) {
		nlh = link_request(buf, RTM_GETLINK, 0, NULL);
		((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = path.link;
		r = nl_talk(nl, nlh, link_cb, &link);
		path.mtu = link.mtu;
	}
	*ret = path.mtu;
	return r;
}
