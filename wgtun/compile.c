/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy, wg-quick file and slot to a plan: see "Theory of operation" below. */
#include "wgtun/compile.h"

#include "lib/marks.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Theory of operation
 * ===================
 *
 * A tunnel is a WireGuard device of the host, without an address: the guest's packets get the
 * file's address by source NAT (the isolator's), so two files may have the same one, no program of
 * the host can be reached at it, and nothing of the host is sent through it by accident.
 *
 * The domain's mark, BASE + slot, is also the number of its routing table. In it are the routes of
 * AllowedIPs, and an unreachable default behind them all: when the device goes, its routes go with
 * it, and that one stays. No mark of a tunnel ever leads to the main table: the guard of the
 * network (netiso/guard.c) sends it to the rules below, and what these do not know is unreachable.
 *
 * What comes out of the tunnel is let in by the kernel only when it is a known answer. The device
 * has strict reverse path filtering, which with src_valid_mark asks the rules with the packet's
 * mark: the isolator marks what conntrack knows as an answer to this domain (BASE + slot: the
 * domain's table has a way back through the device), and all else, also after a flush of nftables,
 * has a way back by the uplink if any, so it is dropped without a word. Hence the rule for lo.
 *
 * IPv6 is off on the device.
 */

static struct rtnl_rule rule(uint32_t pref, uint32_t mark, uint32_t mask, uint8_t action)
{
	return (struct rtnl_rule){.family = AF_INET,
				  .pref = pref,
				  .has_mark = mask != 0,
				  .mark = mark,
				  .mask = mask,
				  .action = action,
				  .protocol = MARKS_RULE_PROTOCOL};
}

void wgt_rules(uint32_t mark_base, uint32_t slot, struct rtnl_rule ret[static WGT_RULES])
{
	const uint32_t closed = MARKS_MASK | MARKS_CLASS_INTERNET, mark = mark_base | slot;

	ret[WGT_RULE_OWN] = rule(MARKS_PREF_TUNNELS + slot, mark, UINT32_MAX, FR_ACT_TO_TBL);
	ret[WGT_RULE_OWN].table = mark;
	ret[1] = rule(MARKS_PREF_END, mark_base, closed, FR_ACT_UNREACHABLE);
	ret[2] = rule(MARKS_PREF_STRAY, mark_base, closed, FR_ACT_BLACKHOLE);
	ret[3] = rule(MARKS_PREF_TUNNELS, 0, 0, FR_ACT_NOP);
	ret[4] = rule(MARKS_PREF_JUMP, mark_base, closed, FR_ACT_GOTO);
	ret[4].target = MARKS_PREF_TUNNELS;
	(void)snprintf(ret[4].iif, sizeof(ret[4].iif), "lo");
}

static int prefix_compare(const void *va, const void *vb)
{
	const struct ip_prefix *a = va, *b = vb;
	const int r = memcmp(a->addr.b, b->addr.b, 4);

	return r ? r : (int)a->len - (int)b->len;
}

static int add_routes(const struct wgt_conf *c, struct tunnel *t, struct err *e)
{
	t->routes = calloc(c->n_allowed + 1, sizeof(*t->routes));
	if (!t->routes)
		return err_os(e, ENOMEM, "routes");
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t k = 0; k < c->peers[i].n_allowed; k++) {
			const struct ip_prefix *a = &c->peers[i].allowed[k].prefix;

			if (a->addr.family != AF_INET)
				continue;
			if (a->len)
				t->routes[t->n_routes++] = *a;
			else
				t->to_all = true;
		}
	if (t->n_routes)
		qsort(t->routes, t->n_routes, sizeof(*t->routes), prefix_compare);
	if (!t->n_routes && !t->to_all)
		return err_set(e, EX_CORDON_DATA, EINVAL,
			       "%s: no peer has IPv4 AllowedIPs: nothing could be reached; write "
			       "AllowedIPs = 0.0.0.0/0",
			       c->path);
	return 0;
}

static int add_dns(const struct policy *p, const struct wgt_conf *c, struct tunnel *t,
		   struct err *e)
{
	char text[PREFIX_STRLEN], where[512];

	policy_where(p, KEY_NET_DNS, where, sizeof(where));
	for (size_t i = 0; i < c->n_dns; i++) {
		if (c->dns[i].family != AF_INET)
			continue; /* guests have no IPv6 */
		if (!tunnel_reaches(t, &c->dns[i]))
			return err_set(e, EX_CORDON_DATA, EINVAL,
				       "%s: [Interface] DNS: %s lies outside AllowedIPs; add it "
				       "there, or remove it here",
				       c->path, ip_str(&c->dns[i], text));
		t->dns[t->n_dns++] = c->dns[i];
	}
	if (p->dns == DNS_AUTO && !t->n_dns)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: auto, but %s names no IPv4 resolver in DNS; add one there, or "
			       "write dns = host (the host's resolver then sees what the guest "
			       "asks), dns = ADDRESS or dns = none",
			       where, c->path);
	if (p->dns == DNS_HOST && t->n_dns)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s: host, but %s names resolvers inside the tunnel; write "
			       "dns = auto, or remove DNS there",
			       where, c->path);
	if (p->dns == DNS_REDIRECT && !tunnel_reaches(t, &p->dns_addr))
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s: %s lies outside AllowedIPs of %s",
			       where, ip_str(&p->dns_addr, text), c->path);
	return 0;
}

static int add_address(const struct wgt_conf *c, struct tunnel *t, struct err *e)
{
	for (size_t i = 0; i < c->n_addresses && !t->address.family; i++)
		if (c->addresses[i].addr.family == AF_INET)
			t->address = c->addresses[i].addr;
	if (!t->address.family)
		return err_set(e, EX_CORDON_DATA, EINVAL,
			       "%s: [Interface] Address has no IPv4 address, and guests have IPv4 "
			       "only",
			       c->path);
	return 0;
}

/* Only a keepalive makes WireGuard speak before the guest does. */
static int check_handshake(const struct policy *p, const struct wgt_conf *c, struct err *e)
{
	char where[512];

	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].host && c->peers[i].keepalive)
			return 0;
	if (!p->handshake_ms)
		return 0;
	return err_set(
		e, EX_CORDON_POLICY, EINVAL,
		"%s: no peer of %s has an Endpoint and a PersistentKeepalive, so none would be "
		"spoken to before the guest sends; write PersistentKeepalive = 25 there, or "
		"remove the key",
		policy_where(p, KEY_TUN_REQUIRE_HANDSHAKE, where, sizeof(where)), c->path);
}

int wgt_compile(const struct policy *p, const struct wgt_conf *c, uint32_t mark_base, uint32_t slot,
		struct wgt_plan *ret, struct err *e)
{
	struct wgt_plan plan = {
		.slot = slot, .table = mark_base | slot, .pref = MARKS_PREF_TUNNELS + slot};
	struct tunnel *t = &plan.tunnel;
	int r = 0;

	marks_link(slot, t->link);
	t->mark = plan.table;
	t->mtu = c->mtu;
	wgt_rules(mark_base, slot, plan.rules);
	if (c->fwmark && (c->fwmark & MARKS_MASK) == mark_base)
		r = err_set(e, EX_CORDON_DATA, EINVAL,
			    "%s: [Interface] FwMark: 0x%08" PRIx32 " is one of virt-cordon's own "
			    "marks; write another, or remove the key",
			    c->path, c->fwmark);
	if (r == 0)
		r = check_handshake(p, c, e);
	if (r == 0)
		r = add_address(c, t, e);
	if (r == 0)
		r = add_routes(c, t, e);
	if (r == 0)
		r = add_dns(p, c, t, e);
	if (r < 0)
		wgt_plan_free(&plan);
	else
		*ret = plan;
	return r;
}

void wgt_plan_free(struct wgt_plan *plan)
{
	if (plan)
		tunnel_free(&plan->tunnel);
}

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
		"net.ipv6.conf.%s.disable_ipv6=1\n"
		"wg set %s private-key FILE",
		link, link, link, link, link);
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

void wgt_plan_print(const struct wgt_plan *plan, const struct wgt_conf *c, struct strbuf *out)
{
	const struct tunnel *t = &plan->tunnel;
	char text[160];

	sb_addf(out, "ip route add unreachable default metric %" PRIu32 " table %" PRIu32 "\n",
		WGT_METRIC_LAST, plan->table);
	for (size_t i = 0; i < WGT_RULES; i++)
		sb_addf(out, "ip rule add %s\n",
			wgt_rule_text(&plan->rules[i], text, sizeof(text)));
	print_device(plan, c, out);
	if (t->to_all)
		sb_addf(out, "ip route add default dev %s table %" PRIu32 "\n", t->link,
			plan->table);
	for (size_t i = 0; i < t->n_routes; i++)
		sb_addf(out, "ip route add %s dev %s table %" PRIu32 "\n",
			ip_prefix_str(&t->routes[i], text), t->link, plan->table);
}
