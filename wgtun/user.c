/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard as a process: wireguard-go and its socket. See wgtun/backend.h. */
#include "wgtun/backend.h"

#include "lib/run.h"
#include "lib/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define PROGRAM "/usr/bin/wireguard-go"
#define SOCKETS "/var/run/wireguard" /* as wireguard-go has it built in */
#define START_MS 5000
#define STOP_MS 3000
#define ANSWER_S 3
#define ANSWER_MAX ((size_t)8 << 20) /* bytes of one answer */

void wgt_user_socket(const char *link, char *buf, size_t size)
{
	(void)snprintf(buf, size, SOCKETS "/%s.sock", link);
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&t, NULL);
}

/* --- its socket ----------------------------------------------------------------------------- */

static int uapi_connect(const char *link)
{
	const struct timeval tv = {.tv_sec = ANSWER_S};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	wgt_user_socket(link, sun.sun_path, sizeof(sun.sun_path));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		text += n, len -= (size_t)n;
	}
	return 0;
}

static bool is_whole(const char *buf, size_t len)
{
	return len >= 2 && buf[len - 1] == '\n' && buf[len - 2] == '\n';
}

/* Up to the empty line. The buffer is a fresh one each time it grows, the old one is wiped. */
static int receive(int fd, char **ret, size_t *ret_len, size_t *ret_size)
{
	size_t size = 65536, len = 0;
	char *buf = malloc(size);
	int r = buf ? 0 : -ENOMEM;

	while (r == 0 && !is_whole(buf, len)) {
		ssize_t n;

		if (len == size) {
			char *bigger = size < ANSWER_MAX ? malloc(size * 2) : NULL;

			if (!bigger) {
				r = -EMSGSIZE;
				break;
			}
			memcpy(bigger, buf, len);
			wgt_wipe_free(buf, size);
			buf = bigger;
			size *= 2;
		}
		n = recv(fd, buf + len, size - len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			r = n == 0 ? -EBADMSG : errno == EAGAIN ? -ETIMEDOUT : -errno;
		else
			len += (size_t)n;
	}
	if (r < 0) {
		wgt_wipe_free(buf, size);
		return r;
	}
	*ret = buf;
	*ret_len = len;
	*ret_size = size;
	return 0;
}

/* One request; a new connection each, since an old server closes it after an error. */
static int uapi_talk(const char *link, const char *request, char **ret, size_t *len, size_t *size)
{
	auto_close int fd = uapi_connect(link);
	int r = fd < 0 ? fd : send_all(fd, request, strlen(request));

	return r < 0 ? r : receive(fd, ret, len, size);
}

int wgt_user_set(const char *link, const struct wgt_conf *c, struct err *e)
{
	size_t request_size = 0, len, size;
	char *request = wgt_uapi_set(c, &request_size), *answer;
	int r;

	if (!request)
		return err_os(e, ENOMEM, "tunnel %s", link);
	r = uapi_talk(link, request, &answer, &len, &size);
	wgt_wipe_free(request, request_size);
	if (r == 0) {
		r = wgt_uapi_errno(answer, len);
		wgt_wipe_free(answer, size);
	}
	return r < 0 ? err_os(e, -r, "cannot configure the tunnel %s", link) : 0;
}

int wgt_user_get(const char *link, struct wgt_state *ret, struct err *e)
{
	struct wgt_state state = {0};
	size_t len, size;
	char *answer;
	int r = uapi_talk(link, "get=1\n\n", &answer, &len, &size);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return err_set(e, EX_CORDON_DIFFERS, ENODEV,
			       "the process of the tunnel %s does not run", link);
	if (r < 0)
		return err_os(e, -r, "cannot read the tunnel %s", link);
	r = wgt_uapi_get(answer, len, &state);
	wgt_wipe_free(answer, size);
	if (r == 0)
		*ret = state;
	else
		wgt_state_free(&state);
	wgt_wipe(&state, sizeof(state));
	return r < 0 ? err_os(e, -r, "the answer of the tunnel %s", link) : 0;
}

/* --- its process ---------------------------------------------------------------------------- */

/* Whether /proc/@pid runs @link here: the program and its last argument, and our namespace. */
static bool is_ours(const char *pid, const char *link)
{
	char path[64], text[PATH_MAX + 64], mine[64] = {0}, its[64] = {0};
	auto_close int fd = -1;
	const char *last, *name;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 2 || text[n - 1] != '\0')
		return false;
	name = strrchr(text, '/');
	if (strcmp(name ? name + 1 : text, "wireguard-go") != 0)
		return false;
	last = &text[n - 1];
	while (last > text && last[-1])
		last--;
	if (strcmp(last, link) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	return readlink(path, its, sizeof(its) - 1) > 0 &&
	       readlink("/proc/self/ns/net", mine, sizeof(mine) - 1) > 0 && strcmp(mine, its) == 0;
}

pid_t wgt_user_find(const char *link)
{
	auto_closedir DIR *d = opendir("/proc");
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (strspn(de->d_name, "0123456789") == strlen(de->d_name) &&
		    is_ours(de->d_name, link))
			return (pid_t)strtol(de->d_name, NULL, 10);
	return 0;
}

int wgt_user_start(const char *link, struct err *e)
{
	/* It warns of a kernel that has WireGuard, and older ones refuse to run there. */
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LOG_LEVEL=silent",
					  "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1", NULL};
	const char *const argv[] = {PROGRAM, "-f", link, NULL};
	struct err why = {0};
	pid_t pid = -1;
	int r;

	if (mkdir(SOCKETS, 0700) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make " SOCKETS);
	r = run_detached(argv, env, NULL, NULL, &pid, &why);
	if (r == -ENOENT)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT,
			       PROGRAM " is missing: install wireguard-go, or a kernel with "
				       "WireGuard");
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	for (int ms = 0; ms < START_MS; ms++) {
		auto_close int fd = uapi_connect(link);
		int status;

		if (fd >= 0)
			return 0;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return err_set(e, EX_CORDON_UNAVAILABLE, ECHILD,
				       PROGRAM " ended at once, status %d; is /dev/net/tun there?",
				       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		pause_ms(1);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return err_set(e, EX_CORDON_UNAVAILABLE, ETIMEDOUT, PROGRAM " did not answer within %d ms",
		       START_MS);
}

/* Waits for the end of a process that need not be a child. */
static bool wait_gone(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

static int end_process(const char *link, struct err *e)
{
	pid_t pid;

	for (int i = 0; i < 4 && (pid = wgt_user_find(link)) > 0; i++) {
		auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

		/* The number may be another's by now; once it is held, it stays what it is. */
		if (pidfd < 0 || wgt_user_find(link) != pid)
			continue;
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
		if (wait_gone(pidfd, STOP_MS))
			continue;
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		(void)wait_gone(pidfd, STOP_MS);
	}
	if (wgt_user_find(link) > 0)
		return err_set(e, EX_CORDON_OS, EBUSY, "the process of %s does not end", link);
	return 0;
}

int wgt_user_stop(const char *link, struct err *e)
{
	char path[PATH_MAX];
	int r = end_process(link, e);

	wgt_user_socket(link, path, sizeof(path));
	if (unlink(path) < 0 && errno != ENOENT && r == 0)
		r = err_os(e, errno, "cannot remove %s", path);
	return r;
}
