/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections of a domain against its policy: those that it would deny now, listed or ended. */
#include "netiso/flows.h"

#include "lib/nl.h"
#include "lib/util.h"
#include "netiso/explain.h"
#include "netiso/subject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>

/*
 * What a guest opened is let through as long as conntrack knows of it. What a new policy denies
 * must be forgotten, then: its next packet begins nothing and is dropped. A domain's connections
 * are those with its number as the zone of their original direction.
 */

#define TUPLE_MAX 256 /* bytes of a tuple's attribute */
#define FLOWS_MAX (1024 * 1024)

struct end {
	struct ip_addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;
	uint16_t zone;
};

/* A connection that is to end. */
struct flow {
	uint8_t family;
	uint32_t id; /* as the kernel sent it */
	struct end orig;
	uint16_t tuple_len;
	_Alignas(struct nlattr) uint8_t tuple[TUPLE_MAX]; /* CTA_TUPLE_ORIG, to ask for it by */
};

struct gather {
	const struct explain_world *world;
	uint32_t slot;
	struct flow *list;
	size_t n;
};

static void take_addr(const struct nlattr *attr, int family, size_t len, struct ip_addr *ret)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return;
	ret->family = family;
	memcpy(ret->b, mnl_attr_get_payload(attr), len);
}

static void take_ip(const struct nlattr *nest, struct end *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_IP_V4_SRC:
			take_addr(attr, AF_INET, 4, &ret->src);
			break;
		case CTA_IP_V4_DST:
			take_addr(attr, AF_INET, 4, &ret->dst);
			break;
		case CTA_IP_V6_SRC:
			take_addr(attr, AF_INET6, 16, &ret->src);
			break;
		case CTA_IP_V6_DST:
			take_addr(attr, AF_INET6, 16, &ret->dst);
			break;
		default:
			break;
		}
	}
}

static void take_proto(const struct nlattr *nest, struct end *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		const uint16_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == CTA_PROTO_NUM && len == 1)
			ret->proto = mnl_attr_get_u8(attr);
		else if (mnl_attr_get_type(attr) == CTA_PROTO_SRC_PORT && len == 2)
			ret->sport = ntohs(mnl_attr_get_u16(attr));
		else if (mnl_attr_get_type(attr) == CTA_PROTO_DST_PORT && len == 2)
			ret->dport = ntohs(mnl_attr_get_u16(attr));
	}
}

static void take_end(const struct nlattr *nest, struct end *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
			take_ip(attr, ret);
		else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
			take_proto(attr, ret);
		else if (mnl_attr_get_type(attr) == CTA_TUPLE_ZONE &&
			 mnl_attr_get_payload_len(attr) == 2)
			ret->zone = ntohs(mnl_attr_get_u16(attr));
	}
}

/* Whether the policy would let it be opened, and lead it to where it leads now. */
static bool stays(const struct explain_world *w, const struct end *orig, const struct end *reply)
{
	const bool ports = orig->proto == IPPROTO_TCP || orig->proto == IPPROTO_UDP;
	struct explain_query q = {
		.dst = orig->dst, .proto = orig->proto, .port = ports ? orig->dport : 0};
	struct explain_verdict v;

	explain_decide(w, &q, &v);
	if (!v.allowed)
		return false;
	/* Its source was translated for the one way, and would show on the other. */
	if (w->p->egress == EGRESS_TUNNEL && v.path != EXPLAIN_HOST &&
	    (v.path == EXPLAIN_TUNNEL) != ip_equal(&reply->dst, &w->f->tunnel.address))
		return false;
	/* What another program made of it must be allowed, too. */
	if (v.path == EXPLAIN_DIRECT && !v.redirected && reply->src.family &&
	    !ip_equal(&reply->src, &orig->dst)) {
		q.dst = reply->src;
		q.port = ports ? reply->sport : 0;
		explain_decide(w, &q, &v);
		return v.allowed;
	}
	if (v.redirected)
		return ip_equal(&reply->src, &v.to) && reply->sport == v.to_port;
	return v.path != EXPLAIN_HOST || ip_equal(&reply->src, &orig->dst);
}

static int keep(struct gather *g, const struct flow *f)
{
	struct flow *grown;

	if (g->n % 64 == 0) {
		if (g->n >= FLOWS_MAX)
			return -E2BIG;
		grown = realloc(g->list, (g->n + 64) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		g->list = grown;
	}
	g->list[g->n++] = *f;
	return 0;
}

static int flow_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct flow f = {.family = nfg->nfgen_family};
	const struct nlattr *attr;
	struct gather *g = data;
	struct end reply = {0};

	mnl_attr_for_each(attr, nlh, sizeof(*nfg)) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			if (attr->nla_len > sizeof(f.tuple))
				return 0;
			memcpy(f.tuple, attr, attr->nla_len);
			f.tuple_len = attr->nla_len;
			take_end(attr, &f.orig);
			break;
		case CTA_TUPLE_REPLY:
			take_end(attr, &reply);
			break;
		case CTA_ID:
			if (mnl_attr_get_payload_len(attr) == 4)
				f.id = mnl_attr_get_u32(attr);
			break;
		default:
			break;
		}
	}
	if (!f.tuple_len || f.orig.zone != g->slot || stays(g->world, &f.orig, &reply))
		return 0;
	return keep(g, &f);
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	return nlh;
}

static int gather(struct nl *nl, struct gather *g, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < 8 && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};

		free(g->list);
		g->list = NULL;
		g->n = 0;
		r = nl_talk(nl, request(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC), flow_cb, g);
	}
	return r < 0 ? err_os(e, -r, "cannot read the connections") : 0;
}

/* One that has ended meanwhile is as good. */
static int end_flow(struct nl *nl, const struct flow *f, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, IPCTNL_MSG_CT_DELETE, 0, f->family);
	const struct nlattr *tuple = (const struct nlattr *)f->tuple;
	int r;

	mnl_attr_put(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
		     mnl_attr_get_payload(tuple));
	mnl_attr_put_u32(nlh, CTA_ID, f->id);
	r = nl_talk(nl, nlh, NULL, NULL);
	return r < 0 && r != -ENOENT ? err_os(e, -r, "cannot end a connection") : 0;
}

static void print_flow(const struct flow *f, bool ended)
{
	const struct explain_query q = {.proto = f->orig.proto};
	char src[PREFIX_STRLEN], dst[PREFIX_STRLEN], proto[16];

	(void)snprintf(proto, sizeof(proto), "proto-%u", q.proto);
	printf("%s %s %s:%u -> %s:%u\n", ended ? "ended" : "denied",
	       q.proto == IPPROTO_TCP || q.proto == IPPROTO_UDP	      ? proto_str(q.proto)
	       : q.proto == IPPROTO_ICMP || q.proto == IPPROTO_ICMPV6 ? "icmp"
								      : proto,
	       ip_str(&f->orig.src, src), f->orig.sport, ip_str(&f->orig.dst, dst), f->orig.dport);
}

int flows_verb(const struct cli *cli, struct err *e)
{
	auto_subject struct subject s = {.cli = cli};
	struct explain_world w = {.p = &s.policy, .f = &s.facts, .guests = s.guests};
	struct gather g = {.world = &w};
	auto_nl struct nl nl = {0};
	int r = subject_load(&s, cli->args[0], e);

	if (r == 0 && !s.running)
		r = err_set(e, EX_CORDON_NOINPUT, ENOENT, "'%s' is no running domain",
			    cli->args[0]);
	w.n_guests = s.n_guests;
	g.slot = s.facts.slot;
	if (r == 0)
		r = nl_open(&nl, NETLINK_NETFILTER, e);
	if (r == 0)
		r = gather(&nl, &g, e);
	if (r == 0 && !cli->quiet)
		printf("%zu connection%s\n", g.n, g.n == 1 ? "" : "s");
	for (size_t i = 0; r == 0 && i < g.n; i++) {
		if (cli->end)
			r = end_flow(&nl, &g.list[i], e);
		if (r == 0 && !cli->quiet)
			print_flow(&g.list[i], cli->end);
	}
	free(g.list);
	return r;
}
