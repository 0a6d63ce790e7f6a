/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations of a domain: prepare, start, started, stopped, release, reconnect, restore,
 * migrate. */
#include "hooks/hook.h"
#include "hooks/parts.h"

#include "lib/util.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One operation on one domain. */
struct op {
	struct facts facts;
	struct admission adm;
	struct record rec;
	bool has_record;
	int lock;
};

static void op_free(struct op *op)
{
	facts_free(&op->facts);
	admission_free(&op->adm);
	record_free(&op->rec);
	util_closep(&op->lock);
}
#define auto_op __attribute__((cleanup(op_free)))

static int set_phase(struct op *op, enum record_phase phase, struct err *e)
{
	op->rec.phase = phase;
	return record_save(HOOK_ROOT, &op->rec, e);
}

static int lock_domain(struct op *op, struct err *e)
{
	op->lock = record_lock_domain(HOOK_ROOT, &op->facts.uuid, hook_lock_ms(), e);
	return op->lock < 0 ? op->lock : 0;
}

/* The record, if there is one; a damaged one is an error. */
static int load_record(struct op *op, struct err *e)
{
	struct err local = {0};
	int r;

	r = record_load(HOOK_ROOT, &op->facts.uuid, &op->rec, &local);
	op->has_record = r == 0;
	if (r == 0 || r == -ENOENT)
		return 0;
	return err_set(e, local.exit, local.errnum, "%s", local.msg);
}

/* The lock's folder, when nothing else came into it. */
static void drop_empty_folder(struct op *op)
{
	const struct record none = {.uuid = op->facts.uuid};

	/* One that could not be read is still there, for a person to look at. */
	if (record_file_gone(HOOK_ROOT, &none.uuid, "record"))
		(void)record_remove(HOOK_ROOT, &none, NULL);
}

static int write_policy(const struct op *op, struct err *e)
{
	auto_sb struct strbuf text = {0};

	policy_print(&op->adm.policy, &text);
	if (text.failed)
		return err_os(e, ENOMEM, "policy");
	return record_file_write(HOOK_ROOT, &op->facts.uuid, "policy.ini", text.data, text.len, e);
}

/* Mostly there is nothing left at release, and a program less to run. */
static int revert(struct op *op, struct err *e)
{
	if (record_file_gone(HOOK_ROOT, &op->rec.uuid, RECORD_NETISO_UNDO))
		return 0;
	return run_netiso_uuid("revert", &op->rec.uuid, e);
}

/* The parts also when the isolator failed; the first error is kept. */
static int revert_all(struct op *op, struct err *e)
{
	const int r = op->rec.isolation ? revert(op, e) : 0;
	const int parts = parts_revert(&op->rec, r < 0 ? NULL : e);

	return r < 0 ? r : parts;
}

#define SHARES_UNDO "fsguard.undo"

/*
 * A share that a process of the host still uses could not be taken off. When nothing else is left
 * of the earlier run, this one takes it over: @ret is what there is to undo of it, malloc'd.
 */
static bool only_busy_shares(const struct op *op, const struct err *why, char **ret, size_t *len)
{
	return why->exit == EX_CORDON_TEMPFAIL &&
	       record_file_gone(HOOK_ROOT, &op->rec.uuid, RECORD_NETISO_UNDO) &&
	       parts_left(&op->rec) == UINT32_C(1) << PART_FSGUARD &&
	       record_file_read(HOOK_ROOT, &op->rec.uuid, SHARES_UNDO, ret, len, NULL) == 0;
}

/* What a crash left of an earlier run of this domain, which is not running now. */
static int undo_leftovers(struct op *op, struct err *e)
{
	auto_free char *kept = NULL;
	struct err why = {0};
	char dir[PATH_MAX];
	size_t len = 0;
	int r;

	r = load_record(op, &why);
	if (r < 0)
		return err_set(
			e, why.exit, why.errnum,
			"%s; what it was for cannot be undone: remove the folder %s and start "
			"it again",
			why.msg, record_dir(HOOK_ROOT, &op->facts.uuid, dir, sizeof(dir)));
	if (!op->has_record)
		return 0;
	hook_log("%s: undoing what an earlier run left", op->facts.name);
	r = revert_all(op, &why);
	if (r < 0 && !only_busy_shares(op, &why, &kept, &len))
		(void)err_set(e, why.exit, why.errnum, "%s", why.msg);
	else
		r = record_remove(HOOK_ROOT, &op->rec, e);
	record_free(&op->rec);
	op->has_record = false;
	util_closep(&op->lock);
	/* The lock went with the folder. */
	if (r == 0)
		r = lock_domain(op, e);
	if (r == 0 && kept)
		r = record_file_write(HOOK_ROOT, &op->facts.uuid, SHARES_UNDO, kept, len, e);
	return r;
}

/* Also saves the record. */
static int allot_slot(struct op *op, struct err *e)
{
	auto_close int host = record_lock_host(HOOK_ROOT, hook_lock_ms(), e);

	return host < 0 ? host : record_slot_allot(HOOK_ROOT, &op->rec, e);
}

/* virt-cordon-provision never sees the XML. */
static bool record_disks(struct op *op)
{
	if (!(op->rec.parts & UINT32_C(1) << PART_PROVISION))
		return true;
	op->rec.n_disks = op->facts.n_disks;
	return disks_copy(op->facts.disks, op->facts.n_disks, &op->rec.disks);
}

static int begin_record(struct op *op, bool incoming, struct err *e)
{
	int r;

	op->rec = (struct record){
		.name = strdup(op->facts.name),
		.uuid = op->facts.uuid,
		.phase = PHASE_PREPARED,
		.isolation = op->adm.policy.isolation,
		.incoming = incoming,
		.parts = parts_wanted(&op->adm.policy),
	};
	if (!op->rec.name || !record_disks(op))
		return err_os(e, ENOMEM, "record");
	r = record_shares(&op->facts, &op->adm.policy, &op->rec, e);
	if (r < 0)
		return r;
	/* First what outlives a reboot: from now on this UUID does not start without a policy. */
	r = op->adm.unlisted ? 0 : record_history_set_unlisted(HOOK_ROOT, &op->rec.uuid, false, e);
	if (r == 0)
		r = record_history_add(HOOK_ROOT, &op->rec.uuid, op->rec.name, e);
	if (r == 0 && op->adm.unlisted)
		r = record_history_set_unlisted(HOOK_ROOT, &op->rec.uuid, true, e);
	if (r == 0)
		r = write_policy(op, e);
	return r < 0 ? r : allot_slot(op, e);
}

static int do_prepare(struct op *op, struct err *e)
{
	const bool incoming = incoming_take(&op->facts.uuid);
	int r;

	r = admit(&op->facts, &op->adm, e);
	if (r < 0 || !op->adm.managed)
		return r;
	r = lock_domain(op, e);
	if (r == 0)
		r = undo_leftovers(op, e);
	if (r < 0)
		return r;
	r = begin_record(op, incoming, e);
	if (r == 0)
		r = parts_apply(&op->rec, e);
	/* What was written so far must not look like a domain that runs; with something left that
	 * could not be undone it stays, for the next start or gc. */
	if (r < 0 && parts_revert(&op->rec, NULL) == 0)
		(void)record_remove(HOOK_ROOT, &op->rec, NULL);
	return r;
}

/* The same refusals, earlier; prepare follows and does the work. */
static int do_restore(struct op *op, struct err *e)
{
	return incoming_admit(&op->facts, &op->adm, false, e);
}

static int do_migrate(struct op *op, struct err *e)
{
	return incoming_admit(&op->facts, &op->adm, true, e);
}

static const struct record_nic *find_port(const struct record *rec, const struct uuid *port)
{
	for (size_t i = 0; i < rec->n_ports; i++)
		if (uuid_equal(&rec->ports[i].port, port))
			return &rec->ports[i];
	return NULL;
}

/* A NIC of the running domain's XML becomes a NIC of the record, with what its port told. */
static int tie_nic(struct op *op, const struct nic *nic, size_t i, struct record_nic *out,
		   struct err *e)
{
	const struct record_nic *port = nic->has_port ? find_port(&op->rec, &nic->port) : NULL;
	int guarded;

	if ((nic->type != NIC_NETWORK && nic->type != NIC_BRIDGE) || !nic->has_mac)
		return err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
			       "NIC %zu (<interface type='%s'>) cannot be isolated", i + 1,
			       nic->type_name);
	if (!nic->tap[0] || !nic->bridge[0])
		return err_set(e, EX_CORDON_DATA, ENODEV,
			       "NIC %zu has no tap or no bridge in the XML", i + 1);
	if (nic->network && !port)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
			       "libvirt did not announce the port of NIC %zu on network %s: the "
			       "network hook is not loaded; restart libvirtd (or virtnetworkd)",
			       i + 1, nic->network);

	guarded = nic_is_guarded(&op->adm.host, nic, e);
	if (guarded < 0)
		return guarded;
	*out = (struct record_nic){
		.mac = nic->mac,
		.network = nic->network ? strdup(nic->network) : NULL,
		.has_port = nic->has_port,
		.port = nic->port,
		.lease_s = port ? port->lease_s : 3600,
		.guarded = guarded == 1,
	};
	memcpy(out->tap, nic->tap, sizeof(out->tap));
	memcpy(out->bridge, nic->bridge, sizeof(out->bridge));
	return nic->network && !out->network ? err_os(e, ENOMEM, "record") : 0;
}

static int tie_nics(struct op *op, struct err *e)
{
	int r;

	if (op->facts.n_nics > RECORD_NICS_MAX)
		return err_set(e, EX_CORDON_POLICY, E2BIG, "more than %d NICs", RECORD_NICS_MAX);
	op->rec.nics = calloc(op->facts.n_nics + 1, sizeof(*op->rec.nics));
	if (!op->rec.nics)
		return err_os(e, ENOMEM, "record");
	for (size_t i = 0; i < op->facts.n_nics; i++) {
		r = tie_nic(op, &op->facts.nics[i], i, &op->rec.nics[i], e);
		if (r < 0)
			return r;
		op->rec.n_nics++;
	}
	return 0;
}

/* The policy that prepare accepted, however its file changed since. */
static int load_policy(struct op *op, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = host_config_load(HOOK_ROOT, &op->adm.host, e);
	if (r == 0)
		r = record_file_read(HOOK_ROOT, &op->rec.uuid, "policy.ini", &text, &len, e);
	if (r == 0)
		r = policy_parse("policy.ini", text, len, &op->adm.host, &op->adm.policy, e);
	return r < 0 ? r : policy_copy_of(&op->adm.policy, HOOK_ROOT, op->rec.name, e);
}

/* A domain without a record at this point was left alone by prepare, and must still deserve it. */
static int still_unmanaged(struct op *op, struct err *e)
{
	int r;

	r = admit(&op->facts, &op->adm, e);
	if (r < 0 || !op->adm.managed)
		return r;
	return err_set(
		e, EX_CORDON_POLICY, EPERM,
		"has a policy that was not there, or not seen, when libvirt prepared the start; "
		"start it again");
}

static int isolate(struct op *op, struct err *e)
{
	int r;

	r = set_phase(op, PHASE_ISOLATING, e);
	if (r == 0 && op->rec.isolation)
		r = run_netiso_uuid("apply", &op->rec.uuid, e);
	return r < 0 ? r : set_phase(op, PHASE_ISOLATED, e);
}

static int do_start(struct op *op, struct err *e)
{
	int r;

	r = load_record(op, e);
	if (r < 0)
		return r;
	if (!op->has_record)
		return still_unmanaged(op, e);
	r = lock_domain(op, e);
	if (r == 0)
		r = load_policy(op, e);
	if (r == 0)
		r = admit_hardware(&op->facts, &op->adm, e);
	if (r < 0)
		return r;
	if (op->rec.phase != PHASE_PREPARED || strcmp(op->rec.name, op->facts.name) != 0)
		return err_set(e, EX_CORDON_BUG, EPERM, "start after phase '%s' of domain '%s'",
			       record_phase_name(op->rec.phase), op->rec.name);
	if (op->rec.isolation)
		r = tie_nics(op, e);
	if (r == 0)
		r = isolate(op, e);
	/* libvirt calls stopped and release next, which undo; what can be undone now, is. */
	if (r < 0 && op->rec.isolation)
		(void)revert(op, NULL);
	return r;
}

static int do_started(struct op *op, struct err *e)
{
	int r;

	r = load_record(op, e);
	if (r < 0)
		return r;
	if (!op->has_record)
		return still_unmanaged(op, e);
	if (op->rec.phase != PHASE_ISOLATED)
		return err_set(e, EX_CORDON_BUG, EPERM, "started, but not isolated");
	r = lock_domain(op, e);
	if (r == 0 && op->rec.isolation)
		r = run_netiso_uuid("check", &op->rec.uuid, e);
	if (r == 0)
		r = parts_check(&op->rec, e);
	if (r == 0)
		r = set_phase(op, PHASE_RUNNING, e);
	if (r == 0)
		parts_begin(&op->rec);
	return r;
}

/* By the record, never by the policy of now. */
static int do_stopped(struct op *op, struct err *e)
{
	int r;

	r = load_record(op, e);
	if (r < 0 || !op->has_record)
		return r;
	r = lock_domain(op, e);
	if (r == 0)
		r = set_phase(op, PHASE_STOPPING, e);
	if (op->rec.isolation && revert(op, e) < 0)
		return -EIO;
	return r;
}

static int do_release(struct op *op, struct err *e)
{
	int r;

	r = load_record(op, e);
	if (r < 0 || !op->has_record)
		return r;
	r = lock_domain(op, e);
	if (r == 0)
		r = revert_all(op, e);
	/* With something left in the kernel the record stays, for the next start or gc. */
	return r < 0 ? r : record_remove(HOOK_ROOT, &op->rec, e);
}

/* Where the NIC @added has its place in the record: that of one that is gone and had the same tap,
 * or a new one. NULL when there is no room. */
static struct record_nic *place_nic(struct record *rec, const struct record_nic *added)
{
	struct record_nic *grown;

	for (size_t k = 0; k < rec->n_nics; k++) {
		if (strcmp(rec->nics[k].tap, added->tap) != 0)
			continue;
		free(rec->nics[k].network);
		return &rec->nics[k];
	}
	if (rec->n_nics >= RECORD_NICS_MAX)
		return NULL;
	grown = realloc(rec->nics, (rec->n_nics + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	rec->nics = grown;
	return &rec->nics[rec->n_nics++];
}

static bool knows_nic(const struct record *rec, const struct nic *nic)
{
	for (size_t k = 0; k < rec->n_nics; k++)
		if (!rec->nics[k].gone && strcmp(rec->nics[k].tap, nic->tap) == 0)
			return strcmp(rec->nics[k].bridge, nic->bridge) == 0;
	return false;
}

/* A NIC that came, or moved to another bridge. */
static int take_in(struct op *op, const struct nic *nic, size_t i, struct err *e)
{
	struct record_nic *place, added = {0};
	int r;

	/* Only now: a mistake in virt-cordon.ini does not end a guest whose NICs are known. */
	host_config_free(&op->adm.host);
	r = host_config_load(HOOK_ROOT, &op->adm.host, e);
	if (r == 0)
		r = tie_nic(op, nic, i, &added, e);
	if (r < 0)
		return r;
	place = place_nic(&op->rec, &added);
	if (!place) {
		free(added.network);
		return err_set(e, EX_CORDON_POLICY, E2BIG, "more than %d NICs", RECORD_NICS_MAX);
	}
	hook_log("%s: NIC %s on %s came while no hook was asked", op->rec.name, added.tap,
		 added.bridge);
	*place = added;
	return 0;
}

static bool has_left(const struct facts *f, const struct record_nic *nic)
{
	for (size_t i = 0; i < f->n_nics; i++)
		if (strcmp(f->nics[i].tap, nic->tap) == 0)
			return false;
	return !nic->gone && if_nametoindex(nic->tap) == 0;
}

/* Of a NIC on a plain bridge no hook tells that it comes, moves or goes. Returns 1 when one did. */
static int retie_nics(struct op *op, struct err *e)
{
	int changed = 0;

	for (size_t k = 0; k < op->rec.n_nics; k++) {
		if (!has_left(&op->facts, &op->rec.nics[k]))
			continue;
		hook_log("%s: NIC %s went while no hook was asked", op->rec.name,
			 op->rec.nics[k].tap);
		op->rec.nics[k].gone = true;
		changed = 1;
	}
	for (size_t i = 0; i < op->facts.n_nics; i++) {
		int r;

		if (knows_nic(&op->rec, &op->facts.nics[i]))
			continue;
		r = take_in(op, &op->facts.nics[i], i, e);
		if (r < 0)
			return r;
		changed = 1;
	}
	return changed;
}

/* Verifies the isolation, or puts it in again: the NICs may be others than before. */
static int reconnect_isolation(struct op *op, struct err *e)
{
	struct err why = {0};
	int changed, r;

	changed = retie_nics(op, e);
	if (changed < 0)
		return changed;
	r = changed ? record_save(HOOK_ROOT, &op->rec, e) : 0;
	if (r < 0)
		return r;
	if (!changed && run_netiso_uuid("check", &op->rec.uuid, &why) == 0)
		return 0;
	if (!changed)
		hook_log("%s: %s; repairing", op->rec.name, why.msg);
	return run_netiso_uuid("apply", &op->rec.uuid, e);
}

/* After a daemon restart. An error makes libvirt kill the guest. */
static int do_reconnect(struct op *op, struct err *e)
{
	int r;

	r = load_record(op, e);
	if (r < 0)
		return r;
	if (!op->has_record)
		return 0; /* it runs since before it had a policy */
	if (!op->rec.isolation && !op->rec.parts)
		return 0;
	r = lock_domain(op, e);
	if (r == 0 && op->rec.isolation)
		r = reconnect_isolation(op, e);
	if (r < 0)
		return r;
	parts_repair(&op->rec);
	/* Nothing is written that is so already: a full /run is no reason to end a guest. */
	return op->rec.phase == PHASE_RUNNING ? 0 : set_phase(op, PHASE_RUNNING, e);
}

static const struct {
	const char *op;
	int (*run)(struct op *op, struct err *e);
} operations[] = {
	{"prepare", do_prepare}, {"start", do_start},	  {"started", do_started},
	{"stopped", do_stopped}, {"release", do_release}, {"reconnect", do_reconnect},
	{"restore", do_restore}, {"migrate", do_migrate},
};

int qemu_run(const struct call *call, struct err *e)
{
	auto_op struct op op = {.lock = -1};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if (strcmp(call->op, operations[i].op) != 0)
			continue;
		r = facts_parse_domain(call->xml, call->len, &op.facts, e);
		if (r < 0)
			return err_wrap(e, "domain XML");
		if (strcmp(op.facts.name, call->object) != 0)
			return err_set(e, EX_CORDON_DATA, EBADMSG,
				       "libvirt says '%s', its XML '%s'", call->object,
				       op.facts.name);
		r = operations[i].run(&op, e);
		if (op.lock >= 0 && !op.has_record && !op.rec.name)
			drop_empty_folder(&op);
		return r;
	}
	return 0; /* attach and whatever comes: nothing to do with us */
}
