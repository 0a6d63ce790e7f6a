/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon ssh and ip: into a guest, with its own key; where it is. */
#include "provision/verbs.h"

#include "lib/util.h"
#include "provision/address.h"
#include "provision/domain.h"
#include "provision/ssh.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int find(const struct cli *cli, struct prov *p, struct addresses *ret, struct err *e)
{
	int r = prov_open(cli->root, cli->args[0], p, e);

	if (r == 0)
		r = address_find(p, ret, e);
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
	int r = find(cli, &p, &found, e);

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

int verb_ssh(const struct cli *cli, struct err *e)
{
	const int more = cli->n_args - 1;
	auto_prov struct prov p = PROV_NONE;
	auto_free const char **argv = NULL;
	struct addresses found;
	struct ssh_words words = {.n = 0};
	size_t n;
	int r;

	r = find(cli, &p, &found, e);
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
	r = become_owner(&p, e);
	if (r < 0)
		return r;
	(void)execv(SSH, (char *const *)(uintptr_t)argv);
	return err_set(e, EX_CORDON_UNAVAILABLE, errno,
		       "cannot run " SSH "; install openssh-client");
}
