/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon ssh, forward and ip: into a guest, with its own key; where it is. */
#include "provision/verbs.h"

#include "lib/parse.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/address.h"
#include "provision/domain.h"
#include "provision/ssh.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int find(const struct prov *p, struct addresses *ret, struct err *e)
{
	int r = address_find(p, ret, e);

	if (r == 0 && ret->n == 0)
		r = err_set(e, EX_CORDON_TEMPFAIL, EAGAIN,
			    "the guest of '%s' has no address yet; it asks for one when it starts",
			    p->rec.name);
	return r;
}

int verb_ip(const struct cli *cli, struct err *e)
{
	auto_prov struct prov p = PROV_NONE;
	struct addresses found;
	char text[PREFIX_STRLEN];
	int r = prov_open(cli->root, cli->args[0], &p, e);

	if (r == 0)
		r = find(&p, &found, e);
	for (size_t i = 0; r == 0 && i < found.n; i++)
		printf("%s\n", ip_str(&found.list[i], text));
	return r;
}

/* root becomes the user whose key it is: what comes from the guest is read as him. */
static int become_owner(const struct prov *p, struct err *e)
{
	const struct passwd *pw;

	if (geteuid() != 0 || !p->pol.run_as)
		return 0;
	pw = getpwnam(p->pol.run_as);
	if (!pw)
		return err_set(e, EX_CORDON_POLICY, ENOENT, "there is no user %s", p->pol.run_as);
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return err_os(e, errno, "cannot become %s", pw->pw_name);
	(void)setenv("HOME", pw->pw_dir, 1);
	(void)setenv("USER", pw->pw_name, 1);
	(void)setenv("LOGNAME", pw->pw_name, 1);
	return 0;
}

/* Becomes ssh, as the user whose key it is. */
static int exec_ssh(const struct prov *p, const char *const *argv, struct err *e)
{
	int r = become_owner(p, e);

	if (r < 0)
		return r;
	(void)execv(SSH, (char *const *)(uintptr_t)argv);
	return err_set(e, EX_CORDON_UNAVAILABLE, errno,
		       "cannot run " SSH "; install openssh-client");
}

int verb_ssh(const struct cli *cli, struct err *e)
{
	const int more = cli->n_args - 1;
	auto_prov struct prov p = PROV_NONE;
	auto_free const char **argv = NULL;
	struct addresses found;
	struct ssh_words words = {.n = 0};
	size_t n;
	int r;

	r = prov_open(cli->root, cli->args[0], &p, e);
	if (r == 0)
		r = find(&p, &found, e);
	if (r == 0)
		r = ssh_words(&p, &found.list[0], false, &words, e);
	if (r < 0)
		return r;
	argv = calloc(words.n + (size_t)more + 2, sizeof(*argv));
	if (!argv)
		return err_os(e, ENOMEM, "ssh");
	memcpy(argv, words.argv, words.n * sizeof(*argv));
	n = words.n;
	/* Ends ssh's own options: what follows is the guest's to read. */
	if (more > 0)
		argv[n++] = "--";
	for (int i = 1; i <= more; i++)
		argv[n++] = cli->args[i];
	return exec_ssh(&p, argv, e);
}

/* --- forward --- */

#define LOW_PORT 1024 /* below it only root may listen */

struct forward {
	uint64_t local, port;
	char word[64]; /* ssh's -L */
};

/* "PORT" or "LOCAL:PORT", of this host's loopback and of the guest's. */
static int read_forward(const char *arg, bool root, struct forward *ret, struct err *e)
{
	const char *colon = strchr(arg, ':');
	auto_free char *local = colon ? strndup(arg, (size_t)(colon - arg)) : NULL;

	if (!parse_u64(colon ? colon + 1 : arg, UINT16_MAX, &ret->port) || ret->port == 0)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' is not a port; write PORT, or LOCAL:PORT", arg);
	ret->local = ret->port;
	if (colon && (!local || !parse_u64(local, UINT16_MAX, &ret->local) || ret->local == 0))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' does not begin with a port; write LOCAL:PORT", arg);
	if (ret->local < LOW_PORT && !root)
		return err_set(e, EX_CORDON_USAGE, EACCES,
			       "no one but root may listen at port %" PRIu64
			       "; write another one before it, such as %" PRIu64 ":%" PRIu64,
			       ret->local, ret->local + 8000, ret->port);
	(void)snprintf(ret->word, sizeof(ret->word), "-L127.0.0.1:%" PRIu64 ":127.0.0.1:%" PRIu64,
		       ret->local, ret->port);
	return 0;
}

static int read_forwards(const struct cli *cli, const struct prov *p, struct forward *list,
			 struct err *e)
{
	const bool root = geteuid() == 0 && !p->pol.run_as;

	for (int i = 1; i < cli->n_args; i++) {
		int r = read_forward(cli->args[i], root, &list[i - 1], e);

		if (r < 0)
			return r;
		for (int k = 0; k < i - 1; k++)
			if (list[k].local == list[i - 1].local)
				return err_set(e, EX_CORDON_USAGE, EEXIST,
					       "port %" PRIu64 " of this host is named twice",
					       list[k].local);
	}
	return 0;
}

int verb_forward(const struct cli *cli, struct err *e)
{
	static const char *const more[] = {"-N", "-T", "-oExitOnForwardFailure=yes",
					   "-oGatewayPorts=no"};
	const int ports = cli->n_args - 1;
	const char *argv[SSH_OPTIONS_MAX + ARRAY_SIZE(more) + FORWARDS_MAX + 1];
	struct forward list[FORWARDS_MAX];
	auto_prov struct prov p = PROV_NONE;
	struct ssh_words words = {.n = 0};
	struct addresses found;
	size_t n;
	int r;

	r = prov_open(cli->root, cli->args[0], &p, e);
	if (r == 0)
		r = read_forwards(cli, &p, list, e);
	if (r == 0)
		r = find(&p, &found, e);
	if (r == 0)
		r = ssh_words(&p, &found.list[0], false, &words, e);
	if (r < 0)
		return r;
	/* All but the last word, which is where to. */
	n = words.n - 1;
	memcpy(argv, words.argv, n * sizeof(*argv));
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		argv[n++] = more[i];
	for (int i = 0; i < ports; i++)
		argv[n++] = list[i].word;
	argv[n++] = words.argv[words.n - 1];
	argv[n] = NULL;
	for (int i = 0; i < ports && !cli->quiet; i++)
		safe_printf("127.0.0.1:%" PRIu64 " leads to port %" PRIu64 " of %s\n",
			    list[i].local, list[i].port, p.rec.name);
	(void)fflush(stdout);
	return exec_ssh(&p, argv, e);
}
