/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the guest is logged in to. */
#pragma once

#include "provision/domain.h"

#define SSH "/usr/bin/ssh"
#define SSH_OPTIONS_MAX 40 /* words */

/* The words of a command line, and what they lie in. */
struct ssh_words {
	char text[8192];
	const char *argv[SSH_OPTIONS_MAX];
	size_t n;
};

/**
 * ssh_words - "ssh OPTION… USER@ADDRESS", NULL-terminated, with room for more behind.
 * @batch: no one can be asked; give up soon where there is no answer
 *
 * The host key must be the one that was made here, from the first connection on; no configuration
 * of the user's or the host's counts, nothing of the host's is forwarded into the guest.
 */
int ssh_words(const struct prov *p, const struct ip_addr *addr, bool batch, struct ssh_words *ret,
	      struct err *e);

/** ssh_options - the options alone, as one line for Ansible; no word has a blank or a quote. */
int ssh_options(const struct prov *p, struct strbuf *out, struct err *e);

/** ssh_need - refuse, with exit code 78, a policy that names no ssh_user. */
int ssh_need(const struct prov *p, struct err *e);
