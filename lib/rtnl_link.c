/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7): links, bridge ports and addresses. */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_TRIES 8 /* a dump that the kernel says changed meanwhile is asked for again */

static void parse_linkinfo(const struct nlattr *nest, struct rtnl_link *link, bool *bridge_slave)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		char kind[32];

		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			(void)nl_attr_str(attr, link->kind, sizeof(link->kind));
		else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
			*bridge_slave = nl_attr_str(attr, kind, sizeof(kind)) &&
					strcmp(kind, "bridge") == 0;
	}
	if (!*bridge_slave)
		return;
	mnl_attr_for_each_nested(attr, nest) {
		const struct nlattr *port;

		if (mnl_attr_get_type(attr) != IFLA_INFO_SLAVE_DATA)
			continue;
		link->is_port = true;
		mnl_attr_for_each_nested(port, attr)
			if (mnl_attr_get_type(port) == IFLA_BRPORT_ISOLATED &&
			    mnl_attr_get_payload_len(port) == 1)
				link->isolated = mnl_attr_get_u8(port) != 0;
	}
}

static void parse_link(const struct nlmsghdr *nlh, struct rtnl_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	bool bridge_slave = false;
	const struct nlattr *attr;

	*link = (struct rtnl_link){.index = ifi->ifi_index, .up = ifi->ifi_flags & IFF_UP};
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		const uint16_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			(void)nl_attr_str(attr, link->name, sizeof(link->name));
			break;
		case IFLA_MTU:
			if (len == sizeof(uint32_t))
				link->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_MASTER:
			if (len == sizeof(uint32_t))
				link->master = (int)mnl_attr_get_u32(attr);
			break;
		case IFLA_ADDRESS:
			if (len == MAC_LEN) {
				memcpy(link->mac.b, mnl_attr_get_payload(attr), MAC_LEN);
				link->has_mac = true;
			}
			break;
		case IFLA_LINKINFO:
			parse_linkinfo(attr, link, &bridge_slave);
			break;
		}
	}
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type == RTM_NEWLINK &&
	    nlh->nlmsg_len >= mnl_nlmsg_size(sizeof(struct ifinfomsg)))
		parse_link(nlh, data);
	return 0;
}

static struct nlmsghdr *link_request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	return nlh;
}

int rtnl_link_get(struct nl *nl, const char *name, struct rtnl_link *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = link_request(buf, RTM_GETLINK, 0);
	struct rtnl_link link = {0};
	int r;

	if (strlen(name) >= IFNAMSIZ)
		return err_set(e, EX_CORDON_OS, ENODEV, "there is no link '%s'", name);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	r = nl_talk(nl, nlh, get_cb, &link);
	if (r == -ENODEV || (r == 0 && link.index == 0))
		return err_set(e, EX_CORDON_OS, ENODEV, "there is no link '%s'", name);
	if (r < 0)
		return err_os(e, -r, "cannot read the link '%s'", name);
	*ret = link;
	return 0;
}

struct link_list {
	struct rtnl_link *links;
	size_t n;
};

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	struct link_list *list = data;
	struct rtnl_link *grown;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct ifinfomsg)))
		return 0;
	grown = realloc(list->links, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->links = grown;
	parse_link(nlh, &grown[list->n++]);
	return 0;
}

int rtnl_link_list(struct nl *nl, struct rtnl_link **ret, size_t *n_ret, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct link_list list = {0};

		r = nl_talk(nl, link_request(buf, RTM_GETLINK, NLM_F_DUMP), list_cb, &list);
		if (r == 0) {
			*ret = list.links;
			*n_ret = list.n;
			return 0;
		}
		free(list.links);
	}
	return err_os(e, -r, "cannot list the links");
}

int rtnl_port_isolated(struct nl *nl, const char *name, bool on, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtnl_link link;
	struct ifinfomsg *ifi;
	struct nlattr *nest;
	int r;

	r = rtnl_link_get(nl, name, &link, e);
	if (r < 0)
		return r;
	nlh->nlmsg_type = RTM_SETLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = link.index;
	nest = mnl_attr_nest_start(nlh, IFLA_PROTINFO | NLA_F_NESTED);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, on);
	mnl_attr_nest_end(nlh, nest);
	r = nl_talk(nl, nlh, NULL, NULL);
	if (r < 0)
		return err_os(e, -r, "cannot isolate the bridge port '%s'", name);

	r = rtnl_link_get(nl, name, &link, e);
	if (r < 0)
		return r;
	if (!link.is_port || link.isolated != on)
		return err_set(e, EX_CORDON_UNAVAILABLE, EOPNOTSUPP,
			       "the kernel does not isolate the bridge port '%s'", name);
	return 0;
}

int rtnl_bridge_add(struct nl *nl, const char *name, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = link_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *nest;
	int r;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_str(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, nest);
	r = nl_talk(nl, nlh, NULL, NULL);
	return r < 0 ? err_os(e, -r, "cannot make the bridge '%s'", name) : 0;
}

struct addr_list {
	struct rtnl_addr *addrs;
	size_t n;
};

static void fill_ip(struct ip_addr *ip, int family, const struct nlattr *attr)
{
	const size_t want = family == AF_INET ? 4 : 16;

	if (mnl_attr_get_payload_len(attr) != want)
		return;
	ip->family = family;
	memcpy(ip->b, mnl_attr_get_payload(attr), want);
}

/* Clears the host bits of @ip. */
static void mask_ip(struct ip_addr *ip, uint8_t len)
{
	const size_t bytes = ip->family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < bytes; i++) {
		const size_t bit = i * 8;

		if (bit >= len)
			ip->b[i] = 0;
		else if (bit + 8 > len)
			ip->b[i] &= (uint8_t)(0xff << (8 - (len - bit)));
	}
}

static int addr_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct addr_list *list = data;
	struct ip_addr local = {0}, peer = {0};
	struct rtnl_addr *grown, *a;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWADDR || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*ifa)) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			fill_ip(&local, ifa->ifa_family, attr);
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			fill_ip(&peer, ifa->ifa_family, attr);
	}
	/* IPv6 and links without a peer give IFA_ADDRESS alone. */
	if (!local.family)
		local = peer;
	if (!peer.family)
		peer = local;
	if (!local.family)
		return 0;

	grown = realloc(list->addrs, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->addrs = grown;
	a = &grown[list->n++];
	*a = (struct rtnl_addr){.link = (int)ifa->ifa_index, .addr = local};
	a->net.addr = peer;
	a->net.len = ifa->ifa_prefixlen;
	mask_ip(&a->net.addr, a->net.len);
	return 0;
}

int rtnl_addr_list(struct nl *nl, int family, struct rtnl_addr **ret, size_t *n_ret, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct addr_list list = {0};
		struct ifaddrmsg *ifa;

		nlh->nlmsg_type = RTM_GETADDR;
		nlh->nlmsg_flags = NLM_F_DUMP;
		ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
		ifa->ifa_family = (uint8_t)family;
		r = nl_talk(nl, nlh, addr_cb, &list);
		if (r == 0) {
			*ret = list.addrs;
			*n_ret = list.n;
			return 0;
		}
		free(list.addrs);
	}
	return err_os(e, -r, "cannot list the host's addresses");
}
