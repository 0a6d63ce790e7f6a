/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Denied and opened connections as text: see cli/log.h. */
#include "cli/log.h"

#include "cli/print.h"
#include "lib/nl.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

/* The prefix of each rule that logs: "virt-cordon UUID REASON " (see netiso/denials.h). */
#define PREFIX "virt-cordon "
/* A domain's number is the low bits of its zone (see netiso/layout.h). */
#define SLOT_MASK 0x3fffu

static bool ports_of(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* @at: where the header behind that of IP begins */
static void take_ports(const uint8_t *p, size_t len, size_t at, struct log_flow *f)
{
	if (!ports_of(f->proto) || len < at + 4)
		return;
	f->has_ports = true;
	f->sport = be16(p + at);
	f->dport = be16(p + at + 2);
}

/* RFC 791 */
static bool packet_v4(const uint8_t *p, size_t len, struct log_flow *ret)
{
	const size_t header = (size_t)(p[0] & 15) * 4;
	struct log_flow f = *ret;

	if (len < 20 || header < 20)
		return false;
	f.proto = p[9];
	f.src.family = f.dst.family = AF_INET;
	memcpy(&f.src.v4, p + 12, 4);
	memcpy(&f.dst.v4, p + 16, 4);
	f.has_ports = false;
	if ((be16(p + 6) & 0x1fff) == 0) /* not in a later fragment */
		take_ports(p, len, header, &f);
	*ret = f;
	return true;
}

/* RFC 8200; extension headers are not gone through. */
static bool packet_v6(const uint8_t *p, size_t len, struct log_flow *ret)
{
	struct log_flow f = *ret;

	if (len < 40)
		return false;
	f.proto = p[6];
	f.src.family = f.dst.family = AF_INET6;
	memcpy(&f.src.v6, p + 8, 16);
	memcpy(&f.dst.v6, p + 24, 16);
	f.has_ports = false;
	take_ports(p, len, 40, &f);
	*ret = f;
	return true;
}

bool log_packet(const uint8_t *p, size_t len, struct log_flow *ret)
{
	if (len < 1)
		return false;
	switch (p[0] >> 4) {
	case 4:
		return packet_v4(p, len, ret);
	case 6:
		return packet_v6(p, len, ret);
	default:
		return false;
	}
}

static bool take_prefix(const struct nlattr *attr, struct log_flow *f)
{
	char prefix[NF_LOG_PREFIXLEN], uuid[UUID_STRLEN];
	const char *rest = prefix + strlen(PREFIX);
	size_t n;

	if (!nl_attr_str(attr, prefix, sizeof(prefix)) ||
	    strncmp(prefix, PREFIX, strlen(PREFIX)) != 0)
		return false;
	n = strcspn(rest, " ");
	if (n != sizeof(uuid) - 1 || rest[n] != ' ')
		return false;
	memcpy(uuid, rest, n);
	uuid[n] = '\0';
	rest += n + 1;
	n = strcspn(rest, " ");
	if (n == 0 || n >= sizeof(f->reason) || !uuid_parse(uuid, &f->uuid))
		return false;
	memcpy(f->reason, rest, n);
	f->reason[n] = '\0';
	return true;
}

bool log_nflog(const struct nlmsghdr *nlh, struct log_flow *ret)
{
	struct log_flow f = {.denied = true};
	const struct nlattr *attr;
	bool prefix = false, packet = false;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		const uint16_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case NFULA_PREFIX:
			prefix = take_prefix(attr, &f);
			break;
		case NFULA_PAYLOAD:
			packet = log_packet(mnl_attr_get_payload(attr), len, &f);
			break;
		default:
			break;
		}
	}
	if (!prefix || !packet)
		return false;
	*ret = f;
	return true;
}

static void take_address(const struct nlattr *attr, int family, size_t len, struct ip_addr *ret)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return;
	ret->family = family;
	memcpy(ret->b, mnl_attr_get_payload(attr), len);
}

static void take_addresses(const struct nlattr *nest, struct log_flow *f)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_IP_V4_SRC:
			take_address(attr, AF_INET, 4, &f->src);
			break;
		case CTA_IP_V4_DST:
			take_address(attr, AF_INET, 4, &f->dst);
			break;
		case CTA_IP_V6_SRC:
			take_address(attr, AF_INET6, 16, &f->src);
			break;
		case CTA_IP_V6_DST:
			take_address(attr, AF_INET6, 16, &f->dst);
			break;
		default:
			break;
		}
	}
}

static void take_proto(const struct nlattr *nest, struct log_flow *f)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		const uint16_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case CTA_PROTO_NUM:
			if (len == 1)
				f->proto = mnl_attr_get_u8(attr);
			break;
		case CTA_PROTO_SRC_PORT:
			if (len == 2)
				f->sport = ntohs(mnl_attr_get_u16(attr));
			break;
		case CTA_PROTO_DST_PORT:
			if (len == 2)
				f->dport = ntohs(mnl_attr_get_u16(attr));
			break;
		default:
			break;
		}
	}
}

/* The zone is that of the original direction alone: what a domain opened has its number there. */
static void take_tuple(const struct nlattr *nest, struct log_flow *f)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_IP:
			take_addresses(attr, f);
			break;
		case CTA_TUPLE_PROTO:
			take_proto(attr, f);
			break;
		case CTA_TUPLE_ZONE:
			if (mnl_attr_get_payload_len(attr) == 2)
				f->slot = ntohs(mnl_attr_get_u16(attr));
			break;
		default:
			break;
		}
	}
}

bool log_conntrack(const struct nlmsghdr *nlh, struct log_flow *ret)
{
	struct log_flow f = {.denied = false};
	const struct nlattr *attr;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW))
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			take_tuple(attr, &f);
	f.has_ports = ports_of(f.proto);
	if (!f.slot || f.slot > SLOT_MASK || !f.src.family || !f.dst.family)
		return false;
	*ret = f;
	return true;
}

const char *log_reason_key(const char *reason)
{
	static const struct {
		const char *reason, *key;
	} keys[] = {
		{"host", "allow_host_port"}, {"range", "allow_lan"},
		{"attached", "allow_lan"},   {"dns", "dns"},
		{"egress", "egress"},	     {"flows", "max_flows"},
		{"redirected", "allow_lan"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].reason, reason) == 0)
			return keys[i].key;
	return NULL;
}

static const char *protocol_name(uint8_t proto, char buf[static 16])
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		(void)snprintf(buf, 16, "proto-%u", proto);
		return buf;
	}
}

static void end_point(const struct ip_addr *ip, bool has_port, uint16_t port, struct strbuf *out)
{
	const bool v6 = ip->family == AF_INET6;
	char text[PREFIX_STRLEN];

	sb_addf(out, "%s%s%s", v6 && has_port ? "[" : "", ip_str(ip, text),
		v6 && has_port ? "]" : "");
	if (has_port)
		sb_addf(out, ":%u", port);
}

void log_text(const struct log_flow *f, const struct log_domain *d, const struct timespec *when,
	      struct strbuf *out)
{
	const char *key = f->denied ? log_reason_key(f->reason) : NULL;
	char clock[32], proto[16], uuid[UUID_STRLEN];
	struct tm tm;

	(void)strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M:%S", localtime_r(&when->tv_sec, &tm));
	sb_addf(out, "%s ", clock);
	if (d->name)
		safe_add(out, d->name);
	else if (d->uuid)
		sb_addf(out, "(ended, %s)", uuid_str(d->uuid, uuid));
	else
		sb_addf(out, "(ended, number %u)", f->slot);
	sb_addf(out, " %s out %s ", f->denied ? "denied" : "opened",
		protocol_name(f->proto, proto));
	end_point(&f->src, f->has_ports, f->sport, out);
	sb_adds(out, " -> ");
	end_point(&f->dst, f->has_ports, f->dport, out);
	if (f->denied)
		sb_addf(out, " %s%s%s", f->reason, key ? ", [network] " : "", key ? key : "");
	sb_adds(out, "\n");
}

static void add_port(json_t *o, const char *key, bool has, uint16_t port)
{
	(void)json_object_set_new(o, key, has ? json_integer(port) : json_null());
}

static json_t *json_name(const char *name)
{
	auto_sb struct strbuf safe = {0};
	json_t *text = name ? json_string(name) : json_null();

	if (text)
		return text;
	safe_add(&safe, name);
	return json_string(sb_str(&safe));
}

void log_json(const struct log_flow *f, const struct log_domain *d, const struct timespec *when,
	      struct strbuf *out)
{
	char clock[32], stamp[48], proto[16], src[PREFIX_STRLEN], dst[PREFIX_STRLEN];
	char uuid[UUID_STRLEN];
	auto_free char *text = NULL;
	struct tm tm;
	json_t *o;

	(void)strftime(clock, sizeof(clock), "%Y-%m-%dT%H:%M:%S", gmtime_r(&when->tv_sec, &tm));
	(void)snprintf(stamp, sizeof(stamp), "%s.%03ldZ", clock, when->tv_nsec / 1000000);
	o = json_pack("{s:s, s:o, s:s?, s:s, s:s, s:s, s:s, s:s}", "time", stamp, "domain",
		      json_name(d->name), "uuid", d->uuid ? uuid_str(d->uuid, uuid) : NULL,
		      "verdict", f->denied ? "denied" : "opened", "direction", "out", "protocol",
		      protocol_name(f->proto, proto), "source", ip_str(&f->src, src), "destination",
		      ip_str(&f->dst, dst));
	add_port(o, "source_port", f->has_ports, f->sport);
	add_port(o, "destination_port", f->has_ports, f->dport);
	(void)json_object_set_new(o, "reason", f->denied ? json_string(f->reason) : json_null());
	(void)json_object_set_new(o, "key",
				  f->denied && log_reason_key(f->reason)
					  ? json_string(log_reason_key(f->reason))
					  : json_null());
	text = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(o);
	if (text)
		sb_addf(out, "%s\n", text);
	else
		out->failed = true;
}
