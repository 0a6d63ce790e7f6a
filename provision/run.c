/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting a running guest up: see provision/run.h. */
#include "provision/run.h"

#include "lib/util.h"
#include "provision/address.h"
#include "provision/child.h"
#include "provision/inventory.h"
#include "provision/runstate.h"
#include "provision/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#define ANSIBLE "/usr/bin/ansible-playbook"
#define LOG_MAX (1024 * 1024) /* bytes of it; the rest is dropped */
#define TRY_MS 20000	      /* of one attempt to log in */
#define PAUSE_MS 500
#define NOTE_MS 1000	 /* between two writings of the state for a new line */
#define NO_CLOUD_INIT 97 /* exit code of ours, of no shell's and no cloud-init's */

/* One run. */
struct work {
	struct prov p;
	uint64_t cap_ms;
	bool forced;
	int lock;
	int log;
	size_t logged;
	uid_t uid;
	gid_t gid;
	char user[256], home[PATH_MAX], mark[RUN_MARK_LEN];
	struct ip_addr addr;
	struct runstate state;
	int64_t noted; /* when the state was written last */
	bool unnoted;  /* something was said since */
};

static void work_free(struct work *w)
{
	util_closep(&w->log);
	util_closep(&w->lock);
	prov_free(&w->p);
}

static bool playbook_due(const struct prov *p, bool forced)
{
	return p->pol.playbook &&
	       (forced || p->pol.playbook_when == PLAYBOOK_ALWAYS || p->inst.result != RESULT_DONE);
}

bool run_due(const struct prov *p)
{
	return p->pol.run_as && p->pol.ssh_user && prov_wants_seed(&p->pol) &&
	       (!p->inst.booted || playbook_due(p, false));
}

static int64_t deadline(const struct work *w, uint64_t ms)
{
	return child_now_ms() + (int64_t)(w->cap_ms && w->cap_ms < ms ? w->cap_ms : ms);
}

static void note(struct work *w, bool now)
{
	const int64_t t = child_now_ms();

	w->unnoted = !now && t < w->noted + NOTE_MS;
	if (w->unnoted)
		return;
	w->noted = t;
	(void)runstate_write(w->p.root, &w->p.rec.uuid, &w->state, NULL);
}

static void log_line(struct work *w, const char *line)
{
	const size_t n = strlen(line);

	if (w->log < 0 || w->logged + n + 1 > LOG_MAX)
		return;
	w->logged += n + 1;
	if (write(w->log, line, n) == (ssize_t)n)
		(void)!write(w->log, "\n", 1);
}

/* Of each program that is run: into the log, and the last one into the state. */
static void on_line(const char *line, void *arg)
{
	struct work *w = arg;

	log_line(w, line);
	(void)snprintf(w->state.last, sizeof(w->state.last), "%.*s", (int)sizeof(w->state.last) - 1,
		       line);
	note(w, false);
}

static void on_idle(void *arg)
{
	struct work *w = arg;

	if (w->unnoted)
		note(w, false);
}

static void begin_phase(struct work *w, enum run_phase phase)
{
	char line[64];

	w->state.phase = phase;
	w->state.last[0] = '\0';
	(void)snprintf(line, sizeof(line), "--- %s", runstate_phase(phase));
	log_line(w, line);
	note(w, true);
}

static int timed_out(const struct work *w, const char *what, struct err *e)
{
	return err_set(e, EX_CORDON_TEMPFAIL, ETIMEDOUT, "%s%s%s", what, *w->state.last ? ": " : "",
		       w->state.last);
}

static int stopped(struct err *e)
{
	return err_set(e, EX_CORDON_TEMPFAIL, EINTR, "ended before it was done");
}

/* --- phases --- */

static int run_ssh(struct work *w, const struct ip_addr *addr, const char *command, int64_t end,
		   struct err *e)
{
	struct ssh_words words;
	struct child c = {.uid = w->uid,
			  .gid = w->gid,
			  .user = w->user,
			  .home = w->home,
			  .mark = w->mark,
			  .end = end,
			  .line = on_line,
			  .idle = on_idle,
			  .arg = w};
	int r = ssh_words(&w->p, addr, true, &words, e);

	if (r < 0)
		return r;
	words.argv[words.n] = command;
	words.argv[words.n + 1] = NULL;
	c.argv = words.argv;
	return child_run(&c, e);
}

static int wait_address(struct work *w, struct addresses *found, int64_t end, struct err *e)
{
	for (;;) {
		struct err why = {0};
		int r = address_find(&w->p, found, &why);

		if (r == 0 && found->n > 0)
			return 0;
		if (r < 0)
			on_line(why.msg, w);
		if (child_stop)
			return stopped(e);
		if (child_now_ms() >= end)
			return timed_out(w, "the guest got no address in time", e);
		child_sleep(end, PAUSE_MS);
	}
}

/* The host key is the one that was made here, or this does not end well. */
static int wait_ssh(struct work *w, struct err *e)
{
	const int64_t end = deadline(w, RUN_SSH_MS);

	for (;;) {
		struct addresses found;
		int r = wait_address(w, &found, end, e);

		for (size_t i = 0; r == 0 && i < found.n; i++) {
			const int64_t now = child_now_ms();
			int code = run_ssh(w, &found.list[i], "true",
					   now + TRY_MS < end ? now + TRY_MS : end, NULL);

			if (code == 0) {
				w->addr = found.list[i];
				return 0;
			}
		}
		if (child_stop)
			return stopped(e);
		if (r == 0 && child_now_ms() >= end)
			r = timed_out(w, "the guest let no one log in in time", e);
		if (r < 0)
			return r;
		child_sleep(end, PAUSE_MS);
	}
}

static int booted(struct work *w, struct err *e)
{
	auto_keys struct keys keys = {0};
	int r;

	if (w->p.inst.booted)
		return 0;
	w->p.inst.booted = true;
	r = instance_save(&w->p.store, &w->p.inst, e);
	if (r == 0)
		r = keys_read(&w->p.store, &keys, e);
	/* The running guest keeps the image that it has; the next start finds the other one. */
	return r < 0 ? r : prov_write_seed(&w->p, &keys, e);
}

static int wait_cloud_init(struct work *w, struct err *e)
{
	static const char command[] = "command -v cloud-init >/dev/null || exit 97; "
				      "exec cloud-init status --wait";
	const int64_t end = deadline(w, RUN_CLOUD_INIT_MS);

	for (;;) {
		struct err why = {0};
		const int code = run_ssh(w, &w->addr, command, end, &why);

		if (code == NO_CLOUD_INIT)
			return 0; /* an image that has none: nothing to wait for */
		/* 2: it did what was asked, and complained */
		if (code == 0 || code == 2)
			return booted(w, e);
		if (code == -EINTR)
			return stopped(e);
		if (child_now_ms() >= end)
			return timed_out(w, "cloud-init did not finish in time", e);
		if (code != 255)
			return err_set(e, EX_CORDON_OS, EIO, "cloud-init failed%s%s",
				       *w->state.last ? ": " : "", w->state.last);
		/* The connection broke: cloud-init may restart the guest. */
		child_sleep(end, PAUSE_MS);
	}
}

static int run_playbook(struct work *w, struct err *e)
{
	char inventory[PATH_MAX], folder[PATH_MAX];
	const char *argv[] = {ANSIBLE, "-i", inventory, "--", w->p.pol.playbook, NULL};
	static const char *const env[] = {"ANSIBLE_HOST_KEY_CHECKING=True", "ANSIBLE_NOCOLOR=1",
					  "ANSIBLE_RETRY_FILES_ENABLED=0",
					  /* No connection outlives the run. */
					  "ANSIBLE_SSH_ARGS=-oControlMaster=no",
					  "ANSIBLE_PIPELINING=True", "PYTHONUNBUFFERED=1", NULL};
	struct child c = {.argv = argv,
			  .uid = w->uid,
			  .gid = w->gid,
			  .user = w->user,
			  .home = w->home,
			  .mark = w->mark,
			  .cwd = folder,
			  .environ_more = env,
			  .end = deadline(w, RUN_PLAYBOOK_MS),
			  .line = on_line,
			  .idle = on_idle,
			  .arg = w};
	int r;

	if (access(ANSIBLE, X_OK) < 0)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
			       "there is no " ANSIBLE "; install ansible-core");
	r = inventory_write(&w->p, &w->addr, inventory, e);
	if (r < 0)
		return r;
	(void)snprintf(folder, sizeof(folder), "%s", w->p.pol.playbook);
	*strrchr(folder, '/') = '\0';
	r = child_run(&c, e);
	if (r == -EINTR || r == -ETIMEDOUT)
		return r == -EINTR ? r : err_wrap(e, "the playbook");
	if (r < 0)
		return r;
	return r == 0 ? 0
		      : err_set(e, EX_CORDON_OS, EIO,
				"the playbook failed, exit code %d; %s/" PROV_LOG " has its output",
				r, w->p.store.path);
}

static int do_phases(struct work *w, struct err *e)
{
	struct addresses found;
	int r;

	begin_phase(w, RUN_ADDRESS);
	r = wait_address(w, &found, deadline(w, RUN_ADDRESS_MS), e);
	if (r < 0)
		return r;
	begin_phase(w, RUN_SSH);
	r = wait_ssh(w, e);
	if (r < 0)
		return r;
	begin_phase(w, RUN_CLOUD_INIT);
	r = wait_cloud_init(w, e);
	if (r < 0 || !playbook_due(&w->p, w->forced))
		return r;
	/* cloud-init may have ended with a restart, or with another address. */
	begin_phase(w, RUN_SSH);
	r = wait_ssh(w, e);
	if (r < 0)
		return r;
	begin_phase(w, RUN_PLAYBOOK);
	return run_playbook(w, e);
}

/* --- a run --- */

int run_can(const struct prov *p, struct err *e)
{
	int r = ssh_need(p, e);

	if (r < 0 || p->pol.run_as)
		return r;
	(void)err_set(e, EX_CORDON_POLICY, EINVAL,
		      "not set; write the user of this host who logs in to the guest");
	return prov_blame(&p->pol, KEY_PROV_RUN_AS, e);
}

static int find_user(struct work *w, struct err *e)
{
	struct store_owner owner = {0};
	const struct passwd *pw;
	int r;

	r = run_can(&w->p, e);
	if (r == 0)
		r = prov_owner(&w->p.pol, &owner, e);
	if (r < 0)
		return r;
	pw = getpwnam(w->p.pol.run_as);
	if (!pw)
		return err_os(e, ENOENT, "user %s", w->p.pol.run_as);
	w->uid = owner.uid;
	w->gid = owner.gid;
	(void)snprintf(w->user, sizeof(w->user), "%s", pw->pw_name);
	(void)snprintf(w->home, sizeof(w->home), "%s", pw->pw_dir);
	run_mark(&w->p.rec.uuid, w->mark);
	return 0;
}

static int open_lock(const struct store *s)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const int fd = openat(s->dir, RUN_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &all) < 0) {
		const int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

bool run_busy(const struct prov *p)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	auto_close int fd = openat(p->store.dir, RUN_LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	/* Looked at, not taken: one that begins just now must not find it taken by us. */
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
}

/* run_as may read what his playbook said. */
static void open_log(struct work *w)
{
	(void)store_remove(&w->p.store, PROV_LOG, NULL);
	w->log = openat(w->p.store.dir, PROV_LOG,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (w->log >= 0 && fchown(w->log, geteuid(), w->gid) < 0)
		log_line(w, "--- the log could not be given to the user");
}

static void on_term(int sig)
{
	(void)sig;
	child_stop = 1;
}

/* What came of it outlives the guest's run. */
static int note_result(struct work *w, int r, const struct err *why, struct err *e)
{
	struct instance *i = &w->p.inst;

	i->when = time(NULL);
	if (r < 0) {
		i->result = RESULT_FAILED;
		(void)snprintf(i->said, sizeof(i->said), "%.*s", INSTANCE_SAID_MAX, why->msg);
		log_line(w, why->msg);
	} else {
		if (playbook_due(&w->p, w->forced))
			i->result = RESULT_DONE;
		i->said[0] = '\0';
		log_line(w, "--- done");
	}
	return instance_save(&w->p.store, i, e);
}

static int work(struct work *w, struct err *e)
{
	struct err why = {0};
	int r;

	w->lock = open_lock(&w->p.store);
	if (w->lock < 0)
		return errno == EAGAIN || errno == EACCES ? 0
							  : err_os(e, errno, "%s", w->p.store.path);
	/* Read again: another one may have ended just now. */
	r = instance_load(&w->p.store, &w->p.inst, e);
	if (r == 0)
		r = find_user(w, &why);
	if (r == 0) {
		open_log(w);
		w->state.since = time(NULL);
		r = do_phases(w, &why);
	}
	child_kill_all();
	return note_result(w, r, &why, e);
}

int run_work(const char *root, const char *arg, uint64_t cap_ms, bool forced, struct err *e)
{
	__attribute__((cleanup(work_free))) struct work w = {
		.p = PROV_NONE, .cap_ms = cap_ms, .forced = forced, .lock = -1, .log = -1};
	const struct sigaction term = {.sa_handler = on_term};
	int r;

	(void)sigaction(SIGTERM, &term, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = prov_open(root, arg, &w.p, e);
	if (r < 0)
		return r;
	r = work(&w, e);
	/* Not when the domain has ended meanwhile: its folder is another's to remove. */
	if (!child_stop)
		run_forget(root, &w.p.rec.uuid);
	return r;
}
