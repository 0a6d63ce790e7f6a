/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking back what was put in: by what was recorded then, and only as far as it is still ours. */
#include "netiso/job.h"

#include "lib/util.h"
#include "netiso/base.h"
#include "netiso/denials.h"
#include "netiso/kernel.h"
#include "netiso/layout.h"
#include "netiso/nft.h"
#include "netiso/switched.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static void delete_address(const uint8_t *key, struct strbuf *out)
{
	uint32_t ip;

	memcpy(&ip, key, sizeof(ip));
	sb_addf(out, "delete element bridge " LAYOUT_TABLE " address_owner { 0x%08x }\n",
		ntohl(ip));
}

/* Whether the address belongs to a NIC of the domain that is to lose it. */
static bool is_stale(const struct job *j, uint32_t owner, bool gone_only)
{
	uint32_t slot;
	unsigned nic;

	return iso_nic_of_number(owner, &slot, &nic) && slot == j->rec.slot &&
	       (!gone_only || nic >= j->rec.n_nics || j->rec.nics[nic].gone);
}

/* The plan's claim to an address that another NIC owns. The lease file is as true as what was
 * learnt, and later; what a policy gives to one domain, the policy of no other gets. */
static int settle(struct job *j, const struct kern_key *k, struct strbuf *out, struct err *e)
{
	struct iso_element fixed = {.family = "bridge", .set = "address_static", .key_len = 4};
	char text[PREFIX_STRLEN];

	memcpy(fixed.key, k->bytes, 4);
	for (size_t i = 0; i < j->plan.n_addresses; i++) {
		const struct iso_address *a = &j->plan.addresses[i];
		int r;

		if (a->addr.family != AF_INET || memcmp(k->bytes, a->addr.b, 4) != 0 ||
		    k->data == a->owner)
			continue;
		r = kern_element_matches(&j->nf, &fixed);
		if (r < 0)
			return err_os(e, -r, "cannot read the set address_static");
		if (r == 1)
			return err_set(e, EX_CORDON_POLICY, EADDRINUSE,
				       "[network] addresses: %s is named by the policy of another "
				       "running domain, too",
				       ip_str(&a->addr, text));
		delete_address(k->bytes, out);
		break;
	}
	return 0;
}

static void delete_address6(const struct kern_key *k, struct strbuf *out)
{
	uint32_t link;

	memcpy(&link, k->bytes, sizeof(link));
	sb_addf(out, "delete element bridge " LAYOUT_TABLE " address6_owner { 0x%08x . 0x", link);
	for (size_t i = sizeof(link); i < k->len; i++)
		sb_addf(out, "%02x", k->bytes[i]);
	sb_adds(out, " }\n");
}

/* What a guest has claimed of an address that this plan gives to another NIC. */
static bool is_given(const struct job *j, const struct kern_key *k)
{
	for (size_t i = 0; i < j->plan.n_addresses; i++) {
		const struct iso_address *a = &j->plan.addresses[i];

		if (a->addr.family == AF_INET6 && memcmp(k->bytes, &a->link, 4) == 0 &&
		    memcmp(k->bytes + 4, a->addr.b + 4, 12) == 0)
			return k->data != a->owner;
	}
	return false;
}

static int addresses6(struct job *j, bool gone_only, struct strbuf *out, struct err *e)
{
	auto_free struct kern_key *keys = NULL;
	struct err local = {0};
	size_t n = 0;
	int r;

	r = kern_set_keys(&j->nf, "bridge", "address6_owner", &keys, &n, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = 0; i < n; i++)
		if (keys[i].len == 16 &&
		    (is_stale(j, keys[i].data, gone_only) || is_given(j, &keys[i])))
			delete_address6(&keys[i], out);
	return 0;
}

int job_addresses(struct job *j, bool gone_only, struct strbuf *out, struct err *e)
{
	auto_free struct kern_key *keys = NULL;
	struct err local = {0};
	size_t n = 0;
	int r;

	r = kern_set_keys(&j->nf, "bridge", "address_owner", &keys, &n, &local);
	if (r == -ENOENT)
		return 0; /* no table */
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (keys[i].len != 4)
			continue;
		if (is_stale(j, keys[i].data, gone_only))
			delete_address(keys[i].bytes, out);
		else
			r = settle(j, &keys[i], out, e);
	}
	return r < 0 ? r : addresses6(j, gone_only, out, e);
}

int job_stale_sets(struct job *j, struct strbuf *out, struct err *e)
{
	static const char head[] = "add set netdev " LAYOUT_TABLE " ";
	const char *line = sb_str(&j->plan.fresh);

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		auto_free struct kern_key *keys = NULL;
		struct err local = {0};
		char name[ISO_CHAIN_MAX];
		size_t n = 0;
		int r;

		if (strncmp(line, head, sizeof(head) - 1) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)strcspn(line + sizeof(head) - 1, " "), line + sizeof(head) - 1);
		r = kern_set_keys(&j->nf, "netdev", name, &keys, &n, &local);
		if (r < 0 && r != -ENOENT)
			return err_set(e, local.exit, local.errnum, "%s", local.msg);
		if (n)
			sb_addf(out, "flush set netdev " LAYOUT_TABLE " %s\n", name);
	}
	return 0;
}

/* The undo commands recorded earlier, for this domain or @uuid; "" when there are none. */
int job_old_undo(const char *root, const struct uuid *uuid, struct strbuf *out, struct err *e)
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

/* Whether a line of undo is about @tap: names it in quotes, or is about its chain. */
static bool about_tap(const char *line, const char *tap)
{
	char quoted[IFNAMSIZ + 2], chain[ISO_CHAIN_MAX];
	const char *last = strrchr(line, ' ');
	bool is_chain = false;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", tap);
	for (size_t i = 0; last && i < ISO_TAP_CHAINS_MAX; i++)
		is_chain = is_chain || strcmp(last + 1, iso_tap_chain_n(tap, i, chain)) == 0;
	return is_chain || strstr(line, quoted);
}

/* Takes the lines of @undo about @tap (and the chains they need), or (@others) all but these. */
static void filter_undo(const char *undo, const char *tap, bool others, struct strbuf *out)
{
	while (*undo) {
		const size_t n = strcspn(undo, "\n");
		auto_free char *line = strndup(undo, n);

		if (!line) {
			out->failed = true;
			return;
		}
		if (others ? !about_tap(line, tap)
			   : about_tap(line, tap) || strstr(line, "add chain bridge "))
			sb_addf(out, "%s\n", line);
		undo += undo[n] ? n + 1 : n;
	}
}

/* Notes that the taps are this domain's. One that another domain left (it crashed, and the kernel
 * gave the name away again) brings the undo of that tap into the same transaction. */
int job_claim_taps(struct job *j, struct strbuf *out, struct err *e)
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
			r = job_old_undo(j->root, &other, &undo, e);
		if (r < 0)
			return r;
		filter_undo(sb_str(&undo), nic->tap, false, out);
	}
	return 0;
}

/* Undo that failed as a whole (a set is gone, say) is done line by line; what cannot be done is
 * gone already. The lines come in groups that end with a delete. */
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

static const char *const tap_sets[] = {"nics", "switched"}; /* who is a guest of ours */

static int tap_known(struct job *j, const char *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(tap_sets); i++) {
		struct iso_element el = {
			.family = "bridge", .set = tap_sets[i], .key_len = IFNAMSIZ};
		int r;

		memcpy(el.key, tap, IFNAMSIZ);
		r = kern_element_matches(&j->nf, &el);
		if (r != 0)
			return r;
	}
	return 0;
}

/* What gives a tap its identity must not stay behind: the kernel gives its name to another guest.
 */
static int verify_gone(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		char chain[ISO_CHAIN_MAX];
		int r;

		if (!j->rec.nics[i].tap[0] ||
		    !record_tap_is_ours(j->root, j->rec.nics[i].tap, &j->rec.uuid))
			continue;
		r = tap_known(j, j->rec.nics[i].tap);
		for (size_t k = 0; r == 0 && k <= ISO_TAP_TO; k++)
			r = kern_chain_exists(&j->nf, "netdev",
					      iso_tap_chain_n(j->rec.nics[i].tap, k, chain), NULL);
		if (r != 0)
			return err_set(e, EX_CORDON_OS, r < 0 ? -r : EBUSY,
				       "rules of tap %s could not be removed", j->rec.nics[i].tap);
	}
	return 0;
}

/* The recorded undo, but for taps that meanwhile are another domain's: the kernel frees a tap's
 * name before libvirt tells us that the domain stopped, and the domain that got it has cleaned up.
 */
static int own_undo(struct job *j, struct strbuf *ret, struct err *e)
{
	int r = job_old_undo(j->root, &j->rec.uuid, ret, e);

	for (size_t i = 0; i < j->rec.n_nics && r == 0; i++) {
		const char *tap = j->rec.nics[i].tap;
		struct strbuf left = {0};

		if (!tap[0] || record_tap_is_ours(j->root, tap, &j->rec.uuid))
			continue;
		filter_undo(sb_str(ret), tap, true, &left);
		sb_free(ret);
		*ret = left;
	}
	return r == 0 && ret->failed ? err_os(e, ENOMEM, "undo") : r;
}

static int stray_in(struct job *j, const char *set, bool unclaimed, char ret[static IFNAMSIZ],
		    struct err *e)
{
	static const struct uuid nobody;
	auto_free struct kern_key *keys = NULL;
	struct err local = {0};
	size_t n = 0;
	int r;

	r = kern_set_keys(&j->nf, "bridge", set, &keys, &n, &local);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	for (size_t i = 0; i < n; i++) {
		char tap[IFNAMSIZ] = "";
		bool own = false;

		memcpy(tap, keys[i].bytes, keys[i].len < IFNAMSIZ ? keys[i].len : IFNAMSIZ - 1);
		for (size_t m = 0; m < j->rec.n_nics; m++)
			own = own || strcmp(j->rec.nics[m].tap, tap) == 0;
		if (own || if_nametoindex(tap) == 0 ||
		    (unclaimed && !record_tap_is_ours(j->root, tap, &nobody)))
			continue;
		memcpy(ret, tap, IFNAMSIZ);
		return 1;
	}
	return 0;
}

int job_stray_tap(struct job *j, bool unclaimed, char ret[static IFNAMSIZ], struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tap_sets) && r == 0; i++)
		r = stray_in(j, tap_sets[i], unclaimed, ret, e);
	return r;
}

int job_revert_own(struct job *j, struct err *e)
{
	auto_sb struct strbuf text = {0}, undo = {0}, late = {0};
	bool counted;
	int r;

	r = own_undo(j, &undo, e);
	if (r < 0)
		return r;
	/* Tables that are gone (a flush of the ruleset) need no undo. */
	if (base_absent(&j->nf))
		return 0;
	if (job_addresses(j, false, &text, NULL) < 0)
		sb_free(&text);
	counted = base_params(j->root, &j->params, NULL) == 0;
	if (counted)
		denials_clear(&j->nf, &j->params, j->rec.slot, &text);
	sb_adds(&text, sb_str(&undo));
	if (text.len && iso_nft_apply(sb_str(&text), NULL) < 0)
		undo_piecemeal(sb_str(&text));
	/* What a guest that was still there has sent since. */
	if (counted)
		denials_clear(&j->nf, &j->params, j->rec.slot, &late);
	if (late.len)
		(void)iso_nft_apply(sb_str(&late), NULL);
	return verify_gone(j, e);
}
