/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `virt-cordon-wgtun show` prints: see wgtun/show.h. */
#include "wgtun/show.h"

#include "lib/safe.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DNS_LEAK "DNS: the host's resolver answers the guest"

struct view {
	const struct wgt_job *j;
	const char *state; /* "in force", "broken", "off" */
	const char *backend;
	struct tunnel tunnel;
	struct wgt_state device;
};

static const char *endpoint_text(const struct wgt_peer_state *p, char *buf, size_t size)
{
	char ip[PREFIX_STRLEN];

	if (!p->endpoint.family)
		return NULL;
	(void)snprintf(buf, size, p->endpoint.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		       ip_str(&p->endpoint, ip), p->port);
	return buf;
}

/* Seconds since the last handshake, -1: never. */
static int64_t handshake_age(const struct wgt_peer_state *p)
{
	const int64_t s = (int64_t)time(NULL) - p->handshake;

	return !p->handshake ? -1 : s < 0 ? 0 : s;
}

/* What leaves beside the tunnel by the policy's wish, a line each. */
static void leaks(const struct view *v, struct strbuf *out)
{
	char text[PREFIX_STRLEN];

	if (policy_dns_effective(&v->j->policy) == DNS_HOST)
		sb_adds(out, DNS_LEAK "\n");
	for (size_t i = 0; i < v->tunnel.n_ways; i++) {
		const struct tunnel_way *w = &v->tunnel.ways[i];

		sb_addf(out, "%s by %s", ip_prefix_str(&w->to, text),
			w->link[0] ? w->link : "no link: there was no way to it");
		if (w->link[0] && w->via.family)
			sb_addf(out, " and %s", ip_str(&w->via, text));
		sb_adds(out, "\n");
	}
}

static json_t *leaks_json(const struct view *v)
{
	auto_sb struct strbuf text = {0};
	json_t *list = json_array();
	char *next, *line;

	leaks(v, &text);
	next = text.data;
	while (next && (line = strsep(&next, "\n")) && *line)
		(void)json_array_append_new(list, json_string(line));
	return list;
}

static json_t *search_json(const struct view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->j->conf.n_search; i++)
		(void)json_array_append_new(list, json_string(v->j->conf.search[i]));
	return list;
}

static json_t *peers_json(const struct view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->device.n_peers; i++) {
		const struct wgt_peer_state *p = &v->device.peers[i];
		char key[WGT_KEY_B64], text[PREFIX_STRLEN + 16];
		const int64_t age = handshake_age(p);

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s?, s:o, s:I, s:I, s:i}", "public_key",
					wgt_key_b64(&p->public_key, key), "endpoint",
					endpoint_text(p, text, sizeof(text)), "handshake_age",
					age < 0 ? json_null() : json_integer(age), "rx",
					(json_int_t)p->rx, "tx", (json_int_t)p->tx, "keepalive",
					(int)p->keepalive));
	}
	return list;
}

static int show_json(const struct view *v, struct err *e)
{
	char uuid[UUID_STRLEN], text[PREFIX_STRLEN], text6[PREFIX_STRLEN];
	json_t *dns = json_array(), *doc;

	for (size_t i = 0; i < v->tunnel.n_dns; i++)
		(void)json_array_append_new(dns, json_string(ip_str(&v->tunnel.dns[i], text)));
	doc = json_pack(
		"{s:s, s:s, s:s, s:s?, s:s?, s:I, s:s?, s:s?, s:i, s:o, s:o, s:o, s:s?, s:o, s:b}",
		"name", v->j->rec.name, "uuid", uuid_str(&v->j->rec.uuid, uuid), "tunnel", v->state,
		"interface", v->tunnel.link[0] ? v->tunnel.link : NULL, "backend", v->backend,
		"table", (json_int_t)v->tunnel.mark, "address",
		v->tunnel.link[0] ? ip_str(&v->tunnel.address, text) : NULL, "address6",
		v->tunnel.address6.family ? ip_str(&v->tunnel.address6, text6) : NULL, "mtu",
		(int)v->tunnel.mtu, "dns", dns, "search", search_json(v), "peers", peers_json(v),
		"leak", policy_dns_effective(&v->j->policy) == DNS_HOST ? DNS_LEAK : NULL, "leaks",
		leaks_json(v), "shared", v->j->policy.tunnel_shared);
	if (!doc || json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0) {
		json_decref(doc);
		return err_set(e, EX_CORDON_OS, ENOMEM, "cannot print JSON");
	}
	putchar('\n');
	json_decref(doc);
	return 0;
}

static void show_peer(const struct wgt_peer_state *p)
{
	char key[WGT_KEY_B64], text[PREFIX_STRLEN + 16];
	const char *where = endpoint_text(p, text, sizeof(text));
	const int64_t age = handshake_age(p);

	printf("peer       %s\n           at %s, ", wgt_key_b64(&p->public_key, key),
	       where ? where : "no endpoint");
	if (age < 0)
		printf("no handshake yet");
	else
		printf("last handshake %" PRId64 " s ago", age);
	printf("\n           %" PRIu64 " bytes in, %" PRIu64 " out\n", p->rx, p->tx);
}

static void show_text(const struct view *v)
{
	auto_sb struct strbuf bad = {0};
	char text[PREFIX_STRLEN];

	safe_printf("%s\ntunnel     %s\n", v->j->rec.name, v->state);
	if (v->tunnel.link[0])
		safe_printf("interface  %s%s%s%s\naddress    %s\nmtu        %" PRIu32
			    "\ntable      %" PRIu32 "\n",
			    v->tunnel.link, v->backend ? " (" : "", v->backend ? v->backend : "",
			    v->backend ? ")" : "", ip_str(&v->tunnel.address, text), v->tunnel.mtu,
			    v->tunnel.mark);
	if (v->tunnel.address6.family)
		printf("address6   %s\n", ip_str(&v->tunnel.address6, text));
	for (size_t i = 0; i < v->tunnel.n_dns; i++)
		printf("dns        %s\n", ip_str(&v->tunnel.dns[i], text));
	for (size_t i = 0; i < v->j->conf.n_search; i++)
		safe_printf("search     %s (not handed to the guest)\n", v->j->conf.search[i]);
	for (size_t i = 0; i < v->device.n_peers; i++)
		show_peer(&v->device.peers[i]);
	leaks(v, &bad);
	for (const char *s = sb_str(&bad); *s; s += strcspn(s, "\n") + 1)
		safe_printf("leak       %.*s\n", (int)strcspn(s, "\n"), s);
}

int wgt_show(const char *root, const struct uuid *uuid, bool json, struct err *e)
{
	struct wgt_undo undo = {0};
	struct view v = {.state = "off"};
	struct wgt_job j = {0};
	int r = wgt_job_load(root, uuid, &j, e);

	v.j = &j;
	if (r == 0 && j.conf.path) {
		v.state = wgt_domain_check(root, uuid, NULL, NULL) == 0 ? "in force" : "broken";
		if (wgt_undo_load(root, uuid, &undo, NULL) == 0 && undo.has_backend) {
			v.backend = wgt_backend_name(undo.backend);
			(void)wgt_device_get(undo.backend, undo.link, &v.device, NULL);
		}
		(void)tunnel_load(root, uuid, &v.tunnel, NULL);
	}
	if (r == 0 && json)
		r = show_json(&v, e);
	else if (r == 0)
		show_text(&v);
	tunnel_free(&v.tunnel);
	wgt_state_free(&v.device);
	wgt_job_free(&j);
	return r;
}
