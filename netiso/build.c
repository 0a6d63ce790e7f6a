/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan under construction, element by element: see netiso/build.h. */
#include "netiso/build.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TBL LAYOUT_TABLE

void build_remember(struct build *b, struct iso_element *el, const char *key, const char *rest)
{
	struct iso_element *grown = realloc(b->elements, (b->n_elements + 1) * sizeof(*grown));

	if (!grown) {
		b->failed = true;
		return;
	}
	(void)snprintf(el->text, sizeof(el->text), "%s%s", key, rest);
	b->elements = grown;
	grown[b->n_elements++] = *el;
}

static void undo_element(struct build *b, const char *family, const char *set, struct term key,
			 const char *rest)
{
	sb_addf(&b->undo_elements,
		"add element %s " TBL " %s { %s%s }\n"
		"delete element %s " TBL " %s { %s%s }\n",
		family, set, key.text, rest, family, set, key.text, rest);
}

void build_add(struct build *b, const char *family, const char *set, struct term key,
	       const char *rest)
{
	sb_addf(&b->apply, "add element %s " TBL " %s { %s%s }\n", family, set, key.text, rest);
	undo_element(b, family, set, key, rest);
}

void build_forget(struct build *b, const char *family, const char *set, struct term key)
{
	undo_element(b, family, set, key, "");
}

struct iso_element build_element(const char *family, const char *set, struct term key)
{
	struct iso_element el = {.family = family, .set = set, .key_len = key.len};

	memcpy(el.key, key.bytes, key.len);
	return el;
}

void build_set(struct build *b, const char *family, const char *set, struct term key)
{
	struct iso_element el = build_element(family, set, key);

	build_add(b, family, set, key, "");
	build_remember(b, &el, key.text, "");
}

void build_map(struct build *b, const char *family, const char *set, struct term key,
	       struct term value)
{
	struct iso_element el = build_element(family, set, key);
	char rest[80];

	(void)snprintf(rest, sizeof(rest), " : %s", value.text);
	build_add(b, family, set, key, rest);
	el.data_len = value.len;
	memcpy(el.data, value.bytes, value.len);
	build_remember(b, &el, key.text, rest);
}

/* @verb is "jump" or "goto". */
void build_verdict(struct build *b, const char *family, const char *set, struct term key,
		   const char *verb, const char *chain)
{
	struct iso_element el = build_element(family, set, key);
	char rest[80];

	(void)snprintf(rest, sizeof(rest), " : %s %s", verb, chain);
	build_add(b, family, set, key, rest);
	(void)snprintf(el.verdict, sizeof(el.verdict), "%s", chain);
	build_remember(b, &el, key.text, rest);
}

struct strbuf *build_chain(struct build *b, const char *family, const char *name)
{
	struct iso_chain *grown;

	for (size_t i = 0; i < b->n_chains; i++)
		if (strcmp(b->chains[i].name, name) == 0)
			return NULL;
	grown = realloc(b->chains, (b->n_chains + 1) * sizeof(*grown));
	if (!grown) {
		b->failed = true;
		return NULL;
	}
	b->chains = grown;
	grown += b->n_chains++;
	*grown = (struct iso_chain){.family = family};
	(void)snprintf(grown->name, sizeof(grown->name), "%s", name);
	sb_addf(&grown->make, "add chain %s " TBL " %s\nflush chain %s " TBL " %s\n", family, name,
		family, name);
	return &grown->make;
}

const char *iso_own_chain(enum iso_own_chain which, uint32_t slot, char buf[static ISO_CHAIN_MAX])
{
	static const char *const names[ISO_OWN_CHAINS] = {
		[ISO_OWN_LOG] = "log",
		[ISO_OWN_LAN] = "lan",
		[ISO_OWN_INSIDE] = "inside",
		[ISO_OWN_BESIDE] = "beside",
	};

	(void)snprintf(buf, ISO_CHAIN_MAX, "%s_%u", names[which], slot);
	return buf;
}

struct strbuf *build_own_chain(struct build *b, enum iso_own_chain which, const char *map)
{
	char name[ISO_CHAIN_MAX];
	struct strbuf *make = build_chain(b, "inet", iso_own_chain(which, b->f->slot, name));

	if (!make)
		return NULL;
	b->chains[b->n_chains - 1].own = true;
	/* The element needs its chain, also when undo adds it first. */
	sb_addf(&b->undo_elements, "add chain inet " TBL " %s\n", name);
	build_verdict(b, "inet", map, term_mark(b->mark), "jump", name);
	sb_addf(&b->undo_chains, "flush chain inet " TBL " %s\ndelete chain inet " TBL " %s\n",
		name, name);
	return make;
}

/* One that all domains on this bridge share: undo leaves it alone. */
void build_shared(struct build *b, const char *family, const char *set, struct term key)
{
	struct iso_element el = build_element(family, set, key);

	sb_addf(&b->apply, "add element %s " TBL " %s { %s }\n", family, set, key.text);
	build_remember(b, &el, key.text, "");
}

/* The sets have intervals: what is looked up is whether one holds the first address. */
void build_network(struct build *b, const char *family, const char *set,
		   const struct ip_prefix *net)
{
	struct iso_element el = build_element(family, set, term_ip(&net->addr));
	char text[PREFIX_STRLEN];

	sb_addf(&b->guests, "add element %s " TBL " %s { %s }\n", family, set,
		ip_prefix_str(net, text));
	build_remember(b, &el, text, "");
}

void build_raw_network(struct build *b, const char *family, const char *set,
		       const struct ip_prefix *net)
{
	struct iso_element el = build_element(family, set, term_ip(&net->addr));
	const uint32_t first = ntohl(net->addr.v4.s_addr);
	char text[32];

	(void)snprintf(text, sizeof(text), "0x%08x-0x%08x", first,
		       first | (net->len < 32 ? UINT32_MAX >> net->len : 0));
	sb_addf(&b->guests, "add element %s " TBL " %s { %s }\n", family, set, text);
	build_remember(b, &el, text, "");
}

void build_raw_net6(struct build *b, const char *family, const char *set,
		    const struct ip_prefix *net)
{
	const struct term key = term_raw_net6(&net->addr);
	struct iso_element el = build_element(family, set, key);

	sb_addf(&b->guests, "add element %s " TBL " %s { %s }\n", family, set, key.text);
	build_remember(b, &el, key.text, "");
}

void build_shared_verdict(struct build *b, const char *family, const char *set, struct term key,
			  const char *verb, const char *chain)
{
	struct iso_element el = build_element(family, set, key);
	char rest[80];

	(void)snprintf(rest, sizeof(rest), " : %s %s", verb, chain);
	sb_addf(&b->apply, "add element %s " TBL " %s { %s%s }\n", family, set, key.text, rest);
	(void)snprintf(el.verdict, sizeof(el.verdict), "%s", chain);
	build_remember(b, &el, key.text, rest);
}

void build_address(struct build *b, const struct iso_nic *nic, const struct ip_addr *ip,
		   uint64_t timeout_s)
{
	struct iso_address *grown = realloc(b->addresses, (b->n_addresses + 1) * sizeof(*grown));
	const bool v6 = ip->family == AF_INET6;
	const uint32_t owner = iso_nic_number(b->f->slot, nic->index);
	const struct term key =
		v6 ? term_join(term_mark(nic->link), term_raw_rest6(ip)) : term_raw_ip(ip);

	if (!grown) {
		b->failed = true;
		return;
	}
	b->addresses = grown;
	grown[b->n_addresses++] =
		(struct iso_address){.addr = *ip, .owner = owner, .link = v6 ? nic->link : 0};
	sb_addf(&b->apply, "add element bridge " TBL " %s { %s",
		v6 ? "address6_owner" : "address_owner", key.text);
	if (timeout_s)
		sb_addf(&b->apply, " timeout %llus", (unsigned long long)timeout_s);
	sb_addf(&b->apply, " : %s }\n", term_priority(owner).text);
}
