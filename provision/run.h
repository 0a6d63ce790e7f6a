/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting a running guest up: address, SSH, cloud-init, playbook, each with a deadline. */
#pragma once

#include "provision/domain.h"

/* Longest waits, milliseconds. */
#define RUN_ADDRESS_MS 300000
#define RUN_SSH_MS 300000
#define RUN_CLOUD_INIT_MS 1800000
#define RUN_PLAYBOOK_MS 7200000

#define RUN_LOCK "run.lock" /* in the store: held by the one that runs */

/** run_can - refuse, with exit code 78, a policy that does not say who logs in. */
int run_can(const struct prov *p, struct err *e);

/** run_due - whether something is left to be done to this instance. */
bool run_due(const struct prov *p);

/**
 * run_work - do it, in a process of its own that no one waits for; what came of it is noted in the
 * store. Returns at once when another one is at it.
 * @cap_ms: no wait is longer, 0: no cap
 * @forced: also a playbook that ran already
 */
int run_work(const char *root, const char *arg, uint64_t cap_ms, bool forced, struct err *e);

/**
 * run_spawn - start run_work in a session of its own, with no descriptor of ours; revert finds it
 * by PROV_RECORD_UNDO, which is written before it does anything.
 */
int run_spawn(const struct prov *p, uint64_t cap_ms, bool forced, struct err *e);

#define RUN_MARK_LEN (UUID_STRLEN + 16)
/** run_mark - the variable that all which a run starts has in its environment. */
void run_mark(const struct uuid *uuid, char buf[static RUN_MARK_LEN]);

/** run_stop - end it, and all that it started. */
int run_stop(const char *root, const struct uuid *uuid, struct err *e);

/** run_forget - remove the notes of it from the record. */
void run_forget(const char *root, const struct uuid *uuid);

/** run_alive - whether the process that is noted is there. */
bool run_alive(const char *root, const struct uuid *uuid);

/** run_busy - whether one is at it. */
bool run_busy(const struct prov *p);
