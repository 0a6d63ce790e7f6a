/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-provision begin and run: setting a guest up, seen from outside. */
#include "provision/verbs.h"

#include "lib/parse.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/child.h"
#include "provision/domain.h"
#include "provision/run.h"
#include "provision/runstate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 200
#define DYING_MS 5000
#define BAR "\r\033[K" /* to the line's begin, and clear it */

int verb_begin(const struct cli *cli, struct err *e)
{
	auto_prov struct prov p = PROV_NONE;
	int r = prov_open(cli->root, cli->args[0], &p, e);

	if (r < 0 || !run_due(&p))
		return r;
	return run_spawn(&p, 0, false, e);
}

static int read_cap(const struct prov_cli *o, uint64_t *ret, struct err *e)
{
	*ret = 0;
	if (o->deadline && !parse_duration(o->deadline, ret))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "--deadline: '%s' is not right; write a time such as 10m",
			       o->deadline);
	return 0;
}

/* On a terminal one line that changes, elsewhere a line for each phase. */
static void show(const struct prov *p, bool tty, enum run_phase *shown)
{
	struct runstate s;
	long long elapsed;

	if (runstate_read(p->root, &p->rec.uuid, &s, NULL) < 0)
		return;
	elapsed = (long long)time(NULL) - s.since;
	if (tty) {
		printf(BAR);
		safe_printf("%-10s %3lld:%02lld  %.58s", runstate_phase(s.phase), elapsed / 60,
			    elapsed % 60, s.last);
		(void)fflush(stdout);
	} else if (s.phase != *shown) {
		printf("%s\n", runstate_phase(s.phase));
		(void)fflush(stdout);
	}
	*shown = s.phase;
}

static int tell_result(const struct prov *p, const struct instance *i, bool quiet, struct err *e)
{
	if (i->result == RESULT_FAILED)
		return err_set(e, EX_CORDON_OS, EIO, "%s: %s", p->rec.name, i->said);
	if (!quiet)
		safe_printf("%s is set up\n", p->rec.name);
	return 0;
}

/* Until the one that is at it has ended, which ends with the domain at the latest. */
static int follow(struct prov *p, bool quiet, struct err *e)
{
	const bool tty = !quiet && isatty(STDOUT_FILENO);
	enum run_phase shown = (enum run_phase) - 1;
	struct instance i;
	int r;

	while (run_alive(p->root, &p->rec.uuid) || run_busy(p)) {
		if (!quiet)
			show(p, tty, &shown);
		child_sleep(INT64_MAX, LOOK_MS);
	}
	if (tty)
		printf(BAR);
	r = instance_load(&p->store, &i, e);
	return r < 0 ? r : tell_result(p, &i, quiet, e);
}

static int need_running(const struct prov *p, struct err *e)
{
	if (p->rec.phase == PHASE_RUNNING)
		return 0;
	return err_set(e, EX_CORDON_NOINPUT, ESRCH, "domain '%s' is not running (%s)", p->rec.name,
		       record_phase_name(p->rec.phase));
}

/* One that was killed holds its lock until the kernel is done with it: that is none to follow. */
static bool at_work(const struct prov *p)
{
	const int64_t end = child_now_ms() + DYING_MS;

	while (run_busy(p)) {
		if (run_alive(p->root, &p->rec.uuid) || child_now_ms() >= end)
			return true;
		child_sleep(end, LOOK_MS / 10);
	}
	return false;
}

int verb_run(const struct cli *cli, struct err *e)
{
	const struct prov_cli *o = (const struct prov_cli *)cli;
	auto_prov struct prov p = PROV_NONE;
	uint64_t cap = 0;
	int r;

	r = read_cap(o, &cap, e);
	if (r == 0 && o->worker)
		return run_work(cli->root, cli->args[0], cap, o->forced, e);
	if (r == 0)
		r = prov_open(cli->root, cli->args[0], &p, e);
	if (r == 0)
		r = need_running(&p, e);
	if (r == 0)
		r = run_can(&p, e);
	if (r < 0)
		return r;
	if (at_work(&p)) {
		if (!cli->quiet && !o->wait)
			safe_printf("%s is being set up already; --wait waits for it\n",
				    p.rec.name);
	} else {
		r = run_spawn(&p, cap, true, e);
	}
	return r < 0 || !o->wait ? r : follow(&p, cli->quiet, e);
}
