/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers and printers of the lists: host ports, LAN exceptions, forwarded ports, addresses. */
#include "lib/policy_internal.h"

#include "lib/suggest.h"
#include "lib/util.h"

#include <string.h>

/* A range that may not be named, and what to call it. */
struct refused_range {
	const char *prefix;
	const char *what;
};

static const struct refused_range never_targets[] = {
	{"127.0.0.0/8", "loopback"},
	{"::1", "loopback"},
	{"0.0.0.0/8", "the unspecified address"},
	{"::", "the unspecified address"},
	{"224.0.0.0/4", "multicast"},
	{"ff00::/8", "multicast"},
	{"255.255.255.255", "broadcast"},
	{"169.254.0.0/16", "link-local"},
	{"fe80::/10", "link-local"},
	{"::ffff:0:0/96", "IPv4 written as IPv6"},
};

/* The name of the first range of the table that @p touches, or NULL. */
static const char *touches(const struct ip_prefix *p, bool link_local_too)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_targets); i++) {
		const struct refused_range *range = &never_targets[i];
		struct ip_prefix bad;

		if (!link_local_too && strcmp(range->what, "link-local") == 0)
			continue;
		if (!ip_prefix_parse(range->prefix, &bad) || ip_prefix_overlap(p, &bad))
			return range->what;
	}
	return NULL;
}

static struct ip_prefix host_prefix(const struct ip_addr *ip)
{
	return (struct ip_prefix){.addr = *ip, .len = ip->family == AF_INET ? 32 : 128};
}

/* "tcp/443". @s is cut apart. */
static bool parse_proto_port(char *s, uint8_t *proto, uint16_t *port)
{
	char *slash = strchr(s, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return proto_parse(s, proto) && port_parse(slash + 1, port);
}

/* Copies @value so that it can be cut apart. */
static char *scratch(struct policy_reader *r, const char *value)
{
	char *s = strdup(value);

	if (!s)
		r->report->oom = true;
	return s;
}

/* Ports of the gateway that are served already; reports and returns true. */
static bool port_is_taken(struct policy_reader *r, uint8_t proto, uint16_t port)
{
	if (port == 53)
		reader_bad(r, "%s/53 is the name server's port; write dns = host, or dns = ADDRESS",
			   proto_str(proto));
	else if (port == 67 && proto == IPPROTO_UDP)
		reader_bad(r, "udp/67 is the DHCP server's port, always allowed; remove it");
	else
		return false;
	return true;
}

void row_parse_host_ports(struct policy_reader *r, const char *value, struct policy *p)
{
	auto_free char *s = scratch(r, value);
	char quoted[INI_QUOTE_MAX + 8];
	struct policy_port entry = {.line = r->line}, *more;

	if (!s)
		return;
	if (!parse_proto_port(s, &entry.proto, &entry.port)) {
		reader_bad(r, "%s is not a port; write tcp/NUMBER or udp/NUMBER",
			   ini_quote(value, quoted));
		return;
	}
	if (port_is_taken(r, entry.proto, entry.port))
		return;
	for (size_t i = 0; i < p->n_host_ports; i++) {
		if (p->host_ports[i].proto == entry.proto && p->host_ports[i].port == entry.port) {
			reader_bad(r, "%s is listed already; remove it", ini_quote(value, quoted));
			return;
		}
	}
	more = reader_grow(r, p->host_ports, p->n_host_ports, sizeof(*more));
	if (!more)
		return;
	p->host_ports = more;
	p->host_ports[p->n_host_ports++] = entry;
}

void row_print_host_ports(const struct policy *p, size_t i, struct strbuf *out)
{
	sb_addf(out, "%s/%u", proto_str(p->host_ports[i].proto), p->host_ports[i].port);
}

size_t row_count_host_ports(const struct policy *p)
{
	return p->n_host_ports;
}

void row_clear_host_ports(struct policy *p)
{
	free(p->host_ports);
	p->host_ports = NULL;
	p->n_host_ports = 0;
}

/* "PREFIX", "PREFIX:tcp/443" or, for IPv6 with a port, "[PREFIX]:tcp/443". @s is cut apart. */
static bool parse_lan(char *s, struct policy_lan *ret)
{
	char *port = NULL;

	if (*s == '[') {
		char *end = strchr(++s, ']');

		if (!end || end[1] != ':')
			return false;
		*end = '\0';
		if (!strchr(s, ':'))
			return false;
		port = end + 2;
	} else if (strchr(s, ':') && strchr(s, ':') == strrchr(s, ':')) {
		port = strchr(s, ':');
		*port++ = '\0';
	}
	if (port && !parse_proto_port(port, &ret->proto, &ret->port))
		return false;
	return ip_prefix_parse(s, &ret->prefix);
}

static bool lan_equal(const struct policy_lan *a, const struct policy_lan *b)
{
	return ip_equal(&a->prefix.addr, &b->prefix.addr) && a->prefix.len == b->prefix.len &&
	       a->proto == b->proto && a->port == b->port;
}

void row_parse_lan(struct policy_reader *r, const char *value, struct policy *p)
{
	auto_free char *s = scratch(r, value);
	struct policy_lan entry = {.line = r->line}, *more;
	char quoted[INI_QUOTE_MAX + 8];
	const char *bad;

	if (!s)
		return;
	ini_quote(value, quoted);
	if (!parse_lan(s, &entry)) {
		reader_bad(r,
			   "%s is not a target; write ADDRESS, ADDRESS:tcp/PORT or NETWORK/LENGTH "
			   "(no bits set after its length; IPv6 with a port as [ADDRESS]:tcp/PORT)",
			   quoted);
		return;
	}
	if (entry.prefix.len == 0) {
		reader_bad(r, "%s is every address; that is egress = internet", quoted);
		return;
	}
	bad = touches(&entry.prefix, true);
	if (bad) {
		reader_bad(r, "%s %s %s, which is never allowed; write %s", quoted,
			   strchr(value, '/') ? "includes" : "is", bad,
			   strchr(value, '/') ? "a narrower network" : "another address");
		return;
	}
	for (size_t i = 0; i < p->n_lan; i++) {
		if (lan_equal(&p->lan[i], &entry)) {
			reader_bad(r, "%s is listed already; remove it", quoted);
			return;
		}
	}
	more = reader_grow(r, p->lan, p->n_lan, sizeof(*more));
	if (!more)
		return;
	p->lan = more;
	p->lan[p->n_lan++] = entry;
}

void row_print_lan(const struct policy *p, size_t i, struct strbuf *out)
{
	const struct policy_lan *lan = &p->lan[i];
	bool brackets = lan->proto && lan->prefix.addr.family == AF_INET6;
	char buf[PREFIX_STRLEN];

	sb_addf(out, "%s%s%s", brackets ? "[" : "", ip_prefix_str(&lan->prefix, buf),
		brackets ? "]" : "");
	if (lan->proto)
		sb_addf(out, ":%s/%u", proto_str(lan->proto), lan->port);
}

size_t row_count_lan(const struct policy *p)
{
	return p->n_lan;
}

void row_clear_lan(struct policy *p)
{
	free(p->lan);
	p->lan = NULL;
	p->n_lan = 0;
}

/* "10.1.2.3:443" or "[fd00::1]:443". @s is cut apart. */
static bool parse_endpoint(char *s, struct ip_addr *ip, uint16_t *port)
{
	bool brackets = *s == '[';
	char *colon = strrchr(s, ':');

	if (!colon)
		return false;
	*colon = '\0';
	if (brackets) {
		if (colon == s || colon[-1] != ']')
			return false;
		colon[-1] = '\0';
		s++;
	}
	return ip_parse(s, ip) && (ip->family == AF_INET6) == brackets &&
	       port_parse(colon + 1, port);
}

/* "tcp/11434 100.64.0.6:11434 [via-tunnel]". @s is cut apart. */
static bool parse_forward(char *s, struct policy_forward *ret)
{
	char *save = NULL;
	char *port = strtok_r(s, " \t", &save), *to = strtok_r(NULL, " \t", &save);
	char *via = strtok_r(NULL, " \t", &save);

	if (!port || !to || strtok_r(NULL, " \t", &save))
		return false;
	if (via && strcmp(via, "via-tunnel") != 0)
		return false;
	ret->via_tunnel = via != NULL;
	return parse_proto_port(port, &ret->proto, &ret->port) &&
	       parse_endpoint(to, &ret->to, &ret->to_port);
}

void row_parse_forwards(struct policy_reader *r, const char *value, struct policy *p)
{
	auto_free char *s = scratch(r, value);
	struct policy_forward entry = {.line = r->line}, *more;
	char quoted[INI_QUOTE_MAX + 8];
	struct ip_prefix to;
	const char *bad;

	if (!s)
		return;
	ini_quote(value, quoted);
	if (!parse_forward(s, &entry)) {
		reader_bad(r,
			   "%s is not a forwarded port; write tcp/PORT ADDRESS:PORT or udp/PORT "
			   "ADDRESS:PORT, then via-tunnel if it goes there",
			   quoted);
		return;
	}
	if (port_is_taken(r, entry.proto, entry.port))
		return;
	to = host_prefix(&entry.to);
	bad = entry.to.family == AF_INET && entry.to.v4.s_addr == htonl(INADDR_LOOPBACK) &&
			      !entry.via_tunnel
		      ? NULL
		      : touches(&to, true);
	if (bad) {
		reader_bad(r, "%s leads to %s, which is never allowed; write another address%s",
			   quoted, bad, strcmp(bad, "loopback") == 0 ? ", or 127.0.0.1" : "");
		return;
	}
	for (size_t i = 0; i < p->n_forwards; i++) {
		if (p->forwards[i].proto == entry.proto && p->forwards[i].port == entry.port) {
			reader_bad(r, "%s/%u is forwarded already, on line %u; remove one",
				   proto_str(entry.proto), entry.port, p->forwards[i].line);
			return;
		}
	}
	more = reader_grow(r, p->forwards, p->n_forwards, sizeof(*more));
	if (!more)
		return;
	p->forwards = more;
	p->forwards[p->n_forwards++] = entry;
}

void row_print_forwards(const struct policy *p, size_t i, struct strbuf *out)
{
	const struct policy_forward *f = &p->forwards[i];
	bool v6 = f->to.family == AF_INET6;
	char buf[PREFIX_STRLEN];

	sb_addf(out, "%s/%u %s%s%s:%u%s", proto_str(f->proto), f->port, v6 ? "[" : "",
		ip_str(&f->to, buf), v6 ? "]" : "", f->to_port, f->via_tunnel ? " via-tunnel" : "");
}

size_t row_count_forwards(const struct policy *p)
{
	return p->n_forwards;
}

void row_clear_forwards(struct policy *p)
{
	free(p->forwards);
	p->forwards = NULL;
	p->n_forwards = 0;
}

/* "dhcp" stands alone and is the empty list. */
static bool parse_dhcp(struct policy_reader *r, const char *value, const struct policy *p)
{
	bool dhcp = strcmp(value, "dhcp") == 0;

	if (r->dhcp || (dhcp && p->n_addresses))
		reader_bad(r, "dhcp and addresses exclude each other; write one or the other");
	else if (!dhcp)
		return false;
	r->dhcp |= dhcp;
	return true;
}

void row_parse_addresses(struct policy_reader *r, const char *value, struct policy *p)
{
	struct policy_addr entry = {.line = r->line}, *more;
	char quoted[INI_QUOTE_MAX + 8];
	struct ip_prefix prefix;
	const char *bad;

	if (parse_dhcp(r, value, p))
		return;
	ini_quote(value, quoted);
	if (!ip_parse(value, &entry.addr)) {
		reader_bad(r, "%s is not an address; write dhcp, or the guest's addresses", quoted);
		return;
	}
	prefix = host_prefix(&entry.addr);
	bad = touches(&prefix, false);
	if (bad) {
		reader_bad(r, "%s is %s, no guest can have it; write another address", quoted, bad);
		return;
	}
	for (size_t i = 0; i < p->n_addresses; i++) {
		if (ip_equal(&p->addresses[i].addr, &entry.addr)) {
			reader_bad(r, "%s is listed already; remove it", quoted);
			return;
		}
	}
	more = reader_grow(r, p->addresses, p->n_addresses, sizeof(*more));
	if (!more)
		return;
	p->addresses = more;
	p->addresses[p->n_addresses++] = entry;
}

void row_print_addresses(const struct policy *p, size_t i, struct strbuf *out)
{
	char buf[PREFIX_STRLEN];

	sb_adds(out, p->n_addresses ? ip_str(&p->addresses[i].addr, buf) : "dhcp");
}

size_t row_count_addresses(const struct policy *p)
{
	return p->n_addresses ? p->n_addresses : 1;
}

void row_clear_addresses(struct policy *p)
{
	free(p->addresses);
	p->addresses = NULL;
	p->n_addresses = 0;
}
