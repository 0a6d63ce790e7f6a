/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-netiso explain: names are looked up, then asked about. */
#include "netiso/explain_verb.h"

#include "lib/safe.h"
#include "lib/util.h"
#include "netiso/explain.h"
#include "netiso/subject.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void answer(const struct subject *s, const struct explain_query *q)
{
	const struct explain_world w = {&s->policy, &s->facts, s->guests, s->n_guests};
	auto_sb struct strbuf text = {0};
	struct explain_verdict v;

	if (s->cli->from_host) {
		explain_inward(&w, q, &v);
		explain_print(&w, q, &v, &text);
	} else {
		explain_decide(&w, q, &v);
		explain_print(&w, q, &v, &text);
		explain_exceptions(&w, q, &v, &text);
	}
	safe_print(stdout, sb_str(&text));
}

static bool take(const struct sockaddr *sa, struct ip_addr *ret)
{
	*ret = (struct ip_addr){.family = sa->sa_family};
	if (sa->sa_family == AF_INET)
		memcpy(&ret->v4, &((const struct sockaddr_in *)sa)->sin_addr, sizeof(ret->v4));
	else if (sa->sa_family == AF_INET6)
		memcpy(&ret->v6, &((const struct sockaddr_in6 *)sa)->sin6_addr, sizeof(ret->v6));
	else
		return false;
	return true;
}

/* Every address of the name: a guest may try any of them. */
static int answer_name(const struct subject *s, struct explain_query *q, struct err *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int r = getaddrinfo(q->name, NULL, &hints, &list);

	if (r != 0)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: %s", q->name, gai_strerror(r));
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
		if (take(ai->ai_addr, &q->dst))
			answer(s, q);
	freeaddrinfo(list);
	return 0;
}

int explain_verb(const struct cli *cli, struct err *e)
{
	auto_subject struct subject s = {.cli = cli};
	int r = subject_load(&s, cli->args[0], e);

	for (int i = 1; r == 0 && i < cli->n_args; i++) {
		struct explain_query q;

		r = explain_parse(cli->args[i], &q, e);
		if (r == 0 && q.dst.family)
			answer(&s, &q);
		else if (r == 0)
			r = answer_name(&s, &q, e);
	}
	return r;
}
