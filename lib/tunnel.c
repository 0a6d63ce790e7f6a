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

void tunnel_print(const struct tunnel *t, struct strbuf *out)
{
	char text[PREFIX_STRLEN];

	sb_addf(out, HEAD "\nlink %s\nmark 0x%08" PRIx32 "\nmtu %" PRIu32 "\naddress %s\n", t->link,
		t->mark, t->mtu, ip_str(&t->address, text));
	for (size_t i = 0; i < t->n_dns; i++)
		sb_addf(out, "dns %s\n", ip_str(&t->dns[i], text));
	sb_addf(out, "default %s\n", t->to_all ? "yes" : "no");
	for (size_t i = 0; i < t->n_routes; i++)
		sb_addf(out, "route %s\n", ip_prefix_str(&t->routes[i], text));
	sb_adds(out, "end\n");
}

static bool link_ok(const char *s)
{
	const size_t n = strlen(s);

	return strncmp(s, "wgc", 3) == 0 && n > 3 && n < IFNAMSIZ &&
	       strspn(s + 3, "0123456789") == n - 3;
}

static bool add_route(struct tunnel *t, const char *value)
{
	struct ip_prefix p, *grown;

	if (t->n_routes == TUNNEL_ROUTES_MAX || !ip_prefix_parse(value, &p) ||
	    p.addr.family != AF_INET || p.len == 0)
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
	struct ip_addr ip;

	if (t->n_dns == TUNNEL_DNS_MAX || !ip_parse(value, &ip) || ip.family != AF_INET)
		return false;
	t->dns[t->n_dns++] = ip;
	return true;
}

/* The lines in their order; the number of the field that may come next is kept in @at. */
enum field { F_HEAD, F_LINK, F_MARK, F_MTU, F_ADDRESS, F_DNS, F_DEFAULT, F_ROUTE, F_END, F_DONE };

static const char *const keys[] = {
	[F_LINK] = "link", [F_MARK] = "mark",	    [F_MTU] = "mtu",	[F_ADDRESS] = "address",
	[F_DNS] = "dns",   [F_DEFAULT] = "default", [F_ROUTE] = "route"};

static bool take_value(struct tunnel *t, enum field f, const char *value)
{
	uint64_t v;

	switch (f) {
	case F_LINK:
		if (!link_ok(value))
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
	case F_DNS:
		return add_dns(t, value);
	case F_DEFAULT:
		return parse_bool(value, &t->to_all);
	default:
		return add_route(t, value);
	}
}

static bool take_line(struct tunnel *t, char *line, enum field *at)
{
	char *blank = strchr(line, ' ');
	enum field f;

	if (*at == F_HEAD) {
		*at = F_LINK;
		return strcmp(line, HEAD) == 0;
	}
	if (strcmp(line, "end") == 0) {
		const bool ok = *at == F_ROUTE;

		*at = F_DONE;
		return ok;
	}
	if (!blank)
		return false;
	*blank = '\0';
	for (f = F_LINK; f < F_END; f++)
		if (strcmp(line, keys[f]) == 0)
			break;
	/* Lists may be empty, and each line of one may be followed by another. */
	if (f == F_END || (f != *at && !(*at == F_DNS && f == F_DEFAULT)))
		return false;
	*at = f == F_DNS || f == F_ROUTE ? f : f + 1;
	return take_value(t, f, blank + 1);
}

int tunnel_parse(const char *text, size_t len, struct tunnel *ret, struct err *e)
{
	enum field at = F_HEAD;
	struct tunnel t = {0};
	unsigned n = 0;

	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t size = end ? (size_t)(end - text) : len;
		char line[LINE_MAX_LEN];

		n++;
		if (!end || size >= sizeof(line) || memchr(text, '\0', size) || at == F_DONE)
			goto bad;
		memcpy(line, text, size);
		line[size] = '\0';
		if (!take_line(&t, line, &at))
			goto bad;
		text += size + 1, len -= size + 1;
	}
	if (at == F_DONE) {
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
	*t = (struct tunnel){0};
}

bool tunnel_reaches(const struct tunnel *t, const struct ip_addr *ip)
{
	if (ip->family != AF_INET)
		return false;
	if (t->to_all)
		return true;
	for (size_t i = 0; i < t->n_routes; i++)
		if (ip_prefix_contains(&t->routes[i], ip))
			return true;
	return false;
}
