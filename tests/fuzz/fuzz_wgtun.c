/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wg-quick files, answers by netlink and by UAPI, the records: no crash, nothing
 * read past the end, and what is taken can be built and read again. The first byte says which. */
#include "lib/strbuf.h"
#include "lib/tunnel.h"
#include "lib/util.h"
#include "wgtun/compile.h"
#include "wgtun/device.h"
#include "wgtun/domain.h"

#include <linux/genetlink.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_built(const struct wgt_conf *c)
{
	struct policy_lan lan = {.prefix = {.addr.family = AF_INET, .len = 8}};
	const struct policy policy = {.isolation = true,
				      .egress = EGRESS_TUNNEL,
				      .ipv6 = IPV6_NAT,
				      .lan = &lan,
				      .n_lan = 1};
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	auto_sb struct strbuf text = {0};
	struct wgt_nl_cursor cur = {0};
	struct wgt_plan plan = {0};
	struct wgt_state s = {0};
	struct tunnel again = {0};
	size_t room;
	char *uapi;

	lan.prefix.addr.b[0] = 10;
	while (!cur.done) {
		struct nlmsghdr *nlh = wgt_nl_set(buf, 30, "wgc1", c, &cur);

		require(nlh->nlmsg_len <= NL_BUF_SIZE && wgt_nl_get(nlh, &s) == 0);
	}
	require(wgt_state_same(&s, c, NULL));
	wgt_state_free(&s);
	uapi = wgt_uapi_set(c, &room);
	require(uapi && strlen(uapi) < room && strcmp(uapi + strlen(uapi) - 2, "\n\n") == 0);
	free(uapi);
	if (wgt_compile(&policy, c, 0x4c5a0000, 1, &plan, NULL) < 0)
		return;
	if (!plan.tunnel.mtu)
		plan.tunnel.mtu = 1420;
	tunnel_print(&plan.tunnel, &text);
	require(tunnel_parse(sb_str(&text), text.len, &again, NULL) == 0);
	tunnel_free(&again);
	wgt_plan_free(&plan);
}

static void check_conf(const char *text, size_t len)
{
	struct wgt_conf c = {0};
	struct err e = {0};

	if (wgt_conf_parse("/f", text, len, &c, &e) == 0)
		check_built(&c);
	else
		require(e.exit == EX_CORDON_DATA && strncmp(e.msg, "/f:", 3) == 0 && !c.peers);
	wgt_conf_free(&c);
}

static void check_netlink(const uint8_t *data, size_t size)
{
	auto_free char *copy = malloc(NLMSG_HDRLEN + size);
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)copy;
	struct wgt_state s = {0};

	require(copy != NULL);
	memset(nlh, 0, NLMSG_HDRLEN);
	memcpy(copy + NLMSG_HDRLEN, data, size);
	nlh->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size);
	(void)wgt_nl_get(nlh, &s);
	wgt_state_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wgt_state s = {0};
	struct wgt_undo undo = {0};
	struct tunnel t = {0};
	auto_free char *text = NULL;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'n':
		check_netlink(data + 1, size - 1);
		break;
	case 'u':
		(void)wgt_uapi_get((const char *)data + 1, size - 1, &s);
		wgt_state_free(&s);
		break;
	case 't':
		(void)tunnel_parse((const char *)data + 1, size - 1, &t, NULL);
		tunnel_free(&t);
		break;
	case '!':
		text = strndup((const char *)data + 1, size - 1);
		if (text && wgt_undo_parse(text, size - 1, &undo))
			require(tunnel_link_ok(undo.link) && undo.slot);
		break;
	default:
		check_conf((const char *)data, size);
	}
	return 0;
}
