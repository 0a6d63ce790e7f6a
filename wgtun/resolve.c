/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of endpoints to addresses: see wgtun/resolve.h. */
#include "wgtun/resolve.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A record is written whole, and so is read whole: pipe(7), PIPE_BUF. */
_Static_assert(sizeof(struct wgt_answer) <= PIPE_BUF, "an answer fits");

static bool is_name(const struct wgt_peer *p)
{
	return p->host && !p->where.family;
}

static void take_address(const struct sockaddr *sa, struct wgt_answer *a)
{
	struct ip_addr *ip = &a->ips[a->n];

	if (a->n == WGT_ANSWER_MAX)
		return;
	if (sa->sa_family == AF_INET)
		ip->v4 = ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		ip->v6 = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
	else
		return;
	ip->family = sa->sa_family;
	a->n++;
}

/* In the child: one record per name, in order. Nothing secret is in what it does. */
static _Noreturn void ask_all(const struct wgt_conf *c, int fd)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};

	for (size_t i = 0; i < c->n_peers; i++) {
		struct addrinfo *list = NULL;
		struct wgt_answer a = {.asked = true};

		if (!is_name(&c->peers[i]))
			continue;
		a.error = getaddrinfo(c->peers[i].host, NULL, &hints, &list);
		for (const struct addrinfo *ai = a.error ? NULL : list; ai; ai = ai->ai_next)
			take_address(ai->ai_addr, &a);
		if (write(fd, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

/* One record, or false when the time is up or the child is gone. */
static bool read_answer(int fd, int64_t end, struct wgt_answer *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;

	while ((left = end - now_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			return read(fd, ret, sizeof(*ret)) == sizeof(*ret);
	return false;
}

/* What came in time; a name without an answer has !asked. */
static void take_answers(const struct wgt_conf *c, int fd, struct wgt_answer *answers)
{
	const int64_t end = now_ms() + WGT_RESOLVE_MS;

	for (size_t i = 0; i < c->n_peers; i++)
		if (is_name(&c->peers[i]) && !read_answer(fd, end, &answers[i]))
			return;
}

static bool has_names(const struct wgt_conf *c)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (is_name(&c->peers[i]))
			return true;
	return false;
}

int wgt_resolve_ask(struct wgt_conf *c, struct wgt_answer **ret, struct err *e)
{
	auto_free struct wgt_answer *answers = calloc(c->n_peers + 1, sizeof(*answers));
	int fds[2], r = 0;
	pid_t pid;

	if (!answers)
		return err_os(e, ENOMEM, "endpoints");
	if (!has_names(c)) {
		*ret = TAKE_PTR(answers);
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(e, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		/* The keys are of no use to a resolver's plugins. */
		wgt_wipe(&c->private_key, sizeof(c->private_key));
		for (size_t i = 0; i < c->n_peers; i++)
			wgt_wipe(&c->peers[i].preshared_key, sizeof(struct wgt_key));
		ask_all(c, fds[1]);
	}
	if (pid < 0)
		r = err_os(e, errno, "cannot make a process");
	(void)close(fds[1]);
	if (pid > 0) {
		take_answers(c, fds[0], answers);
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	(void)close(fds[0]);
	if (r == 0)
		*ret = TAKE_PTR(answers);
	return r;
}

static int take_first(struct wgt_conf *c, const struct wgt_answer *answers, struct err *e)
{
	for (size_t i = 0; i < c->n_peers; i++) {
		struct wgt_peer *p = &c->peers[i];
		const struct wgt_answer *a = &answers[i];

		if (!is_name(p))
			continue;
		if (!a->asked)
			return err_set(e, EX_CORDON_DATA, ETIMEDOUT,
				       "%s:%u: [Peer] Endpoint: '%s' was not resolved within %d "
				       "ms; write an address, or look at the host's DNS",
				       c->path, p->endpoint_line, p->host, WGT_RESOLVE_MS);
		if (a->error || !a->n)
			return err_set(e, EX_CORDON_DATA, EHOSTUNREACH,
				       "%s:%u: [Peer] Endpoint: '%s' does not resolve: %s; write "
				       "an address, or look at the host's DNS",
				       c->path, p->endpoint_line, p->host,
				       a->error ? gai_strerror(a->error) : "no address");
		p->where = a->ips[0];
	}
	return 0;
}

int wgt_resolve(struct wgt_conf *c, struct err *e)
{
	auto_free struct wgt_answer *answers = NULL;
	int r = wgt_resolve_ask(c, &answers, e);

	return r < 0 ? r : take_first(c, answers, e);
}
