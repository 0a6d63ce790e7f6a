/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-hook: what libvirt runs for domains (qemu.d) and networks (network.d). */
#include "hooks/hook.h"

#include "lib/run.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* When virt-cordon.ini cannot be read, which stops a start but not a stop. */
#define HOOK_MS 20000
#define LOCK_MS 10000

static int64_t hook_end; /* milliseconds of the monotonic clock */
static uint32_t lock_ms = LOCK_MS;
static bool undoing; /* libvirt carries on whatever we say: exit 0 */

void hook_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(LOG_WARNING, fmt, ap);
	va_end(ap);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint32_t hook_deadline_ms(void)
{
	/* A second less than the alarm, so that what hangs is named. */
	const int64_t left = hook_end - now_ms() - 1000;

	return left > 1000 ? (uint32_t)left : 1000;
}

uint32_t hook_lock_ms(void)
{
	return lock_ms;
}

static void on_alarm(int sig)
{
	static const char msg[] = "virt-cordon: not done within its deadline\n";
	const ssize_t n = write(STDERR_FILENO, msg, sizeof(msg) - 1);

	(void)sig;
	(void)n;
	_exit(undoing ? EX_CORDON_OK : EX_CORDON_TEMPFAIL);
}

static void start_clock(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct host_config host = {0};
	uint32_t ms = HOOK_MS;

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)alarm(HOOK_MS / 1000);
	if (host_config_load(HOOK_ROOT, &host, NULL) == 0) {
		ms = host.hook_deadline_ms;
		lock_ms = host.lock_deadline_ms;
	}
	host_config_free(&host);
	hook_end = now_ms() + ms;
	(void)alarm((ms + 999) / 1000);
}

/* All of stdin; one byte over the bound is an error. */
static int read_stdin(char **ret, size_t *len_ret, struct err *e)
{
	auto_free char *data = NULL;
	size_t len = 0, cap = 0;

	for (;;) {
		ssize_t n;

		if (len == cap) {
			size_t more = cap ? cap * 2 : 65536;
			char *grown = more > FACTS_XML_MAX * 2 ? NULL : realloc(data, more);

			if (!grown)
				return err_set(e, EX_CORDON_DATA, E2BIG,
					       "the XML on stdin is too long");
			data = grown;
			cap = more;
		}
		n = read(STDIN_FILENO, data + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(e, errno, "cannot read stdin");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret = TAKE_PTR(data);
	*len_ret = len;
	return 0;
}

int run_program_of_ours(const char *program, const char *const *args, struct err *e)
{
	const size_t named = strlen(program);
	const char *argv[8] = {NULL}, *why;
	auto_sb struct strbuf said = {0};
	char path[4096];
	size_t n = 1;
	int r;

	r = run_sibling(program, path, sizeof(path), e);
	if (r < 0)
		return r;
	argv[0] = path;
	for (; *args && n < ARRAY_SIZE(argv) - 1; args++)
		argv[n++] = *args;
	r = run_program(argv, hook_deadline_ms(), &said, e);
	if (r <= 0)
		return r;
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	why = sb_str(&said);
	if (!said.len)
		return err_set(e, (enum exit_code)r, EIO, "%s failed and said nothing", program);
	if (strncmp(why, program, named) == 0 && strncmp(why + named, ": ", 2) == 0)
		why += named + 2;
	return err_set(e, (enum exit_code)r, EIO, "%s", why);
}

int run_netiso(const char *const *args, struct err *e)
{
	return run_program_of_ours("virt-cordon-netiso", args, e);
}

int run_netiso_uuid(const char *verb, const struct uuid *uuid, struct err *e)
{
	char text[UUID_STRLEN];
	const char *args[] = {"--quiet", verb, uuid_str(uuid, text), NULL};

	return run_netiso(args, e);
}

/* argv[0] is the symlink's path, HOOKS/qemu.d/… or HOOKS/network.d/…. */
static bool in_folder(const char *argv0, const char *folder)
{
	const char *slash = strrchr(argv0, '/');
	const size_t n = strlen(folder);

	return slash && (size_t)(slash - argv0) >= n && strncmp(slash - n, folder, n) == 0 &&
	       (slash - n == argv0 || slash[-(ptrdiff_t)n - 1] == '/');
}

static int dispatch(int argc, char **argv, struct err *e)
{
	struct call call = {0};
	auto_free char *xml = NULL;
	int r;

	if (argc < 4)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "this program is for libvirt to call, as /etc/libvirt/hooks/qemu.d/"
			       "50-virt-cordon OBJECT OPERATION SUB-OPERATION EXTRA");
	call.object = argv[1];
	call.op = argv[2];
	undoing = strcmp(call.op, "stopped") == 0 || strcmp(call.op, "release") == 0 ||
		  strcmp(call.op, "port-deleted") == 0;
	r = read_stdin(&xml, &call.len, e);
	if (r < 0)
		return r;
	call.xml = xml;
	if (in_folder(argv[0], "qemu.d"))
		return qemu_run(&call, e);
	if (in_folder(argv[0], "network.d"))
		return network_run(&call, e);
	return err_set(e, EX_CORDON_USAGE, EINVAL,
		       "called as '%s', in neither qemu.d nor network.d: not a hook", argv[0]);
}

/* A domain's name may hold control characters; what they would do on a terminal is not shown. */
static void report(const char *object, const struct err *e)
{
	auto_sb struct strbuf name = {0};

	safe_add(&name, object);
	fprintf(stderr, "virt-cordon: %s: ", sb_str(&name));
	safe_print(stderr, e->msg);
	(void)fputc('\n', stderr);
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	struct err e = {0};
	int r;

	umask(022);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	openlog("virt-cordon-hook", LOG_PID, LOG_DAEMON);
	start_clock();

	r = dispatch(argc, argv, &e);
	if (r == 0)
		return EX_CORDON_OK;
	/* libvirt shows the end of stderr to whoever asked; one line, name first. */
	report(argc > 1 ? argv[1] : "?", &e);
	hook_log("%s %s: %s", argc > 2 ? argv[2] : "?", argc > 1 ? argv[1] : "?", e.msg);
	if (undoing)
		return EX_CORDON_OK;
	return e.exit ? (int)e.exit : EX_CORDON_BUG;
}
