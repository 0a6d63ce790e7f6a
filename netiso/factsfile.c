/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts from a file: see netiso/factsfile.h. */
#include "netiso/factsfile.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 6
#define FILE_MAX (256 * 1024)

static const char example[] = "mark_base 0x4c5a0000\n"
			      "log_group 100\n"
			      "slot 1\n"
			      "nic vnet0 virbr0 52:54:00:00:00:01 3600\n"
			      "gateway 192.168.122.1/24\n"
			      "host 203.0.113.10/24\n"
			      "tunnel wgc1 10.64.0.2\n"
			      "tunnel_dns 10.64.0.1\n"
			      "tunnel_route 0.0.0.0/0\n";

static const char example6[] = "mark_base 0x4c5a0000\n"
			       "log_group 100\n"
			       "slot 1\n"
			       "nic vnet0 virbr-cordon 52:54:00:00:00:01 3600 guarded\n"
			       "gateway 10.217.84.1/24\n"
			       "gateway fdfa:40b3:13fd::1/64\n"
			       "gateway fe80::5054:ff:fe00:fe/64\n"
			       "host 203.0.113.10/24\n"
			       "host 2001:db8:113::10/64\n"
			       "tunnel wgc1 10.64.0.2 fd64::2\n"
			       "tunnel_dns 10.64.0.1\n"
			       "tunnel_dns fd64::1\n"
			       "tunnel_route 0.0.0.0/0\n"
			       "tunnel_route ::/0\n";

static bool parse_number(const char *s, uint64_t max, uint64_t *ret)
{
	return s && parse_u64(s, max, ret);
}

static bool grow_nics(struct iso_facts *f)
{
	struct iso_nic *grown;

	if (f->n_nics >= ISO_NICS_MAX)
		return false;
	grown = realloc(f->nics, (f->n_nics + 1) * sizeof(*grown));
	if (!grown)
		return false;
	f->nics = grown;
	memset(&grown[f->n_nics], 0, sizeof(*grown));
	grown[f->n_nics].index = (unsigned)f->n_nics;
	f->n_nics++;
	return true;
}

/* Bridges by number, in the order in which they come. */
static uint32_t link_number(const struct iso_facts *f, const char *bridge)
{
	uint32_t highest = 0;

	for (size_t i = 0; i + 1 < f->n_nics; i++) {
		if (strcmp(f->nics[i].bridge, bridge) == 0)
			return f->nics[i].link;
		highest = f->nics[i].link > highest ? f->nics[i].link : highest;
	}
	return highest + 1;
}

static bool take_nic(struct iso_facts *f, char **w, size_t n)
{
	struct iso_nic *nic;

	if (n < 5 || (n == 6 && strcmp(w[5], "guarded") != 0) || strlen(w[1]) >= IFNAMSIZ ||
	    strlen(w[2]) >= IFNAMSIZ || !grow_nics(f))
		return false;
	nic = &f->nics[f->n_nics - 1];
	memcpy(nic->tap, w[1], strlen(w[1]));
	memcpy(nic->bridge, w[2], strlen(w[2]));
	nic->guarded = n == 6;
	nic->link = link_number(f, w[2]);
	return mac_parse(w[3], &nic->mac) && parse_number(w[4], UINT32_MAX, &nic->lease_s);
}

/* "ADDRESS/LEN" of an interface: the address itself, and the prefix it lies in. */
static bool parse_iface_addr(char *s, struct ip_addr *addr, struct ip_prefix *net)
{
	char *slash = strchr(s, '/');
	uint64_t len;

	if (!slash || !parse_u64(slash + 1, 128, &len))
		return false;
	*slash = '\0';
	if (!ip_parse(s, addr) || (addr->family == AF_INET && len > 32))
		return false;
	*net = (struct ip_prefix){.addr = ip_range_of(addr, (uint8_t)len).first,
				  .len = (uint8_t)len};
	return true;
}

static bool add_to(struct ip_addr **local, size_t *n_local, struct ip_prefix **attached,
		   size_t *n_attached, const struct ip_addr *addr, const struct ip_prefix *net)
{
	struct ip_addr *grown = realloc(*local, (*n_local + 1) * sizeof(*grown));
	struct ip_prefix *nets;

	if (!grown)
		return false;
	*local = grown;
	nets = realloc(*attached, (*n_attached + 1) * sizeof(*nets));
	if (!nets)
		return false;
	*attached = nets;
	grown[(*n_local)++] = *addr;
	nets[(*n_attached)++] = *net;
	return true;
}

bool factsfile_add_host(struct iso_facts *f, const struct ip_addr *addr,
			const struct ip_prefix *net)
{
	return addr->family == AF_INET
		       ? add_to(&f->local, &f->n_local, &f->attached, &f->n_attached, addr, net)
		       : add_to(&f->local6, &f->n_local6, &f->attached6, &f->n_attached6, addr,
				net);
}

static bool take_gateway(struct iso_facts *f, char **w, size_t n)
{
	struct iso_nic *nic = f->n_nics ? &f->nics[f->n_nics - 1] : NULL;
	struct iso_gateway gw = {0};

	if (n != 2 || !nic || !parse_iface_addr(w[1], &gw.addr, &gw.net))
		return false;
	if (gw.addr.family == AF_INET6 && nic->n_gateways6 < ISO_GATEWAYS_MAX)
		nic->gateways6[nic->n_gateways6++] = gw;
	else if (gw.addr.family == AF_INET && nic->n_gateways < ISO_GATEWAYS_MAX)
		nic->gateways[nic->n_gateways++] = gw;
	else
		return false;
	return factsfile_add_host(f, &gw.addr, &gw.net);
}

static bool take_forwarding(struct iso_facts *f, char **w, size_t n)
{
	f->no_forwarding6 = true;
	return n == 2 && strcmp(w[1], "no") == 0;
}

static bool take_uplink(struct iso_facts *f, char **w, size_t n)
{
	struct iso_nic *nic = f->n_nics ? &f->nics[f->n_nics - 1] : NULL;

	if (n != 2 || !nic || nic->n_uplinks >= ISO_UPLINKS_MAX || strlen(w[1]) >= IFNAMSIZ)
		return false;
	nic->switched = true;
	memcpy(nic->uplinks[nic->n_uplinks++], w[1], strlen(w[1]));
	return true;
}

static bool take_router(struct iso_facts *f, char **w, size_t n)
{
	struct iso_nic *nic = f->n_nics ? &f->nics[f->n_nics - 1] : NULL;

	if (n != 3 || !nic || nic->has_router || !ip_parse(w[1], &nic->router) ||
	    nic->router.family != AF_INET || !mac_parse(w[2], &nic->router_mac))
		return false;
	nic->has_router = true;
	return true;
}

static bool take_lease(struct iso_facts *f, char **w, size_t n)
{
	struct iso_nic *nic = f->n_nics ? &f->nics[f->n_nics - 1] : NULL;
	struct iso_lease lease = {0};

	if (n != 3 || !nic || nic->n_leases >= ISO_LEASES_MAX || !ip_parse(w[1], &lease.addr) ||
	    lease.addr.family != AF_INET || !parse_number(w[2], UINT32_MAX, &lease.remaining_s))
		return false;
	nic->leases[nic->n_leases++] = lease;
	return true;
}

static bool take_host(struct iso_facts *f, char **w, size_t n)
{
	struct ip_prefix net;
	struct ip_addr addr;

	return n == 2 && parse_iface_addr(w[1], &addr, &net) && factsfile_add_host(f, &addr, &net);
}

static bool take_mark_base(struct iso_facts *f, char **w, size_t n)
{
	return n == 2 && parse_hex32(w[1], &f->layout.mark_base);
}

static bool take_log_group(struct iso_facts *f, char **w, size_t n)
{
	uint64_t v;

	if (n != 2 || !parse_number(w[1], UINT16_MAX, &v))
		return false;
	f->layout.log_group = (uint16_t)v;
	return true;
}

static bool take_slot(struct iso_facts *f, char **w, size_t n)
{
	uint64_t v;

	if (n != 2 || !parse_number(w[1], LAYOUT_SLOT_MASK, &v))
		return false;
	f->slot = (uint32_t)v;
	return true;
}

static bool take_uuid(struct iso_facts *f, char **w, size_t n)
{
	return n == 2 && uuid_parse(w[1], &f->uuid);
}

/* tunnel LINK ADDRESS [ADDRESS6]; tunnel_dns ADDRESS; tunnel_route PREFIX */
static bool take_tunnel(struct iso_facts *f, char **w, size_t n)
{
	struct tunnel *t = &f->tunnel;

	if ((n != 3 && n != 4) || t->link[0] || !iso_tap_name_ok(w[1]) ||
	    !ip_parse(w[2], &t->address) || t->address.family != AF_INET)
		return false;
	if (n == 4 && (!ip_parse(w[3], &t->address6) || t->address6.family != AF_INET6))
		return false;
	(void)snprintf(t->link, sizeof(t->link), "%s", w[1]);
	return true;
}

static bool take_tunnel_dns(struct iso_facts *f, char **w, size_t n)
{
	struct tunnel *t = &f->tunnel;

	return n == 2 && t->n_dns < TUNNEL_DNS_MAX && ip_parse(w[1], &t->dns[t->n_dns]) &&
	       t->dns[t->n_dns++].family != 0;
}

static bool take_tunnel_route(struct iso_facts *f, char **w, size_t n)
{
	struct tunnel *t = &f->tunnel;
	struct ip_prefix p, *grown;

	if (n != 2 || !ip_prefix_parse(w[1], &p))
		return false;
	if (!p.len) {
		*(p.addr.family == AF_INET ? &t->to_all : &t->to_all6) = true;
		return true;
	}
	grown = realloc(t->routes, (t->n_routes + 1) * sizeof(*grown));
	if (!grown)
		return false;
	t->routes = grown;
	grown[t->n_routes++] = p;
	return true;
}

/* tunnel_way PREFIX LINK: of what goes beside the tunnel */
static bool take_tunnel_way(struct iso_facts *f, char **w, size_t n)
{
	struct tunnel_way way = {0};

	if (n != 3 || !ip_prefix_parse(w[1], &way.to) || !iso_tap_name_ok(w[2]))
		return false;
	(void)snprintf(way.link, sizeof(way.link), "%s", w[2]);
	return tunnel_add_way(&f->tunnel, &way);
}

static const struct {
	const char *word;
	bool (*take)(struct iso_facts *f, char **words, size_t n);
} kinds[] = {
	{"nic", take_nic},
	{"gateway", take_gateway},
	{"lease", take_lease},
	{"host", take_host},
	{"forwarding6", take_forwarding},
	{"mark_base", take_mark_base},
	{"log_group", take_log_group},
	{"slot", take_slot},
	{"uuid", take_uuid},
	{"tunnel", take_tunnel},
	{"tunnel_dns", take_tunnel_dns},
	{"tunnel_route", take_tunnel_route},
	{"tunnel_way", take_tunnel_way},
	{"uplink", take_uplink},
	{"router", take_router},
};

static bool take_line(struct iso_facts *f, char *line)
{
	char *words[WORDS_MAX], *save = NULL;
	size_t n = 0;

	if (line[0] == '#')
		return true;
	for (char *w = strtok_r(line, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (n == WORDS_MAX)
			return false;
		words[n++] = w;
	}
	for (size_t i = 0; n && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(words[0], kinds[i].word) == 0)
			return kinds[i].take(f, words, n);
	return n == 0;
}

int factsfile_parse(const char *text, size_t len, struct iso_facts *ret, struct err *e)
{
	auto_free char *copy = strndup(text, len);
	struct iso_facts f = {0};
	unsigned n = 0;
	char *next = copy;

	if (!copy)
		return err_os(e, ENOMEM, "facts");
	while (next && *next) {
		char *line = next, *end = strchr(next, '\n');

		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		n++;
		if (take_line(&f, line))
			continue;
		free(f.nics);
		free(f.attached);
		free(f.local);
		free(f.attached6);
		free(f.local6);
		tunnel_free(&f.tunnel);
		return err_set(e, EX_CORDON_DATA, EBADMSG, "line %u of the facts is not understood",
			       n);
	}
	f.tunnel.mark = f.layout.mark_base | f.slot;
	*ret = f;
	return 0;
}

int factsfile_load(const char *path, struct iso_facts *ret, struct err *e)
{
	auto_fclose FILE *f = fopen(path, "re");
	auto_free char *text = malloc(FILE_MAX);
	size_t n;
	int r;

	if (!text)
		return err_os(e, ENOMEM, "%s", path);
	if (!f && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: no such file", path);
	if (!f)
		return err_os(e, errno, "cannot open %s", path);
	n = fread(text, 1, FILE_MAX, f);
	if (ferror(f) || n == FILE_MAX)
		return err_set(e, EX_CORDON_DATA, EFBIG, "%s: cannot be read, or is too long",
			       path);
	r = factsfile_parse(text, n, ret, e);
	return r < 0 ? err_wrap(e, "%s", path) : 0;
}

int factsfile_example(bool ipv6, struct iso_facts *ret, struct err *e)
{
	const char *text = ipv6 ? example6 : example;

	return factsfile_parse(text, strlen(text), ret, e);
}
