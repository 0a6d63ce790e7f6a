/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One number for what was compiled, one for what the kernel has of it. */
#include "netiso/job.h"

#include "lib/fnv.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/kernel.h"
#include "netiso/switched.h"

#include <errno.h>
#include <string.h>

/*
 * Both go over the same list: the shared rules, each chain, each element, the public addresses. To
 * the first goes what was compiled, as the kernel showed it when it had just taken it; to the other
 * what is there now. So they are the same exactly as long as nothing differs.
 */

static void add(uint64_t *h, uint64_t value)
{
	*h = fnv_add(*h, &value, sizeof(value));
}

static int add_chain(struct job *j, const char *family, const char *name, struct job_digests *d,
		     struct err *e)
{
	uint64_t noted, now;
	int r = base_chain_digests(j->root, &j->nf, family, name, &noted, &now, e);

	add(&d->rules, noted);
	add(&d->kernel, now);
	return r;
}

static int add_chains(struct job *j, struct job_digests *d, struct err *e)
{
	char tap[ISO_CHAIN_MAX];
	int r = 0;

	for (size_t i = 0; i < j->plan.n_chains && r == 0; i++)
		r = add_chain(j, j->plan.chains[i].family, j->plan.chains[i].name, d, e);
	for (size_t i = 0; i < j->facts.n_nics; i++)
		for (size_t k = 0; k < iso_tap_n_chains(&j->facts.nics[i]) && r == 0; k++)
			r = add_chain(j, "netdev", iso_tap_chain_n(j->facts.nics[i].tap, k, tap), d,
				      e);
	return r;
}

static int add_elements(struct job *j, struct job_digests *d, struct err *e)
{
	for (size_t i = 0; i < j->plan.n_elements; i++) {
		const struct iso_element *el = &j->plan.elements[i];
		const int r = kern_element_matches(&j->nf, el);

		if (r < 0)
			return err_os(e, -r, "cannot read the set %s", el->set);
		d->rules = fnv_add(d->rules, el->text, strlen(el->text));
		if (r == 1)
			d->kernel = fnv_add(d->kernel, el->text, strlen(el->text));
	}
	return 0;
}

int job_digests(struct job *j, struct job_digests *ret, struct err *e)
{
	struct job_digests d = {FNV_BASIS, FNV_BASIS};
	auto_sb struct strbuf more = {0};
	uint64_t shared = 0;
	struct base b = {0};
	int r;

	(void)base_load(j->root, &b, NULL);
	(void)base_kernel_digest(j->root, &j->nf, &shared, NULL);
	add(&d.rules, base_text_digest(&j->params));
	add(&d.kernel, b.text);
	add(&d.rules, b.digest);
	add(&d.kernel, shared);
	add(&d.rules, true);
	add(&d.kernel, job_public_same(j));
	r = add_chains(j, &d, e);
	if (r == 0)
		r = add_elements(j, &d, e);
	if (r == 0)
		r = job_added(j, &more, NULL, e);
	if (r < 0)
		return r;
	d.kernel = fnv_add(d.kernel, sb_str(&more), more.len);
	*ret = d;
	return 0;
}
