/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seal of a domain: see lib/seal.h. */
#include "lib/seal.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#define SEAL_STRLEN 16

struct generation {
	bool found;
	uint32_t number;
};

static int generation_cb(const struct nlmsghdr *nlh, void *data)
{
	struct generation *g = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_GEN_ID ||
		    mnl_attr_get_payload_len(attr) != sizeof(g->number))
			continue;
		g->number = ntohl(mnl_attr_get_u32(attr));
		g->found = true;
	}
	return 0;
}

int seal_generation(struct nl *nf, uint32_t *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct generation g = {0};
	struct nfgenmsg *nfg;
	int r;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	r = nl_talk(nf, nlh, generation_cb, &g);
	if (r == 0 && !g.found)
		r = -EBADMSG;
	if (r < 0)
		return err_os(e, -r, "cannot read the generation of nf_tables");
	*ret = g.number;
	return 0;
}

static void print(uint32_t generation, char buf[static SEAL_STRLEN])
{
	(void)snprintf(buf, SEAL_STRLEN, "%" PRIu32 "\n", generation);
}

int seal_write(const char *root, const struct uuid *uuid, uint32_t generation, struct err *e)
{
	char text[SEAL_STRLEN];

	print(generation, text);
	return record_file_write(root, uuid, SEAL_FILE, text, strlen(text), e);
}

static bool same_generation(const char *root, const struct uuid *uuid)
{
	auto_free char *noted = NULL;
	auto_nl struct nl nf = {0};
	char text[SEAL_STRLEN];
	uint32_t now;
	size_t len;

	if (record_file_read(root, uuid, SEAL_FILE, &noted, &len, NULL) < 0 ||
	    nl_open(&nf, NETLINK_NETFILTER, NULL) < 0 || seal_generation(&nf, &now, NULL) < 0)
		return false;
	print(now, text);
	return strcmp(noted, text) == 0;
}

static bool nic_isolated(struct nl *route, const struct record_nic *nic)
{
	struct rtnl_link tap, bridge;

	return !nic->guarded && rtnl_link_get(route, nic->tap, &tap, NULL) == 0 &&
	       rtnl_link_get(route, nic->bridge, &bridge, NULL) == 0 && tap.is_port &&
	       tap.isolated && tap.master == bridge.index;
}

bool seal_holds(const char *root, const struct record *rec)
{
	auto_nl struct nl route = {0};

	if (nl_open(&route, NETLINK_ROUTE, NULL) < 0)
		return false;
	for (size_t i = 0; i < rec->n_nics; i++)
		if (!rec->nics[i].gone && !nic_isolated(&route, &rec->nics[i]))
			return false;
	return same_generation(root, &rec->uuid);
}
