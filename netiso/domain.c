/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects on one domain: see netiso/domain.h. */
#include "netiso/domain.h"

#include "lib/fnv.h"
#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/record_policy.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/gather.h"
#include "netiso/job.h"
#include "netiso/kernel.h"
#include "netiso/nft.h"
#include "netiso/renew.h"
#include "netiso/switched.h"
#include "netiso/uplink.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GENERATION_FILE "netiso.generation"
#define GENERATION_STRLEN 16

int domain_plan(const char *root, const struct record *rec, struct layout_params *ret_params,
		struct iso_plan *ret, struct err *e)
{
	auto_job struct job j = {.root = root};
	int r;

	r = record_load(root, &rec->uuid, &j.rec, e);
	if (r == 0)
		r = nl_open(&j.route, NETLINK_ROUTE, e);
	if (r == 0)
		r = job_compile(&j, true, e);
	if (r < 0)
		return r;
	*ret_params = j.params;
	*ret = j.plan;
	j.plan = (struct iso_plan){0};
	return 0;
}

/* Whether no chain of the domain's taps stands: 1 or 0, or -errno. */
static int taps_unchained(struct job *j, struct err *e)
{
	char chain[ISO_CHAIN_MAX];

	for (size_t i = 0; i < j->facts.n_nics; i++) {
		const struct iso_nic *nic = &j->facts.nics[i];

		for (size_t k = 0; k < iso_tap_n_chains(nic); k++) {
			const int r = kern_chain_exists(&j->nf, "netdev",
							iso_tap_chain_n(nic->tap, k, chain), NULL);

			if (r < 0)
				return err_os(e, -r, "cannot read the chain %s", chain);
			if (r == 1)
				return 0;
		}
	}
	return 1;
}

/* The plan itself. Commonly, nothing of the domain stands and every chain it shares with others
 * does: then nothing is deleted, for which the kernel would let us wait (see iso_nft_apply). */
static int compose_plan(struct job *j, bool new, bool anew, struct commands *c, struct err *e)
{
	int fresh = new ? taps_unchained(j, e) : 0;

	if (fresh < 0)
		return fresh;
	for (size_t i = 0; i < j->plan.n_chains; i++) {
		const struct iso_chain *chain = &j->plan.chains[i];
		int r = 0;

		/* What an own one should say is not in its name. */
		if (!anew && !chain->own)
			r = base_chain_stands(j->root, &j->nf, chain->family, chain->name, e);
		if (r < 0)
			return r;
		j->chain_made[i] = r == 0;
		if (r == 0)
			sb_adds(&c->rest, sb_str(&chain->make));
	}
	if (!fresh)
		sb_adds(&c->rest, sb_str(&j->plan.clear));
	if (anew || !job_guests_known(j))
		commands_add_guests(c, &j->plan);
	sb_adds(&c->rest, sb_str(&j->plan.fresh));
	return 0;
}

/* Whether another domain has something in the tables, by its record or, if that was lost, by its
 * tap: a domain that runs is not opened because no one remembers it. */
static bool others_isolated(struct job *j)
{
	auto_free struct uuid *list = NULL;
	char tap[IFNAMSIZ];
	size_t n = 0;

	if (record_list(j->root, &list, &n, NULL) < 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!uuid_equal(&list[i], &j->rec.uuid) &&
		    !record_file_gone(j->root, &list[i], UNDO_FILE))
			return true;
	return job_stray_tap(j, false, tap, NULL) != 0;
}

/* One run of nftables, and what it is to do. */
struct transaction {
	struct commands commands;
	struct strbuf undo;    /* until it is through */
	bool refused;	       /* by nftables */
	bool fresh;	       /* the domain had nothing: what stands under its number is not its */
	bool shared;	       /* the layout is in it, too */
	struct renewal others; /* the domains that are */
};

static void transaction_free(struct transaction *t)
{
	commands_free(&t->commands);
	sb_free(&t->undo);
	renewal_free(&t->others);
}
#define auto_transaction __attribute__((cleanup(transaction_free)))

/* The shared part is put in where none stands. Where it does stand but /run/virt-cordon was lost,
 * the numbers of running domains would be given a second time: nothing starts before these have
 * ended. @anew: with all that was in it, as it is without others or with another version's. */
static int compose_shared(struct job *j, struct transaction *t, bool absent, bool *anew,
			  struct err *e)
{
	const bool shared = others_isolated(j);
	struct commands *const c = &t->commands;
	char tap[IFNAMSIZ];
	int r = job_stray_tap(j, true, tap, e);

	if (r < 0)
		return r;
	if (r == 1)
		return err_set(e, EX_CORDON_DATA, EUCLEAN,
			       "rules stand for the tap %s, but no record in /run/virt-cordon says "
			       "whose; stop the domain that has it, or restart the host",
			       tap);
	/* With no one else's in it, what stands may be of domains long gone: their numbers are
	 * free. */
	*anew = *anew || !shared || (!absent && !base_is_ours(j->root, &j->params));
	if (*anew && !absent)
		layout_emit_remove(&c->first);
	layout_emit(&j->params, &c->first);
	if (!*anew)
		return 0;
	/* Without others, for this one: in a repair. */
	if (!absent && (shared || !record_file_gone(j->root, &j->rec.uuid, UNDO_FILE)))
		renew_keep_learnt(c);
	return shared ? renew_others(j, &t->others, c, e) : 0;
}

/* Where nothing stands, nothing is to be flushed; that of an empty set counts as a deletion, too.
 */
static void drop_flushes(struct strbuf *text)
{
	struct strbuf kept = {0};

	for (const char *line = sb_str(text); *line;) {
		const size_t n = strcspn(line, "\n") + 1;

		if (strncmp(line, "flush ", 6) != 0)
			sb_add(&kept, line, n);
		line += n;
	}
	kept.failed = kept.failed || text->failed;
	sb_free(text);
	*text = kept;
}

/* One transaction that leads from whatever stands to the plan. */
static int compose(struct job *j, struct transaction *t, bool anew, struct err *e)
{
	auto_sb struct strbuf claims = {0};
	struct commands *const c = &t->commands;
	struct strbuf *const undo = &t->undo;
	struct err why = {0};
	bool absent;
	int r;

	r = base_stands(j->root, &j->params, &j->nf, &why, e);
	if (r < 0)
		return r;
	t->shared = anew || r == 0;
	absent = t->shared && base_absent(&j->nf);
	r = t->shared ? compose_shared(j, t, absent, &anew, e) : 0;
	if (r == 0)
		r = job_claim_taps(j, &claims, e);
	if (r == 0)
		r = job_old_undo(j->root, &j->rec.uuid, undo, e);
	t->fresh = t->fresh || !undo->len;
	/* In a repair what the guest has learnt meanwhile stays. */
	if (r == 0 && (!anew || c->learnt.len))
		r = job_addresses(j, !t->fresh, anew ? &c->learnt : &c->rest, e);
	/* In a repair, those that someone else has put in. */
	if (r == 0 && !t->fresh && !anew)
		r = job_added(j, NULL, &c->rest, e);
	if (r == 0 && t->fresh && !anew)
		r = job_stale_sets(j, &c->rest, e);
	if (r < 0)
		return r;
	/* Where nothing stands there is nothing to take back, and the sets may be others now. */
	if (!anew && !absent) {
		sb_adds(&c->rest, sb_str(&claims));
		sb_adds(&c->rest, sb_str(undo));
		iso_switched_keep(&c->rest, sb_str(&j->plan.fresh));
	}
	if (anew || absent || !job_public_same(j)) {
		sb_adds(&c->rest, sb_str(&j->plan.public));
		sb_adds(&c->rest, sb_str(&j->plan.public6));
	}
	if (anew && !absent && t->fresh)
		renew_keep_learnt_last(c); /* of the others */
	r = compose_plan(j, t->fresh && (!anew || absent), anew, c, e);
	if (r < 0)
		return r;
	if (absent) {
		drop_flushes(&c->first);
		drop_flushes(&c->rest);
	} else if (anew && !t->fresh) {
		renew_keep_learnt_last(c);
	}
	/* Until the transaction is through, undo must take back the old and the new. */
	sb_adds(undo, sb_str(&j->plan.undo));
	return claims.failed || undo->failed ? err_os(e, ENOMEM, "nftables commands") : 0;
}

static int isolate_ports(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		int r = 0;

		if (!j->rec.nics[i].gone)
			r = rtnl_port_isolated(&j->route, j->rec.nics[i].tap, true, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int note_base(struct job *j, struct err *e)
{
	struct base b = {.params = j->params, .text = base_text_digest(&j->params)};
	int r;

	r = base_kernel_digest(j->root, &j->nf, &b.digest, e);
	return r < 0 ? r : base_save(j->root, &b, e);
}

static int read_generation(struct job *j, char *buf, size_t size, struct err *e)
{
	uint32_t generation = 0;
	int r = kern_generation(&j->nf, &generation);

	if (r < 0)
		return err_os(e, -r, "cannot read the generation of nf_tables");
	(void)snprintf(buf, size, "%" PRIu32 "\n", generation);
	return 0;
}

static int run(struct job *j, struct transaction *t, bool anew, struct err *e)
{
	int r = compose(j, t, anew, e);

	if (r == 0)
		r = job_guards_ensure(j, e);
	if (r == 0)
		r = job_write_undo(j, sb_str(&t->undo), e);
	/* Closed where they lead before a packet has their mark. */
	if (r == 0 && j->policy.egress == EGRESS_TUNNEL)
		r = job_unguarded_settle(j, true, e);
	if (r == 0) {
		r = commands_run(&t->commands, e);
		t->refused = r < 0;
	}
	if (r == 0)
		r = renew_done(j, &t->others, e);
	return r;
}

/* What stands may be so that no transaction leads from it to the plan: someone else's change, or a
 * recorded undo of another version. Then all of it is put in anew. */
static int run_at_last(struct job *j, struct transaction *t, struct err *e)
{
	auto_transaction struct transaction again = {0};
	struct err why = {0}, ignored = {0};
	int r = run(j, t, false, &why);

	again.fresh = t->fresh;
	if (r < 0 && t->refused && !base_absent(&j->nf) && run(j, &again, true, &ignored) == 0) {
		transaction_free(t);
		*t = again;
		again = (struct transaction){0};
		return 0;
	}
	return r < 0 ? err_set(e, why.exit, why.errnum, "%s", why.msg) : 0;
}

/* @ret_others: set when the shared part was put in anew, and other domains had something in it. */
static int apply_locked(struct job *j, bool *ret_others, struct err *e)
{
	auto_transaction struct transaction t = {0};
	char generation[GENERATION_STRLEN];
	int r;

	r = job_open(j, e);
	if (r == 0)
		r = job_compile(j, true, e);
	if (r == 0)
		r = run_at_last(j, &t, e);
	if (r == 0)
		r = isolate_ports(j, e);
	if (r == 0)
		r = job_localnet_settle(j, j->plan.localnet, e);
	if (r == 0 && j->policy.egress != EGRESS_TUNNEL)
		r = job_unguarded_settle(j, false, e);
	if (r == 0 && t.shared)
		r = note_base(j, e);
	if (r == 0)
		r = job_note_chains(j, e);
	if (r == 0)
		r = uplink_note(j->root, &j->rec.uuid, &j->facts, e);
	/* Read before the comparison: what changes meanwhile makes it another one. */
	if (r == 0)
		r = read_generation(j, generation, sizeof(generation), e);
	if (r == 0)
		r = job_compare(j, NULL, e);
	if (r == 0)
		r = renew_compare(j, &t.others, e);
	if (r == 0)
		r = job_write_undo(j, sb_str(&j->plan.undo), e);
	if (r == 0)
		r = record_file_write(j->root, &j->rec.uuid, GENERATION_FILE, generation,
				      strlen(generation), e);
	*ret_others = r == 0 && t.shared && !t.others.n && others_isolated(j);
	return r;
}

/* @must_stand: only what has been isolated before, and whose taps are still there. */
static int apply_one(const char *root, const struct uuid *uuid, bool must_stand, bool *ret_others,
		     struct err *e)
{
	auto_job struct job j = {.root = root};
	auto_close int lock = -1;
	int r;

	lock = record_lock_host_configured(root, e);
	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &j.rec, must_stand ? NULL : e);
	if (r < 0 && must_stand)
		return 0; /* ended meanwhile, or damaged, which its own check and stop will tell */
	if (r < 0)
		return r;
	if (must_stand && (!job_has_tap(&j) || record_file_gone(root, uuid, UNDO_FILE)))
		return 0;
	return j.rec.isolation ? apply_locked(&j, ret_others, e) : 0;
}

/* Someone removed the rules of all (nft flush ruleset): the first to put the shared part in again
 * does so for the others, too. One that fails is told, and the rest are done. */
static int apply_others(const char *root, const struct uuid *but, struct err *e)
{
	auto_free struct uuid *list = NULL;
	size_t n = 0;
	int ret = 0, r;

	r = record_list(root, &list, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		char text[UUID_STRLEN];
		struct err why = {0};
		bool again;

		if (uuid_equal(&list[i], but))
			continue;
		r = apply_one(root, &list[i], true, &again, &why);
		if (r < 0)
			ret = err_set(e, why.exit, why.errnum,
				      "the rules of domain %s were gone and cannot be put in "
				      "again: %s",
				      uuid_str(&list[i], text), why.msg);
	}
	return ret;
}

int domain_apply(const char *root, const struct uuid *uuid, struct err *e)
{
	bool others = false;
	int r;

	r = apply_one(root, uuid, false, &others, e);
	return r == 0 && others ? apply_others(root, uuid, e) : r;
}

/* Whether nothing in nf_tables has changed since apply compared all of it. */
static bool same_generation(struct job *j)
{
	char now[GENERATION_STRLEN];
	auto_free char *noted = NULL;
	size_t len;

	return record_file_read(j->root, &j->rec.uuid, GENERATION_FILE, &noted, &len, NULL) == 0 &&
	       read_generation(j, now, sizeof(now), NULL) == 0 && strcmp(noted, now) == 0;
}

int domain_check(const char *root, const struct uuid *uuid, struct strbuf *diff, struct err *e)
{
	auto_job struct job j = {.root = root};
	int r;

	r = record_load(root, uuid, &j.rec, e);
	if (r < 0)
		return r;
	if (!j.rec.isolation)
		return 0;
	r = job_open(&j, e);
	if (r < 0)
		return r;
	/* Right after the start, for the hook: mostly no one has touched nf_tables since. */
	if (!diff && j.rec.phase == PHASE_ISOLATED && same_generation(&j))
		return job_compare_devices(&j, diff, e);
	r = job_compile(&j, false, e);
	return r < 0 ? r : job_compare(&j, diff, e);
}

int domain_digests(const char *root, const struct uuid *uuid, struct domain_digests *ret,
		   struct err *e)
{
	auto_job struct job j = {.root = root};
	struct job_digests d = {0};
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = record_load(root, uuid, &j.rec, e);
	if (r == 0)
		r = record_file_read(root, uuid, RECORD_POLICY, &text, &len, e);
	if (r == 0 && j.rec.isolation)
		r = job_open(&j, e);
	if (r == 0 && j.rec.isolation)
		r = job_compile(&j, false, e);
	if (r == 0 && j.rec.isolation)
		r = job_digests(&j, &d, e);
	if (r == 0)
		*ret = (struct domain_digests){fnv_add(FNV_BASIS, text, len), j.rec.isolation,
					       d.rules, d.kernel};
	return r;
}

static int revert_shared(const char *root, struct err *e)
{
	auto_sb struct strbuf text = {0};
	int r;

	layout_emit_remove(&text);
	r = iso_nft_apply(sb_str(&text), e);
	if (r == 0)
		base_forget(root);
	return r;
}

static void forget_own_chains(const struct job *j)
{
	char chain[ISO_CHAIN_MAX];

	for (int i = 0; i < ISO_OWN_CHAINS; i++)
		base_chain_forget(j->root,
				  iso_own_chain((enum iso_own_chain)i, j->rec.slot, chain));
}

static void release_taps(const struct job *j)
{
	char chain[ISO_CHAIN_MAX];

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const char *tap = j->rec.nics[i].tap;

		if (tap[0] && record_tap_is_ours(j->root, tap, &j->rec.uuid))
			for (size_t k = 0; k < ISO_TAP_CHAINS_MAX; k++)
				base_chain_forget(j->root, iso_tap_chain_n(tap, k, chain));
		(void)record_tap_release(j->root, tap, &j->rec.uuid, NULL);
	}
}

static int remove_file(const struct job *j, const char *name, struct err *e)
{
	char path[PATH_MAX + 32], dir[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s",
		       record_dir(j->root, &j->rec.uuid, dir, sizeof(dir)), name);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}

int domain_revert(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = {.root = root};
	auto_close int lock = -1;
	int r;

	lock = record_lock_host_configured(root, e);
	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &j.rec, e);
	if (r < 0)
		return r;
	if (record_file_gone(root, uuid, UNDO_FILE)) {
		release_taps(&j); /* claimed before anything else was done */
		return 0;
	}
	r = nl_open(&j.nf, NETLINK_NETFILTER, e);
	if (r < 0)
		return r;
	/* Closed before the rules go. */
	r = job_localnet_settle(&j, false, e);
	if (r == 0)
		r = others_isolated(&j) ? job_revert_own(&j, e) : revert_shared(root, e);
	if (r == 0)
		r = job_unguarded_settle(&j, false, e);
	if (r < 0)
		return r;
	release_taps(&j);
	forget_own_chains(&j);
	/* The undo goes last: until then the stop can be tried again. */
	r = remove_file(&j, GENERATION_FILE, e);
	if (r == 0)
		r = remove_file(&j, ROUTERS_FILE, e);
	if (r == 0)
		r = remove_file(&j, UNDO_FILE, e);
	if (r < 0)
		return r;
	util_closep(&lock);
	iso_nft_leave();
	return 0;
}
