/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live tunnel against its plan: see wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/marks.h"
#include "lib/util.h"
#include "wgtun/rtnl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define HANDSHAKE_FIRST 30 /* seconds of grace after the start */

struct checker {
	struct wgt_job *j;
	struct strbuf *diff;
	struct err *e;
	bool differs;
};

static __attribute__((format(printf, 2, 3))) void differs(struct checker *c, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->differs = true;
	if (c->diff)
		sb_addf(c->diff, "%s\n", line);
	(void)err_set(c->e, EX_CORDON_DIFFERS, ESTALE, "%s", line);
}

/* Seconds since the tunnel was put in, by the undo file. */
static int64_t age(const struct wgt_job *j)
{
	char path[PATH_MAX + 32], dir[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/" WGT_UNDO,
		       record_dir(j->root, &j->rec.uuid, dir, sizeof(dir)));
	return stat(path, &st) < 0 ? 0 : (int64_t)(time(NULL) - st.st_mtime);
}

/* Only a keepalive promises a handshake: without, silence says nothing. */
static void check_handshakes(struct checker *c, const struct wgt_state *s)
{
	const int64_t now = time(NULL);

	for (size_t i = 0; i < s->n_peers; i++) {
		const struct wgt_peer_state *p = &s->peers[i];
		char key[WGT_KEY_B64];

		if (!wgt_peer_due(p))
			continue;
		wgt_key_b64(&p->public_key, key);
		if (!p->handshake && age(c->j) > HANDSHAKE_FIRST)
			differs(c, "no handshake with peer %s since the start", key);
		else if (p->handshake && now - p->handshake > wgt_peer_due(p))
			differs(c,
				"the last handshake with peer %s was %" PRId64 " s ago, a new one "
				"is overdue",
				key, now - p->handshake);
	}
}

static void check_device(struct checker *c, enum wgt_backend b)
{
	const char *link = c->j->plan.tunnel.link, *what = NULL;
	struct wgt_state state = {0};
	struct err why = {0};

	if (wgt_device_get(b, link, &state, &why) < 0) {
		differs(c, "%s", why.msg);
		return;
	}
	if (!wgt_state_same(&state, &c->j->conf, &what))
		differs(c, "%s: %s differs from %s", link, what, c->j->conf.path);
	check_handshakes(c, &state);
	wgt_state_free(&state);
}

static int check_rules(struct checker *c)
{
	char text[160];
	const struct wgt_rules *rules = &c->j->plan.rules;
	int i = wgt_rules_missing(&c->j->route, rules, c->e);

	if (i >= 0 && (size_t)i < rules->n)
		differs(c, "missing: %s rule %s",
			rules->list[i].family == AF_INET ? "IPv4" : "IPv6",
			wgt_rule_text(&rules->list[i], text, sizeof(text)));
	if (i < 0 || !c->j->plan.device_ipv6)
		return i < 0 ? i : 0;
	i = wgt_guard_stands(&c->j->route, c->j->plan.table & MARKS_MASK, c->j->plan.tunnel.link,
			     c->e);
	if (i == 0)
		differs(c,
			"missing: the IPv6 rules that let only answers out of %s, before the local "
			"table",
			c->j->plan.tunnel.link);
	return i < 0 ? i : 0;
}

static int check_link(struct checker *c, int *ret_index)
{
	const struct tunnel *t = &c->j->plan.tunnel;
	struct rtnl_link link = {0};
	struct err why = {0};
	const char *what;
	int r = wgt_link_get(&c->j->route, t->link, &link, &why);

	if (r < 0 && r != -ENODEV)
		return err_set(c->e, why.exit, why.errnum, "%s", why.msg);
	*ret_index = link.index;
	if (r < 0) {
		differs(c, "%s", why.msg);
		return 0;
	}
	if (!link.up)
		differs(c, "the link %s is down", t->link);
	if (link.mtu != t->mtu)
		differs(c, "the MTU of %s is %" PRIu32 ", not %" PRIu32, t->link, link.mtu, t->mtu);
	if (!wgt_sysctl_same(t->link, c->j->plan.device_ipv6, &what))
		differs(c, "%s of %s was changed", what, t->link);
	return 0;
}

/* Where the host sends what is for the targets now, against the table: by the facts. */
static void check_ways(struct checker *c, const struct tunnel *told)
{
	const struct tunnel *now = &c->j->plan.tunnel;
	char text[PREFIX_STRLEN], from[48], to[48];

	for (size_t i = 0; i < now->n_ways; i++) {
		const struct tunnel_way *a = &now->ways[i], *b = NULL;

		for (size_t k = 0; k < told->n_ways && !b; k++)
			if (ip_equal(&told->ways[k].to.addr, &a->to.addr) &&
			    told->ways[k].to.len == a->to.len)
				b = &told->ways[k];
		if (b && strcmp(a->link, b->link) == 0 && a->via.family == b->via.family &&
		    (!a->via.family || ip_equal(&a->via, &b->via)))
			continue;
		(void)snprintf(from, sizeof(from), "%s%s", b && b->link[0] ? "by " : "",
			       !b	    ? "not known"
			       : b->link[0] ? b->link
					    : "nowhere");
		(void)snprintf(to, sizeof(to), "%s%s", a->link[0] ? "by " : "",
			       a->link[0] ? a->link : "nowhere");
		differs(c,
			"the way to %s beside the tunnel is stale: it was %s, the host's routes "
			"lead %s%s now",
			ip_prefix_str(&a->to, text), from, to,
			b && strcmp(a->link, b->link) == 0 ? ", through another router" : "");
	}
}

/* What the isolator was told; with an MTU that the file leaves open. */
static int check_facts(struct checker *c)
{
	auto_sb struct strbuf want = {0}, have = {0};
	struct tunnel told = {0}, *t = &c->j->plan.tunnel;
	const bool differed = c->differs;
	struct err why = {0};
	int r = wgt_ways(&c->j->route, c->j->plan.targets, c->j->plan.n_targets, t, c->e);

	if (r < 0)
		return r;
	if (tunnel_load(c->j->root, &c->j->rec.uuid, &told, &why) < 0) {
		differs(c, "%s", why.msg);
		return 0;
	}
	if (!t->mtu)
		t->mtu = told.mtu;
	check_ways(c, &told);
	tunnel_print(t, &want);
	tunnel_print(&told, &have);
	tunnel_free(&told);
	if (want.failed || have.failed)
		return err_os(c->e, ENOMEM, TUNNEL_FACTS);
	if (strcmp(sb_str(&want), sb_str(&have)) != 0 && c->differs == differed)
		differs(c, "%s was changed since the tunnel was put in", c->j->conf.path);
	return 0;
}

static int check_routes(struct checker *c, int index)
{
	const uint32_t tables[] = {c->j->plan.table, c->j->plan.table | MARKS_BESIDE};
	auto_routes struct wgt_routes routes = {0};
	char what[PREFIX_STRLEN] = "";

	wgt_routes_all(&c->j->plan, index, &routes);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		int r = wgt_routes_same(&c->j->route, tables[i], &routes, what, c->e);

		if (r < 0)
			return r;
		if (r == 0)
			differs(c, "the routes of table %" PRIu32 " differ, first at %s", tables[i],
				what);
	}
	return 0;
}

static int check_all(struct checker *c, const struct wgt_undo *undo)
{
	int index = 0, r;

	(void)snprintf(c->j->plan.tunnel.link, IFNAMSIZ, "%s", undo->link);
	r = check_facts(c);
	if (r == 0)
		r = check_link(c, &index);
	if (r < 0)
		return r;
	if (index && undo->has_backend)
		check_device(c, undo->backend);
	r = check_routes(c, index);
	if (r == 0)
		r = check_rules(c);
	/* For people: it asks a name server. */
	if (r == 0 && c->diff)
		r = wgt_endpoints_warn(c->j, undo, c->diff, c->e);
	return r;
}

int wgt_domain_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e)
{
	struct err first = {0};
	struct wgt_job j = {0};
	struct checker c = {.j = &j, .diff = diff, .e = &first};
	struct wgt_undo undo;
	int r = wgt_job_load(root, uuid, &j, e);

	if (r == 0 && j.conf.path) {
		r = wgt_undo_load(root, uuid, &undo, NULL);
		if (r == -ENOENT)
			differs(&c, "the tunnel is not in force");
		else
			r = r < 0 ? err_set(e, EX_CORDON_DATA, -r, WGT_UNDO " is damaged")
				  : check_all(&c, &undo);
		if (diff)
			wgt_warnings(&j, diff);
		if (r < 0 && !c.differs)
			(void)err_set(e, first.exit, first.errnum, "%s", first.msg);
		else if (c.differs)
			r = err_set(e, first.exit, first.errnum, "%s", first.msg);
	}
	wgt_job_free(&j);
	return r;
}
