/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At which address a running guest is: see provision/address.h. */
#include "provision/address.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NETISO_MS 10000
#define VIRSH "/usr/bin/virsh"
#define VIRSH_MS 5000

static void add(struct addresses *a, const struct ip_addr *ip)
{
	for (size_t i = 0; i < a->n; i++)
		if (ip_equal(&a->list[i], ip))
			return;
	if (a->n < ADDRESS_MAX)
		a->list[a->n++] = *ip;
}

static bool in_policy(const struct policy *p, const struct ip_addr *ip)
{
	for (size_t i = 0; i < p->n_addresses; i++)
		if (ip_equal(&p->addresses[i].addr, ip))
			return true;
	return false;
}

/* What virt-cordon-netiso prints; those that the policy names first. */
static void read_learnt(const struct prov *p, char *text, struct addresses *ret)
{
	struct addresses learnt = {0};
	struct ip_addr ip;
	char *save = NULL;

	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		if (ip_parse(s, &ip))
			add(&learnt, &ip);
	for (size_t i = 0; i < learnt.n; i++)
		if (in_policy(&p->pol, &learnt.list[i]))
			add(ret, &learnt.list[i]);
	for (size_t i = 0; i < learnt.n; i++)
		add(ret, &learnt.list[i]);
}

static int find_learnt(const struct prov *p, struct addresses *ret, struct err *e)
{
	char program[PATH_MAX], uuid[UUID_STRLEN];
	const char *argv[] = {program, "--root", p->root, "addresses", uuid_str(&p->rec.uuid, uuid),
			      NULL};
	auto_sb struct strbuf out = {0}, said = {0};
	int r;

	r = run_sibling("virt-cordon-netiso", program, sizeof(program), e);
	if (r == 0)
		r = run_captured(argv, NETISO_MS, &out, &said, e);
	if (r > 0)
		return err_set(e, (enum exit_code)r, EIO, "%.300s", sb_str(&said));
	if (r == 0 && out.data)
		read_learnt(p, out.data, ret);
	return r;
}

/* --- of a domain that is not isolated: what libvirt says --- */

static int ask_libvirt(const struct prov *p, const char *verb, const char *source,
		       struct strbuf *out)
{
	char uuid[UUID_STRLEN];
	const char *argv[] = {
		VIRSH,	"-q", verb, uuid_str(&p->rec.uuid, uuid), source ? "--source" : NULL,
		source, NULL};

	if (*p->root || access(VIRSH, X_OK) < 0)
		return -ENOENT;
	return run_captured(argv, VIRSH_MS, out, NULL, NULL) == 0 && out->data ? 0 : -EIO;
}

/* The @n-th word of a line, from 0; NULL without one. */
static char *word_of(char *line, size_t n)
{
	char *save = NULL, *w = strtok_r(line, " ", &save);

	while (w && n-- > 0)
		w = strtok_r(NULL, " ", &save);
	return w;
}

/* Whether the domain has a NIC of this MAC: "vnet0 network default virtio MAC" a line. */
static bool has_mac(const char *nics, const char *text)
{
	auto_free char *copy = strdup(nics);
	char *save = NULL;
	struct mac want, mac;

	if (!copy || !mac_parse(text, &want))
		return false;
	for (char *s = strtok_r(copy, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		const char *w = word_of(s, 4);

		if (w && mac_parse(w, &mac) && mac_equal(&mac, &want))
			return true;
	}
	return false;
}

/* "vnet0 MAC ipv4 ADDRESS/LENGTH" a line. What an agent says is the guest's own word: it has other
 * interfaces, too. */
static void read_libvirt(char *text, const char *nics, struct addresses *ret)
{
	char *save = NULL;

	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		char *rest = NULL, *name = strtok_r(s, " ", &rest);
		char *mac = name ? strtok_r(NULL, " ", &rest) : NULL;
		char *kind = mac ? strtok_r(NULL, " ", &rest) : NULL;
		char *addr = kind ? strtok_r(NULL, " /", &rest) : NULL;
		struct ip_addr ip;

		if (addr && strcmp(kind, "ipv4") == 0 && has_mac(nics, mac) && ip_parse(addr, &ip))
			add(ret, &ip);
	}
}

/* What the kernel has learnt of neighbours: "ADDRESS TYPE FLAGS MAC MASK DEVICE" a line, proc(5).
 * libvirt's own reader fails here with some kernels (9.0 on 6.18: "wrong nlmsg len"). */
static void find_neighbours(const char *nics, struct addresses *ret)
{
	auto_fclose FILE *f = fopen("/proc/net/arp", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *rest = NULL, *addr = strtok_r(line, " ", &rest);
		char *type = addr ? strtok_r(NULL, " ", &rest) : NULL;
		char *flags = type ? strtok_r(NULL, " ", &rest) : NULL;
		char *mac = flags ? strtok_r(NULL, " ", &rest) : NULL;
		struct ip_addr ip;

		/* without flags it was asked for, and did not answer */
		if (mac && strcmp(flags, "0x0") != 0 && has_mac(nics, mac) && ip_parse(addr, &ip))
			add(ret, &ip);
	}
}

static void find_by_libvirt(const struct prov *p, struct addresses *ret)
{
	auto_sb struct strbuf nics = {0}, lease = {0}, agent = {0};

	if (ask_libvirt(p, "domiflist", NULL, &nics) < 0)
		return;
	if (ask_libvirt(p, "domifaddr", "lease", &lease) == 0)
		read_libvirt(lease.data, sb_str(&nics), ret);
	if (ret->n == 0)
		find_neighbours(sb_str(&nics), ret);
	if (ret->n == 0 && ask_libvirt(p, "domifaddr", "agent", &agent) == 0)
		read_libvirt(agent.data, sb_str(&nics), ret);
}

int address_find(const struct prov *p, struct addresses *ret, struct err *e)
{
	*ret = (struct addresses){0};
	if (p->rec.isolation)
		return find_learnt(p, ret, e);
	find_by_libvirt(p, ret);
	return 0;
}
