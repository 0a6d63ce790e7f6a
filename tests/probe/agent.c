// SPDX-License-Identifier: GPL-2.0-or-later
/* Both ends of the serial line: the agent that takes orders, and the host that gives them. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/util.h"

/*
 * The line's protocol. An order is one line: a sequence number and the order's words, split at
 * blanks. An empty line comes first, since of the last hello to a guest that was already there only
 * a part may have arrived. The answer is STX, "SEQ VERDICT LENGTH\n" and LENGTH bytes. What does
 * not begin with STX and the wanted number is noise and skipped: the kernel's last words, or the
 * answer to someone who gave up waiting.
 */
enum { STX = 2, LINE_LENGTH = 2048, WORDS_MAX = 64, HELLO_MS = 50 };

/* Runs the order in a child and gathers what it prints. Return: its verdict. */
static int run_captured(int argc, char **argv, char *out, size_t size, size_t *ret_len)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return BROKEN;
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)dup2(fds[1], STDERR_FILENO);
		(void)close(fds[1]);
		status = run_order(argc, argv);
		(void)fflush(stdout);
		_exit(status);
	}
	close(fds[1]);
	while (pid > 0 && (n = read(fds[0], out + len, size - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	*ret_len = len;
	/* as pid 1 of the guest this also collects orphans on the way */
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return BROKEN;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
}

static bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void obey(int tty, char *line)
{
	static char out[OUTPUT_MAX];
	char *words[WORDS_MAX + 1] = {NULL};
	char head[64], *save = NULL;
	int count = 0, verdict;
	size_t len = 0;

	for (char *w = strtok_r(line, " ", &save); w && count < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[count++] = w;
	if (count < 2)
		return;
	verdict = run_captured(count - 1, words + 1, out, sizeof(out), &len);
	(void)snprintf(head, sizeof(head), "%c%.20s %d %zu\n", STX, words[0], verdict, len);
	if (!write_all(tty, head, strlen(head)) || !write_all(tty, out, len))
		perror("serial line");
}

/* Takes orders from @tty for ever. Return: only when the line is gone. */
int agent_main(const char *tty)
{
	auto_close int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	char line[LINE_LENGTH];
	struct termios t;
	size_t len = 0;
	char c;

	if (fd < 0)
		return broken(tty);
	if (tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		(void)cfsetspeed(&t, B115200);
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	while (read(fd, &c, 1) == 1) {
		if (c != '\n' && len < sizeof(line) - 1) {
			line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		obey(fd, line);
	}
	return broken(tty);
}

/* Looks for the answer @seq in what came in. Return: false while it is not complete. */
static bool find_answer(const char *buf, size_t len, unsigned long seq, int *ret_verdict,
			const char **ret_text, size_t *ret_len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned long got, verdict, size;
		const char *nl;
		char *end;

		if (buf[i] != STX)
			continue;
		nl = memchr(buf + i, '\n', len - i);
		got = strtoul(buf + i + 1, &end, 10);
		verdict = strtoul(end, &end, 10);
		size = strtoul(end, &end, 10);
		if (!nl || end != nl || got != seq || size > len - (size_t)(nl + 1 - buf))
			continue;
		*ret_verdict = verdict < BROKEN ? (int)verdict : BROKEN;
		*ret_text = nl + 1;
		*ret_len = size;
		return true;
	}
	return false;
}

static int connect_line(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&un, sizeof(un)) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* Waits for the answer; while saying hello to a guest that may still boot, says it again. */
static int await_answer(int fd, const char *line, unsigned long seq, bool again, int64_t deadline)
{
	static char buf[OUTPUT_MAX + LINE_LENGTH];
	size_t len = 0, text_len;
	const char *text;
	int verdict;

	while (now_ms() < deadline) {
		int64_t round = again ? now_ms() + HELLO_MS : deadline;
		ssize_t n;

		if (!write_all(fd, line, strlen(line)))
			return broken("serial line");
		while (wait_readable(fd, round < deadline ? round : deadline)) {
			n = read(fd, buf + len, sizeof(buf) - 1 - len);
			if (n <= 0)
				return say(BROKEN, "the guest's serial line was closed");
			len += (size_t)n;
			buf[len] = '\0';
			if (find_answer(buf, len, seq, &verdict, &text, &text_len)) {
				(void)fwrite(text, 1, text_len, stdout);
				return verdict;
			}
			if (len == sizeof(buf) - 1)
				len = 0;
		}
	}
	return say(BROKEN, "no answer from the guest");
}

/* Return: the verdict of the order as the guest gave it. */
int order_ask(int argc, char **argv)
{
	char line[LINE_LENGTH];
	auto_close int fd = -1;
	unsigned long ms;
	uint32_t seq;
	size_t len;

	if (argc < 4 || !number(argv[2], 1, 600000, &ms))
		return say(BROKEN, "usage: ask SOCKET MS ORDER …");
	random_bytes(&seq, sizeof(seq));
	len = (size_t)snprintf(line, sizeof(line), "\n%u", seq);
	for (int i = 3; i < argc; i++) {
		if (len + strlen(argv[i]) + 2 >= sizeof(line))
			return say(BROKEN, "the order is too long");
		len += (size_t)snprintf(line + len, sizeof(line) - len, " %s", argv[i]);
	}
	line[len] = '\n';
	line[len + 1] = '\0';
	(void)signal(SIGPIPE, SIG_IGN);
	fd = connect_line(argv[1]);
	if (fd < 0)
		return broken(argv[1]);
	return await_answer(fd, line, seq, !strcmp(argv[3], "hello"), now_ms() + (int64_t)ms);
}
