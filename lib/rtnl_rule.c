/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink(7): the rules of the routing policy database, ip-rule(8). */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static void put_rule(struct nlmsghdr *nlh, const struct rtnl_rule *rule)
{
	struct fib_rule_hdr *frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));

	frh->family = (uint8_t)rule->family;
	frh->action = rule->action;
	if (rule->action == FR_ACT_TO_TBL) {
		frh->table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
		mnl_attr_put_u32(nlh, FRA_TABLE, rule->table);
	}
	mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->pref);
	if (rule->iif[0])
		mnl_attr_put_strz(nlh, FRA_IIFNAME, rule->iif);
	if (rule->has_mark) {
		/* Both, always: a mark of 0 without a mask means mask 0, which matches everything.
		 */
		mnl_attr_put_u32(nlh, FRA_FWMARK, rule->mark);
		mnl_attr_put_u32(nlh, FRA_FWMASK, rule->mask);
	}
	if (rule->action == FR_ACT_GOTO)
		mnl_attr_put_u32(nlh, FRA_GOTO, rule->target);
	if (rule->protocol)
		mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->protocol);
}

static int change(struct nl *nl, const struct rtnl_rule *rule, uint16_t type, uint16_t flags)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	put_rule(nlh, rule);
	return nl_talk(nl, nlh, NULL, NULL);
}

int rtnl_rule_add(struct nl *nl, const struct rtnl_rule *rule, struct err *e)
{
	/* Without NLM_F_EXCL: the guard needs a second rule that looks up the local table. */
	int r = change(nl, rule, RTM_NEWRULE, NLM_F_CREATE);

	return r < 0 ? err_os(e, -r, "cannot add a routing rule of preference %u", rule->pref) : 0;
}

int rtnl_rule_del(struct nl *nl, const struct rtnl_rule *rule, struct err *e)
{
	int r = change(nl, rule, RTM_DELRULE, 0);

	return r < 0 ? err_os(e, -r, "cannot remove a routing rule of preference %u", rule->pref)
		     : 0;
}

struct rule_list {
	struct rtnl_rule *rules;
	size_t n;
	int family;
};

/* Attributes that every rule carries and that do not narrow it when they have their default. */
static bool is_default(const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_SUPPRESS_IFGROUP:
		return mnl_attr_get_payload_len(attr) == 4 && mnl_attr_get_u32(attr) == UINT32_MAX;
	case FRA_PAD:
		return mnl_attr_get_payload_len(attr) == 0 || mnl_attr_get_u8(attr) == 0;
	default:
		return false;
	}
}

static void parse_attr(const struct nlattr *attr, struct rtnl_rule *rule)
{
	const uint16_t len = mnl_attr_get_payload_len(attr);
	const uint32_t v = len == sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;

	switch (mnl_attr_get_type(attr)) {
	case FRA_PRIORITY:
		rule->pref = v;
		break;
	case FRA_TABLE:
		rule->table = v;
		break;
	case FRA_FWMARK:
		rule->mark = v;
		rule->has_mark = true;
		break;
	case FRA_FWMASK:
		rule->mask = v;
		rule->has_mark = true;
		break;
	case FRA_GOTO:
		rule->target = v;
		break;
	case FRA_PROTOCOL:
		rule->protocol = len == 1 ? mnl_attr_get_u8(attr) : 0;
		break;
	case FRA_IIFNAME:
		if (!nl_attr_str(attr, rule->iif, sizeof(rule->iif)))
			rule->foreign = true;
		break;
	default:
		if (!is_default(attr))
			rule->foreign = true;
	}
}

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	struct rule_list *list = data;
	struct rtnl_rule *grown, *rule;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWRULE || nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*frh)) ||
	    frh->family != list->family)
		return 0;
	grown = realloc(list->rules, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->rules = grown;
	rule = &grown[list->n++];
	*rule = (struct rtnl_rule){
		.family = frh->family,
		.action = frh->action,
		.table = frh->table,
		.mask = UINT32_MAX,
		.inverted = (frh->flags & FIB_RULE_INVERT) != 0,
		.foreign =
			frh->src_len || frh->dst_len || frh->tos || (frh->flags & FIB_RULE_INVERT),
	};
	mnl_attr_for_each(attr, nlh, sizeof(*frh))
		parse_attr(attr, rule);
	return 0;
}

int rtnl_rule_list(struct nl *nl, int family, struct rtnl_rule **ret, size_t *n_ret, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < 8 && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct rule_list list = {.family = family};
		struct fib_rule_hdr *frh;

		nlh->nlmsg_type = RTM_GETRULE;
		nlh->nlmsg_flags = NLM_F_DUMP;
		frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
		frh->family = (uint8_t)family;
		r = nl_talk(nl, nlh, list_cb, &list);
		if (r == 0) {
			*ret = list.rules;
			*n_ret = list.n;
			return 0;
		}
		free(list.rules);
	}
	return err_os(e, -r, "cannot list the routing rules");
}

bool rtnl_rule_same(const struct rtnl_rule *a, const struct rtnl_rule *b)
{
	return !a->foreign && !b->foreign && a->family == b->family && a->pref == b->pref &&
	       strcmp(a->iif, b->iif) == 0 && a->has_mark == b->has_mark &&
	       (!a->has_mark || (a->mark == b->mark && a->mask == b->mask)) &&
	       a->action == b->action && (a->action != FR_ACT_TO_TBL || a->table == b->table) &&
	       (a->action != FR_ACT_GOTO || a->target == b->target);
}
