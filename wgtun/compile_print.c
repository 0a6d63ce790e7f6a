/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as the commands that would do the same: see wgtun/compile.h. */
#include "wgtun/compile.h"

#include <inttypes.h>
#include <linux/fib_rules.h>
#include <string.h>
#include <sys/socket.h>

const char *wgt_rule_text(const struct rtnl_rule *r, char *buf, size_t size)
{
	char mark[48] = "", what[32] = "";

	if (r->has_mark)
		(void)snprintf(mark, sizeof(mark), " fwmark 0x%" PRIx32 "/0x%" PRIx32, r->mark,
			       r->mask);
	if (r->action == FR_ACT_GOTO)
		(void)snprintf(what, sizeof(what), "goto %" PRIu32, r->target);
	else if (r->action == FR_ACT_TO_TBL)
		(void)snprintf(what, sizeof(what), "lookup %" PRIu32, r->table);
	else
		(void)snprintf(what, sizeof(what), "%s",
			       r->action == FR_ACT_NOP	       ? "nop"
			       : r->action == FR_ACT_BLACKHOLE ? "blackhole"
							       : "unreachable");
	(void)snprintf(buf, size, "pref %" PRIu32 "%s%s%s %s", r->pref, r->iif[0] ? " iif " : "",
		       r->iif, mark, what);
	return buf;
}

static void print_peer(const struct wgt_peer *p, const char *link, struct strbuf *out)
{
	char text[PREFIX_STRLEN], key[WGT_KEY_B64];

	sb_addf(out, "wg set %s peer %s", link, wgt_key_b64(&p->public_key, key));
	if (p->has_preshared_key)
		sb_adds(out, " preshared-key FILE");
	if (p->host)
		sb_addf(out, strchr(p->host, ':') ? " endpoint [%s]:%u" : " endpoint %s:%u",
			p->host, p->port);
	if (p->keepalive)
		sb_addf(out, " persistent-keepalive %u", p->keepalive);
	sb_adds(out, " allowed-ips ");
	for (size_t i = 0; i < p->n_allowed; i++)
		sb_addf(out, "%s%s/%u", i ? "," : "", ip_str(&p->allowed[i].prefix.addr, text),
			p->allowed[i].prefix.len);
	sb_adds(out, p->n_allowed ? "\n" : "\"\"\n");
}

static void print_device(const struct wgt_plan *plan, const struct wgt_conf *c, struct strbuf *out)
{
	const char *link = plan->tunnel.link;

	sb_addf(out,
		"ip link add %s type wireguard\n"
		"sysctl -w net.ipv4.conf.%s.rp_filter=1 net.ipv4.conf.%s.src_valid_mark=1 "
		"net.ipv6.conf.%s.disable_ipv6=%d\n"
		"wg set %s private-key FILE",
		link, link, link, link, plan->device_ipv6 ? 0 : 1, link);
	if (c->listen_port)
		sb_addf(out, " listen-port %u", c->listen_port);
	if (c->fwmark)
		sb_addf(out, " fwmark 0x%" PRIx32, c->fwmark);
	sb_adds(out, "\n");
	for (size_t i = 0; i < c->n_peers; i++)
		print_peer(&c->peers[i], link, out);
	if (plan->tunnel.mtu)
		sb_addf(out, "ip link set %s mtu %" PRIu32 " up\n", link, plan->tunnel.mtu);
	else
		sb_addf(out, "ip link set %s mtu COMPUTED up\n", link);
}

static const char *ip_of(int family)
{
	return family == AF_INET ? "ip" : "ip -6";
}

static void print_last(const struct wgt_plan *plan, int family, struct strbuf *out)
{
	const uint32_t tables[] = {plan->table, plan->beside};

	for (size_t i = 0; i < 2 && tables[i]; i++)
		sb_addf(out,
			"%s route add unreachable default metric %" PRIu32 " table %" PRIu32 "\n",
			ip_of(family), WGT_METRIC_LAST, tables[i]);
}

static void print_routes(const struct wgt_plan *plan, struct strbuf *out)
{
	const struct tunnel *t = &plan->tunnel;
	char text[PREFIX_STRLEN];

	if (t->to_all)
		sb_addf(out, "ip route add default dev %s table %" PRIu32 "\n", t->link,
			plan->table);
	if (t->to_all6)
		sb_addf(out, "ip -6 route add default dev %s table %" PRIu32 "\n", t->link,
			plan->table);
	for (size_t i = 0; i < t->n_routes; i++)
		sb_addf(out, "%s route add %s dev %s table %" PRIu32 "\n",
			ip_of(t->routes[i].addr.family), ip_prefix_str(&t->routes[i], text),
			t->link, plan->table);
	for (size_t i = 0; i < plan->n_targets; i++)
		sb_addf(out, "%s route add %s WAY table %" PRIu32 "\n",
			ip_of(plan->targets[i].addr.family), ip_prefix_str(&plan->targets[i], text),
			plan->beside);
}

void wgt_plan_print(const struct wgt_plan *plan, const struct wgt_conf *c, struct strbuf *out)
{
	char text[160];

	print_last(plan, AF_INET, out);
	if (plan->ipv6)
		print_last(plan, AF_INET6, out);
	for (size_t i = 0; i < plan->rules.n; i++)
		sb_addf(out, "%s rule add %s\n", ip_of(plan->rules.list[i].family),
			wgt_rule_text(&plan->rules.list[i], text, sizeof(text)));
	if (plan->device_ipv6)
		wgt_guard_print(plan->table & MARKS_MASK, plan->tunnel.link, out);
	print_device(plan, c, out);
	print_routes(plan, out);
}
