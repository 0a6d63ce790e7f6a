/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy and facts to nftables commands: see netiso/compile.h, and netiso/layout.c for the whole.
 */
#include "netiso/compile.h"

#include "lib/util.h"
#include "netiso/build.h"
#include "netiso/denials.h"
#include "netiso/switched.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

uint32_t iso_mark(const struct layout_params *lp, uint32_t slot, const struct policy *p)
{
	return lp->mark_base | (p->egress == EGRESS_INTERNET ? LAYOUT_CLASS_INTERNET : 0) |
	       (slot & LAYOUT_SLOT_MASK);
}

/* A class of traffic control has a number of this kind, too; majors of 0x4c00 and more are not what
 * people give their queueing disciplines. */
#define NIC_NUMBERS 0x4c000000u

uint32_t iso_nic_number(uint32_t slot, unsigned index)
{
	return NIC_NUMBERS | (slot & LAYOUT_SLOT_MASK) << 5 | (index & 31);
}

bool iso_nic_of_number(uint32_t number, uint32_t *ret_slot, unsigned *ret_index)
{
	if (number >> 20 != NIC_NUMBERS >> 20)
		return false;
	*ret_slot = number >> 5 & LAYOUT_SLOT_MASK;
	*ret_index = number & 31;
	return true;
}

bool iso_tap_name_ok(const char *name)
{
	size_t n =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return n > 0 && n < IFNAMSIZ && name[n] == '\0';
}

const char *iso_tap_chain(const char *tap, char buf[static ISO_CHAIN_MAX])
{
	return iso_tap_chain_n(tap, 0, buf);
}

/* Each network once, also with several NICs or addresses of the host on it: nft 1.0.6 fails to
 * merge an interval that comes twice in one transaction. */
static void network_elements(struct build *b)
{
	struct ip_prefix *list = calloc(b->f->n_nics * ISO_GATEWAYS_MAX + 1, sizeof(*list));
	size_t n = 0;

	if (!list) {
		b->failed = true;
		return;
	}
	/* A LAN is no network of guests. */
	for (size_t i = 0; i < b->f->n_nics; i++)
		for (size_t k = 0; !b->f->nics[i].switched && k < b->f->nics[i].n_gateways; k++)
			if (b->f->nics[i].gateways[k].net.len < 32)
				list[n++] = b->f->nics[i].gateways[k].net;
	n = ip_prefix_merge(list, n);
	for (size_t i = 0; i < n; i++) {
		build_network(b, "inet", "guests", &list[i]);
		build_network(b, "bridge", "networks", &list[i]);
		if (b->p->egress == EGRESS_TUNNEL) {
			build_network(b, "inet", "tunnel_guests", &list[i]);
			build_raw_network(b, "inet", "tunnel_quoted", &list[i]);
		}
	}
	free(list);
}

static struct term term_nic(const struct build *b, const struct iso_nic *nic)
{
	return term_priority(iso_nic_number(b->f->slot, nic->index));
}

/* Gate 1. A chain of this name may stand from a domain that crashed (the kernel keeps it, or has
 * removed it with its device, by version): made surely there, deleted, made anew. */
static void tap_chain(struct build *b, const struct iso_nic *nic)
{
	char text[256], mac[MAC_STRLEN];

	(void)snprintf(text, sizeof(text),
		       "add chain netdev " TBL " tap_%s\n"
		       "flush chain netdev " TBL " tap_%s\n"
		       "delete chain netdev " TBL " tap_%s\n",
		       nic->tap, nic->tap, nic->tap);
	sb_adds(&b->clear, text);
	sb_adds(&b->undo_chains, text);
	sb_addf(&b->apply,
		"add chain netdev " TBL " tap_%s { type filter hook ingress device \"%s\" "
		"priority " LAYOUT_PRI_TAP "; policy drop; }\n"
		"add rule netdev " TBL " tap_%s meta mark set 0x%08x\n",
		nic->tap, nic->tap, nic->tap, b->mark);
	/* Most frames there are, by one rule: own source MAC, IPv4, untagged, to no group. */
	if (!b->p->rate_out)
		sb_addf(&b->apply,
			"add rule netdev " TBL " tap_%s @ll,48,64 %s0800 @ll,0,8 & 1 == 0 accept\n",
			nic->tap, term_mac(&nic->mac).text);
	sb_addf(&b->apply, "add rule netdev " TBL " tap_%s ether saddr != %s " DENY_SOURCE "\n",
		nic->tap, mac_str(&nic->mac, mac));
	if (b->p->rate_out)
		sb_addf(&b->apply,
			"add rule netdev " TBL " tap_%s limit name \"out_%u\" " DENY_RATE "\n",
			nic->tap, b->f->slot);
	sb_addf(&b->apply, "add rule netdev " TBL " tap_%s goto %s\n", nic->tap,
		iso_wants_ipv6(b->p, &b->f->tunnel) ? "frames_dual" : "frames");
}

/* The chain that learns for as long as this network's leases last. Shared by all domains on
 * networks with that lease time, and left alone by undo. The owner's lease is renewed; from another
 * owner the address is taken first. */
static void lease_chain(struct build *b, const char *chain, uint64_t lease_s)
{
	struct strbuf *make = build_chain(b, "bridge", chain);
	char timeout[40] = "";

	if (!make)
		return;
	if (lease_s)
		(void)snprintf(timeout, sizeof(timeout), " timeout %llus",
			       (unsigned long long)lease_s);
	sb_addf(make,
		"add rule bridge " TBL " %s meta priority set none\n"
		"add rule bridge " TBL " %s meta priority set @th,192,32 map @address_owner\n"
		"add rule bridge " TBL " %s oifname . meta priority @nic_own "
		"update @address_owner { @th,192,32%s : meta priority } accept\n"
		"add rule bridge " TBL " %s delete @address_owner { @th,192,32 : meta priority }\n"
		"add rule bridge " TBL " %s meta priority set oifname map @nic_priority\n"
		"add rule bridge " TBL " %s add @address_owner { @th,192,32%s : meta priority }\n",
		chain, chain, chain, timeout, chain, chain, chain, timeout);
}

static void nic_dhcp(struct build *b, const struct iso_nic *nic)
{
	char chain[ISO_CHAIN_MAX];

	(void)snprintf(chain, sizeof(chain), "lease_%llu", (unsigned long long)nic->lease_s);
	lease_chain(b, chain, nic->lease_s);
	/* The element needs its chain, also when undo adds it first. */
	sb_addf(&b->undo_elements, "add chain bridge " TBL " %s\n", chain);
	build_verdict(b, "bridge", "nic_lease", term_link(nic->tap), "goto", chain);
	for (size_t i = 0; i < nic->n_leases; i++)
		build_address(b, nic, &nic->leases[i].addr, nic->leases[i].remaining_s);
}

static void static_address(struct build *b, const struct iso_nic *nic, const struct ip_addr *ip)
{
	const struct term key = term_raw_ip(ip), owner = term_nic(b, nic);
	struct iso_element el = build_element("bridge", "address_owner", key);
	char rest[80];

	build_set(b, "bridge", "address_static", key);
	build_address(b, nic, ip, 0);
	el.data_len = owner.len;
	memcpy(el.data, owner.bytes, owner.len);
	(void)snprintf(rest, sizeof(rest), " : %s", owner.text);
	build_remember(b, &el, key.text, rest);
}

static void nic_static(struct build *b, const struct iso_nic *nic)
{
	for (size_t i = 0; i < b->p->n_addresses; i++)
		if (iso_on_network(nic, &b->p->addresses[i].addr))
			static_address(b, nic, &b->p->addresses[i].addr);
}

/* A domain's limit in one direction, which its NICs share: an object, and who uses it. */
static void rate_object(struct build *b, const char *family, const char *direction,
			uint64_t bits_per_s)
{
	const unsigned long long bytes = bits_per_s / 8 ? bits_per_s / 8 : 1;
	/* A tenth of a second, but never less than four of the largest segments the host's stack
	 * hands over in one piece: with less, one of them alone would be over the limit. */
	const unsigned long long burst = bytes / 10 > 262144 ? bytes / 10 : 262144;
	char text[160];

	if (!bits_per_s)
		return;
	(void)snprintf(text, sizeof(text),
		       "add limit %s " TBL
		       " %s_%u { rate over %llu bytes/second burst %llu bytes; }\n",
		       family, direction, b->f->slot, bytes, burst);
	sb_adds(&b->apply, text);
	sb_adds(&b->undo_elements, text);
	sb_addf(&b->undo_objects, "delete limit %s " TBL " %s_%u\n", family, direction, b->f->slot);
}

/* What goes to the NIC is held back in bridge output, by a map: the tap has no chain there. */
static void rate_in_element(struct build *b, struct term tap)
{
	struct iso_element el = build_element("bridge", "nic_rate_in", tap);
	char rest[40];

	if (!b->p->rate_in)
		return;
	(void)snprintf(rest, sizeof(rest), " : \"in_%u\"", b->f->slot);
	build_add(b, "bridge", "nic_rate_in", tap, rest);
	build_remember(b, &el, tap.text, rest);
}

/* One on a switched bridge. */
static void nic_switched(struct build *b, const struct iso_nic *nic, const struct iso_plan *plan)
{
	const struct switched_out out = {.clear = &b->clear,
					 .apply = &b->apply,
					 .undo_chains = &b->undo_chains,
					 .undo_objects = &b->undo_objects};

	build_set(b, "bridge", "switched", term_link(nic->tap));
	for (size_t i = 0; i < nic->n_uplinks; i++)
		build_shared(b, "bridge", "uplinks", term_link(nic->uplinks[i]));
	iso_switched_nic(b->p, b->f, nic, plan->ranges, plan->n_ranges, &out);
}

static bool has_switched(const struct iso_facts *f)
{
	for (size_t i = 0; i < f->n_nics; i++)
		if (f->nics[i].switched)
			return true;
	return false;
}

/* Gates 2 and 3 of one NIC. */
static void nic_elements(struct build *b, const struct iso_nic *nic)
{
	const struct term tap = term_link(nic->tap), mark = term_mark(b->mark);

	build_set(b, "bridge", "nics", tap);
	if (b->p->egress == EGRESS_NONE)
		build_set(b, "bridge", "nics_closed", tap);
	build_map(b, "bridge", "nic_priority", tap, term_nic(b, nic));
	build_set(b, "bridge", "nic_own", term_join(tap, term_nic(b, nic)));
	build_map(b, "inet", "priority_mark", term_nic(b, nic), mark);
	build_set(b, "bridge", "nic_mac", term_join(tap, term_mac(&nic->mac)));
	rate_in_element(b, tap);
	for (size_t i = 0; i < nic->n_gateways; i++) {
		const struct ip_addr *gw = &nic->gateways[i].addr;

		build_set(b, "bridge", "nic_gateway", term_join(tap, term_raw_ip(gw)));
		build_set(b, "inet", "gateway", term_join(mark, term_ip(gw)));
	}
	if (b->p->n_addresses)
		nic_static(b, nic);
	else
		nic_dhcp(b, nic);
	build_forget(b, "bridge", "dhcp_rate", tap);
	if (iso_wants_ipv6(b->p, &b->f->tunnel))
		build_ipv6_nic(b, nic);
	tap_chain(b, nic);
	build_shared(b, "inet", "bridges", term_link(nic->bridge));
}

static void dns_elements(struct build *b)
{
	const struct term mark = term_mark(b->mark);

	switch (policy_dns_effective(b->p)) {
	case DNS_HOST:
		build_verdict(b, "inet", "dns", mark, "jump", "dns_host");
		break;
	case DNS_REDIRECT:
		if (b->p->egress == EGRESS_TUNNEL) {
			build_tunnel_dns(b);
			break;
		}
		if (!b->p->dns_addr.family) {
			build_verdict(b, "inet", "dns", mark, "goto", "deny_dns");
			break;
		}
		build_verdict(b, "inet", "dns", mark, "goto", "opened");
		build_map(b, "inet", "dns_to", mark, term_ip(&b->p->dns_addr));
		build_set(b, "inet", "dns_address", term_join(mark, term_ip(&b->p->dns_addr)));
		break;
	case DNS_AUTO:
		build_tunnel_dns(b);
		break;
	default:
		build_verdict(b, "inet", "dns", mark, "goto", "deny_dns");
		break;
	}
}

static void forward_elements(struct build *b)
{
	for (size_t i = 0; i < b->p->n_forwards; i++) {
		const struct policy_forward *fw = &b->p->forwards[i];
		const struct term key = term_join(
			term_join(term_mark(build_forward_mark(b, fw)), term_proto(fw->proto)),
			term_port(fw->port));

		b->localnet = b->localnet || iso_is_loopback(&fw->to);
		build_set(b, "inet", "forward_port", key);
		build_map(b, "inet", "forward_to", key,
			  term_join(term_ip(&fw->to), term_port(fw->to_port)));
	}
}

static void lan_chain(struct build *b)
{
	char prefix[PREFIX_STRLEN], name[ISO_CHAIN_MAX];
	struct strbuf *make = b->p->n_lan ? build_own_chain(b, ISO_OWN_LAN, "lan") : NULL;

	iso_own_chain(ISO_OWN_LAN, b->f->slot, name);
	for (size_t i = 0; make && i < b->p->n_lan; i++) {
		const struct policy_lan *lan = &b->p->lan[i];

		sb_addf(make, "add rule inet " TBL " %s %s daddr %s ", name,
			lan->prefix.addr.family == AF_INET6 ? "ip6" : "ip",
			ip_prefix_str(&lan->prefix, prefix));
		if (lan->port)
			sb_addf(make, "%s dport %u ", proto_str(lan->proto), lan->port);
		else if (lan->proto)
			sb_addf(make, "meta l4proto %s ", proto_str(lan->proto));
		sb_adds(make, "goto opened\n");
	}
}

/* What is denied is logged with the domain's UUID. */
static void log_chain(struct build *b)
{
	struct strbuf *make = b->p->log_denied ? build_own_chain(b, ISO_OWN_LOG, "logged") : NULL;
	char name[ISO_CHAIN_MAX];

	if (make)
		denials_log_rules(&b->f->layout, &b->f->uuid,
				  iso_own_chain(ISO_OWN_LOG, b->f->slot, name), make);
}

/* The chain that lets at most N connections of a domain be. Shared by all domains with that limit,
 * and left alone by undo. The counting elements must be made by the packets themselves: one that we
 * added would be gone as soon as its domain has no connection (the set's garbage collection). */
static void flow_limit(struct build *b, const char *chain)
{
	const unsigned n = b->p->max_flows;
	struct strbuf *make = build_chain(b, "inet", chain);

	if (make)
		sb_addf(make,
			"add rule inet " TBL
			" %s add @flows { meta mark & 0x%08x ct count over %u } goto deny_flows\n"
			"add rule inet " TBL " %s accept\n",
			chain, ~LAYOUT_BESIDE, n, chain);
	sb_addf(&b->undo_elements, "add chain inet " TBL " %s\n", chain);
	build_verdict(b, "inet", "flow_limit", term_mark(b->mark), "goto", chain);
	/* A counter has its limit in it: it must not outlive this one, nor the domain. */
	sb_addf(&b->undo_elements,
		"add element inet " TBL " flows { %s }\ndelete element inet " TBL " flows { %s }\n"
		"add element inet " TBL " dns_flows { %s }\n"
		"delete element inet " TBL " dns_flows { %s }\n",
		term_mark(b->mark).text, term_mark(b->mark).text, term_mark(b->mark).text,
		term_mark(b->mark).text);
}

static void zone_elements(struct build *b)
{
	const struct term mark = term_mark(b->mark), zone = term_zone(b->f->slot);
	struct term value = zone;

	value.len = sizeof(uint16_t);
	build_map(b, "inet", "mark_zone", mark, value);
	build_set(b, "inet", "own_zone", term_join(mark, zone));
	if (b->p->egress == EGRESS_INTERNET)
		build_set(b, "inet", "main_zone", term_join(mark, zone));
}

/* Gate 4. */
static void domain_elements(struct build *b)
{
	const struct term mark = term_mark(b->mark);
	const struct policy *p = b->p;
	char chain[ISO_CHAIN_MAX];

	zone_elements(b);
	(void)snprintf(chain, sizeof(chain), "flows_%u", p->max_flows);
	flow_limit(b, chain);
	log_chain(b);
	if (p->egress == EGRESS_INTERNET)
		build_verdict(b, "inet", "egress", mark, "goto", "opened");
	else if (p->egress == EGRESS_TUNNEL)
		build_tunnel(b);
	dns_elements(b);
	for (size_t i = 0; i < p->n_host_ports; i++)
		build_set(b, "inet", "host_port",
			  term_join(term_join(mark, term_proto(p->host_ports[i].proto)),
				    term_port(p->host_ports[i].port)));
	forward_elements(b);
	if (p->egress == EGRESS_TUNNEL)
		build_beside(b, chain);
	else
		lan_chain(b);
	if (iso_wants_ipv6(p, &b->f->tunnel))
		build_ipv6(b);
}

/* Gives what was built to the plan; false when memory ran out on the way. */
static bool finish(struct build *b, struct iso_plan *ret)
{
	bool failed = b->failed;

	ret->elements = b->elements;
	ret->n_elements = b->n_elements;
	ret->addresses = b->addresses;
	ret->n_addresses = b->n_addresses;
	ret->localnet = b->localnet;
	ret->chains = b->chains;
	ret->n_chains = b->n_chains;
	for (size_t i = 0; i < b->n_chains; i++) {
		sb_adds(&ret->apply, sb_str(&b->chains[i].make));
		failed = failed || b->chains[i].make.failed;
	}
	sb_adds(&ret->apply, sb_str(&b->clear));
	sb_adds(&ret->apply, sb_str(&b->guests));
	sb_adds(&ret->apply, sb_str(&b->apply));
	ret->clear = b->clear;
	ret->guests = b->guests;
	ret->fresh = b->apply;
	sb_adds(&b->undo_elements, sb_str(&b->undo_chains));
	sb_adds(&b->undo_elements, sb_str(&b->undo_objects));
	ret->undo = b->undo_elements;
	failed = failed || b->undo_chains.failed || b->undo_objects.failed;
	sb_free(&b->undo_chains);
	sb_free(&b->undo_objects);
	return !failed && !ret->clear.failed && !ret->apply.failed && !ret->fresh.failed &&
	       !ret->guests.failed && !ret->undo.failed && !ret->public.failed &&
	       !ret->public6.failed;
}

int iso_compile(const struct policy *p, const struct iso_facts *f, struct iso_plan *ret,
		struct err *e)
{
	struct build b = {.p = p, .f = f, .mark = iso_mark(&f->layout, f->slot, p)};
	int r;

	r = iso_check_supported(p, f, e);
	if (r == 0)
		r = iso_compile_public(f, ret, e);
	if (r == 0 && iso_wants_ipv6(p, &f->tunnel))
		r = iso_compile_public6(f, ret, e);
	if (r < 0)
		return r;

	domain_elements(&b);
	rate_object(&b, "netdev", "out", p->rate_out);
	rate_object(&b, "bridge", "in", p->rate_in);
	if (has_switched(f))
		rate_object(&b, "netdev", "in", p->rate_in);
	for (size_t i = 0; i < f->n_nics; i++) {
		if (f->nics[i].switched)
			nic_switched(&b, &f->nics[i], ret);
		else
			nic_elements(&b, &f->nics[i]);
	}
	network_elements(&b);
	return finish(&b, ret) ? 0 : err_os(e, ENOMEM, "nftables commands");
}

void iso_plan_free(struct iso_plan *plan)
{
	if (!plan)
		return;
	sb_free(&plan->apply);
	sb_free(&plan->clear);
	sb_free(&plan->fresh);
	sb_free(&plan->guests);
	sb_free(&plan->undo);
	sb_free(&plan->public);
	sb_free(&plan->public6);
	for (size_t i = 0; i < plan->n_chains; i++)
		sb_free(&plan->chains[i].make);
	free(plan->chains);
	free(plan->ranges);
	free(plan->ranges6);
	free(plan->elements);
	free(plan->addresses);
	*plan = (struct iso_plan){0};
}
