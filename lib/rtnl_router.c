/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7): the router that the host uses by a link, and its hardware address. */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DUMP_TRIES 8 /* a dump that the kernel says changed meanwhile is asked for again */
#define NEIGH_POLL_NS 20000000
#define NUD_KNOWN (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

int rtnl_router_get(struct nl *nl, int link, struct ip_addr *ret, struct err *e)
{
	auto_free struct rtnl_route *list = NULL;
	const struct rtnl_route *best = NULL;
	size_t n = 0;
	int r = rtnl_route_list(nl, AF_INET, RT_TABLE_MAIN, &list, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (list[i].to.len == 0 && list[i].type == RTN_UNICAST && list[i].link == link &&
		    list[i].via.family && (!best || list[i].metric < best->metric))
			best = &list[i];
	if (!best)
		return -ENOENT;
	*ret = best->via;
	return 0;
}

struct neigh_search {
	int link;
	const struct ip_addr *addr;
	struct mac mac;
	bool found;
};

static int neigh_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct neigh_search *s = data;
	const struct nlattr *attr;
	bool same = false, has_mac = false;
	struct mac mac = {0};

	if (nlh->nlmsg_type != RTM_NEWNEIGH || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*ndm)) ||
	    ndm->ndm_family != AF_INET || ndm->ndm_ifindex != s->link ||
	    !(ndm->ndm_state & NUD_KNOWN))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*ndm)) {
		const void *p = mnl_attr_get_payload(attr);

		if (mnl_attr_get_type(attr) == NDA_DST && mnl_attr_get_payload_len(attr) == 4)
			same = memcmp(p, s->addr->b, 4) == 0;
		else if (mnl_attr_get_type(attr) == NDA_LLADDR &&
			 mnl_attr_get_payload_len(attr) == MAC_LEN) {
			memcpy(mac.b, p, MAC_LEN);
			has_mac = true;
		}
	}
	if (same && has_mac) {
		s->mac = mac;
		s->found = true;
	}
	return 0;
}

static struct nlmsghdr *neigh_request(char *buf, uint16_t type, uint16_t flags, int link)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = AF_INET;
	ndm->ndm_ifindex = link;
	return nlh;
}

static int neigh_look(struct nl *nl, struct neigh_search *s)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};

		r = nl_talk(nl, neigh_request(buf, RTM_GETNEIGH, NLM_F_DUMP, 0), neigh_cb, s);
	}
	return r;
}

/* As `ip neigh replace ADDR nud none use`: the kernel asks by ARP. Without the privilege it does
 * not, and what is not known stays so. */
static void neigh_use(struct nl *nl, int link, const struct ip_addr *addr)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = neigh_request(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, link);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

	ndm->ndm_flags = NTF_USE;
	mnl_attr_put(nlh, NDA_DST, 4, addr->b);
	(void)nl_talk(nl, nlh, NULL, NULL);
}

int rtnl_neigh_mac(struct nl *nl, int link, const struct ip_addr *addr, unsigned wait_ms,
		   struct mac *ret, struct err *e)
{
	const struct timespec pause = {.tv_nsec = NEIGH_POLL_NS};
	struct neigh_search s = {.link = link, .addr = addr};
	int r = neigh_look(nl, &s);

	if (r == 0 && !s.found && wait_ms)
		neigh_use(nl, link, addr);
	for (unsigned ms = 0; r == 0 && !s.found && ms < wait_ms; ms += NEIGH_POLL_NS / 1000000) {
		(void)nanosleep(&pause, NULL);
		r = neigh_look(nl, &s);
	}
	if (r < 0)
		return err_os(e, -r, "cannot list the host's neighbours");
	if (!s.found)
		return -ENOENT;
	*ret = s.mac;
	return 0;
}
