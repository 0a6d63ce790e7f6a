/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the guest is logged in to: see provision/ssh.h. */
#include "provision/ssh.h"

#include "lib/util.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void word(struct ssh_words *w, size_t *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void word(struct ssh_words *w, size_t *at, const char *fmt, ...)
{
	const size_t room = sizeof(w->text) - *at;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->text + *at, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room || w->n + 2 > SSH_OPTIONS_MAX) {
		w->n = SSH_OPTIONS_MAX;
		return;
	}
	w->argv[w->n++] = w->text + *at;
	w->argv[w->n] = NULL;
	*at += (size_t)n + 1;
}

/* ssh reads % and blanks in its options' values, Ansible splits the line. */
static bool plain_path(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/._-", *s))
			return false;
	return true;
}

static void options(const struct prov *p, bool batch, struct ssh_words *w, size_t *at)
{
	const char *keys = p->store.path;
	char uuid[UUID_STRLEN];

	word(w, at, "-F");
	word(w, at, "/dev/null");
	word(w, at, "-i");
	word(w, at, "%s/keys/" KEY_CLIENT, keys);
	word(w, at, "-oIdentitiesOnly=yes");
	word(w, at, "-oIdentityAgent=none");
	word(w, at, "-oUserKnownHostsFile=%s/keys/" KEY_KNOWN_HOSTS, keys);
	word(w, at, "-oGlobalKnownHostsFile=/dev/null");
	word(w, at, "-oHostKeyAlias=%s", uuid_str(&p->rec.uuid, uuid));
	word(w, at, "-oHostKeyAlgorithms=ssh-ed25519");
	word(w, at, "-oStrictHostKeyChecking=yes");
	word(w, at, "-oUpdateHostKeys=no");
	word(w, at, "-oCheckHostIP=no");
	word(w, at, "-oPasswordAuthentication=no");
	word(w, at, "-oKbdInteractiveAuthentication=no");
	word(w, at, "-oForwardAgent=no");
	word(w, at, "-oForwardX11=no");
	word(w, at, "-oPermitLocalCommand=no");
	word(w, at, "-oControlPath=none");
	word(w, at, "-oServerAliveInterval=15");
	word(w, at, "-oConnectTimeout=10");
	if (batch)
		word(w, at, "-oBatchMode=yes");
}

static int check(const struct prov *p, const struct ssh_words *w, struct err *e)
{
	if (w->n >= SSH_OPTIONS_MAX || !plain_path(p->store.path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG,
			       "the path %s is too long, or has blanks, for ssh", p->store.path);
	return 0;
}

int ssh_need(const struct prov *p, struct err *e)
{
	if (p->pol.ssh_user)
		return 0;
	(void)err_set(e, EX_CORDON_POLICY, EINVAL,
		      "not set; write the user in the guest to log in as, such as debian");
	return prov_blame(&p->pol, KEY_PROV_SSH_USER, e);
}

int ssh_words(const struct prov *p, const struct ip_addr *addr, bool batch, struct ssh_words *ret,
	      struct err *e)
{
	char text[PREFIX_STRLEN];
	size_t at = 0;
	int r = ssh_need(p, e);

	if (r < 0)
		return r;
	ret->n = 0;
	word(ret, &at, SSH);
	options(p, batch, ret, &at);
	word(ret, &at, "%s@%s", p->pol.ssh_user, ip_str(addr, text));
	return check(p, ret, e);
}

int ssh_options(const struct prov *p, struct strbuf *out, struct err *e)
{
	struct ssh_words w = {.n = 0};
	size_t at = 0;
	int r;

	options(p, true, &w, &at);
	r = check(p, &w, e);
	for (size_t i = 0; r == 0 && i < w.n; i++)
		sb_addf(out, "%s%s", i ? " " : "", w.argv[i]);
	return r;
}
