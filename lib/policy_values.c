/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers and printers of the keys with one value, but for file and user names. */
#include "lib/policy_internal.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <inttypes.h>
#include <string.h>

static const char *const egress_words[] = {
	[EGRESS_INTERNET] = "internet", [EGRESS_TUNNEL] = "tunnel", [EGRESS_NONE] = "none"};
static const char *const dns_words[] = {
	[DNS_AUTO] = "auto", [DNS_HOST] = "host", [DNS_NONE] = "none"};
static const char *const ipv6_words[] = {[IPV6_NO] = "no", [IPV6_NAT] = "nat"};
static const char *const backend_words[] = {
	[BACKEND_AUTO] = "auto", [BACKEND_KERNEL] = "kernel", [BACKEND_USERSPACE] = "userspace"};
static const char *const mode_words[] = {"rw", "ro"};
static const char *const when_words[] = {[PLAYBOOK_ONCE] = "once", [PLAYBOOK_ALWAYS] = "always"};
static const char *const after_words[] = {[SEED_EJECT] = "eject", [SEED_KEEP] = "keep"};
static const char *const reset_words[] = {[RESET_NEVER] = "never", [RESET_ON_START] = "on-start"};

static const char *yes_no(bool v)
{
	return v ? "yes" : "no";
}

void row_parse_uuid(struct policy_reader *r, const char *value, struct policy *p)
{
	char quoted[INI_QUOTE_MAX + 8];

	if (!*value)
		p->has_uuid = false;
	else if (uuid_parse(value, &p->uuid))
		p->has_uuid = true;
	else
		reader_bad(r, "%s is not a UUID; write what virsh domuuid prints",
			   ini_quote(value, quoted));
}

void row_print_uuid(const struct policy *p, size_t i, struct strbuf *out)
{
	char buf[UUID_STRLEN];

	(void)i;
	if (p->has_uuid)
		sb_adds(out, uuid_str(&p->uuid, buf));
}

void row_parse_isolation(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->isolation);
}

void row_print_isolation(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, yes_no(p->isolation));
}

void row_parse_egress(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, egress_words, ARRAY_SIZE(egress_words), &v))
		p->egress = v;
}

void row_print_egress(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, egress_words[p->egress]);
}

/* The address that DNS queries are sent to. */
static bool dns_target_ok(const struct ip_addr *ip)
{
	static const char *const refused[] = {
		"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255",
		"::",	     "::1",	    "ff00::/8",	   "::ffff:0:0/96",
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct ip_prefix p;

		if (!ip_prefix_parse(refused[i], &p) || ip_prefix_contains(&p, ip))
			return false;
	}
	return true;
}

/* One name server into the place of its family; false when that place is taken. */
static bool take_dns(const struct ip_addr *ip, struct policy *p)
{
	struct ip_addr *place = ip->family == AF_INET6 ? &p->dns_addr6 : &p->dns_addr;

	if (place->family)
		return false;
	*place = *ip;
	return true;
}

/* "ADDRESS" or "ADDRESS, ADDRESS", one of each family. */
static void parse_dns_addresses(struct policy_reader *r, const char *value, struct policy *p)
{
	auto_free char *copy = strdup(value);
	char quoted[INI_QUOTE_MAX + 8];
	char *rest = copy, *w;
	struct ip_addr ip;

	ini_quote(value, quoted);
	while ((w = strsep(&rest, ","))) {
		w += strspn(w, " \t");
		for (size_t n = strlen(w); n && strchr(" \t", w[n - 1]); n--)
			w[n - 1] = '\0';
		if (!ip_parse(w, &ip)) {
			reader_bad(r,
				   "%s is not known; write auto, host, none, an address, or one "
				   "of IPv4 and one of IPv6",
				   quoted);
			return;
		}
		if (!dns_target_ok(&ip)) {
			reader_bad(r,
				   "%s cannot be a name server's address; write another, or host",
				   quoted);
			return;
		}
		if (!take_dns(&ip, p)) {
			reader_bad(r, "%s has two of one family; write one of each", quoted);
			return;
		}
	}
	p->dns = DNS_REDIRECT;
}

void row_parse_dns(struct policy_reader *r, const char *value, struct policy *p)
{
	memset(&p->dns_addr, 0, sizeof(p->dns_addr));
	memset(&p->dns_addr6, 0, sizeof(p->dns_addr6));
	for (unsigned i = 0; i < ARRAY_SIZE(dns_words); i++) {
		if (strcmp(value, dns_words[i]) == 0) {
			p->dns = i;
			return;
		}
	}
	parse_dns_addresses(r, value, p);
}

void row_print_dns(const struct policy *p, size_t i, struct strbuf *out)
{
	const bool both = p->dns_addr.family && p->dns_addr6.family;
	char buf[PREFIX_STRLEN];

	(void)i;
	if (p->dns != DNS_REDIRECT) {
		sb_adds(out, dns_words[p->dns]);
		return;
	}
	if (p->dns_addr.family)
		sb_adds(out, ip_str(&p->dns_addr, buf));
	if (p->dns_addr6.family)
		sb_addf(out, "%s%s", both ? ", " : "", ip_str(&p->dns_addr6, buf));
}

void row_parse_ipv6(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, ipv6_words, ARRAY_SIZE(ipv6_words), &v))
		p->ipv6 = v;
}

void row_print_ipv6(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, ipv6_words[p->ipv6]);
}

static void parse_rate_key(struct policy_reader *r, const char *value, uint64_t *ret)
{
	char quoted[INI_QUOTE_MAX + 8];

	if (!*value)
		*ret = 0;
	else if (!parse_rate(value, ret))
		reader_bad(r,
			   "%s is not a rate; write a number with kbit, mbit or gbit, or nothing "
			   "for no limit",
			   ini_quote(value, quoted));
}

/* In the largest unit that gives a whole number; a rate is always some kbit. */
static void print_rate(uint64_t rate, struct strbuf *out)
{
	if (rate == 0)
		return;
	if (rate % 1000000000 == 0)
		sb_addf(out, "%" PRIu64 "gbit", rate / 1000000000);
	else if (rate % 1000000 == 0)
		sb_addf(out, "%" PRIu64 "mbit", rate / 1000000);
	else
		sb_addf(out, "%" PRIu64 "kbit", rate / 1000);
}

void row_parse_rate_out(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_rate_key(r, value, &p->rate_out);
}

void row_print_rate_out(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_rate(p->rate_out, out);
}

void row_parse_rate_in(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_rate_key(r, value, &p->rate_in);
}

void row_print_rate_in(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_rate(p->rate_in, out);
}

void row_parse_max_flows(struct policy_reader *r, const char *value, struct policy *p)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint64_t v;

	if (parse_u64(value, POLICY_MAX_FLOWS_MAX, &v) && v > 0)
		p->max_flows = (uint32_t)v;
	else
		reader_bad(r, "%s is out of range; write a number from 1 to %u",
			   ini_quote(value, quoted), POLICY_MAX_FLOWS_MAX);
}

void row_print_max_flows(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_addf(out, "%" PRIu32, p->max_flows);
}

void row_parse_log_denied(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->log_denied);
}

void row_print_log_denied(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, yes_no(p->log_denied));
}

void row_parse_allow_unguarded(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->allow_unguarded);
}

void row_print_allow_unguarded(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, yes_no(p->allow_unguarded));
}

void row_parse_tunnel_backend(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, backend_words, ARRAY_SIZE(backend_words), &v))
		p->tunnel_backend = v;
}

void row_print_tunnel_backend(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, backend_words[p->tunnel_backend]);
}

void row_parse_tunnel_shared(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->tunnel_shared);
}

void row_print_tunnel_shared(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, yes_no(p->tunnel_shared));
}

void row_parse_handshake(struct policy_reader *r, const char *value, struct policy *p)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint64_t v = 0;

	if (*value && (!parse_duration(value, &v) || v == 0 || v > POLICY_HANDSHAKE_MAX_MS))
		reader_bad(r, "%s is no time up to %us; write one such as 10s, or nothing",
			   ini_quote(value, quoted), POLICY_HANDSHAKE_MAX_MS / 1000);
	else
		p->handshake_ms = (uint32_t)v;
}

void row_print_handshake(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	if (p->handshake_ms)
		sb_addf(out, "%ums", (unsigned)p->handshake_ms);
}

/* Keys of a share belong to the section that was opened last. */
void row_parse_share_size(struct policy_reader *r, const char *value, struct policy *p)
{
	char quoted[INI_QUOTE_MAX + 8];
	uint64_t v;

	if (!parse_size(value, &v))
		reader_bad(r, "%s is not a size; write a number with K, M, G or T, such as 10G",
			   ini_quote(value, quoted));
	else if (v < POLICY_SHARE_MIN)
		reader_bad(r, "%s is too small; write 16M or more", ini_quote(value, quoted));
	else if (v > POLICY_SHARE_MAX)
		reader_bad(r, "%s is too large; write 1048576T or less", ini_quote(value, quoted));
	else
		p->shares[p->n_shares - 1].size = v;
}

void row_print_share_size(const struct policy *p, size_t i, struct strbuf *out)
{
	static const char units[] = {'\0', 'K', 'M', 'G', 'T'};
	uint64_t size = p->shares[i].size;
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && size > 0 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	sb_addf(out, "%" PRIu64, size);
	if (unit)
		sb_add(out, &units[unit], 1);
}

void row_parse_share_mode(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, mode_words, ARRAY_SIZE(mode_words), &v))
		p->shares[p->n_shares - 1].ro = v;
}

void row_print_share_mode(const struct policy *p, size_t i, struct strbuf *out)
{
	sb_adds(out, mode_words[p->shares[i].ro]);
}

void row_parse_share_adopt(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->shares[p->n_shares - 1].adopt);
}

void row_print_share_adopt(const struct policy *p, size_t i, struct strbuf *out)
{
	sb_adds(out, yes_no(p->shares[i].adopt));
}

void row_parse_share_reserve(struct policy_reader *r, const char *value, struct policy *p)
{
	(void)reader_bool(r, value, &p->shares[p->n_shares - 1].reserve);
}

void row_print_share_reserve(const struct policy *p, size_t i, struct strbuf *out)
{
	sb_adds(out, yes_no(p->shares[i].reserve));
}

void row_parse_playbook_when(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, when_words, ARRAY_SIZE(when_words), &v))
		p->playbook_when = v;
}

void row_print_playbook_when(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, when_words[p->playbook_when]);
}

void row_parse_seed_after(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, after_words, ARRAY_SIZE(after_words), &v))
		p->seed_after = v;
}

void row_print_seed_after(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, after_words[p->seed_after]);
}

void row_parse_disk_reset(struct policy_reader *r, const char *value, struct policy *p)
{
	unsigned v;

	if (reader_word(r, value, reset_words, ARRAY_SIZE(reset_words), &v))
		p->disk_reset = v;
}

void row_print_disk_reset(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	sb_adds(out, reset_words[p->disk_reset]);
}
