/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Ansible is told of a guest: see provision/inventory.h. */
#include "provision/inventory.h"

#include "lib/util.h"
#include "provision/ssh.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Ansible expands what is between braces, in names and in values. */
static const char *host_name(const struct prov *p, char uuid[static UUID_STRLEN])
{
	uuid_str(&p->rec.uuid, uuid);
	return strpbrk(p->rec.name, "{}[]:,*?!&") ? uuid : p->rec.name;
}

int inventory_write(const struct prov *p, const struct ip_addr *addr, char ret[static PATH_MAX],
		    struct err *e)
{
	char ip[PREFIX_STRLEN], uuid[UUID_STRLEN], key[PATH_MAX];
	auto_sb struct strbuf options = {0};
	auto_free char *text = NULL;
	json_t *doc;
	int r;

	r = ssh_options(p, &options, e);
	if (r < 0)
		return r;
	if (snprintf(ret, PATH_MAX, "%s/" INVENTORY_FILE, p->store.path) >= PATH_MAX ||
	    snprintf(key, sizeof(key), "%s/keys/" KEY_CLIENT, p->store.path) >= (int)sizeof(key))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	doc = json_pack("{s:{s:{s:{s:s, s:s, s:s, s:s, s:s, s:s}}}}", "all", "hosts",
			host_name(p, uuid), "ansible_host", ip_str(addr, ip), "ansible_user",
			p->pol.ssh_user, "ansible_ssh_private_key_file", key,
			"ansible_ssh_common_args", sb_str(&options), "ansible_connection", "ssh",
			"ansible_ssh_executable", SSH);
	text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
	json_decref(doc);
	if (!text)
		return err_os(e, ENOMEM, "inventory");
	return store_write(&p->store, INVENTORY_FILE, text, strlen(text), 0644, NULL, false, e);
}
