/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A WireGuard device in the text of its cross-platform interface: see wgtun/device.h. The format is
 * described at wireguard.com/xplatform. */
#include "wgtun/device.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define VALUE_MAX 128 /* bytes of a value in an answer, but for what is not looked at */

/* A buffer of fixed size: one that grows would leave copies of the keys behind. */
struct out {
	char *buf;
	size_t size, len;
};

static __attribute__((format(printf, 2, 3))) void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < o->size - o->len)
		o->len += (size_t)n;
}

static void put_key(struct out *o, const char *name, const struct wgt_key *key)
{
	char hex[WGT_KEY_HEX];

	put(o, "%s=%s\n", name, wgt_key_hex(key, hex));
	wgt_wipe(hex, sizeof(hex));
}

static void put_peer(struct out *o, const struct wgt_peer *p)
{
	char text[PREFIX_STRLEN];

	put_key(o, "public_key", &p->public_key);
	if (p->has_preshared_key)
		put_key(o, "preshared_key", &p->preshared_key);
	if (p->where.family == AF_INET)
		put(o, "endpoint=%s:%u\n", ip_str(&p->where, text), p->port);
	else if (p->where.family == AF_INET6)
		put(o, "endpoint=[%s]:%u\n", ip_str(&p->where, text), p->port);
	put(o, "persistent_keepalive_interval=%u\nreplace_allowed_ips=true\n", p->keepalive);
	for (size_t i = 0; i < p->n_allowed; i++)
		put(o, "allowed_ip=%s/%u\n", ip_str(&p->allowed[i].prefix.addr, text),
		    p->allowed[i].prefix.len);
}

char *wgt_uapi_set(const struct wgt_conf *c, size_t *ret_size)
{
	struct out o = {.size = 256 + c->n_peers * 384 + c->n_allowed * 80};

	o.buf = malloc(o.size);
	if (!o.buf)
		return NULL;
	put(&o, "set=1\n");
	put_key(&o, "private_key", &c->private_key);
	put(&o, "listen_port=%u\nfwmark=%" PRIu32 "\nreplace_peers=true\n", c->listen_port,
	    c->fwmark);
	for (size_t i = 0; i < c->n_peers; i++)
		put_peer(&o, &c->peers[i]);
	put(&o, "\n");
	*ret_size = o.size;
	return o.buf;
}

static bool get_number(const char *s, uint64_t max, uint64_t *ret)
{
	return parse_u64(s, max, ret);
}

static bool get_allowed(const char *s, struct wgt_peer_state *p)
{
	struct ip_prefix a, *slot;

	if (!ip_prefix_parse(s, &a))
		return false;
	slot = wgt_state_add_allowed(p);
	if (slot)
		*slot = a;
	return slot != NULL;
}

static bool get_endpoint(char *s, struct wgt_peer_state *p)
{
	char *colon = strrchr(s, ':');
	size_t n;

	if (!colon || !port_parse(colon + 1, &p->port))
		return false;
	*colon = '\0';
	n = strlen(s);
	if (n > 2 && *s == '[' && s[n - 1] == ']') {
		s[n - 1] = '\0';
		s++;
	}
	/* A link-local one has a zone, which is not kept. */
	s[strcspn(s, "%")] = '\0';
	return ip_parse(s, &p->endpoint);
}

static bool get_peer_line(const char *key, char *value, struct wgt_peer_state *p)
{
	uint64_t v = 0;

	if (strcmp(key, "endpoint") == 0)
		return get_endpoint(value, p);
	if (strcmp(key, "allowed_ip") == 0)
		return get_allowed(value, p);
	if (strcmp(key, "persistent_keepalive_interval") == 0) {
		if (!get_number(value, UINT16_MAX, &v))
			return false;
		p->keepalive = (uint16_t)v;
	} else if (strcmp(key, "last_handshake_time_sec") == 0) {
		if (!get_number(value, INT64_MAX, &v))
			return false;
		p->handshake = (int64_t)v;
	} else if (strcmp(key, "rx_bytes") == 0) {
		return get_number(value, UINT64_MAX, &p->rx);
	} else if (strcmp(key, "tx_bytes") == 0) {
		return get_number(value, UINT64_MAX, &p->tx);
	}
	return true;
}

static bool get_line(const char *key, char *value, struct wgt_state *s)
{
	struct wgt_peer_state *p;
	uint64_t v = 0;

	if (strcmp(key, "public_key") == 0) {
		p = wgt_state_add_peer(s);
		return p && wgt_key_parse_hex(value, '\0', &p->public_key);
	}
	if (s->n_peers)
		return get_peer_line(key, value, &s->peers[s->n_peers - 1]);
	if (strcmp(key, "private_key") == 0)
		return wgt_key_parse_hex(value, '\0', &s->private_key);
	if (strcmp(key, "listen_port") == 0) {
		if (!get_number(value, UINT16_MAX, &v))
			return false;
		s->listen_port = (uint16_t)v;
	} else if (strcmp(key, "fwmark") == 0) {
		if (!get_number(value, UINT32_MAX, &v))
			return false;
		s->fwmark = (uint32_t)v;
	}
	return true;
}

/* "errno=N" as a negative errno. */
static int answer_errno(const char *value)
{
	const bool minus = value[0] == '-';
	uint64_t v;

	return parse_u64(value + minus, 4095, &v) ? -(int)v : -EBADMSG;
}

int wgt_uapi_get(const char *text, size_t len, struct wgt_state *ret)
{
	char line[VALUE_MAX + 1];
	int answer = -EBADMSG;

	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t n = end ? (size_t)(end - text) : len;
		char *eq;

		if (!end || n > VALUE_MAX || memchr(text, '\0', n))
			break;
		if (n == 0) {
			wgt_wipe(line, sizeof(line));
			return answer;
		}
		memcpy(line, text, n);
		line[n] = '\0';
		eq = strchr(line, '=');
		if (!eq)
			break;
		*eq = '\0';
		if (strcmp(line, "errno") == 0)
			answer = answer_errno(eq + 1);
		else if (!get_line(line, eq + 1, ret))
			break;
		text += n + 1, len -= n + 1;
	}
	wgt_wipe(line, sizeof(line));
	return -EBADMSG;
}

int wgt_uapi_errno(const char *text, size_t len)
{
	struct wgt_state nothing = {0};
	int r = wgt_uapi_get(text, len, &nothing);

	wgt_state_free(&nothing);
	return r;
}
