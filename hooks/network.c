/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations of a network: guards come and go, ports are recorded, refused, forgotten. */
#include "hooks/hook.h"

#include "lib/util.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static int do_started(const struct port_facts *p, struct err *e)
{
	struct host_config host = {0};
	const char *args[] = {"guard", "apply", "--", p->network, p->bridge, NULL};
	int r;

	r = host_config_load(HOOK_ROOT, &host, e);
	if (r == 0 && is_guarded_network(&host, p->network)) {
		if (p->bridge[0])
			r = run_netiso(args, e);
		else
			r = err_set(e, EX_CORDON_POLICY, EOPNOTSUPP,
				    "is in guarded_networks, but has no bridge of its own");
	}
	host_config_free(&host);
	return r;
}

static int do_stopped(const struct port_facts *p, struct err *e)
{
	const char *args[] = {"guard", "revert", "--", p->network, NULL};

	return run_netiso(args, e);
}

static int keep_port(struct record *rec, const struct port_facts *p, struct err *e)
{
	struct record_nic port = {
		.mac = p->mac,
		.network = strdup(p->network),
		.has_port = true,
		.port = p->port,
		.lease_s = p->lease_s,
	};
	struct record_nic *grown;

	if (!port.network)
		return err_os(e, ENOMEM, "record");
	memcpy(port.bridge, p->bridge, sizeof(port.bridge));
	grown = rec->n_ports < RECORD_NICS_MAX
			? realloc(rec->ports, (rec->n_ports + 1) * sizeof(*grown))
			: NULL;
	if (!grown) {
		free(port.network);
		return err_set(e, EX_CORDON_POLICY, E2BIG, "more than %d ports", RECORD_NICS_MAX);
	}
	rec->ports = grown;
	grown[rec->n_ports++] = port;
	return record_save(HOOK_ROOT, rec, e);
}

static struct record_nic *find_nic(struct record *rec, const struct uuid *port)
{
	for (size_t i = 0; i < rec->n_nics; i++)
		if (rec->nics[i].has_port && uuid_equal(&rec->nics[i].port, port))
			return &rec->nics[i];
	return NULL;
}

/* A domain without isolation may use any network but a guarded one. */
static int unmanaged_port(const struct port_facts *p, struct err *e)
{
	struct host_config host = {0};
	bool guarded;
	int r;

	r = host_config_load(HOOK_ROOT, &host, e);
	if (r < 0)
		return r;
	guarded = is_guarded_network(&host, p->network);
	host_config_free(&host);
	if (!guarded)
		return 0;
	return err_set(e, EX_CORDON_POLICY, EPERM,
		       "is a guarded network, and domain '%s' is not isolated by a policy",
		       p->owner_name);
}

static int do_port_created(const struct port_facts *p, struct err *e)
{
	struct record rec = {0};
	struct err local = {0};
	auto_close int lock = -1;
	int r;

	if (!p->has_port || !p->owner_name)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "port without UUID or owner");
	r = record_load(HOOK_ROOT, &p->owner_uuid, &rec, &local);
	if (r == -ENOENT)
		return unmanaged_port(p, e);
	if (r < 0)
		return err_set(e, local.exit, local.errnum, "%s", local.msg);
	record_free(&rec);
	lock = record_lock_domain(HOOK_ROOT, &p->owner_uuid, hook_lock_ms(), e);
	if (lock < 0)
		return lock;
	r = record_load(HOOK_ROOT, &p->owner_uuid, &rec, e);
	if (r < 0)
		return r;
	if (rec.phase == PHASE_PREPARED)
		r = keep_port(&rec, p, e);
	else if (!rec.isolation)
		r = unmanaged_port(p, e);
	else if (!find_nic(&rec, &p->port))
		r = err_set(e, EX_CORDON_POLICY, EPERM,
			    "domain '%s' runs in the cordon: a NIC cannot be added to it, moved or "
			    "changed while it runs; shut it down first",
			    p->owner_name);
	record_free(&rec);
	return r;
}

/* Unplugged, or moved to a plain bridge. In the second case the tap lives on, and so do its rules:
 * they let through what they did before, which on another bridge is next to nothing. */
static int nic_left(struct record *rec, struct record_nic *nic, struct err *e)
{
	if (if_nametoindex(nic->tap) != 0) {
		hook_log("%s: NIC %s left its network but still exists; it stays isolated by the "
			 "old "
			 "rules until the domain is restarted",
			 rec->name, nic->tap);
		return 0;
	}
	nic->gone = true;
	if (record_save(HOOK_ROOT, rec, e) < 0)
		return -EIO;
	return run_netiso_uuid("apply", &rec->uuid, e);
}

static int do_port_deleted(const struct port_facts *p, struct err *e)
{
	struct record rec = {0};
	auto_close int lock = -1;
	struct record_nic *nic;
	int r;

	if (!p->has_port || record_load(HOOK_ROOT, &p->owner_uuid, &rec, NULL) < 0)
		return 0;
	record_free(&rec);
	lock = record_lock_domain(HOOK_ROOT, &p->owner_uuid, hook_lock_ms(), e);
	if (lock < 0)
		return lock;
	r = record_load(HOOK_ROOT, &p->owner_uuid, &rec, e);
	if (r < 0)
		return r;
	nic = find_nic(&rec, &p->port);
	if (nic && rec.isolation && (rec.phase == PHASE_RUNNING || rec.phase == PHASE_ISOLATED))
		r = nic_left(&rec, nic, e);
	record_free(&rec);
	return r;
}

static const struct {
	const char *op;
	int (*run)(const struct port_facts *p, struct err *e);
} operations[] = {
	{"started", do_started},
	{"stopped", do_stopped},
	{"port-created", do_port_created},
	{"port-deleted", do_port_deleted},
};

int network_run(const struct call *call, struct err *e)
{
	struct port_facts p = {0};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if (strcmp(call->op, operations[i].op) != 0)
			continue;
		r = facts_parse_hook_data(call->xml, call->len, &p, e);
		if (r < 0)
			return err_wrap(e, "hook data");
		if (strcmp(p.network, call->object) != 0)
			r = err_set(e, EX_CORDON_DATA, EBADMSG, "libvirt says '%s', its XML '%s'",
				    call->object, p.network);
		else
			r = operations[i].run(&p, e);
		port_facts_free(&p);
		return r;
	}
	return 0;
}
