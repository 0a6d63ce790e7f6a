/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A WireGuard device in generic netlink, linux/wireguard.h: see wgtun/device.h. */
#include "wgtun/device.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <string.h>

static bool put_endpoint(struct nlmsghdr *nlh, const struct wgt_peer *p)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(p->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(p->port)};

	if (p->where.family == AF_INET) {
		in.sin_addr = p->where.v4;
		return mnl_attr_put_check(nlh, NL_BUF_SIZE, WGPEER_A_ENDPOINT, sizeof(in), &in);
	}
	if (p->where.family == AF_INET6) {
		in6.sin6_addr = p->where.v6;
		return mnl_attr_put_check(nlh, NL_BUF_SIZE, WGPEER_A_ENDPOINT, sizeof(in6), &in6);
	}
	return true;
}

/* As many prefixes as fit; true when none is left. */
static bool put_allowed(struct nlmsghdr *nlh, const struct wgt_peer *p, size_t *from)
{
	struct nlattr *list, *nest;

	if (*from == p->n_allowed)
		return true;
	list = mnl_attr_nest_start(nlh, WGPEER_A_ALLOWEDIPS);
	for (; *from < p->n_allowed && nlh->nlmsg_len < WGT_NL_MSG_MAX; ++*from) {
		const struct ip_prefix *a = &p->allowed[*from].prefix;

		nest = mnl_attr_nest_start(nlh, 0);
		mnl_attr_put_u16(nlh, WGALLOWEDIP_A_FAMILY, (uint16_t)a->addr.family);
		mnl_attr_put(nlh, WGALLOWEDIP_A_IPADDR, a->addr.family == AF_INET ? 4 : 16,
			     a->addr.b);
		mnl_attr_put_u8(nlh, WGALLOWEDIP_A_CIDR_MASK, a->len);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, list);
	return *from == p->n_allowed;
}

/* One peer, or the rest of one; true when nothing of it is left. */
static bool put_peer(struct nlmsghdr *nlh, const struct wgt_peer *p, size_t *allowed)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, 0);
	bool all;

	mnl_attr_put(nlh, WGPEER_A_PUBLIC_KEY, WGT_KEY_LEN, p->public_key.b);
	if (*allowed == 0) {
		mnl_attr_put_u32(nlh, WGPEER_A_FLAGS, WGPEER_F_REPLACE_ALLOWEDIPS);
		if (p->has_preshared_key)
			mnl_attr_put(nlh, WGPEER_A_PRESHARED_KEY, WGT_KEY_LEN, p->preshared_key.b);
		(void)put_endpoint(nlh, p);
		mnl_attr_put_u16(nlh, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, p->keepalive);
	}
	all = put_allowed(nlh, p, allowed);
	mnl_attr_nest_end(nlh, nest);
	return all;
}

struct nlmsghdr *wgt_nl_set(char *buf, uint16_t family, const char *link, const struct wgt_conf *c,
			    struct wgt_nl_cursor *cur)
{
	const bool first = cur->peer == 0 && cur->allowed == 0;
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	struct nlattr *peers;

	/* libmnl leaves the padding as it was. */
	memset(buf, 0, NL_BUF_SIZE);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = family;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = WG_CMD_SET_DEVICE;
	genl->version = WG_GENL_VERSION;
	mnl_attr_put_strz(nlh, WGDEVICE_A_IFNAME, link);
	if (first) {
		mnl_attr_put_u32(nlh, WGDEVICE_A_FLAGS, WGDEVICE_F_REPLACE_PEERS);
		mnl_attr_put(nlh, WGDEVICE_A_PRIVATE_KEY, WGT_KEY_LEN, c->private_key.b);
		mnl_attr_put_u16(nlh, WGDEVICE_A_LISTEN_PORT, c->listen_port);
		mnl_attr_put_u32(nlh, WGDEVICE_A_FWMARK, c->fwmark);
	}
	peers = mnl_attr_nest_start(nlh, WGDEVICE_A_PEERS);
	/* A peer without its prefixes takes less than 256 bytes: it fits behind the limit. */
	while (cur->peer < c->n_peers && nlh->nlmsg_len < WGT_NL_MSG_MAX) {
		if (!put_peer(nlh, &c->peers[cur->peer], &cur->allowed))
			break;
		cur->peer++;
		cur->allowed = 0;
	}
	mnl_attr_nest_end(nlh, peers);
	cur->done = cur->peer == c->n_peers;
	return nlh;
}

/* The payload as @size bytes; false when it has another length. */
static bool get_bytes(const struct nlattr *attr, void *ret, size_t size)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(ret, mnl_attr_get_payload(attr), size);
	return true;
}

/* Attributes of a nest end exactly where it ends; libmnl's loop alone stops before a bad one. */
static bool nest_ok(const struct nlattr *nest)
{
	const struct nlattr *attr;
	const char *end = (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest);

	mnl_attr_for_each_nested(attr, nest)
		;
	return (const char *)attr >= end;
}

static bool get_allowed(const struct nlattr *nest, struct wgt_peer_state *p)
{
	struct ip_prefix a = {0}, *slot;
	const struct nlattr *attr;
	uint16_t family = 0;
	size_t len = 0;

	if (!nest_ok(nest))
		return false;
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case WGALLOWEDIP_A_FAMILY:
			if (!get_bytes(attr, &family, sizeof(family)))
				return false;
			break;
		case WGALLOWEDIP_A_IPADDR:
			len = mnl_attr_get_payload_len(attr);
			if (len > sizeof(a.addr.b) || !get_bytes(attr, a.addr.b, len))
				return false;
			break;
		case WGALLOWEDIP_A_CIDR_MASK:
			if (!get_bytes(attr, &a.len, 1))
				return false;
			break;
		}
	}
	if (!(family == AF_INET && len == 4 && a.len <= 32) &&
	    !(family == AF_INET6 && len == 16 && a.len <= 128))
		return false;
	a.addr.family = family;
	slot = wgt_state_add_allowed(p);
	if (slot)
		*slot = a;
	return slot != NULL;
}

static bool get_endpoint(const struct nlattr *attr, struct wgt_peer_state *p)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (get_bytes(attr, &in, sizeof(in)) && in.sin_family == AF_INET) {
		p->endpoint = (struct ip_addr){.family = AF_INET, .v4 = in.sin_addr};
		p->port = ntohs(in.sin_port);
		return true;
	}
	if (get_bytes(attr, &in6, sizeof(in6)) && in6.sin6_family == AF_INET6) {
		p->endpoint = (struct ip_addr){.family = AF_INET6, .v6 = in6.sin6_addr};
		p->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

static bool get_peer_attr(const struct nlattr *attr, struct wgt_peer_state *p)
{
	int64_t time[2]; /* struct __kernel_timespec */
	const struct nlattr *nest;

	switch (mnl_attr_get_type(attr)) {
	case WGPEER_A_ENDPOINT:
		return get_endpoint(attr, p);
	case WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL:
		return get_bytes(attr, &p->keepalive, sizeof(p->keepalive));
	case WGPEER_A_LAST_HANDSHAKE_TIME:
		if (!get_bytes(attr, time, sizeof(time)))
			return false;
		p->handshake = time[0];
		return true;
	case WGPEER_A_RX_BYTES:
		return get_bytes(attr, &p->rx, sizeof(p->rx));
	case WGPEER_A_TX_BYTES:
		return get_bytes(attr, &p->tx, sizeof(p->tx));
	case WGPEER_A_ALLOWEDIPS:
		if (!nest_ok(attr))
			return false;
		mnl_attr_for_each_nested(nest, attr)
			if (!get_allowed(nest, p))
				return false;
		return true;
	default:
		return true;
	}
}

static bool get_peer(const struct nlattr *nest, struct wgt_state *s)
{
	struct wgt_peer_state *p = s->n_peers ? &s->peers[s->n_peers - 1] : NULL;
	const struct nlattr *attr;
	struct wgt_key key;
	bool known = false;

	if (!nest_ok(nest))
		return false;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == WGPEER_A_PUBLIC_KEY)
			known = get_bytes(attr, &key, sizeof(key));
	if (!known)
		return false;
	if (!p || !wgt_key_equal(&p->public_key, &key)) {
		p = wgt_state_add_peer(s);
		if (!p)
			return false;
		p->public_key = key;
	}
	mnl_attr_for_each_nested(attr, nest)
		if (!get_peer_attr(attr, p))
			return false;
	return true;
}

static bool get_device_attr(const struct nlattr *attr, struct wgt_state *s)
{
	const struct nlattr *nest;

	switch (mnl_attr_get_type(attr)) {
	case WGDEVICE_A_PRIVATE_KEY:
		return get_bytes(attr, &s->private_key, sizeof(s->private_key));
	case WGDEVICE_A_LISTEN_PORT:
		return get_bytes(attr, &s->listen_port, sizeof(s->listen_port));
	case WGDEVICE_A_FWMARK:
		return get_bytes(attr, &s->fwmark, sizeof(s->fwmark));
	case WGDEVICE_A_PEERS:
		if (!nest_ok(attr))
			return false;
		mnl_attr_for_each_nested(nest, attr)
			if (!get_peer(nest, s))
				return false;
		return true;
	default:
		return true;
	}
}

int wgt_nl_get(const struct nlmsghdr *nlh, struct wgt_state *ret)
{
	const struct nlattr *attr;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(struct genlmsghdr)))
		return -EBADMSG;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (!get_device_attr(attr, ret))
			return -EBADMSG;
	return (const char *)attr >= (const char *)nlh + nlh->nlmsg_len ? 0 : -EBADMSG;
}
