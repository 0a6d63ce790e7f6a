/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At which address a running guest is: see provision/address.h. */
#include "provision/address.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NETISO_MS 10000
#define LEASES_MAX (4 * 1024 * 1024)

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

/* A lease of libvirt's dnsmasq, src/network/leaseshelper.c of libvirt. */
static void read_lease(const json_t *lease, const struct mac *mac, int64_t now,
		       struct addresses *ret)
{
	const char *ip = json_string_value(json_object_get(lease, "ip-address"));
	const char *of = json_string_value(json_object_get(lease, "mac-address"));
	const int64_t end = json_integer_value(json_object_get(lease, "expiry-time"));
	struct ip_addr addr;
	struct mac m;

	if (ip && of && mac_parse(of, &m) && mac_equal(&m, mac) && ip_parse(ip, &addr) &&
	    addr.family == AF_INET && (end == 0 || end > now))
		add(ret, &addr);
}

static void find_leases(const struct prov *p, const struct record_nic *nic, struct addresses *ret)
{
	auto_close int fd = -1;
	char path[PATH_MAX];
	json_t *doc;
	size_t i;
	json_t *lease;

	if (snprintf(path, sizeof(path), "%s/var/lib/libvirt/dnsmasq/%s.status", p->root,
		     nic->bridge) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	doc = fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
	json_array_foreach(doc, i, lease) read_lease(lease, &nic->mac, time(NULL), ret);
	json_decref(doc);
}

int address_find(const struct prov *p, struct addresses *ret, struct err *e)
{
	*ret = (struct addresses){0};
	if (p->rec.isolation)
		return find_learnt(p, ret, e);
	for (size_t i = 0; i < p->pol.n_addresses; i++)
		add(ret, &p->pol.addresses[i].addr);
	for (size_t i = 0; i < p->rec.n_nics; i++)
		if (!p->rec.nics[i].gone)
			find_leases(p, &p->rec.nics[i], ret);
	return 0;
}
