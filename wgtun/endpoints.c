/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the names of endpoints still lead where the tunnel goes: see wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/util.h"
#include "wgtun/resolve.h"

#include <netdb.h>
#include <string.h>

static const struct wgt_peer_state *find_peer(const struct wgt_state *s, const struct wgt_key *key)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (memcmp(&s->peers[i].public_key, key, sizeof(*key)) == 0)
			return &s->peers[i];
	return NULL;
}

static bool among(const struct wgt_answer *a, const struct ip_addr *ip)
{
	for (size_t i = 0; i < a->n; i++)
		if (ip_equal(&a->ips[i], ip))
			return true;
	return false;
}

/* A name may have several addresses, and a peer may roam among them: stale is what is none. */
static void look(const struct wgt_job *j, const struct wgt_peer *p, const struct wgt_answer *a,
		 const struct wgt_peer_state *live, struct strbuf *out)
{
	char now[PREFIX_STRLEN], then[PREFIX_STRLEN];

	if (!a->asked)
		sb_addf(out,
			"warning: the endpoint '%s' was not resolved within %d ms: whether it has "
			"moved is not known\n",
			p->host, WGT_RESOLVE_MS);
	else if (a->error || !a->n)
		sb_addf(out,
			"warning: the endpoint '%s' does not resolve now (%s): whether it has "
			"moved is not known\n",
			p->host, a->error ? gai_strerror(a->error) : "no address");
	else if (live && live->endpoint.family && !among(a, &live->endpoint))
		sb_addf(out,
			"warning: the endpoint '%s' is stale: it is %s now, and the tunnel goes "
			"to %s; virt-cordon apply %s takes the new one in\n",
			p->host, ip_str(&a->ips[0], now), ip_str(&live->endpoint, then),
			j->rec.name);
}

int wgt_endpoints_warn(struct wgt_job *j, const struct wgt_undo *undo, struct strbuf *out,
		       struct err *e)
{
	auto_free struct wgt_answer *answers = NULL;
	struct wgt_state state = {0};
	int r = 0;

	for (size_t i = 0; i < j->conf.n_peers && !answers && r == 0; i++)
		if (j->conf.peers[i].host && !j->conf.peers[i].where.family)
			r = wgt_resolve_ask(&j->conf, &answers, e);
	if (r < 0 || !answers)
		return r;
	/* One that is not there is check's to name. */
	if (wgt_device_get(undo->backend, undo->link, &state, NULL) < 0)
		return 0;
	for (size_t i = 0; i < j->conf.n_peers; i++) {
		const struct wgt_peer *p = &j->conf.peers[i];

		if (p->host && !p->where.family)
			look(j, p, &answers[i], find_peer(&state, &p->public_key), out);
	}
	wgt_state_free(&state);
	return 0;
}
