// SPDX-License-Identifier: GPL-2.0-or-later
/* A probe: tries one thing on the network and says whether it got through. */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

/*
 * Theory of operation. One static program has three lives. As a command, `probe ORDER ARGS`
 * carries out one order and exits with its verdict. As pid 1 of a test guest it mounts what it
 * needs, loads the virtio modules and then takes the same orders as lines on a serial port,
 * each in a child of its own. And `probe ask SOCKET …` is the host's end of that serial port.
 *
 * Every order prints one line that begins with ok, denied or error (sometimes more lines), so that
 * a failed test shows what was seen. "error" is never a denial: a guest that has no address
 * would else pass every test of isolation.
 */

static int order_hello(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return say(THROUGH, "ready");
}

static int order_sleep(int argc, char **argv)
{
	unsigned long ms;

	if (argc != 2 || !number(argv[1], 0, 600000, &ms))
		return say(BROKEN, "usage: sleep MILLISECONDS");
	(void)usleep((useconds_t)ms * 1000);
	return say(THROUGH, "slept");
}

static const struct order {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} orders[] = {
	{"hello", order_hello, "is anybody there"},
	{"up", order_up, "IFACE: set the link up"},
	{"show", order_show, "IFACE: its MAC and addresses"},
	{"addr", order_addr, "IFACE ADDR/LEN [gw=ADDR]"},
	{"mac", order_mac, "IFACE MAC"},
	{"dhcp", order_dhcp,
	 "IFACE [chaddr=MAC] [clientid=HEX] [request=ADDR] [timeout=MS] [renew|rebind] [noset]"},
	{"ping", order_ping, "ADDR [timeout=MS]"},
	{"tcp", order_tcp, "ADDR PORT [timeout=MS]: connect and exchange an echo"},
	{"udp", order_udp, "ADDR PORT [timeout=MS]: the echo must come back"},
	{"hold", order_hold,
	 "tcp|udp ADDR PORT [from=PORT] [timeout=MS]: an echo over an open flow, when told to go"},
	{"udponeway", order_udponeway, "ADDR PORT TOKEN"},
	{"udplisten", order_udplisten, "PORT TOKEN [timeout=MS]"},
	{"iplisten", order_iplisten, "PROTOCOL TOKEN [v6] [timeout=MS]"},
	{"dns", order_dns, "SERVER NAME [tcp] [timeout=MS]"},
	{"arp", order_arp, "IFACE TARGET [senderip=] [sendermac=] [src=] [token=] [timeout=MS]"},
	{"frame", order_frame, "IFACE HEX [short]"},
	{"ether", order_ether, "IFACE TYPE TOKEN [dst=MAC] [src=MAC]"},
	{"vlan", order_vlan, "IFACE VID TOKEN [dst=MAC] [src=MAC]"},
	{"qinq", order_qinq, "IFACE OUTER INNER TOKEN [dst=MAC] [src=MAC]"},
	{"llc", order_llc, "IFACE TOKEN [dst=MAC] [src=MAC]"},
	{"stp", order_stp, "IFACE TOKEN [dst=MAC] [src=MAC]"},
	{"lldp", order_lldp, "IFACE TOKEN [dst=MAC] [src=MAC]"},
	{"sniff", order_sniff, "IFACE TYPE|any TOKEN [timeout=MS]: wait for such a frame"},
	{"tcpflags", order_tcpflags, "ADDR PORT fin|null|xmas|ack|synack|syn [timeout=MS]"},
	{"ipsrc", order_ipsrc, "SRC DST PORT TOKEN: UDP with a foreign source"},
	{"ippacket", order_ippacket, "HEX [dev=IFACE]"},
	{"flood", order_flood,
	 "udp|syn|fragment ADDR PORT SECONDS, arp|dhcp|mac IFACE ADDR SECONDS"},
	{"serve", order_serve, "NAME [tcp|udp]:PORT[@ADDR] …: echo servers"},
	{"bg", order_bg, "ORDER …: in the background, returns when it listens"},
	{"wait", order_wait, "JOB [timeout=MS]: the verdict of a background order"},
	{"stop", order_stop, "JOB: end a background order"},
	{"go", order_go, "JOB: have a background order hold go on"},
	{"sleep", order_sleep, "MILLISECONDS"},
	{"ask", order_ask, "SOCKET MS ORDER …: have the guest behind SOCKET do it"},
	{"run", order_run, "COMMAND …: through the shell"},
	{"modprobe", order_modprobe, "NAME"},
	{"sync", order_sync, ""},
	{"reboot", order_reboot, ""},
	{"poweroff", order_poweroff, ""},
};

static bool silent;

/* For orders that repeat others: from now on say() prints nothing, or prints again. */
void say_nothing(bool on)
{
	silent = on;
}

/**
 * say - print an order's result
 *
 * Return: @verdict, so that an order can end with `return say(…)`.
 */
int say(int verdict, const char *fmt, ...)
{
	static const char *const word[] = {"ok", "denied", "error"};
	va_list ap;

	if (silent)
		return verdict;
	printf("%s ", word[verdict]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	(void)fflush(stdout);
	return verdict;
}

/* Says that @what failed, with errno's text. Return: BROKEN. */
int broken(const char *what)
{
	return say(BROKEN, "%s: %s", what, strerror(errno));
}

static int ready_fd = -1;

/* From now on now_ready() writes to @fd. */
void ready_to(int fd)
{
	ready_fd = fd;
}

/* Tells whoever started this order in the background that from now on nothing is missed. */
void now_ready(void)
{
	if (ready_fd >= 0) {
		(void)!write(ready_fd, "r", 1);
		close(ready_fd);
	}
	ready_fd = -1;
}

/* Finds `NAME=value` among the arguments. Return: the value, or NULL. */
const char *option(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
	return NULL;
}

/* Return: whether the bare word @name is among the arguments. */
bool flag(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

/* Parses all of @text as a number (0x… is hexadecimal). Return: false unless within bounds. */
bool number(const char *text, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *end;
	unsigned long n;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, text[1] == 'x' ? 16 : 10);
	if (errno || *end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

void random_bytes(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

/* Makes a word that no other packet holds. */
void make_token(char token[static TOKEN_MAX])
{
	uint32_t r[2];

	random_bytes(r, sizeof(r));
	(void)snprintf(token, TOKEN_MAX, "probe-%08x%08x", r[0], r[1]);
}

int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until @fd is readable. Return: false when @deadline (in now_ms) has passed. */
bool wait_readable(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return false;
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

/* Whether the order itself says when it is ready; the others are so from the start. */
static bool listens(const char *name)
{
	return !strcmp(name, "sniff") || !strcmp(name, "serve") || !strcmp(name, "hold") ||
	       strstr(name, "listen");
}

/* Carries out the order argv[0]. Return: its verdict. */
int run_order(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (!strcmp(argv[0], orders[i].name)) {
			if (!listens(argv[0]))
				now_ready();
			return orders[i].run(argc, argv);
		}
	return say(BROKEN, "%s: no such order", argv[0]);
}

static void usage(FILE *f)
{
	(void)fprintf(f, "usage: probe ORDER ARGS…\n"
			 "exit: 0 got through, 1 denied, 2 could not try\n"
			 "example: probe tcp 192.168.50.50 7777 timeout=500\n\norders:\n");
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		(void)fprintf(f, "  %-9s %s\n", orders[i].name, orders[i].help);
}

int main(int argc, char **argv)
{
	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		return guest_main();
	/* the guest kernel's own module requests come as /sbin/modprobe -q -- NAME */
	if (!strcmp(argv[0], "/sbin/modprobe"))
		return order_modprobe(argc > 1 ? 2 : 0, argv + argc - 2);
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc < 2) {
		usage(stderr);
		return BROKEN;
	}
	if (!strcmp(argv[1], "agent") && argc == 3)
		return agent_main(argv[2]);
	return run_order(argc - 1, argv + 1);
}
