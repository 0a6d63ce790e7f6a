// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe as pid 1 of a test guest: mounts, modules, power. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util.h"

/*
 * Each module lies flat in this folder. "order" has a line per module that can be asked for: its
 * name, then the files to load, dependencies first.
 */
#define MODULE_DIR "/lib/modules"

enum { ORDER_LINE = 1024 };

static int load_file(const char *file)
{
	char path[256];
	auto_close int fd = -1;

	(void)snprintf(path, sizeof(path), MODULE_DIR "/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		return -1;
	return 0;
}

/* Loads a module and what it needs. Return: 0, or -1 with errno set. */
static int load_module(const char *name)
{
	auto_fclose FILE *f = fopen(MODULE_DIR "/order", "re");
	char line[ORDER_LINE];

	while (f && fgets(line, sizeof(line), f)) {
		char *save = NULL, *word = strtok_r(line, " \n", &save);

		if (!word || strcmp(word, name) != 0)
			continue;
		word = strtok_r(NULL, " \n", &save);
		while (word) {
			char *next = strtok_r(NULL, " \n", &save);

			/* a variant for other hardware is no loss, the module itself is */
			if (load_file(word) < 0 && (errno != ENODEV || !next))
				return -1;
			word = next;
		}
		return 0;
	}
	errno = ENOENT;
	return -1;
}

int order_modprobe(int argc, char **argv)
{
	if (argc != 2)
		return say(BROKEN, "usage: modprobe NAME");
	return load_module(argv[1]) < 0 ? broken(argv[1]) : say(THROUGH, "loaded %s", argv[1]);
}

int order_sync(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	sync();
	return say(THROUGH, "synced");
}

/* Only in a guest of ours: on a host this order must never reach reboot(2). */
static int power(int how)
{
	char target[64];
	ssize_t n = readlink("/proc/1/exe", target, sizeof(target) - 1);

	target[n > 0 ? n : 0] = '\0';
	if (strcmp(target, "/init") != 0)
		return say(BROKEN, "not in a test guest");
	sync();
	(void)say(THROUGH, "going down");
	/* the answer must leave by the serial line first: the agent waits for this process */
	if (fork() == 0) {
		(void)close(STDOUT_FILENO);
		(void)close(STDERR_FILENO);
		(void)usleep(100000);
		(void)reboot(how);
		_exit(BROKEN);
	}
	return THROUGH;
}

int order_poweroff(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return power(RB_POWER_OFF);
}

int order_reboot(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return power(RB_AUTOBOOT);
}

/* Hands the words to a shell, joined by blanks; exit 0 is ok, all else denied. */
int order_run(int argc, char **argv)
{
	char line[2048] = "";
	size_t len = 0;
	int status;
	pid_t pid;

	for (int i = 1; i < argc && len + strlen(argv[i]) + 2 < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s ", argv[i]);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return broken("sh");
	if (!WIFEXITED(status))
		return say(BROKEN, "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return say(BROKEN, "command not found");
	return WEXITSTATUS(status) ? say(DENIED, "exit %d", WEXITSTATUS(status)) : THROUGH;
}

static void write_file(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
}

int guest_main(void)
{
	static const struct {
		const char *what, *where, *type;
	} mounts[] = {
		{"proc", "/proc", "proc"},
		{"sysfs", "/sys", "sysfs"},
		{"devtmpfs", "/dev", "devtmpfs"},
		{"tmpfs", "/run", "tmpfs"},
	};
	static const char *const boot_modules[] = {"virtio_pci", "virtio_net"};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (mount(mounts[i].what, mounts[i].where, mounts[i].type, 0, "") < 0)
			perror(mounts[i].where);
	/* before there are links: their addresses are usable at once, not after IPv6 looked 1 s */
	write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	for (size_t i = 0; i < ARRAY_SIZE(boot_modules); i++)
		if (load_module(boot_modules[i]) < 0)
			perror(boot_modules[i]);
	(void)setenv("PATH", "/bin:/sbin", 1);
	(void)link_up("lo");
	/* without the line the guest is of no use: pid 1 ends, the kernel panics, QEMU exits */
	return agent_main("/dev/ttyS1");
}
