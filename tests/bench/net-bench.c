/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets per second and bytes per second, from one namespace to another, by IPv4 or IPv6. */
#include "lib/util.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define BATCH 64
#define PAYLOAD 64 /* bytes, unless asked otherwise */
#define PAYLOAD_MAX 1400
#define ASK '?'

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("net-bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Of either family. */
struct place {
	struct sockaddr_storage sa;
	socklen_t len;
};

static struct place address(const char *ip, const char *port)
{
	const in_port_t be = htons((uint16_t)strtoul(port, NULL, 10));
	struct place at = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&at.sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at.sa;

	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = be;
		at.len = sizeof(*in);
	} else if (inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = be;
		at.len = sizeof(*in6);
	} else {
		die("%s: not an address", ip);
	}
	return at;
}

static int open_socket(const struct place *at, int type)
{
	int fd = socket(at->sa.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %m");
	return fd;
}

/* Answers the first datagram of each flow, which asks for it, and leaves the others in a queue
 * that is soon full. */
static void udp_answer(const struct place *at)
{
	auto_close int fd = open_socket(at, SOCK_DGRAM);

	if (bind(fd, (const struct sockaddr *)&at->sa, at->len) < 0)
		die("bind: %m");
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		char c = 0;

		if (recvfrom(fd, &c, 1, 0, (struct sockaddr *)&from, &len) == 1 && c == ASK)
			(void)sendto(fd, &c, 1, 0, (struct sockaddr *)&from, len);
	}
}

/* On a busy machine a question may get lost among what was sent before it. */
static void ask(int fd, const struct place *to)
{
	const struct timeval second = {.tv_sec = 1};
	char c = ASK;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	for (int i = 0; i < 10; i++)
		if (sendto(fd, &c, 1, 0, (const struct sockaddr *)&to->sa, to->len) == 1 &&
		    recv(fd, &c, 1, 0) == 1)
			return;
	die("no answer: %m");
}

/* One flow of small datagrams, not connected: an ICMP error must not end it. Prints nanoseconds
 * for each; on veth pairs the sender's own CPU does all the work up to the other end. */
static void udp_send(const struct place *to, unsigned count, size_t size, bool answered)
{
	static char payload[PAYLOAD_MAX];
	struct iovec iov = {.iov_base = payload, .iov_len = size};
	struct mmsghdr msgs[BATCH];
	auto_close int fd = open_socket(to, SOCK_DGRAM);
	double begin;

	for (size_t i = 0; i < BATCH; i++)
		msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_name = (void *)(uintptr_t)&to->sa,
						       .msg_namelen = to->len,
						       .msg_iov = &iov,
						       .msg_iovlen = 1}};
	if (answered)
		ask(fd, to);
	begin = now();
	for (unsigned done = 0; done < count;) {
		const int n = sendmmsg(fd, msgs, BATCH, 0);

		if (n < 0)
			die("sendmmsg: %m");
		done += (unsigned)n;
	}
	printf("%.0f\n", (now() - begin) * 1e9 / count);
}

/* Takes connections for ever and throws away what comes, by a process for each. */
static void tcp_sink(const struct place *at)
{
	static char buf[1 << 20];
	auto_close int fd = open_socket(at, SOCK_STREAM);
	const int one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at->sa, at->len) < 0 || listen(fd, 4096) < 0)
		die("cannot listen: %m");
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		auto_close int c = accept(fd, NULL, NULL);
		const pid_t pid = c < 0 ? -1 : fork();

		if (pid != 0)
			continue;
		while (read(c, buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
}

/* Mbit/s of payload. */
static double tcp_send(const struct place *to, double seconds)
{
	static char buf[1 << 17];
	auto_close int fd = open_socket(to, SOCK_STREAM);
	double begin, end;
	uint64_t sent = 0;

	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) < 0)
		die("connect: %m");
	begin = now();
	do {
		const ssize_t n = write(fd, buf, sizeof(buf));

		if (n < 0)
			die("write: %m");
		sent += (uint64_t)n;
		end = now();
	} while (end - begin < seconds);
	return (double)sent * 8 / (end - begin) / 1e6;
}

/* Prints the sum of @n streams at one time, each of a process. */
static void tcp_streams(const struct place *to, double seconds, size_t n)
{
	double sum = 0, rate;
	int ends[2];

	if (pipe(ends) < 0)
		die("pipe: %m");
	for (size_t i = 0; i < n; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			die("fork: %m");
		if (pid == 0) {
			rate = tcp_send(to, seconds);
			_exit(write(ends[1], &rate, sizeof(rate)) != sizeof(rate));
		}
	}
	(void)close(ends[1]);
	for (size_t i = 0; i < n; i++) {
		if (read(ends[0], &rate, sizeof(rate)) != sizeof(rate))
			die("a stream ended early");
		sum += rate;
	}
	printf("%.0f\n", sum);
}

/* Prints microseconds from SYN to the end of the handshake: the median of @count. */
static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tcp_connect(const struct place *to, unsigned count)
{
	auto_free double *us = calloc(count, sizeof(*us));

	if (!us || !count)
		die("out of memory");
	for (unsigned i = 0; i < count; i++) {
		const struct linger reset = {1, 0};
		auto_close int fd = open_socket(to, SOCK_STREAM);
		const double begin = now();

		if (connect(fd, (const struct sockaddr *)&to->sa, to->len) < 0)
			die("connect: %m");
		us[i] = (now() - begin) * 1e6;
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	}
	qsort(us, count, sizeof(*us), compare);
	printf("%.1f\n", us[count / 2]);
}

int main(int argc, char **argv)
{
	struct place place;
	size_t size = PAYLOAD;

	if (argc < 4)
		die("usage: net-bench sink|answer ADDRESS PORT | "
		    "udp|answered ADDRESS PORT COUNT [BYTES] | connect ADDRESS PORT COUNT | "
		    "tcp ADDRESS PORT SECONDS [STREAMS]");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	place = address(argv[2], argv[3]);
	if (argc > 5)
		size = strtoul(argv[5], NULL, 10);
	if (size > PAYLOAD_MAX)
		die("more than %d bytes", PAYLOAD_MAX);
	if (strcmp(argv[1], "sink") == 0)
		tcp_sink(&place);
	else if (strcmp(argv[1], "answer") == 0)
		udp_answer(&place);
	else if (argc < 5)
		die("%s: one argument more", argv[1]);
	else if (strcmp(argv[1], "udp") == 0 || strcmp(argv[1], "answered") == 0)
		udp_send(&place, (unsigned)strtoul(argv[4], NULL, 10), size, argv[1][0] == 'a');
	else if (strcmp(argv[1], "connect") == 0)
		tcp_connect(&place, (unsigned)strtoul(argv[4], NULL, 10));
	else if (strcmp(argv[1], "tcp") == 0)
		tcp_streams(&place, strtod(argv[4], NULL), argc > 5 ? size : 1);
	else
		die("%s?", argv[1]);
	return 0;
}
