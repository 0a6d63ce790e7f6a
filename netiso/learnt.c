/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that a domain's NICs own in the kernel. See netiso/learnt.h. */
#include "netiso/learnt.h"

#include "lib/nl.h"
#include "lib/util.h"
#include "netiso/compile.h"
#include "netiso/kernel.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct kern_key *)a)->bytes, ((const struct kern_key *)b)->bytes, 4);
}

static bool is_own(const struct record *rec, const struct kern_key *key)
{
	uint32_t slot;
	unsigned nic;

	return key->len == 4 && iso_nic_of_number(key->data, &slot, &nic) && slot == rec->slot &&
	       nic < rec->n_nics && !rec->nics[nic].gone;
}

int learnt_print(const struct record *rec, FILE *out, struct err *e)
{
	__attribute__((cleanup(nl_close))) struct nl nf = {0};
	auto_free struct kern_key *keys = NULL;
	struct err why = {0};
	size_t n = 0;
	int r;

	if (!rec->isolation)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "domain '%s' is not isolated: nothing is learnt of it", rec->name);
	r = nl_open(&nf, NETLINK_NETFILTER, e);
	if (r < 0)
		return r;
	r = kern_set_keys(&nf, "bridge", "address_owner", &keys, &n, &why);
	if (r == -ENOENT)
		return err_set(e, EX_CORDON_DIFFERS, ENOENT, "the isolation is not in force");
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	if (n)
		qsort(keys, n, sizeof(*keys), compare);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *b = keys[i].bytes;

		if (is_own(rec, &keys[i]))
			fprintf(out, "%u.%u.%u.%u\n", b[0], b[1], b[2], b[3]);
	}
	return 0;
}
