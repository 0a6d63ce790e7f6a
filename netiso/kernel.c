/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading nf_tables back by raw netlink: see netiso/kernel.h. */
#include "netiso/kernel.h"

#include "lib/fnv.h"
#include "lib/util.h"
#include "netiso/layout.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static uint8_t family_number(const char *family)
{
	if (strcmp(family, "netdev") == 0)
		return NFPROTO_NETDEV;
	return strcmp(family, "bridge") == 0 ? NFPROTO_BRIDGE : NFPROTO_INET;
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, const char *family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nlh->nlmsg_flags = flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family_number(family);
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	return nlh;
}

static int exists(int r)
{
	return r == 0 ? 1 : r == -ENOENT ? 0 : r;
}

int kern_table_exists(struct nl *nl, const char *family)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, NFT_MSG_GETTABLE, 0, family);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, LAYOUT_TABLE);
	return exists(nl_talk(nl, nlh, NULL, NULL));
}

struct chain_want {
	const char *device;
	bool found;
};

static int chain_cb(const struct nlmsghdr *nlh, void *data)
{
	struct chain_want *want = data;
	const struct nlattr *attr, *hook;
	char dev[IFNAMSIZ];

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_CHAIN_HOOK)
			continue;
		mnl_attr_for_each_nested(hook, attr)
			if (mnl_attr_get_type(hook) == NFTA_HOOK_DEV &&
			    nl_attr_str(hook, dev, sizeof(dev)) && want->device &&
			    strcmp(dev, want->device) == 0)
				want->found = true;
	}
	return 0;
}

int kern_chain_exists(struct nl *nl, const char *family, const char *chain, const char *want_device)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, NFT_MSG_GETCHAIN, 0, family);
	struct chain_want want = {.device = want_device};
	int r;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, LAYOUT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain);
	r = exists(nl_talk(nl, nlh, chain_cb, &want));
	return r == 1 && want_device && !want.found ? 0 : r;
}

static int generation_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_get_payload_len(attr) == 4)
			*(uint32_t *)data = ntohl(mnl_attr_get_u32(attr));
	return 0;
}

int kern_generation(struct nl *nl, uint32_t *ret)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, NFT_MSG_GETGEN, 0, "inet");

	return nl_talk(nl, nlh, generation_cb, ret);
}

struct element_want {
	const struct iso_element *el;
	bool same;
};

static bool data_matches(const struct nlattr *nest, const struct iso_element *el)
{
	const struct nlattr *attr, *v;
	char chain[ISO_CHAIN_MAX];

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == NFTA_DATA_VALUE)
			return el->data_len && mnl_attr_get_payload_len(attr) == el->data_len &&
			       memcmp(mnl_attr_get_payload(attr), el->data, el->data_len) == 0;
		if (mnl_attr_get_type(attr) != NFTA_DATA_VERDICT)
			continue;
		mnl_attr_for_each_nested(v, attr)
			if (mnl_attr_get_type(v) == NFTA_VERDICT_CHAIN)
				return nl_attr_str(v, chain, sizeof(chain)) &&
				       strcmp(chain, el->verdict) == 0;
	}
	return false;
}

static int element_cb(const struct nlmsghdr *nlh, void *data)
{
	struct element_want *want = data;
	const struct nlattr *list, *elem, *attr;
	const bool has_value = want->el->data_len || want->el->verdict[0];

	mnl_attr_for_each(list, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(elem, list) {
			bool same = !has_value;

			mnl_attr_for_each_nested(attr, elem)
				if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_DATA)
					same = data_matches(attr, want->el);
			want->same = same;
		}
	}
	return 0;
}

int kern_element_matches(struct nl *nl, const struct iso_element *el)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, NFT_MSG_GETSETELEM, 0, el->family);
	struct element_want want = {.el = el};
	struct nlattr *list, *elem, *key;
	int r;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, LAYOUT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, el->set);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, el->key_len, el->key);
	mnl_attr_nest_end(nlh, key);
	mnl_attr_nest_end(nlh, elem);
	mnl_attr_nest_end(nlh, list);
	r = exists(nl_talk(nl, nlh, element_cb, &want));
	return r == 1 && !want.same ? 0 : r;
}

struct key_list {
	struct kern_key *keys;
	size_t n;
};

static uint32_t value_u32(const struct nlattr *nest)
{
	const struct nlattr *v;
	uint32_t ret = 0;

	mnl_attr_for_each_nested(v, nest)
		if (mnl_attr_get_type(v) == NFTA_DATA_VALUE &&
		    mnl_attr_get_payload_len(v) == sizeof(ret))
			memcpy(&ret, mnl_attr_get_payload(v), sizeof(ret));
	return ret;
}

/* Of an expression that is a counter. */
static uint64_t counted_packets(const struct nlattr *nest)
{
	const struct nlattr *attr, *v;
	char name[16] = "";
	uint64_t ret = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == NFTA_EXPR_NAME)
			(void)nl_attr_str(attr, name, sizeof(name));
		if (mnl_attr_get_type(attr) != NFTA_EXPR_DATA || strcmp(name, "counter") != 0)
			continue;
		mnl_attr_for_each_nested(v, attr)
			if (mnl_attr_get_type(v) == NFTA_COUNTER_PACKETS &&
			    mnl_attr_get_payload_len(v) == sizeof(ret))
				ret = be64toh(mnl_attr_get_u64(v));
	}
	return ret;
}

static int add_key(struct key_list *list, const struct nlattr *elem)
{
	const struct nlattr *attr, *v;
	struct kern_key key = {0}, *grown;

	mnl_attr_for_each_nested(attr, elem) {
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_FLAGS &&
		    mnl_attr_get_payload_len(attr) == 4)
			key.interval_end =
				(ntohl(mnl_attr_get_u32(attr)) & NFT_SET_ELEM_INTERVAL_END) != 0;
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_DATA)
			key.data = value_u32(attr);
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_EXPR)
			key.packets = counted_packets(attr);
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_KEY)
			continue;
		mnl_attr_for_each_nested(v, attr) {
			const uint16_t len = mnl_attr_get_payload_len(v);

			if (mnl_attr_get_type(v) != NFTA_DATA_VALUE || len > sizeof(key.bytes))
				continue;
			memcpy(key.bytes, mnl_attr_get_payload(v), len);
			key.len = (uint8_t)len;
		}
	}
	grown = realloc(list->keys, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->keys = grown;
	grown[list->n++] = key;
	return 0;
}

static int keys_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *list, *elem;
	int r = 0;

	mnl_attr_for_each(list, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(elem, list)
			if (r == 0)
				r = add_key(data, elem);
	}
	return r;
}

int kern_set_keys(struct nl *nl, const char *family, const char *set, struct kern_key **ret,
		  size_t *n_ret, struct err *e)
{
	int r = -EINTR;

	for (int i = 0; i < 8 && r == -EINTR; i++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct nlmsghdr *nlh = request(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP, family);
		struct key_list list = {0};

		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, LAYOUT_TABLE);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
		r = nl_talk(nl, nlh, keys_cb, &list);
		if (r == 0) {
			*ret = list.keys;
			*n_ret = list.n;
			return 0;
		}
		free(list.keys);
	}
	return err_os(e, -r, "cannot read the set %s of the table %s " LAYOUT_TABLE, set, family);
}

/* A chain's digest, by its name; of one chain, or of all in a table. */
struct chain_sum {
	char name[ISO_CHAIN_MAX];
	uint64_t value;
};

struct chain_sums {
	struct chain_sum *sums;
	size_t n, room;
};

static struct chain_sum *find_sum(const struct chain_sums *s, const char *name)
{
	/* The rules of a chain come one after the other. */
	for (size_t i = s->n; i-- > 0;)
		if (strcmp(s->sums[i].name, name) == 0)
			return &s->sums[i];
	return NULL;
}

static struct chain_sum *add_sum(struct chain_sums *s, const char *name)
{
	struct chain_sum *sum;

	if (s->n == s->room) {
		const size_t room = s->room ? 2 * s->room : 64;
		struct chain_sum *grown = realloc(s->sums, room * sizeof(*grown));

		if (!grown)
			return NULL;
		s->sums = grown;
		s->room = room;
	}
	sum = &s->sums[s->n++];
	*sum = (struct chain_sum){.value = FNV_BASIS};
	(void)snprintf(sum->name, sizeof(sum->name), "%s", name);
	return sum;
}

static int rule_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *expressions = NULL;
	char name[ISO_CHAIN_MAX] = "";
	struct chain_sum *sum;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_RULE_CHAIN &&
		    !nl_attr_str(attr, name, sizeof(name)))
			return 0; /* none of ours has so long a name */
		if (mnl_attr_get_type(attr) == NFTA_RULE_EXPRESSIONS)
			expressions = attr;
	}
	if (!expressions)
		return 0;
	sum = find_sum(data, name);
	if (!sum)
		sum = add_sum(data, name);
	if (!sum)
		return -ENOMEM;
	sum->value = fnv_add(sum->value, mnl_attr_get_payload(expressions),
			     mnl_attr_get_payload_len(expressions));
	return 0;
}

/* Of @chain, or of all chains of the table when it is NULL; none for a chain without rules. The
 * sums are malloc'd. */
static int read_sums(struct nl *nl, const char *family, const char *chain, struct chain_sums *ret)
{
	int r = -EINTR;

	for (int tries = 0; tries < 8 && r == -EINTR; tries++) {
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
		struct nlmsghdr *nlh = request(buf, NFT_MSG_GETRULE, NLM_F_DUMP, family);

		ret->n = 0;
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, LAYOUT_TABLE);
		if (chain)
			mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
		r = nl_talk(nl, nlh, rule_cb, ret);
	}
	return r;
}

int kern_chain_digest(struct nl *nl, const char *family, const char *chain, uint64_t *ret)
{
	struct chain_sums sums = {0};
	int r = read_sums(nl, family, chain, &sums);

	if (r == 0 && !sums.n)
		r = -ENOENT;
	if (r == 0)
		*ret = sums.sums[0].value;
	free(sums.sums);
	return r;
}

/* The ranges are elements, but as fixed as the rules. */
static int ranges_digest(struct nl *nl, const char *set, uint64_t *digest, struct err *e)
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0;
	int r;

	r = kern_set_keys(nl, "inet", set, &keys, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		*digest = fnv_add(*digest, keys[i].bytes, keys[i].len);
		*digest = fnv_add(*digest, &keys[i].interval_end, sizeof(keys[i].interval_end));
	}
	return r;
}

/* The shared chains of one family, in the layout's order; @whole: by one dump of the table, which
 * has the chains of domains in it, too, where these have any. */
static int family_digest(struct nl *nl, const char *family, bool whole, uint64_t *digest,
			 struct err *e)
{
	struct chain_sums sums = {0};
	const struct layout_chain *c;
	int r;

	r = whole ? read_sums(nl, family, NULL, &sums) : 0;
	if (r == -ENOENT)
		r = 0; /* no such table: its first chain is gone */
	if (r < 0)
		(void)err_os(e, -r, "cannot read the table %s " LAYOUT_TABLE, family);
	for (size_t i = 0; r == 0 && (c = layout_chain_at(i)); i++) {
		const struct chain_sum *sum;

		if (strcmp(c->family, family) != 0)
			continue;
		if (!whole)
			r = read_sums(nl, family, c->name, &sums);
		sum = r == 0 ? find_sum(&sums, c->name) : NULL;
		if (sum)
			*digest = fnv_add(*digest, &sum->value, sizeof(sum->value));
		else if (r == 0 || r == -ENOENT)
			r = err_set(e, EX_CORDON_DIFFERS, ENOENT,
				    "chain %s of the table %s " LAYOUT_TABLE " is gone or empty",
				    c->name, family);
		else
			(void)err_os(e, -r, "cannot read the chain %s", c->name);
	}
	free(sums.sums);
	return r;
}

int kern_layout_digest(struct nl *nl, bool few, uint64_t *ret, struct err *e)
{
	uint64_t digest = FNV_BASIS;
	int r;

	/* Of netdev there are only a handful. */
	r = family_digest(nl, "netdev", false, &digest, e);
	if (r == 0)
		r = family_digest(nl, "bridge", true, &digest, e);
	if (r == 0)
		r = family_digest(nl, "inet", few, &digest, e);
	if (r == 0)
		r = ranges_digest(nl, "refused", &digest, e);
	if (r == 0)
		r = ranges_digest(nl, "refused6", &digest, e);
	if (r < 0)
		return r;
	*ret = digest;
	return 0;
}
