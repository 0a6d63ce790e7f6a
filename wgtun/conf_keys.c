/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of a wg-quick file: wg(8) and wg-quick(8) define them all; one function per value. */
#include "wgtun/conf_internal.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef void parse_fn(struct wgt_reader *r, const char *value);

/* A copy of the next entry of a comma-separated list, without blanks; false at its end. */
static bool next_entry(struct wgt_reader *r, const char **list, char *buf, size_t size)
{
	const char *s = *list, *end;
	size_t n;

	if (!s)
		return false;
	end = strchr(s, ',');
	*list = end ? end + 1 : NULL;
	n = end ? (size_t)(end - s) : strlen(s);
	while (n && isblank((unsigned char)*s))
		s++, n--;
	while (n && isblank((unsigned char)s[n - 1]))
		n--;
	if (n >= size) {
		wgt_bad(r, "an entry of %zu characters", n);
		n = 0;
	} else if (!n) {
		wgt_bad(r, "an empty entry; remove a comma");
	}
	memcpy(buf, s, n);
	buf[n] = '\0';
	return true;
}

static bool parse_key(struct wgt_reader *r, const char *value, struct wgt_key *ret)
{
	if (wgt_key_parse(value, ret))
		return true;
	/* Never the key itself. */
	wgt_bad(r, "is not a key: %zu characters; a key has 44 of base64, the last one '='",
		strlen(value));
	return false;
}

static void parse_private_key(struct wgt_reader *r, const char *value)
{
	r->conf->has_private_key = true;
	if (parse_key(r, value, &r->conf->private_key) && wgt_key_is_zero(&r->conf->private_key))
		wgt_bad(r, "is all zeros");
}

static void parse_public_key(struct wgt_reader *r, const char *value)
{
	struct wgt_peer *peer = wgt_peer_now(r);

	peer->has_public_key = true;
	(void)parse_key(r, value, &peer->public_key);
}

static void parse_preshared_key(struct wgt_reader *r, const char *value)
{
	struct wgt_peer *peer = wgt_peer_now(r);

	peer->has_preshared_key = true;
	(void)parse_key(r, value, &peer->preshared_key);
}

/* "ADDR" or "ADDR/LEN", with host bits. */
static bool split_prefix(const char *s, struct ip_addr *addr, uint8_t *len)
{
	const char *slash = strchr(s, '/');
	const size_t n = slash ? (size_t)(slash - s) : strlen(s);
	char text[PREFIX_STRLEN];
	uint64_t max, v;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (!ip_parse(text, addr))
		return false;
	max = addr->family == AF_INET ? 32 : 128;
	v = max;
	if (slash && !parse_u64(slash + 1, max, &v))
		return false;
	*len = (uint8_t)v;
	return true;
}

static void parse_address(struct wgt_reader *r, const char *value)
{
	char entry[PREFIX_STRLEN + 16], quoted[INI_QUOTE_MAX + 8];
	struct wgt_conf *c = r->conf;

	while (next_entry(r, &value, entry, sizeof(entry))) {
		struct wgt_address a = {0};

		if (!*entry)
			continue;
		if (!split_prefix(entry, &a.addr, &a.len))
			wgt_bad(r, "%s is no address; write one such as 10.64.0.2/32",
				ini_quote(entry, quoted));
		else if (c->n_addresses == WGT_ADDRESSES_MAX)
			wgt_bad(r, "more than %d addresses", WGT_ADDRESSES_MAX);
		else
			c->addresses[c->n_addresses++] = a;
	}
}

static bool is_host_char(char c)
{
	return isascii((unsigned char)c) && (isalnum((unsigned char)c) || c == '_' || c == '-');
}

/* A name of RFC 1123: labels of letters, digits, '-' (and '_', which is met) with dots between. */
static bool host_name_ok(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > WGT_HOST_MAX)
		return false;
	for (;;) {
		size_t label = 0;

		while (is_host_char(s[label]))
			label++;
		if (label > 63 || *s == '-' || (s[label] && s[label] != '.'))
			return false;
		/* A dot at the end is the root. */
		if (!label || !s[label])
			return label || (n > 1 && !*s);
		s += label + 1;
	}
}

static void add_search(struct wgt_reader *r, const char *name)
{
	struct wgt_conf *c = r->conf;

	if (c->n_search == WGT_SEARCH_MAX)
		wgt_bad(r, "more than %d search domains", WGT_SEARCH_MAX);
	else if ((c->search[c->n_search] = strdup(name)))
		c->n_search++;
	else
		r->report.oom = true;
}

static void parse_dns(struct wgt_reader *r, const char *value)
{
	char entry[WGT_HOST_MAX + 2], quoted[INI_QUOTE_MAX + 8];
	struct wgt_conf *c = r->conf;

	while (next_entry(r, &value, entry, sizeof(entry))) {
		struct ip_addr ip;

		if (!*entry)
			continue;
		if (ip_parse(entry, &ip)) {
			if (c->n_dns == WGT_DNS_MAX)
				wgt_bad(r, "more than %d addresses", WGT_DNS_MAX);
			else
				c->dns[c->n_dns++] = ip;
		} else if (host_name_ok(entry) && strspn(entry, "0123456789.") != strlen(entry)) {
			add_search(r, entry);
		} else {
			wgt_bad(r, "%s is neither an address nor a search domain",
				ini_quote(entry, quoted));
		}
	}
}

static void parse_mtu(struct wgt_reader *r, const char *value)
{
	uint64_t v;

	if (!parse_u64(value, WGT_MTU_MAX, &v) || v < WGT_MTU_MIN)
		wgt_bad(r, "is not a number from %u to %u", WGT_MTU_MIN, WGT_MTU_MAX);
	else
		r->conf->mtu = (uint32_t)v;
}

static void parse_listen_port(struct wgt_reader *r, const char *value)
{
	uint64_t v;

	if (!parse_u64(value, UINT16_MAX, &v))
		wgt_bad(r, "is not a port from 0 to 65535");
	else
		r->conf->listen_port = (uint16_t)v;
}

static void parse_fwmark(struct wgt_reader *r, const char *value)
{
	uint32_t v = 0;

	if (strcasecmp(value, "off") != 0 && !parse_hex32(value, &v))
		wgt_bad(r, "is neither off nor a number such as 51820 or 0xca6c");
	else
		r->conf->fwmark = v;
}

static void parse_table(struct wgt_reader *r, const char *value)
{
	if (strcasecmp(value, "auto") != 0)
		wgt_bad(r, "each domain has a table of its own; write auto, or remove the key");
}

static void parse_save_config(struct wgt_reader *r, const char *value)
{
	if (strcasecmp(value, "false") != 0)
		wgt_bad(r, "nothing is ever written to this file; write false, or remove the key");
}

static void parse_command(struct wgt_reader *r, const char *value)
{
	(void)value;
	wgt_bad(r, "commands are not run: routes, rules and filters are made without them; "
		   "remove the key");
}

static void add_allowed(struct wgt_reader *r, const struct ip_prefix *prefix)
{
	struct wgt_peer *peer = wgt_peer_now(r);
	struct wgt_allowed *grown;

	if (r->conf->n_allowed == WGT_ALLOWED_MAX) {
		wgt_bad(r, "more than %d prefixes in the file", WGT_ALLOWED_MAX);
		return;
	}
	grown = realloc(peer->allowed, (peer->n_allowed + 1) * sizeof(*grown));
	if (!grown) {
		r->report.oom = true;
		return;
	}
	peer->allowed = grown;
	grown[peer->n_allowed++] = (struct wgt_allowed){.prefix = *prefix, .line = r->line};
	r->conf->n_allowed++;
}

/* Clears the host bits. */
static struct ip_prefix network_of(const struct ip_addr *addr, uint8_t len)
{
	struct ip_prefix p = {.addr = *addr, .len = len};
	const unsigned bits = addr->family == AF_INET ? 32 : 128;

	for (unsigned bit = len; bit < bits; bit++)
		p.addr.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return p;
}

static void parse_allowed_ips(struct wgt_reader *r, const char *value)
{
	char entry[PREFIX_STRLEN + 16], quoted[INI_QUOTE_MAX + 8], text[PREFIX_STRLEN];

	if (!*value) /* wg(8): a peer that nothing is sent to */
		return;
	while (next_entry(r, &value, entry, sizeof(entry))) {
		struct ip_prefix p;
		struct ip_addr addr;
		uint8_t len;

		if (!*entry)
			continue;
		if (!split_prefix(entry, &addr, &len)) {
			wgt_bad(r, "%s is no prefix; write one such as 0.0.0.0/0",
				ini_quote(entry, quoted));
			continue;
		}
		p = network_of(&addr, len);
		if (ip_equal(&p.addr, &addr))
			add_allowed(r, &p);
		else
			wgt_bad(r, "%s has bits behind its prefix; write %s",
				ini_quote(entry, quoted), ip_prefix_str(&p, text));
	}
}

/* "HOST:PORT", "[IPV6]:PORT". */
static void parse_endpoint(struct wgt_reader *r, const char *value)
{
	struct wgt_peer *peer = wgt_peer_now(r);
	const char *colon = strrchr(value, ':');
	char quoted[INI_QUOTE_MAX + 8], host[WGT_HOST_MAX + 3];
	const bool brackets = value[0] == '[';
	struct ip_addr ip = {0};
	size_t n;

	peer->endpoint_line = r->line;
	ini_quote(value, quoted);
	if (!colon || !port_parse(colon + 1, &peer->port)) {
		wgt_bad(r, "%s has no port from 1 to 65535; write HOST:PORT", quoted);
		return;
	}
	n = (size_t)(colon - value);
	if (brackets && n > 2 && value[n - 1] == ']')
		value++, n -= 2;
	if (n >= sizeof(host)) {
		wgt_bad(r, "a name of %zu bytes, %d are allowed", n, WGT_HOST_MAX);
		return;
	}
	memcpy(host, value, n);
	host[n] = '\0';
	if (ip_parse(host, &ip)
		    ? brackets != (ip.family == AF_INET6)
		    : brackets || !host_name_ok(host) || strspn(host, "0123456789.") == n) {
		wgt_bad(r,
			"%s is no endpoint; write NAME:PORT, 192.0.2.1:PORT or [2001:db8::1]:PORT",
			quoted);
		return;
	}
	peer->where = ip;
	peer->host = strdup(host);
	if (!peer->host)
		r->report.oom = true;
}

static void parse_keepalive(struct wgt_reader *r, const char *value)
{
	uint64_t v = 0;

	if (strcasecmp(value, "off") != 0 && !parse_u64(value, UINT16_MAX, &v))
		wgt_bad(r, "is neither off nor seconds from 1 to 65535");
	else
		wgt_peer_now(r)->keepalive = (uint16_t)v;
}

static const struct {
	enum wgt_section section;
	const char *name;
	parse_fn *parse;
	bool repeats; /* a list, which may go on on another line */
} rows[] = {
	{WGT_INTERFACE, "PrivateKey", parse_private_key, false},
	{WGT_INTERFACE, "Address", parse_address, true},
	{WGT_INTERFACE, "DNS", parse_dns, true},
	{WGT_INTERFACE, "MTU", parse_mtu, false},
	{WGT_INTERFACE, "ListenPort", parse_listen_port, false},
	{WGT_INTERFACE, "FwMark", parse_fwmark, false},
	{WGT_INTERFACE, "Table", parse_table, false},
	{WGT_INTERFACE, "SaveConfig", parse_save_config, false},
	{WGT_INTERFACE, "PreUp", parse_command, true},
	{WGT_INTERFACE, "PostUp", parse_command, true},
	{WGT_INTERFACE, "PreDown", parse_command, true},
	{WGT_INTERFACE, "PostDown", parse_command, true},
	{WGT_PEER, "PublicKey", parse_public_key, false},
	{WGT_PEER, "PresharedKey", parse_preshared_key, false},
	{WGT_PEER, "AllowedIPs", parse_allowed_ips, true},
	{WGT_PEER, "Endpoint", parse_endpoint, false},
	{WGT_PEER, "PersistentKeepalive", parse_keepalive, false},
};

void wgt_assign(struct wgt_reader *r, const char *key, size_t key_len, const char *value)
{
	char quoted[INI_QUOTE_MAX + 8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].name) == key_len && strcasecmp(rows[i].name, key) == 0)
			break;
	if (i == ARRAY_SIZE(rows)) {
		/* A secret pasted in the wrong place may stand here: not more than a word of it. */
		if (key_len > 20)
			wgt_bad(r, "an unknown key of %zu characters", key_len);
		else
			wgt_bad(r, "%s is not a key of wg-quick(8)", ini_quote(key, quoted));
		return;
	}
	r->key = rows[i].name;
	if (rows[i].section != r->section) {
		wgt_bad(r, "belongs to [%s]", rows[i].section == WGT_PEER ? "Peer" : "Interface");
		return;
	}
	if (!rows[i].repeats && r->seen >> i & 1) {
		wgt_bad(r, "a second one; remove one of them");
		return;
	}
	r->seen |= UINT64_C(1) << i;
	if (!*value && rows[i].parse != parse_allowed_ips && rows[i].parse != parse_command) {
		wgt_bad(r, "has no value; write one, or remove the key");
		return;
	}
	rows[i].parse(r, value);
}
