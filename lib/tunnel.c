/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a domain's tunnel: see lib/tunnel.h. */
#include "lib/tunnel.h"

#include "lib/parse.h"
#include "lib/record.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HEAD "virt-cordon-wgtun 1"
#define LINE_MAX_LEN 128

static void print_way(const struct tunnel_way *w, struct strbuf *out)
{
	char text[PREFIX_STRLEN];

	sb_addf(out, "way %s", ip_prefix_str(&w->to, text));
	if (w->link[0])
		sb_addf(out, " dev %s", w->link);
	if (w->link[0] && w->via.family)
		sb_addf(out, " via %s", ip_str(&w->via, text));
	sb_adds(out, "\n");
}

void tunnel_print(const struct tunnel *t, struct strbuf *out)
{
	char text[PREFIX_STRLEN];

	sb_addf(out, HEAD "\nlink %s\nmark 0x%08" PRIx32 "\nmtu %" PRIu32 "\naddress %s\n", t->link,
		t->mark, t->mtu, ip_str(&t->address, text));
	if (t->address6.family)
		sb_addf(out, "address6 %s\n", ip_str(&t->address6, text));
	for (size_t i = 0; i < t->n_dns; i++)
		sb_addf(out, "dns %s\n", ip_str(&t->dns[i], text));
	sb_addf(out, "default %s\ndefault6 %s\n", t->to_all ? "yes" : "no",
		t->to_all6 ? "yes" : "no");
	for (size_t i = 0; i < t->n_routes; i++)
		sb_addf(out, "route %s\n", ip_prefix_str(&t->routes[i], text));
	for (size_t i = 0; i < t->n_ways; i++)
		print_way(&t->ways[i], out);
	sb_adds(out, "end\n");
}

bool tunnel_link_ok(const char *s)
{
	const size_t n = strlen(s);

	return (strncmp(s, "wgc", 3) == 0 || strncmp(s, "wgs", 3) == 0) && n > 3 && n < IFNAMSIZ &&
	       strspn(s + 3, "0123456789") == n - 3;
}

static bool add_route(struct tunnel *t, const char *value)
{
	struct ip_prefix p, *grown;

	if (t->n_routes == TUNNEL_ROUTES_MAX || !ip_prefix_parse(value, &p) || p.len == 0)
		return false;
	grown = realloc(t->routes, (t->n_routes + 1) * sizeof(*grown));
	if (!grown)
		return false;
	t->routes = grown;
	grown[t->n_routes++] = p;
	return true;
}

static bool add_dns(struct tunnel *t, const char *value)
{
	return t->n_dns < TUNNEL_DNS_MAX && ip_parse(value, &t->dns[t->n_dns]) &&
	       t->dns[t->n_dns++].family != 0;
}

bool tunnel_add_way(struct tunnel *t, const struct tunnel_way *way)
{
	struct tunnel_way *grown;

	if (t->n_ways == TUNNEL_WAYS_MAX)
		return false;
	grown = realloc(t->ways, (t->n_ways + 1) * sizeof(*grown));
	if (!grown)
		return false;
	t->ways = grown;
	grown[t->n_ways++] = *way;
	return true;
}

/* What may be the name of a link on its way into nftables and into this file. */
static bool any_link_ok(const char *s)
{
	const size_t n = strlen(s);

	return n > 0 && n < IFNAMSIZ &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

/* "PREFIX [dev LINK [via ADDRESS]]"; @value is cut apart. */
static bool add_way(struct tunnel *t, char *value)
{
	struct tunnel_way w = {0};
	char *words[6], *save = NULL;
	size_t n = 0;

	for (char *s = strtok_r(value, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
		if (n == 5)
			return false;
		words[n++] = s;
	}
	if ((n != 1 && n != 3 && n != 5) || !ip_prefix_parse(words[0], &w.to))
		return false;
	if (n >= 3) {
		if (strcmp(words[1], "dev") != 0 || !any_link_ok(words[2]))
			return false;
		(void)snprintf(w.link, sizeof(w.link), "%s", words[2]);
	}
	if (n == 5 && (strcmp(words[3], "via") != 0 || !ip_parse(words[4], &w.via) ||
		       w.via.family != w.to.addr.family))
		return false;
	return tunnel_add_way(t, &w);
}

/* The lines in their order. */
enum field {
	F_HEAD,
	F_LINK,
	F_MARK,
	F_MTU,
	F_ADDRESS,
	F_ADDRESS6,
	F_DNS,
	F_DEFAULT,
	F_DEFAULT6,
	F_ROUTE,
	F_WAY,
	F_END
};

static const struct {
	const char *key;
	bool may_lack, repeats;
} lines[F_END] = {
	[F_LINK] = {"link", false, false},	  [F_MARK] = {"mark", false, false},
	[F_MTU] = {"mtu", false, false},	  [F_ADDRESS] = {"address", false, false},
	[F_ADDRESS6] = {"address6", true, false}, [F_DNS] = {"dns", true, true},
	[F_DEFAULT] = {"default", false, false},  [F_DEFAULT6] = {"default6", false, false},
	[F_ROUTE] = {"route", true, true},	  [F_WAY] = {"way", true, true},
};

static bool take_value(struct tunnel *t, enum field f, char *value)
{
	uint64_t v;

	switch (f) {
	case F_LINK:
		if (!tunnel_link_ok(value))
			return false;
		(void)snprintf(t->link, sizeof(t->link), "%s", value);
		return true;
	case F_MARK:
		return strncmp(value, "0x", 2) == 0 && parse_hex32(value, &t->mark) && t->mark;
	case F_MTU:
		if (!parse_u64(value, 65535, &v) || v < 576)
			return false;
		t->mtu = (uint32_t)v;
		return true;
	case F_ADDRESS:
		return ip_parse(value, &t->address) && t->address.family == AF_INET;
	case F_ADDRESS6:
		return ip_parse(value, &t->address6) && t->address6.family == AF_INET6;
	case F_DNS:
		return add_dns(t, value);
	case F_DEFAULT:
		return parse_bool(value, &t->to_all);
	case F_DEFAULT6:
		return parse_bool(value, &t->to_all6);
	case F_ROUTE:
		return add_route(t, value);
	default:
		return add_way(t, value);
	}
}

/* Whether the fields from @from to just before @to may all be missing. */
static bool may_skip(enum field from, enum field to)
{
	for (enum field f = from; f < to; f++)
		if (!lines[f].may_lack)
			return false;
	return true;
}

/* @at: the field that may come next, F_END + 1 behind the end. */
static bool take_line(struct tunnel *t, char *line, unsigned *at)
{
	char *blank = strchr(line, ' ');
	unsigned f;

	if (*at == F_HEAD) {
		*at = F_LINK;
		return strcmp(line, HEAD) == 0;
	}
	if (strcmp(line, "end") == 0) {
		const bool ok = may_skip(*at, F_END);

		*at = F_END + 1;
		return ok;
	}
	if (!blank)
		return false;
	*blank = '\0';
	for (f = F_LINK; f < F_END; f++)
		if (strcmp(line, lines[f].key) == 0)
			break;
	if (f == F_END || f < *at || !may_skip(*at, f))
		return false;
	*at = lines[f].repeats ? f : f + 1;
	return take_value(t, f, blank + 1);
}

int tunnel_parse(const char *text, size_t len, struct tunnel *ret, struct err *e)
{
	unsigned at = F_HEAD;
	struct tunnel t = {0};
	unsigned n = 0;

	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t size = end ? (size_t)(end - text) : len;
		char line[LINE_MAX_LEN];

		n++;
		if (!end || size >= sizeof(line) || memchr(text, '\0', size) || at == F_END + 1)
			goto bad;
		memcpy(line, text, size);
		line[size] = '\0';
		if (!take_line(&t, line, &at))
			goto bad;
		text += size + 1, len -= size + 1;
	}
	if (at == F_END + 1) {
		*ret = t;
		return 0;
	}
bad:
	tunnel_free(&t);
	return err_set(e, EX_CORDON_DATA, EBADMSG, TUNNEL_FACTS " is damaged, line %u", n);
}

int tunnel_load(const char *root, const struct uuid *uuid, struct tunnel *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = record_file_read(root, uuid, TUNNEL_FACTS, &text, &len, e);
	return r < 0 ? r : tunnel_parse(text, len, ret, e);
}

void tunnel_free(struct tunnel *t)
{
	if (!t)
		return;
	free(t->routes);
	free(t->ways);
	*t = (struct tunnel){0};
}

bool tunnel_reaches(const struct tunnel *t, const struct ip_addr *ip)
{
	if (ip->family == AF_INET ? t->to_all : t->to_all6)
		return true;
	for (size_t i = 0; i < t->n_routes; i++)
		if (ip_prefix_contains(&t->routes[i], ip))
			return true;
	return false;
}

size_t tunnel_n_dns(const struct tunnel *t, int family)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_dns; i++)
		n += t->dns[i].family == family;
	return n;
}
