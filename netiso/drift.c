/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule by rule: see netiso/drift.h. */
#include "netiso/drift.h"

#include "lib/nl.h"
#include "lib/util.h"
#include "netiso/layout.h"
#include "netiso/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const families[] = {"netdev", "bridge", "inet"};

/* The three tables one after the other; a table that is not there is left out. */
static int list_tables(struct strbuf *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		auto_free char *text = NULL;
		struct err local = {0};
		char command[64];

		(void)snprintf(command, sizeof(command), "list table %s " LAYOUT_TABLE,
			       families[i]);
		if (iso_nft_list(command, &text, &local) == 0)
			sb_adds(out, text);
		else if (local.exit == EX_CORDON_NOPERM)
			return err_set(e, local.exit, local.errnum, "%s", local.msg);
	}
	return out->failed ? err_os(e, ENOMEM, "listing") : 0;
}

/* In a namespace of its own: links with the taps' names, the plan, its listing. */
static int list_wanted(struct job *j, struct strbuf *out, struct err *e)
{
	auto_sb struct strbuf text = {0};
	auto_nl struct nl route = {0};
	int r;

	if (unshare(CLONE_NEWNET) < 0)
		return err_os(e, errno, "cannot make a network namespace");
	r = nl_open(&route, NETLINK_ROUTE, e);
	for (size_t i = 0; i < j->facts.n_nics && r == 0; i++)
		r = rtnl_bridge_add(&route, j->facts.nics[i].tap, e);
	layout_emit(&j->params, &text);
	sb_adds(&text, sb_str(&j->plan.public));
	sb_adds(&text, sb_str(&j->plan.public6));
	sb_adds(&text, sb_str(&j->plan.apply));
	if (r == 0)
		r = iso_nft_apply(sb_str(&text), e);
	return r < 0 ? r : list_tables(out, e);
}

/* libnftables may exit(), and the namespace must not stay: both happen to a child. */
static void child(struct job *j, int out)
{
	struct strbuf text = {0};
	struct err e = {0};
	int code = EX_CORDON_OK;
	size_t done = 0;

	if (list_wanted(j, &text, &e) < 0) {
		code = e.exit ? (int)e.exit : EX_CORDON_BUG;
		sb_free(&text);
		sb_adds(&text, e.msg);
	}
	while (done < text.len) {
		const ssize_t n = write(out, text.data + done, text.len - done);

		if (n <= 0)
			_exit(EX_CORDON_OS);
		done += (size_t)n;
	}
	_exit(code);
}

static int run_child(struct job *j, struct strbuf *out, struct err *e)
{
	auto_close int in = -1;
	int fds[2], status = 0;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, "cannot make a pipe");
	in = fds[0];
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(j, fds[1]);
	(void)close(fds[1]);
	if (pid < 0)
		return err_os(e, errno, "cannot fork");
	while ((n = read(in, buf, sizeof(buf))) > 0)
		sb_add(out, buf, (size_t)n);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(
			e, WIFEXITED(status) ? (enum exit_code)WEXITSTATUS(status) : EX_CORDON_BUG,
			EIO, "cannot list what the plan would make: %s", sb_str(out));
	return 0;
}

/* Walks the chains of a listing. @table and @chain point into it. */
struct walk {
	const char *pos;
	const char *table, *chain; /* "bridge virt_cordon", "prerouting" */
	size_t table_len, chain_len;
	const char *body; /* first line behind the chain's brace */
	size_t body_len;  /* up to the closing brace */
};

static bool next_chain(struct walk *w)
{
	while (w->pos && *w->pos) {
		const char *line = w->pos, *end = strchr(line, '\n');

		w->pos = end ? end + 1 : NULL;
		if (strncmp(line, "table ", 6) == 0) {
			w->table = line + 6;
			w->table_len = strcspn(w->table, "{\n");
		} else if (w->table && strncmp(line, "\tchain ", 7) == 0 && w->pos) {
			/* The newline before the body counts: an empty chain closes at once. */
			const char *close = strstr(w->pos - 1, "\n\t}");

			w->chain = line + 7;
			w->chain_len = strcspn(w->chain, " \n");
			w->body = w->pos;
			w->body_len = close ? (size_t)(close - w->body) + 1 : strlen(w->body);
			w->pos += w->body_len;
			return true;
		}
	}
	return false;
}

static bool find_chain(const char *listing, const struct walk *want, struct walk *ret)
{
	struct walk w = {.pos = listing};

	while (next_chain(&w)) {
		if (w.table_len == want->table_len && w.chain_len == want->chain_len &&
		    strncmp(w.table, want->table, w.table_len) == 0 &&
		    strncmp(w.chain, want->chain, w.chain_len) == 0) {
			*ret = w;
			return true;
		}
	}
	return false;
}

/* Whether the line stands in the body, as a whole line. */
static bool has_line(const char *body, size_t len, const char *line, size_t n)
{
	while (len > 0) {
		const char *end = memchr(body, '\n', len);
		const size_t m = end ? (size_t)(end - body) : len;

		if (m == n && strncmp(body, line, n) == 0)
			return true;
		if (!end)
			break;
		len -= m + 1;
		body += m + 1;
	}
	return false;
}

/* A line for each line of @a that is not in @b. */
static int only_in(const struct walk *a, const struct walk *b, const char *what,
		   struct strbuf *diff)
{
	const char *line = a->body;
	size_t left = a->body_len;
	int count = 0;

	while (left > 0) {
		const char *end = memchr(line, '\n', left);
		const size_t n = end ? (size_t)(end - line) : left;
		const size_t indent = strspn(line, "\t ");

		if (n > indent && !has_line(b->body, b->body_len, line, n)) {
			sb_addf(diff, "%s: %.*schain %.*s: %.*s\n", what, (int)a->table_len,
				a->table, (int)a->chain_len, a->chain, (int)(n - indent),
				line + indent);
			count++;
		}
		if (!end)
			break;
		left -= n + 1;
		line += n + 1;
	}
	return count;
}

int drift_diff(const char *want, const char *have, struct strbuf *diff)
{
	struct walk w = {.pos = want};
	int count = 0;

	while (next_chain(&w)) {
		struct walk h = {0};
		int n;

		if (!find_chain(have, &w, &h)) {
			sb_addf(diff, "missing: %.*schain %.*s\n", (int)w.table_len, w.table,
				(int)w.chain_len, w.chain);
			count++;
			continue;
		}
		n = only_in(&w, &h, "missing", diff) + only_in(&h, &w, "added", diff);
		if (n == 0 &&
		    (w.body_len != h.body_len || strncmp(w.body, h.body, w.body_len) != 0)) {
			sb_addf(diff,
				"order: %.*schain %.*s has its rules in another order or number\n",
				(int)w.table_len, w.table, (int)w.chain_len, w.chain);
			n = 1;
		}
		count += n;
	}
	return count;
}

int drift_compare(struct job *j, struct strbuf *diff, struct err *e)
{
	auto_sb struct strbuf want = {0}, have = {0};
	int r;

	r = run_child(j, &want, e);
	if (r == 0)
		r = list_tables(&have, e);
	return r < 0 ? r : drift_diff(sb_str(&want), sb_str(&have), diff);
}
