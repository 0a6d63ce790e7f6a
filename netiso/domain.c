/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects on one domain: see netiso/domain.h. */
#include "netiso/domain.h"

#include "lib/nl.h"
#include "lib/policy.h"
#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/gather.h"
#include "netiso/guard.h"
#include "netiso/kernel.h"
#include "netiso/nft.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define UNDO_FILE "netiso.undo"
#define POLICY_FILE "policy.ini"
#define HOST_LOCK_MS 10000

/* All that one run on one domain works with. */
struct job {
	const char *root;
	struct record rec;
	struct policy policy;
	struct layout_params params;
	struct iso_facts facts;
	struct iso_plan plan;
	struct nl route, nf;
};

static void job_free(struct job *j)
{
	record_free(&j->rec);
	policy_free(&j->policy);
	iso_facts_free(&j->facts);
	iso_plan_free(&j->plan);
	nl_close(&j->route);
	nl_close(&j->nf);
}
#define auto_job __attribute__((cleanup(job_free)))

/* The policy as it was when the domain was prepared: canonical text, every key written out. */
static int load_policy(struct job *j, struct err *e)
{
	struct host_config no_defaults = {0};
	char path[PATH_MAX + sizeof(POLICY_FILE) + 1], dir[PATH_MAX];
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = record_file_read(j->root, &j->rec.uuid, POLICY_FILE, &text, &len, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/" POLICY_FILE,
		       record_dir(j->root, &j->rec.uuid, dir, sizeof(dir)));
	policy_defaults(&no_defaults.defaults);
	r = policy_parse(path, text, len, &no_defaults, &j->policy, e);
	policy_free(&no_defaults.defaults);
	return r;
}

static int job_compile(struct job *j, struct err *e)
{
	int r;

	r = load_policy(j, e);
	if (r == 0)
		r = base_params(j->root, &j->params, e);
	if (r == 0)
		r = nl_open(&j->route, NETLINK_ROUTE, e);
	if (r == 0)
		r = iso_gather(j->root, &j->rec, &j->route, &j->facts, e);
	if (r < 0)
		return r;
	j->facts.layout = j->params;
	j->facts.slot = j->rec.slot;
	return iso_compile(&j->policy, &j->facts, &j->plan, e);
}

int domain_plan(const char *root, const struct record *rec, struct layout_params *ret_params,
		struct iso_plan *ret, struct err *e)
{
	auto_job struct job j = {.root = root};
	int r;

	r = record_load(root, &rec->uuid, &j.rec, e);
	if (r == 0)
		r = job_compile(&j, e);
	if (r < 0)
		return r;
	*ret_params = j.params;
	*ret = j.plan;
	j.plan = (struct iso_plan){0};
	return 0;
}

/* Addresses learnt on the domain's taps, by this domain or one before that crashed.
 * @gone_only: only on taps that were unplugged. */
static int stale_addresses(struct job *j, bool gone_only, struct strbuf *out, struct err *e)
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0;
	int r;

	r = kern_set_keys(&j->nf, "bridge", "nic_address", &keys, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct kern_key *k = &keys[i];
		uint32_t ip;

		for (size_t m = 0; k->len == IFNAMSIZ + 4 && m < j->rec.n_nics; m++) {
			if (strncmp((const char *)k->bytes, j->rec.nics[m].tap, IFNAMSIZ) != 0 ||
			    (gone_only && !j->rec.nics[m].gone))
				continue;
			memcpy(&ip, k->bytes + IFNAMSIZ, sizeof(ip));
			sb_addf(out,
				"delete element bridge " LAYOUT_TABLE
				" nic_address { \"%s\" . 0x%08x }\n",
				j->rec.nics[m].tap, ntohl(ip));
		}
	}
	return 0;
}

/* Whether the set of attached prefixes is already as planned: each interval's start and no other. */
static bool attached_same(struct job *j)
{
	auto_free struct kern_key *keys = NULL;
	size_t n = 0, starts = 0;

	if (kern_set_keys(&j->nf, "inet", "attached", &keys, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		starts += !keys[i].interval_end;
	if (starts != j->plan.n_prefixes)
		return false;
	for (size_t p = 0; p < j->plan.n_prefixes; p++) {
		const struct ip_prefix *x = &j->plan.prefixes[p];
		const uint32_t start = x->addr.v4.s_addr;
		const uint32_t end = htonl(ntohl(start) + (x->len ? 1u << (32 - x->len) : 0));
		bool s = false, t = end == 0;

		for (size_t i = 0; i < n; i++) {
			if (keys[i].len != 4)
				return false;
			s = s || (!keys[i].interval_end && memcmp(keys[i].bytes, &start, 4) == 0);
			t = t || memcmp(keys[i].bytes, &end, 4) == 0;
		}
		if (!s || !t)
			return false;
	}
	return true;
}

/* The undo commands recorded earlier, for this domain or @uuid; "" when there are none. */
static int old_undo(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e)
{
	auto_free char *text = NULL;
	struct err local = {0};
	size_t len;
	int r;

	r = record_file_read(root, uuid, UNDO_FILE, &text, &len, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	sb_add(out, text, len);
	return 0;
}

/* The lines of @undo that are about @tap. */
static void undo_of_tap(const char *undo, const char *tap, struct strbuf *out)
{
	char quoted[IFNAMSIZ + 2], chain[IFNAMSIZ + 8];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", tap);
	(void)snprintf(chain, sizeof(chain), " tap_%s", tap);
	while (*undo) {
		const size_t n = strcspn(undo, "\n");
		auto_free char *line = strndup(undo, n);
		const size_t clen = strlen(chain);

		if (!line) {
			out->failed = true;
			return;
		}
		if (strstr(line, quoted) || strstr(line, "add chain bridge ") ||
		    (n > clen && strcmp(line + n - clen, chain) == 0))
			sb_addf(out, "%s\n", line);
		undo += undo[n] ? n + 1 : n;
	}
}

/* Notes that the taps are this domain's. One that another domain left (it crashed, and the kernel
 * gave the name away again) brings the undo of that tap into the same transaction. */
static int claim_taps(struct job *j, struct strbuf *out, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		auto_sb struct strbuf undo = {0};
		struct uuid other;
		int r;

		if (nic->gone)
			continue;
		r = record_tap_claim(j->root, nic->tap, &j->rec.uuid, &other, e);
		if (r == 1)
			r = old_undo(j->root, &other, &undo, e);
		if (r < 0)
			return r;
		undo_of_tap(sb_str(&undo), nic->tap, out);
	}
	return 0;
}

/* One transaction that leads from whatever stands to the plan. @shared: the layout is in it too. */
static int compose(struct job *j, struct strbuf *text, struct strbuf *undo, bool *shared,
		   struct err *e)
{
	struct err why = {0};
	int r;

	r = base_stands(j->root, &j->params, &j->nf, &why, e);
	if (r < 0)
		return r;
	*shared = r == 0;
	if (*shared)
		layout_emit(&j->params, text);
	r = claim_taps(j, text, e);
	if (r == 0)
		r = old_undo(j->root, &j->rec.uuid, undo, e);
	if (r < 0)
		return r;
	/* With an undo of ours this is a repair: what the guest has learnt meanwhile stays. */
	if (!*shared)
		r = stale_addresses(j, undo->len > 0, text, e);
	if (r < 0)
		return r;
	sb_adds(text, sb_str(undo));
	if (*shared || !attached_same(j))
		sb_adds(text, sb_str(&j->plan.attached));
	sb_adds(text, sb_str(&j->plan.apply));
	/* Until the transaction is through, undo must take back the old and the new. */
	sb_adds(undo, sb_str(&j->plan.undo));
	return text->failed || undo->failed ? err_os(e, ENOMEM, "nftables commands") : 0;
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

/* A guard that was lost (an `ip rule flush`) is put back before the guest may run. */
static int ensure_guards(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];
		int r = 0;

		if (nic->guarded && !nic->gone)
			r = guard_apply_locked(j->root, nic->network ? nic->network : nic->bridge,
					       nic->bridge, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int differs(struct strbuf *diff, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes a difference; the first one is the error. */
static int differs(struct strbuf *diff, struct err *e, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (diff)
		sb_addf(diff, "%s\n", line);
	return err_set(e, EX_CORDON_DIFFERS, ESTALE, "%s", line);
}

static int compare_elements(struct job *j, struct strbuf *diff, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < j->plan.n_elements; i++) {
		const struct iso_element *el = &j->plan.elements[i];
		int r = kern_element_matches(&j->nf, el);

		if (r < 0)
			return err_os(e, -r, "cannot read the set %s", el->set);
		if (r == 0)
			ret = differs(diff, e, "missing: %s " LAYOUT_TABLE " %s { %s }", el->family,
				      el->set, el->text);
	}
	return ret;
}

static int compare_nics(struct job *j, struct strbuf *diff, struct err *e)
{
	char chain[ISO_CHAIN_MAX];
	struct rtnl_link link;
	int ret = 0, r;

	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const char *tap = j->rec.nics[i].tap;

		if (j->rec.nics[i].gone)
			continue;
		(void)snprintf(chain, sizeof(chain), "tap_%s", tap);
		r = kern_chain_exists(&j->nf, "netdev", chain, tap);
		if (r < 0)
			return err_os(e, -r, "cannot read the chain %s", chain);
		if (r == 0)
			ret = differs(diff, e, "missing: netdev " LAYOUT_TABLE " chain %s on %s",
				      chain, tap);
		r = rtnl_link_get(&j->route, tap, &link, e);
		if (r < 0)
			return r;
		if (!link.is_port || !link.isolated)
			ret = differs(diff, e, "bridge port %s is not isolated", tap);
	}
	return ret;
}

static int compare(struct job *j, struct strbuf *diff, struct err *e)
{
	struct err why = {0};
	int shared, ret = 0, r;

	shared = base_stands(j->root, &j->params, &j->nf, &why, e);
	if (shared < 0)
		return shared;
	if (shared == 0)
		ret = differs(diff, e, "%s", why.msg);
	r = compare_elements(j, diff, e);
	if (r < 0)
		ret = r;
	r = compare_nics(j, diff, e);
	if (r < 0)
		ret = r;
	if (!attached_same(j))
		ret = differs(diff, e, "the host's attached prefixes changed since they were applied");
	return ret;
}

static int write_undo(struct job *j, const char *text, struct err *e)
{
	return record_file_write(j->root, &j->rec.uuid, UNDO_FILE, text, strlen(text), e);
}

static int note_base(struct job *j, struct err *e)
{
	struct base b = {.params = j->params, .text = base_text_digest(&j->params)};
	int r;

	r = kern_layout_digest(&j->nf, &b.digest, e);
	return r < 0 ? r : base_save(j->root, &b, e);
}

int domain_apply(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_sb struct strbuf text = {0}, undo = {0};
	auto_job struct job j = {.root = root};
	auto_close int lock = -1;
	bool shared;
	int r;

	lock = record_lock_host(root, HOST_LOCK_MS, e);
	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &j.rec, e);
	if (r < 0)
		return r;
	if (!j.rec.isolation)
		return 0;
	r = job_compile(&j, e);
	if (r == 0)
		r = nl_open(&j.nf, NETLINK_NETFILTER, e);
	if (r == 0)
		r = compose(&j, &text, &undo, &shared, e);
	if (r == 0)
		r = ensure_guards(&j, e);
	if (r == 0)
		r = write_undo(&j, sb_str(&undo), e);
	if (r == 0)
		r = iso_nft_apply(sb_str(&text), e);
	if (r == 0)
		r = isolate_ports(&j, e);
	if (r == 0 && shared)
		r = note_base(&j, e);
	if (r == 0)
		r = compare(&j, NULL, e);
	if (r == 0)
		r = write_undo(&j, sb_str(&j.plan.undo), e);
	return r;
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
	r = job_compile(&j, e);
	if (r == 0)
		r = nl_open(&j.nf, NETLINK_NETFILTER, e);
	return r < 0 ? r : compare(&j, diff, e);
}

/* Whether another domain has something in the tables. */
static bool others_isolated(const char *root, const struct uuid *uuid)
{
	auto_free struct uuid *list = NULL;
	char path[PATH_MAX + sizeof(UNDO_FILE) + 1], dir[PATH_MAX];
	size_t n = 0;

	if (record_list(root, &list, &n, NULL) < 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/" UNDO_FILE,
			       record_dir(root, &list[i], dir, sizeof(dir)));
		if (!uuid_equal(&list[i], uuid) && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Undo that failed as a whole (a set is gone, say) is done line by line; what cannot be done is gone
 * already. The lines come in groups that end with a delete. */
static void undo_piecemeal(const char *undo)
{
	auto_free char *copy = strdup(undo);
	auto_sb struct strbuf group = {0};
	char *save = NULL;

	if (!copy)
		return;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		sb_addf(&group, "%s\n", line);
		if (strncmp(line, "delete ", 7) != 0)
			continue;
		(void)iso_nft_apply(sb_str(&group), NULL);
		sb_free(&group);
	}
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

/* What gives a tap its identity must not stay behind: the kernel gives its name to another guest. */
static int verify_gone(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		struct iso_element el = {.family = "bridge", .set = "nics", .key_len = IFNAMSIZ};
		char chain[ISO_CHAIN_MAX];
		int r;

		if (!j->rec.nics[i].tap[0])
			continue;
		memcpy(el.key, j->rec.nics[i].tap, IFNAMSIZ);
		(void)snprintf(chain, sizeof(chain), "tap_%s", j->rec.nics[i].tap);
		r = kern_element_matches(&j->nf, &el);
		if (r == 0)
			r = kern_chain_exists(&j->nf, "netdev", chain, NULL);
		if (r != 0)
			return err_set(e, EX_CORDON_OS, r < 0 ? -r : EBUSY,
				       "rules of tap %s could not be removed", j->rec.nics[i].tap);
	}
	return 0;
}

static int revert_own(struct job *j, struct err *e)
{
	auto_sb struct strbuf text = {0}, undo = {0};
	int r;

	r = nl_open(&j->nf, NETLINK_NETFILTER, e);
	if (r == 0)
		r = old_undo(j->root, &j->rec.uuid, &undo, e);
	if (r < 0)
		return r;
	/* Tables that are gone (a flush of the ruleset) need no undo. */
	if (kern_table_exists(&j->nf, "bridge") == 0 && kern_table_exists(&j->nf, "inet") == 0 &&
	    kern_table_exists(&j->nf, "netdev") == 0)
		return 0;
	if (stale_addresses(j, false, &text, NULL) < 0)
		sb_free(&text);
	sb_adds(&text, sb_str(&undo));
	if (text.len && iso_nft_apply(sb_str(&text), NULL) < 0)
		undo_piecemeal(sb_str(&text));
	return verify_gone(j, e);
}

int domain_revert(const char *root, const struct uuid *uuid, struct err *e)
{
	auto_job struct job j = {.root = root};
	char path[PATH_MAX + sizeof(UNDO_FILE) + 1], dir[PATH_MAX];
	auto_close int lock = -1;
	int r;

	lock = record_lock_host(root, HOST_LOCK_MS, e);
	if (lock < 0)
		return lock;
	r = record_load(root, uuid, &j.rec, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/" UNDO_FILE, record_dir(root, uuid, dir, sizeof(dir)));
	if (access(path, F_OK) < 0)
		return 0;
	r = others_isolated(root, uuid) ? revert_own(&j, e) : revert_shared(root, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < j.rec.n_nics; i++)
		(void)record_tap_release(root, j.rec.nics[i].tap, uuid, NULL);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(e, errno, "cannot remove %s", path);
	return 0;
}
