// SPDX-License-Identifier: GPL-2.0-or-later
/* The isolator as a program: records, policies and leases as files, its verbs, what nft then
 * lists. */
#include "tests/netns/model.h"

#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

const char *model_root;

const char model_guest_uuid[] = "00000001-0000-4000-8000-000000000000";

/* The other domains: one on each bridge. */
static const struct {
	const char *uuid, *name, *nic, *address;
	unsigned slot;
} others[] = {
	{"00000002-0000-4000-8000-000000000000", "h", "mac=52:54:00:00:00:08 tap=vh bridge=virbr0",
	 "192.168.122.8", 2},
	{"00000003-0000-4000-8000-000000000000", "y", "mac=52:54:00:00:01:07 tap=vy bridge=virbr1",
	 "10.8.0.7", 3},
};

/* --- programs --------------------------------------------------------------------------------- */

static void read_all(int fd, struct strbuf *out)
{
	char b[4096];
	ssize_t n;

	while ((n = read(fd, b, sizeof(b))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && out)
			sb_add(out, b, (size_t)n);
}

/* The input is a file in memory: no pipe can fill up. */
static int input_file(const char *text)
{
	const size_t len = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		bail("input: %s", strerror(errno));
	return fd;
}

int run_quietly(const char *const argv[], const char *input, struct strbuf *out)
{
	auto_close int in = input_file(input ? input : "");
	posix_spawn_file_actions_t actions;
	auto_close int end = -1;
	int pipes[2], status, r;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0)
		bail("pipe: %s", strerror(errno));
	end = pipes[0];
	(void)posix_spawn_file_actions_adddup2(&actions, in, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	(void)posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(pipes[1]);
	if (r != 0)
		bail("%s: %s", argv[0], strerror(r));
	read_all(end, out);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			bail("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int netiso(const char *verb, const char *uuid, struct strbuf *out)
{
	const char *const argv[] = {"virt-cordon-netiso", "--root", model_root, verb, uuid, NULL};

	return run_quietly(argv, NULL, out);
}

int iso_run(const char *verb, struct strbuf *out)
{
	return netiso(verb, model_guest_uuid, out);
}

/* --- files ------------------------------------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	const size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		bail("%s: %s", path, strerror(errno));
}

/* The record as the hook writes it at start, and the policy in it. */
static void write_record(const char *uuid, const char *name, unsigned slot, const char *nic,
			 bool guarded, const char *policy)
{
	auto_sb struct strbuf text = {0};
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon", model_root);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/%s", model_root, uuid);
	(void)mkdir(path, 0755);
	sb_addf(&text,
		"virt-cordon-record 1\nname %s\nuuid %s\nphase isolating\nincoming no\n"
		"slot %u\nisolation yes\nparts none\n"
		"nic %s network=net-%s port= lease=3600 guarded=%s gone=no\nend\n",
		name, uuid, slot, nic, strstr(nic, "virbr"), guarded ? "yes" : "no");
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/%s/record", model_root, uuid);
	write_file(path, sb_str(&text));
	(void)snprintf(path, sizeof(path), "%s/run/virt-cordon/%s/policy.ini", model_root, uuid);
	write_file(path, policy);
}

static void write_leases(const struct situation *s)
{
	auto_sb struct strbuf text = {0};
	char path[512], ip[16];

	sb_adds(&text, "[");
	for (size_t i = 0; i < s->n_leases; i++) {
		const struct lease *l = &s->leases[i];
		const long now = (long)time(NULL);

		sb_addf(&text,
			"%s\n {\"ip-address\": \"%s\", \"mac-address\": \"52:54:00:00:00:%s\", "
			"\"expiry-time\": %ld}",
			i ? "," : "", ip_text(l->addr, ip), l->kind == LEASE_FOREIGN ? "09" : "07",
			l->kind == LEASE_FOR_EVER  ? 0
			: l->kind == LEASE_EXPIRED ? now - 60
						   : now + 3600);
	}
	sb_adds(&text, "\n]\n");
	(void)snprintf(path, sizeof(path), "%s/var/lib/libvirt/dnsmasq/virbr0.status", model_root);
	write_file(path, sb_str(&text));
}

void iso_guard(bool on)
{
	static const char *const bridges[] = {"virbr0", "virbr1"};

	for (size_t i = 0; i < ARRAY_SIZE(bridges); i++) {
		char network[32];
		const char *const argv[] = {"virt-cordon-netiso",
					    "--root",
					    model_root,
					    "guard",
					    on ? "apply" : "revert",
					    network,
					    on ? bridges[i] : NULL,
					    NULL};
		auto_sb struct strbuf out = {0};

		(void)snprintf(network, sizeof(network), "net-%s", bridges[i]);
		if (run_quietly(argv, NULL, &out) != 0)
			bail("guard: %s", sb_str(&out));
	}
}

void iso_write_policy(const struct situation *s, const char *tap)
{
	auto_sb struct strbuf text = {0};
	char nic[128];

	text_policy(s, &text);
	(void)snprintf(nic, sizeof(nic), "mac=52:54:00:00:00:07 tap=%s bridge=virbr0", tap);
	write_record(model_guest_uuid, "g", 1, nic, s->ipv6, sb_str(&text));
	write_leases(s);
}

/* --- surroundings ----------------------------------------------------------------------------- */

static void nft(const char *text)
{
	const char *const argv[] = {"nft", "-f", "-", NULL};
	auto_sb struct strbuf out = {0};

	if (run_quietly(argv, text, &out) != 0)
		bail("nft: %s", sb_str(&out));
}

const struct redirection redirections[N_REDIRECTIONS] = {
	{IP4(203, 0, 113, 11), IP4(192, 168, 50, 50), 80, 8080},
	{IP4(203, 0, 113, 11), IP4(10, 1, 2, 3), 443, 443},
	{IP4(93, 184, 216, 34), IP4(192, 168, 50, 2), 80, 22},
	{IP4(93, 184, 216, 34), IP4(192, 168, 122, 9), 443, 443},
	{IP4(142, 250, 0, 1), IP4(1, 1, 1, 1), 80, 8080},
};

/* As a container's published ports, or a proxy that takes all that goes to an address. */
static void redirect(struct strbuf *text)
{
	char from[16], to[16];

	sb_adds(text, "table ip other_nat {\nchain pre {\n"
		      "type nat hook prerouting priority -100;\n");
	for (size_t i = 0; i < N_REDIRECTIONS; i++) {
		const struct redirection *r = &redirections[i];

		sb_addf(text, "ip daddr %s tcp dport %u dnat to %s:%u\n", ip_text(r->from, from),
			r->port, ip_text(r->to, to), r->to_port);
	}
	sb_adds(text, "}\n}\n");
}

void iso_surroundings(const struct situation *s)
{
	static const char *const paths[] = {"/proc/sys/net/bridge/bridge-nf-call-iptables",
					    "/proc/sys/net/bridge/bridge-nf-call-ip6tables"};
	auto_sb struct strbuf text = {0};

	/* As libvirt does it, and as wg-quick does. */
	sb_adds(&text, "add table ip other_nat\ndelete table ip other_nat\n"
		       "add table inet other_marks\ndelete table inet other_marks\n");
	if (s->masquerade)
		sb_adds(&text, "table ip other_nat {\nchain post {\n"
			       "type nat hook postrouting priority 100;\n"
			       "ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 "
			       "masquerade\n}\n}\n");
	if (s->published)
		redirect(&text);
	if (s->marks_lost)
		sb_adds(&text, "table inet other_marks {\nchain pre {\n"
			       "type filter hook prerouting priority -150;\n"
			       "meta l4proto udp meta mark set ct mark\n}\n}\n");
	nft(sb_str(&text));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], W_OK) == 0)
			write_file(paths[i], s->bridge_nf ? "1" : "0");
}

void iso_others(bool managed, bool ipv6)
{
	static bool now, now6;

	if (now == managed && (!managed || now6 == ipv6))
		return;
	if (now && managed)
		iso_others(false, false);
	now = managed;
	now6 = ipv6;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		auto_sb struct strbuf out = {0}, policy = {0};
		char nic[128];

		sb_addf(&policy, "[network]\naddresses = %s\n%s", others[i].address,
			ipv6 ? "ipv6 = nat\n" : "");
		(void)snprintf(nic, sizeof(nic), "%s", others[i].nic);
		write_record(others[i].uuid, others[i].name, others[i].slot, nic, ipv6,
			     sb_str(&policy));
		if (netiso(managed ? "apply" : "revert", others[i].uuid, &out) != 0)
			bail("the other domain %s: %s", others[i].name, sb_str(&out));
	}
}

/* --- reading back ----------------------------------------------------------------------------- */

void without_clock(const char *text, struct strbuf *out)
{
	static const char *const words[] = {" expires ", " timeout "};

	while (*text) {
		size_t n = strcspn(text, " ");

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (strncmp(text + n, words[i], strlen(words[i])) == 0) {
				sb_add(out, text, n);
				text += n + strlen(words[i]);
				text += strcspn(text, " ,;}\n");
				n = 0;
				break;
			}
		if (!n)
			n = text[0] == ' ';
		sb_add(out, text, n);
		text += n;
	}
}

void iso_ruleset(struct strbuf *out)
{
	const char *const argv[] = {"nft", "-s", "list", "ruleset", NULL};
	auto_sb struct strbuf text = {0};

	if (run_quietly(argv, NULL, &text) != 0)
		bail("nft list ruleset: %s", sb_str(&text));
	without_clock(sb_str(&text), out);
}

void iso_traces(const char *ruleset, const char *tap, struct strbuf *out)
{
	char quoted[32], chain[32];
	/* with and without the bit of the class internet */
	const char *const traces[] = {quoted,	    chain,    "0x4c5a0001", "0x4c5a8001", "4c5a:1 ",
				      "4c5a:8001 ", "lan_1 ", "out_1 ",	    "in_1 "};

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", tap);
	(void)snprintf(chain, sizeof(chain), "tap_%s ", tap);
	while (*ruleset) {
		const size_t len = strcspn(ruleset, "\n");
		auto_free char *line = strndup(ruleset, len);

		/* Rate limits go by themselves, two minutes after the last packet. */
		for (size_t i = 0; line && !strstr(line, " limit rate ") && i < ARRAY_SIZE(traces);
		     i++)
			if (strstr(line, traces[i])) {
				sb_addf(out, "%s\n", line);
				break;
			}
		ruleset += len + (ruleset[len] == '\n');
	}
}
