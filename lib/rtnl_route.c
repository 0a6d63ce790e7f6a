/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7): routes of any table, and the way to an address. */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_TRIES 8 /* a dump that the kernel says changed meanwhile is asked for again */

static size_t address_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void put_address(struct nlmsghdr *nlh, uint16_t type, const struct ip_addr *ip)
{
	mnl_attr_put(nlh, type, address_len(ip->family), ip->b);
}

static void take_address(const struct nlattr *attr, int family, struct ip_addr *ret)
{
	if (mnl_attr_get_payload_len(attr) != address_len(family))
		return;
	ret->family = family;
	memcpy(ret->b, mnl_attr_get_payload(attr), address_len(family));
}

static uint32_t parse_metrics(const struct nlattr *nest)
{
	const struct nlattr *attr;
	uint32_t mtu = 0;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == RTAX_MTU &&
		    mnl_attr_get_payload_len(attr) == sizeof(mtu))
			mtu = mnl_attr_get_u32(attr);
	return mtu;
}

static void parse_attr(const struct nlattr *attr, struct rtnl_route *r)
{
	const bool u32 = mnl_attr_get_payload_len(attr) == sizeof(uint32_t);
	const int family = r->to.addr.family;

	switch (mnl_attr_get_type(attr)) {
	case RTA_TABLE:
		r->table = u32 ? mnl_attr_get_u32(attr) : r->table;
		break;
	case RTA_OIF:
		r->link = u32 ? (int)mnl_attr_get_u32(attr) : 0;
		break;
	case RTA_PRIORITY:
		r->metric = u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case RTA_DST:
		take_address(attr, family, &r->to.addr);
		break;
	case RTA_GATEWAY:
		take_address(attr, family, &r->via);
		break;
	case RTA_METRICS:
		r->mtu = parse_metrics(attr);
		break;
	case RTA_MULTIPATH:
	case RTA_VIA:
	case RTA_ENCAP:
	case RTA_NH_ID:
		r->other = true;
		break;
	}
}

static bool parse_route(const struct nlmsghdr *nlh, struct rtnl_route *ret)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*rtm)) ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6))
		return false;
	*ret = (struct rtnl_route){.to = {.addr.family = rtm->rtm_family, .len = rtm->rtm_dst_len},
				   .table = rtm->rtm_table,
				   .type = rtm->rtm_type,
				   .other = rtm->rtm_src_len || rtm->rtm_tos};
	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
		parse_attr(attr, ret);
	/* The kernel gives those of IPv6 that lead nowhere the loopback device. */
	if (ret->type != RTN_UNICAST && ret->type != RTN_LOCAL)
		ret->link = 0;
	return true;
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, int family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)family;
	return nlh;
}

static int change(struct nl *nl, uint16_t type, uint16_t flags, const struct rtnl_route *r)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, type, flags, r->to.addr.family);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	rtm->rtm_dst_len = r->to.len;
	rtm->rtm_table = RT_TABLE_UNSPEC;
	rtm->rtm_protocol = r->protocol;
	rtm->rtm_type = r->type;
	rtm->rtm_scope = type == RTM_DELROUTE			    ? RT_SCOPE_NOWHERE
			 : r->type == RTN_UNICAST && !r->via.family ? RT_SCOPE_LINK
								    : RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(nlh, RTA_TABLE, r->table);
	if (r->to.len)
		put_address(nlh, RTA_DST, &r->to.addr);
	if (r->link)
		mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)r->link);
	if (r->via.family) {
		/* The kernel would look for the router in the main table, by a mark of its own. */
		rtm->rtm_flags = RTNH_F_ONLINK;
		put_address(nlh, RTA_GATEWAY, &r->via);
	}
	if (r->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, r->metric);
	return nl_talk(nl, nlh, NULL, NULL);
}

int rtnl_route_add(struct nl *nl, const struct rtnl_route *route, struct err *e)
{
	char text[PREFIX_STRLEN];
	int r = change(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);

	return r < 0 && r != -EEXIST ? err_os(e, -r, "cannot add the route %s to table %u",
					      ip_prefix_str(&route->to, text), route->table)
				     : 0;
}

/* Whoever made it, of whatever kind. */
int rtnl_route_del(struct nl *nl, const struct rtnl_route *route, struct err *e)
{
	struct rtnl_route any = {.to = route->to,
				 .table = route->table,
				 .link = route->link,
				 .metric = route->metric};
	char text[PREFIX_STRLEN];
	int r = change(nl, RTM_DELROUTE, 0, &any);

	return r < 0 && r != -ESRCH && r != -ENOENT
		       ? err_os(e, -r, "cannot remove the route %s of table %u",
				ip_prefix_str(&route->to, text), route->table)
		       : 0;
}

struct route_list {
	uint32_t table; /* 0: all */
	struct rtnl_route *routes;
	size_t n;
};

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	struct rtnl_route route, *grown;
	struct route_list *list = data;

	if (!parse_route(nlh, &route) || (list->table && route.table != list->table))
		return 0;
	grown = realloc(list->routes, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->routes = grown;
	grown[list->n++] = route;
	return 0;
}

int rtnl_route_list(struct nl *nl, int family, uint32_t table, struct rtnl_route **ret,
		    size_t *n_ret, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct nlmsghdr *nlh = request(buf, RTM_GETROUTE, NLM_F_DUMP, family);
		struct route_list list = {.table = table};

		if (table)
			mnl_attr_put_u32(nlh, RTA_TABLE, table);
		r = nl_talk(nl, nlh, list_cb, &list);
		/* With strict checking a table that was never used is no table. */
		if (r == 0 || (table && r == -ENOENT)) {
			*ret = list.routes;
			*n_ret = list.n;
			return 0;
		}
		free(list.routes);
	}
	return err_os(e, -r, "cannot list the routes");
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	struct rtnl_route route, *ret = data;

	if (parse_route(nlh, &route))
		*ret = route;
	return 0;
}

int rtnl_route_get(struct nl *nl, const struct ip_addr *to, struct rtnl_route *ret)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, RTM_GETROUTE, 0, to->family);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_route route = {0};
	int r;

	rtm->rtm_dst_len = to->family == AF_INET ? 32 : 128;
	put_address(nlh, RTA_DST, to);
	r = nl_talk(nl, nlh, get_cb, &route);
	if (r == 0 && (route.type != RTN_UNICAST || !route.link || route.other))
		r = route.type == RTN_LOCAL ? -EADDRINUSE : -ENETUNREACH;
	if (r == 0)
		*ret = route;
	return r;
}
