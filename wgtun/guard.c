/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of a tunnel by IPv6, without nftables: see "Theory of operation" below. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <linux/fib_rules.h>
#include <stdio.h>
#include <sys/socket.h>

/*
 * Theory of operation
 * ===================
 *
 * IPv6 has no reverse path filter, which keeps what is no known answer out of the host in IPv4. So
 * the rules say it, for each device with IPv6, before the kernel's own first one:
 *
 *   0    iif wgcN fwmark CLOSED goto 101    the isolator knows it as an answer to a domain
 *   0    iif wgcN blackhole                 anything else: neither to the host nor beyond
 *   0    lookup local
 *   101  nop                                on to the host's own rules, past the local table
 *
 * A blackhole, since an error would go back by the uplink and tell whose guest it is. They name the
 * device before there is one, and stay until it is gone.
 */

#define N_GUARD 2

static void desired(uint32_t mark_base, const char *link, struct rtnl_rule rules[static N_GUARD])
{
	for (size_t i = 0; i < N_GUARD; i++) {
		rules[i] = (struct rtnl_rule){.family = AF_INET6,
					      .action = FR_ACT_BLACKHOLE,
					      .protocol = MARKS_RULE_PROTOCOL};
		(void)snprintf(rules[i].iif, sizeof(rules[i].iif), "%s", link);
	}
	rules[0].action = FR_ACT_GOTO;
	rules[0].has_mark = true;
	rules[0].mark = mark_base;
	rules[0].mask = MARKS_MASK | MARKS_CLASS_INTERNET;
	rules[0].target = MARKS_PREF_ANSWERS;
}

int wgt_guard_ensure(struct nl *nl, uint32_t mark_base, const char *link, struct err *e)
{
	struct rtnl_rule want[N_GUARD];
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET6, &list, &n, e);

	desired(mark_base, link, want);
	return r < 0 ? r : rtnl_first_ensure(nl, list, n, want, N_GUARD, e);
}

int wgt_guard_stands(struct nl *nl, uint32_t mark_base, const char *link, struct err *e)
{
	struct rtnl_rule want[N_GUARD];
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = rtnl_rule_list(nl, AF_INET6, &list, &n, e);

	desired(mark_base, link, want);
	return r < 0 ? r : rtnl_first_stand(list, n, want, N_GUARD);
}

int wgt_guard_remove(struct nl *nl, uint32_t mark_base, const char *link, struct err *e)
{
	struct rtnl_rule want[N_GUARD];
	auto_free struct rtnl_rule *list = NULL;
	size_t n = 0;
	int r = 0;

	if (wgt_no_ipv6())
		return 0;
	r = rtnl_rule_list(nl, AF_INET6, &list, &n, e);
	desired(mark_base, link, want);
	for (size_t i = 0; i < n && r == 0; i++)
		for (size_t k = 0; k < N_GUARD && r == 0; k++)
			if (rtnl_rule_same(&list[i], &want[k]))
				r = rtnl_rule_del(nl, &list[i], e);
	return r < 0 ? r : rtnl_single_local(nl, list, n, AF_INET6, e);
}

void wgt_guard_print(uint32_t mark_base, const char *link, struct strbuf *out)
{
	struct rtnl_rule rules[N_GUARD];
	char text[160];

	desired(mark_base, link, rules);
	for (size_t i = 0; i < N_GUARD; i++)
		sb_addf(out, "ip -6 rule add %s\n", wgt_rule_text(&rules[i], text, sizeof(text)));
	sb_adds(out, "ip -6 rule add pref 0 lookup local\nip -6 rule del pref 0 lookup local\n");
}
