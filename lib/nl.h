/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink on libmnl: one request and its answer, with a deadline; the parts of rtnetlink used here.
 */
#pragma once

#include "lib/err.h"
#include "lib/net.h"

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NL_BUF_SIZE 8192 /* bytes of one request; MNL_SOCKET_BUFFER_SIZE is not a constant */
#define NL_DEADLINE_MS 5000

/* Zero-initialise; nl_close (or auto_nl) releases. */
struct nl {
	struct mnl_socket *sock;
	unsigned int seq;
	bool secret; /* answers may hold keys: they are wiped once read */
};

/** nl_open - @bus is NETLINK_ROUTE or NETLINK_NETFILTER. */
int nl_open(struct nl *nl, int bus, struct err *e);
void nl_close(struct nl *nl);
#define auto_nl __attribute__((cleanup(nl_close)))

/**
 * nl_talk - send @req (its sequence number is filled in) and read the answer to its end.
 * @cb: called for each data message, may be NULL; a negative return (-errno) ends the reading
 *
 * Asks for an acknowledgement unless @req is a dump. Returns 0, or -errno as the kernel or @cb gave
 * it; a dump that changed meanwhile (NLM_F_DUMP_INTR) is -EINTR: the caller asks again. No message
 * is formed: the caller knows what it asked for.
 */
int nl_talk(struct nl *nl, struct nlmsghdr *req, int (*cb)(const struct nlmsghdr *nlh, void *data),
	    void *data);

/** nl_attr_str - copy a string attribute of less than @size bytes; false when longer or
 * unterminated. */
bool nl_attr_str(const struct nlattr *attr, char *buf, size_t size);

struct rtnl_link {
	int index;
	int master; /* index of the bridge, 0 when none */
	char name[IFNAMSIZ];
	char kind[32]; /* IFLA_INFO_KIND: "bridge", "tun", "veth"; "" for a physical device */
	bool has_mac;
	struct mac mac;
	uint32_t mtu;
	bool up;
	bool is_port; /* of a bridge, and the flags below are known */
	bool isolated;
};

/** rtnl_link_get - by name; -ENODEV (exit code 71) when there is none. */
int rtnl_link_get(struct nl *nl, const char *name, struct rtnl_link *ret, struct err *e);

/** rtnl_link_list - all links, malloc'd. */
int rtnl_link_list(struct nl *nl, struct rtnl_link **ret, size_t *n_ret, struct err *e);

/** rtnl_port_isolated - set IFLA_BRPORT_ISOLATED of a bridge port and read it back. */
int rtnl_port_isolated(struct nl *nl, const char *name, bool on, struct err *e);

/** rtnl_bridge_add - make a bridge of that name, which is as good as any link to hang a chain on.
 */
int rtnl_bridge_add(struct nl *nl, const char *name, struct err *e);

struct rtnl_addr {
	int link; /* index */
	struct ip_addr addr;
	struct ip_prefix net; /* the attached prefix (for a point-to-point link the peer's) */
};

/** rtnl_addr_list - all addresses of the host in a family, malloc'd, in the kernel's order. */
int rtnl_addr_list(struct nl *nl, int family, struct rtnl_addr **ret, size_t *n_ret, struct err *e);

struct rtnl_route {
	struct ip_prefix to;
	uint32_t table;
	uint8_t type;	    /* RTN_* of linux/rtnetlink.h */
	uint8_t protocol;   /* for rtnl_route_add; not read */
	int link;	    /* index; 0: none */
	struct ip_addr via; /* family 0: the link itself */
	uint32_t metric;    /* 0: the kernel's default */
	uint32_t mtu;	    /* of the route, 0: the link's; not for rtnl_route_add */
	bool other;	    /* listed ones only: it has what is not kept here */
};

/** rtnl_route_add - one that stands already, or another by its prefix and metric, is replaced. */
int rtnl_route_add(struct nl *nl, const struct rtnl_route *route, struct err *e);
/** rtnl_route_del - by prefix, table, link and metric; nothing there is success. */
int rtnl_route_del(struct nl *nl, const struct rtnl_route *route, struct err *e);
/** rtnl_route_list - of a family and a table (0: of all), malloc'd. */
int rtnl_route_list(struct nl *nl, int family, uint32_t table, struct rtnl_route **ret,
		    size_t *n_ret, struct err *e);
/**
 * rtnl_route_get - where the host would send something for @to. -ENETUNREACH or another errno
 * without a way to a neighbour; -EADDRINUSE when it is the host's own.
 */
int rtnl_route_get(struct nl *nl, const struct ip_addr *to, struct rtnl_route *ret);

/** rtnl_router_get - the gateway of the IPv4 default route by a link, by the lowest metric; -ENOENT
 * (@e untouched) when there is none. */
int rtnl_router_get(struct nl *nl, int link, struct ip_addr *ret, struct err *e);

/**
 * rtnl_neigh_mac - the hardware address of a neighbour; -ENOENT (@e untouched) when not known.
 * @wait_ms: how long to wait for one that the kernel must ask for first
 */
int rtnl_neigh_mac(struct nl *nl, int link, const struct ip_addr *addr, unsigned wait_ms,
		   struct mac *ret, struct err *e);

/* An `ip rule`; zero means "not given" except where has_ says so. */
struct rtnl_rule {
	int family; /* AF_INET or AF_INET6 */
	uint32_t pref;
	char iif[IFNAMSIZ];
	bool has_mark;
	uint32_t mark, mask; /* a mask of 0 with has_mark matches everything: never send that */
	uint8_t action;	     /* FR_ACT_* of linux/fib_rules.h */
	uint32_t table;	     /* FR_ACT_TO_TBL */
	uint32_t target;     /* FR_ACT_GOTO */
	uint8_t protocol;    /* FRA_PROTOCOL: who made it */
	bool inverted;	     /* listed rules only: holds for what it does not match */
	bool foreign;	     /* listed rules only: it has attributes not kept here */
};

/** rtnl_rule_same - whether both do the same to the same packets, whoever made them. */
bool rtnl_rule_same(const struct rtnl_rule *a, const struct rtnl_rule *b);

int rtnl_rule_add(struct nl *nl, const struct rtnl_rule *rule, struct err *e);
/** rtnl_rule_del - the first rule that matches all fields; -ENOENT when there is none. */
int rtnl_rule_del(struct nl *nl, const struct rtnl_rule *rule, struct err *e);
/** rtnl_rule_list - all rules of a family in the kernel's order, malloc'd. */
int rtnl_rule_list(struct nl *nl, int family, struct rtnl_rule **ret, size_t *n_ret, struct err *e);

/** rtnl_rule_find - position of @want in a list from @from on, or @n. */
size_t rtnl_rule_find(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *want,
		      size_t from);

/*
 * Rules of preference 0 that the kernel asks before its own first one, the lookup of the local
 * table, also of preference 0: they hold for what is for the host itself, too (lib/rtnl_first.c).
 * @list: all rules of their family, in the kernel's order
 */

/** rtnl_first_stand - whether @first stand in their order, and before each lookup of that table. */
bool rtnl_first_stand(const struct rtnl_rule *list, size_t n, const struct rtnl_rule *first,
		      size_t n_first);
/**
 * rtnl_first_ensure - put them there, at least one; a local lookup stands all the while, and in the
 * end a single one.
 */
int rtnl_first_ensure(struct nl *nl, const struct rtnl_rule *list, size_t n,
		      const struct rtnl_rule *first, size_t n_first, struct err *e);
/** rtnl_single_local - remove what rtnl_first_ensure, cut off, left of local lookups but one. */
int rtnl_single_local(struct nl *nl, const struct rtnl_rule *list, size_t n, int family,
		      struct err *e);
