/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times the hook as libvirt calls it: real taps, recorded XML, a growing number of other
 * domains. */
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define BRIDGE "virbr0"
#define LEASES "/var/lib/libvirt/dnsmasq/" BRIDGE ".status"
#define GUEST 2000 /* the number of the guest that is measured */
#define RUNS_MAX 1000
/* Between a stop and the next start, so that neither waits for what the kernel still does for the
 * other: no one starts a guest 10 ms after it has stopped. */
#define PAUSE_US 30000

/* The calls of one start and one stop, in libvirt's order. */
enum call {
	PREPARE,
	PORT_CREATED,
	START,
	STARTED,
	STOPPED,
	PORT_DELETED,
	RELEASE,
	N_CALLS,
};

static const struct {
	const char *folder, *op, *sub, *file;
} calls[N_CALLS] = {
	[PREPARE] = {"qemu.d", "prepare", "begin", "nat-prepare.xml"},
	[PORT_CREATED] = {"network.d", "port-created", "begin", "hook-port-created-default.xml"},
	[START] = {"qemu.d", "start", "begin", "nat-start.xml"},
	[STARTED] = {"qemu.d", "started", "begin", "nat-started.xml"},
	[STOPPED] = {"qemu.d", "stopped", "end", "nat-stopped.xml"},
	[PORT_DELETED] = {"network.d", "port-deleted", "begin", "hook-port-deleted-default.xml"},
	[RELEASE] = {"qemu.d", "release", "end", "nat-release.xml"},
};

/* What a recording says of its guest, and what a guest of ours has instead. */
enum word { NAME, UUID, PORT, MAC, TAP, N_WORDS };
static const char *const recorded[N_WORDS] = {"nat-guest", "00000000-0000-4000-8000-000000000001",
					      "00000000-0000-4000-9000-000000000001",
					      "52:54:00:00:00:01", "vnet1"};

struct guest {
	char words[N_WORDS][48];
	int tap;
};

static char *recordings[N_CALLS];
static const char *hooks;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hook-bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static char *read_file(const char *folder, const char *name)
{
	char path[4096];
	struct stat st;
	char *text;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		die("%s: %m", path);
	text = calloc((size_t)st.st_size + 1, 1);
	if (!text || read(fd, text, (size_t)st.st_size) != st.st_size)
		die("%s: cannot be read", path);
	(void)close(fd);
	return text;
}

/* @text with the recorded guest's words replaced by @g's; malloc'd. */
static char *fill(const char *text, const struct guest *g)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		die("out of memory");
	while (*text) {
		size_t w = 0;

		while (w < N_WORDS && strncmp(text, recorded[w], strlen(recorded[w])) != 0)
			w++;
		if (w < N_WORDS) {
			fputs(g->words[w], f);
			text += strlen(recorded[w]);
		} else {
			fputc(*text++, f);
		}
	}
	if (fclose(f) != 0)
		die("out of memory");
	return out;
}

static void guest_init(struct guest *g, unsigned n, const char *prefix)
{
	*g = (struct guest){.tap = -1};
	(void)snprintf(g->words[NAME], sizeof(g->words[0]), "%s-%u", prefix, n);
	(void)snprintf(g->words[UUID], sizeof(g->words[0]), "5b1c0000-0000-4000-8000-%012u", n);
	(void)snprintf(g->words[PORT], sizeof(g->words[0]), "5b1c0000-0000-4000-9000-%012u", n);
	(void)snprintf(g->words[MAC], sizeof(g->words[0]), "52:54:00:01:%02x:%02x", n >> 8 & 255,
		       n & 255);
	(void)snprintf(g->words[TAP], sizeof(g->words[0]), "vnet%u", n);
}

/* As libvirt and QEMU do: the tap lives as long as its descriptor. */
static void tap_open(struct guest *g)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	struct ifreq port = {0};
	auto_close int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(req.ifr_name, g->words[TAP], IFNAMSIZ - 1);
	g->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (g->tap < 0 || ioctl(g->tap, TUNSETIFF, &req) < 0)
		die("tap %s: %m", g->words[TAP]);
	memcpy(port.ifr_name, BRIDGE, sizeof(BRIDGE));
	port.ifr_ifindex = (int)if_nametoindex(g->words[TAP]);
	if (ioctl(s, SIOCBRADDIF, &port) < 0)
		die("%s as a port of " BRIDGE ": %m", g->words[TAP]);
	req.ifr_flags = IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &req) < 0)
		die("%s: %m", g->words[TAP]);
}

static void tap_close(struct guest *g)
{
	util_closep(&g->tap);
}

static double now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static pid_t spawn(char *const argv[], int in, int out, const char *program)
{
	static char *const environment[] = {
		(char *)"LC_ALL=C",
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
		(char *)"HOME=/root",
		(char *)"USER=root",
		(char *)"LOGNAME=root",
		NULL};
	posix_spawn_file_actions_t fa;
	pid_t pid;

	if (posix_spawn_file_actions_init(&fa) || posix_spawn_file_actions_adddup2(&fa, in, 0) ||
	    posix_spawn_file_actions_adddup2(&fa, out, 1) ||
	    posix_spawn_file_actions_adddup2(&fa, out, 2) ||
	    posix_spawn(&pid, program, &fa, NULL, argv, environment))
		die("cannot run %s: %m", program);
	(void)posix_spawn_file_actions_destroy(&fa);
	return pid;
}

/* Runs @argv with @xml on stdin; the time in ms from spawn to the end. It must succeed silently. */
static double timed(char *const argv[], const char *xml)
{
	int in[2], out[2], status;
	char said[1024] = {0};
	const size_t len = strlen(xml);
	double begin;
	ssize_t n;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe: %m");
	begin = now_ms();
	pid = spawn(argv, in[0], out[1], argv[0]);
	(void)close(in[0]);
	(void)close(out[1]);
	if (write(in[1], xml, len) != (ssize_t)len)
		die("the hook did not read its XML");
	(void)close(in[1]);
	n = read(out[0], said, sizeof(said) - 1);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %m");
	begin = now_ms() - begin;
	(void)close(out[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) || n > 0)
		die("%s %s %s: status 0x%x: %s", argv[0], argv[1], argv[2], (unsigned)status, said);
	return begin;
}

static double hook(const struct guest *g, enum call c)
{
	auto_free char *xml = fill(recordings[c], g);
	char path[4096];
	const bool network = c == PORT_CREATED || c == PORT_DELETED;
	char *const argv[] = {path,
			      network ? (char *)"default" : (char *)(uintptr_t)g->words[NAME],
			      (char *)(uintptr_t)calls[c].op,
			      (char *)(uintptr_t)calls[c].sub,
			      (char *)"-",
			      NULL};

	(void)snprintf(path, sizeof(path), "%s/%s/50-virt-cordon", hooks, calls[c].folder);
	return timed(argv, xml);
}

static void guest_start(struct guest *g, double ms[static N_CALLS])
{
	ms[PREPARE] = hook(g, PREPARE);
	ms[PORT_CREATED] = hook(g, PORT_CREATED);
	tap_open(g);
	ms[START] = hook(g, START);
	ms[STARTED] = hook(g, STARTED);
}

static void guest_stop(struct guest *g, double ms[static N_CALLS])
{
	tap_close(g);
	ms[STOPPED] = hook(g, STOPPED);
	ms[PORT_DELETED] = hook(g, PORT_DELETED);
	ms[RELEASE] = hook(g, RELEASE);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. */
static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Milliseconds that all processes waited for have spent, by them and by the kernel for them. */
static double cpu_ms(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_CHILDREN, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e3 +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e3;
}

/* START and STOP: what one start and one stop wait for the hook of domains. */
static void measure(const char *prefix, const char *label, unsigned n_guest, unsigned runs)
{
	static double all[N_CALLS][RUNS_MAX], start[RUNS_MAX], stop[RUNS_MAX];
	double ms[N_CALLS], start_cpu = 0, stop_cpu = 0;
	struct guest g;

	guest_init(&g, n_guest, prefix);
	for (unsigned i = 0; i < runs; i++) {
		const double before = cpu_ms();
		double between;

		guest_start(&g, ms);
		between = cpu_ms();
		(void)usleep(PAUSE_US);
		guest_stop(&g, ms);
		(void)usleep(PAUSE_US);
		start_cpu += between - before;
		stop_cpu += cpu_ms() - between;
		for (size_t c = 0; c < N_CALLS; c++)
			all[c][i] = ms[c];
		start[i] = ms[PREPARE] + ms[START] + ms[STARTED];
		stop[i] = ms[STOPPED] + ms[RELEASE];
	}
	printf("%8s", label);
	for (size_t c = 0; c < N_CALLS; c++)
		printf(" %5.1f", median(all[c], runs));
	/* Sorted by median: the first is the best. */
	printf(" %6.1f", median(start, runs));
	printf(" %6.1f %6.1f", start[0], start_cpu / runs);
	printf(" %6.1f", median(stop, runs));
	printf(" %6.1f %6.1f\n", stop[0], stop_cpu / runs);
	(void)fflush(stdout);
}

/* What a process costs that does nothing. */
static void measure_nothing(unsigned runs)
{
	static double all[RUNS_MAX];
	char *const argv[] = {(char *)"/bin/true", NULL};

	for (unsigned i = 0; i < runs; i++)
		all[i] = timed(argv, "");
	printf("# /bin/true, run the same way: %.1f ms\n", median(all, runs));
}

/* The leases as libvirt's helper of dnsmasq keeps them: one for each guest up to @n, and
 * @extra's. */
static void write_leases(unsigned n, unsigned extra)
{
	FILE *f = fopen(LEASES, "we");

	if (!f)
		die(LEASES ": %m");
	fputs("[\n", f);
	for (unsigned i = 1; i <= n + 1; i++) {
		const unsigned g = i <= n ? i : extra;

		fprintf(f,
			"  {\n    \"ip-address\": \"10.64.%u.%u\",\n"
			"    \"mac-address\": \"52:54:00:01:%02x:%02x\",\n"
			"    \"client-id\": \"01:52:54:00:01:%02x:%02x\",\n"
			"    \"expiry-time\": %lld\n  }%s\n",
			1 + g / 250, 1 + g % 250, g >> 8 & 255, g & 255, g >> 8 & 255, g & 255,
			(long long)time(NULL) + 3000, i <= n ? "," : "");
	}
	fputs("]\n", f);
	if (fclose(f) != 0)
		die(LEASES ": %m");
}

static void load(struct guest *others, unsigned *n, unsigned want)
{
	double ms[N_CALLS];

	write_leases(want, GUEST);
	for (; *n < want; (*n)++) {
		guest_init(&others[*n], *n + 1, "bench");
		guest_start(&others[*n], ms);
	}
}

static void run_command(char *const command[], const char *label)
{
	pid_t pid;
	int status;

	if (setenv("LOADED", label, 1) < 0 ||
	    posix_spawnp(&pid, command[0], NULL, NULL, command, environ) ||
	    waitpid(pid, &status, 0) != pid)
		die("cannot run %s", command[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("%s failed", command[0]);
}

static void head(void)
{
	printf("%8s %5s %5s %5s %5s %5s %5s %5s %6s %6s %6s %6s %6s %6s\n", "loaded", "prep.",
	       "port+", "start", "st.ed", "stop.", "port-", "rel.", "START", "best", "cpu", "STOP",
	       "best", "cpu");
}

int main(int argc, char **argv)
{
	const struct rlimit files = {4096, 4096};
	static struct guest others[1000];
	unsigned n = 0, runs;
	char **command = NULL;
	int i;

	if (argc < 5)
		die("usage: hook-bench HOOKS RECORDINGS RUNS LOADED... [-- COMMAND...]");
	hooks = argv[1];
	runs = (unsigned)strtoul(argv[3], NULL, 10);
	for (i = 4; i < argc && !command; i++)
		if (strcmp(argv[i], "--") == 0)
			command = argv + i + 1;
	if (runs > RUNS_MAX || (!runs && (!command || !*command)))
		die("RUNS is from 1 to %d, or 0 with a COMMAND", RUNS_MAX);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	for (size_t c = 0; c < N_CALLS; c++)
		recordings[c] = read_file(argv[2], calls[c].file);

	if (runs) {
		measure_nothing(runs);
		head();
	}
	for (i = 4; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const unsigned want = (unsigned)strtoul(argv[i], NULL, 10);

		if (want < n || want > ARRAY_SIZE(others))
			die("LOADED grows, up to %zu", ARRAY_SIZE(others));
		load(others, &n, want);
		if (runs)
			measure("bench", argv[i], GUEST, runs);
		else
			run_command(command, argv[i]);
	}
	if (runs)
		measure("other", "unlisted", GUEST + 1, runs);
	return 0;
}
