/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon log: what is denied, and opened, while one looks. */
#include "cli/verbs.h"

#include "cli/domains.h"
#include "cli/log.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

/*
 * Nothing stores what was denied: the kernel hands each packet that a rule logs to the one program
 * that listens to the group then. So this shows what happens from now on.
 */
#define LISTEN_MS 10000 /* without --follow */
#define COPY_BYTES 128	/* of a packet: the headers */
#define FLUSH_CS 20	/* hundredths of a second until a lone packet is handed over */
#define DOMAINS_S 1	/* after this long, which domain has which number is looked up again */

struct watch {
	const struct cli *cli;
	struct nl denied, opened; /* the second one only when asked for */
	struct domains domains;
	time_t loaded; /* when @domains was, by the monotonic clock */
	bool has_only;
	struct uuid only; /* the one domain to show */
	unsigned long shown;
};

static void watch_free(struct watch *w)
{
	nl_close(&w->denied);
	nl_close(&w->opened);
	domains_free(&w->domains);
}
#define auto_watch __attribute__((cleanup(watch_free)))

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- who has which number --------------------------------------------------------------------- */

static const struct domain *find(const struct watch *w, const struct log_flow *f)
{
	for (size_t i = 0; i < w->domains.n; i++) {
		const struct domain *d = &w->domains.list[i];

		if (f->denied ? d->has_uuid && uuid_equal(&d->uuid, &f->uuid)
			      : d->has_record && !d->unread && d->rec.slot == f->slot)
			return d;
	}
	return NULL;
}

static const struct domain *lookup(struct watch *w, const struct log_flow *f)
{
	const time_t now = now_ms() / 1000;
	struct domains fresh = {0};

	if (now - w->loaded >= DOMAINS_S && domains_load(w->cli->root, &fresh, NULL) == 0) {
		domains_free(&w->domains);
		w->domains = fresh;
		w->loaded = now;
	}
	return find(w, f);
}

/* --- the sockets ------------------------------------------------------------------------------ */

#define CONFIG (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG)

/* @type: of a message of nfnetlink; @group: of nflog, or 0 */
static struct nlmsghdr *request(char *buf, int type, uint16_t group)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)type;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(group);
	return nlh;
}

/* The kernel says EPERM to who lacks the privilege, and to who asks for a group that is taken. */
static bool may_listen(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, caps) == 0 &&
	       (caps[0].effective & 1U << CAP_NET_ADMIN) != 0;
}

static int bind_group(struct watch *w, uint16_t group, struct err *e)
{
	const struct nfulnl_msg_config_cmd cmd = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(COPY_BYTES),
						    .copy_mode = NFULNL_COPY_PACKET};
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh = request(buf, CONFIG, group);
	int r;

	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	r = nl_talk(&w->denied, nlh, NULL, NULL);
	if (r == -EBUSY || (r == -EPERM && may_listen()))
		return err_set(e, EX_CORDON_TEMPFAIL, EBUSY,
			       "another program listens to nflog group %u, perhaps another "
			       "virt-cordon log; only one can",
			       group);
	if (r < 0)
		return err_os(e, -r, "cannot listen to nflog group %u", group);
	nlh = request(buf, CONFIG, group);
	mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(FLUSH_CS));
	r = nl_talk(&w->denied, nlh, NULL, NULL);
	return r < 0 ? err_os(e, -r, "cannot set up nflog group %u", group) : 0;
}

/* Who joins the group only has the kernel begin to load the module that tells of connections
 * (nfnetlink_bind, request_module_nowait); who asks it something waits until it is there. */
static int load_conntrack_netlink(struct nl *nl)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE] = {0};
	struct nlmsghdr *nlh =
		request(buf, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, 0);

	return nl_talk(nl, nlh, NULL, NULL);
}

static int listen_opened(struct watch *w, struct err *e)
{
	int group = NFNLGRP_CONNTRACK_NEW, r = nl_open(&w->opened, NETLINK_NETFILTER, e);

	if (r < 0)
		return r;
	r = load_conntrack_netlink(&w->opened);
	if (r < 0)
		return err_os(e, -r, "cannot ask for connections");
	if (mnl_socket_setsockopt(w->opened.sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) <
	    0)
		return err_os(e, errno, "cannot listen to new connections");
	return 0;
}

static int open_all(struct watch *w, struct err *e)
{
	struct host_config host = {0};
	int r = host_config_load(w->cli->root, &host, e);

	/* The group last: who sees in /proc that someone listens to it may rely on all of it. */
	if (r == 0 && w->cli->opened)
		r = listen_opened(w, e);
	if (r == 0)
		r = nl_open(&w->denied, NETLINK_NETFILTER, e);
	if (r == 0)
		r = bind_group(w, host.log_group, e);
	host_config_free(&host);
	return r;
}

/* --- what arrives ----------------------------------------------------------------------------- */

static void show(struct watch *w, const struct log_flow *f)
{
	const struct domain *d = lookup(w, f);
	const struct uuid *uuid = f->denied ? &f->uuid : d ? &d->uuid : NULL;
	const struct log_domain who = {d ? d->name : NULL, uuid};
	auto_sb struct strbuf line = {0};
	struct timespec when;

	if (w->has_only && (!uuid || !uuid_equal(uuid, &w->only)))
		return;
	(void)clock_gettime(CLOCK_REALTIME, &when);
	if (w->cli->json)
		log_json(f, &who, &when, &line);
	else
		log_text(f, &who, &when, &line);
	fputs(sb_str(&line), stdout);
	w->shown++;
}

static int lost(struct watch *w)
{
	(void)w;
	(void)fflush(stdout);
	fprintf(stderr, "virt-cordon: more came than could be read: some are missing here\n");
	return 0;
}

static int receive(struct watch *w, struct nl *nl, struct err *e)
{
	_Alignas(struct nlmsghdr) char buf[65536];
	ssize_t n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	struct log_flow f;

	if (n < 0)
		return errno == ENOBUFS ? lost(w)
		       : errno == EINTR || errno == EAGAIN
			       ? 0
			       : err_os(e, errno, "cannot read what the kernel logs");
	for (int len = (int)n; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (nl == &w->denied ? log_nflog(nlh, &f) : log_conntrack(nlh, &f))
			show(w, &f);
	if (fflush(stdout) != 0)
		return err_os(e, errno, "cannot write the output");
	return 0;
}

static int watch(struct watch *w, struct err *e)
{
	const int64_t end = now_ms() + LISTEN_MS;
	int r = 0;

	while (r == 0) {
		struct pollfd fds[2] = {
			{.fd = mnl_socket_get_fd(w->denied.sock), .events = POLLIN},
			{.fd = w->opened.sock ? mnl_socket_get_fd(w->opened.sock) : -1,
			 .events = POLLIN}};
		const int64_t left = end - now_ms();

		if (!w->cli->follow && left <= 0)
			break;
		if (poll(fds, ARRAY_SIZE(fds), w->cli->follow ? -1 : (int)left) < 0)
			return errno == EINTR ? 0 : err_os(e, errno, "poll");
		if (fds[0].revents)
			r = receive(w, &w->denied, e);
		if (r == 0 && fds[1].revents)
			r = receive(w, &w->opened, e);
	}
	return r;
}

static int choose(struct watch *w, struct err *e)
{
	struct domain *d = NULL;
	int r = domains_load(w->cli->root, &w->domains, e);

	if (r == 0 && err_is_set(&w->domains.blind))
		r = err_set(e, w->domains.blind.exit, w->domains.blind.errnum, "%s",
			    w->domains.blind.msg);
	if (r < 0 || w->cli->n_args == 0)
		return r;
	r = domains_find(&w->domains, w->cli->args[0], &d, e);
	if (r < 0)
		return r;
	if (!d->has_record || d->unread)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT,
			       "domain '%s' does not run under a policy: nothing is denied to it",
			       d->name);
	w->has_only = true;
	w->only = d->uuid;
	return 0;
}

int verb_log(const struct cli *cli, struct err *e)
{
	auto_watch struct watch w = {.cli = cli};
	int r = choose(&w, e);

	if (r == 0)
		r = open_all(&w, e);
	if (r == 0)
		r = watch(&w, e);
	if (r == 0 && !cli->follow && !cli->json && w.shown == 0)
		printf("nothing was denied%s within %d seconds\n", cli->opened ? " or opened" : "",
		       LISTEN_MS / 1000);
	return r;
}
