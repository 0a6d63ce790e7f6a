/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AppArmor's denials out of the kernel's log: see cli/apparmor.h. */
#include "cli/apparmor.h"

#include "lib/util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MAX (1024 * 1024) /* bytes at the end of auditd's log */
#define LINE_MAX_BYTES 8192   /* a record of /dev/kmsg has at most this */
#define RECORDS_MAX 100000    /* of /dev/kmsg: it goes on while others write */

static int hex_digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
					    : -1;
}

/*
 * The value of @key: in quotes, or in hexadecimal when it has a blank, a quote or anything odd
 * (audit_log_untrustedstring). False when there is none or it does not fit.
 */
static bool field(const char *line, const char *key, char *ret, size_t size)
{
	const size_t klen = strlen(key);
	const char *s = line;
	size_t n = 0;

	*ret = '\0';
	while ((s = strstr(s, key)) && !(s > line && s[-1] == ' ' && s[klen] == '='))
		s += klen;
	if (!s)
		return false;
	s += klen + 1;
	if (*s == '"') {
		n = strcspn(++s, "\"");
		if (n >= size || s[n] != '"')
			return false;
		memcpy(ret, s, n);
		ret[n] = '\0';
		return true;
	}
	for (;; s += 2) {
		const int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);

		if (high < 0 || low < 0)
			break;
		if (n + 1 >= size)
			return false;
		ret[n++] = (char)(high * 16 + low);
	}
	ret[n] = '\0';
	return n > 0 && strlen(ret) == n;
}

static struct apparmor_denial *find(struct apparmor *a, const struct apparmor_denial *d)
{
	for (size_t i = 0; i < a->n; i++) {
		struct apparmor_denial *o = &a->list[i];

		if (strcmp(o->profile, d->profile) == 0 && strcmp(o->name, d->name) == 0 &&
		    strcmp(o->operation, d->operation) == 0 && strcmp(o->mask, d->mask) == 0)
			return o;
	}
	return NULL;
}

void apparmor_take(struct apparmor *a, const char *line, time_t now)
{
	const char *stamp = strstr(line, "audit(");
	struct apparmor_denial d = {.n = 1}, *known;

	if (!stamp || !strstr(stamp, " apparmor=\"DENIED\""))
		return;
	d.first = d.last = (time_t)strtoll(stamp + strlen("audit("), NULL, 10);
	if (d.last > now + APPARMOR_AGE_S || d.last < now - APPARMOR_AGE_S ||
	    !field(stamp, "profile", d.profile, sizeof(d.profile)) ||
	    !field(stamp, "operation", d.operation, sizeof(d.operation)))
		return;
	(void)field(stamp, "name", d.name, sizeof(d.name));
	(void)field(stamp, "comm", d.comm, sizeof(d.comm));
	(void)field(stamp, "denied_mask", d.mask, sizeof(d.mask));
	known = find(a, &d);
	if (known) {
		known->n++;
		known->last = d.last > known->last ? d.last : known->last;
	} else if (a->n < APPARMOR_MAX) {
		a->list[a->n++] = d;
	}
}

/* A file, from its last LOG_MAX bytes on. */
static void load_file(int fd, struct apparmor *a)
{
	auto_free char *text = malloc(LOG_MAX + 1);
	struct stat st;
	char *save = NULL;
	ssize_t n;

	if (!text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	n = pread(fd, text, LOG_MAX, st.st_size > LOG_MAX ? st.st_size - LOG_MAX : 0);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		apparmor_take(a, l, time(NULL));
}

/* /dev/kmsg gives a record for each read, and EPIPE where some were overwritten meanwhile. */
static void load_kmsg(int fd, struct apparmor *a)
{
	char buf[LINE_MAX_BYTES + 1];

	for (int i = 0; i < RECORDS_MAX; i++) {
		const ssize_t n = read(fd, buf, LINE_MAX_BYTES);

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			return;
		buf[n] = '\0';
		buf[strcspn(buf, "\n")] = '\0';
		apparmor_take(a, buf, time(NULL));
	}
}

void apparmor_load(const char *root, struct apparmor *a)
{
	static const char *const paths[] = {"/dev/kmsg", "/var/log/audit/audit.log"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		auto_close int fd = -1;
		char path[PATH_MAX];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s%s", root, paths[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (S_ISCHR(st.st_mode))
			load_kmsg(fd, a);
		else
			load_file(fd, a);
	}
}

static bool is_domain(const struct apparmor_denial *d, const struct uuid *uuid)
{
	char want[UUID_STRLEN + 8];
	char text[UUID_STRLEN];

	(void)snprintf(want, sizeof(want), "libvirt-%s", uuid_str(uuid, text));
	return strncmp(d->profile, want, strlen(want)) == 0;
}

static bool is_ours(const struct apparmor_denial *d)
{
	return strstr(d->profile, "virt-cordon") || strstr(d->name, "virt-cordon") ||
	       strncmp(d->comm, "virt-cordon", strlen("virt-cordon")) == 0;
}

static void add_line(const struct apparmor_denial *d, bool domain, struct strbuf *out)
{
	char when[32] = "";
	struct tm tm;

	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime_r(&d->last, &tm));
	sb_addf(out, "warning: AppArmor denied %s", d->operation);
	if (*d->name) {
		sb_adds(out, " of ");
		/* one line, whatever the name is */
		for (const char *s = d->name; *s; s++)
			sb_add(out, *s == '\n' ? "?" : s, 1);
	}
	if (*d->mask)
		sb_addf(out, " (%s)", d->mask);
	sb_addf(out, " to %s, %u time%s, last %s; ", *d->comm ? d->comm : d->profile, d->n,
		d->n > 1 ? "s" : "", when);
	if (domain)
		sb_adds(out, "what is meant goes into "
			     "/etc/apparmor.d/local/abstractions/libvirt-qemu\n");
	else
		sb_addf(out, "what is meant goes into the local part of the profile %s\n",
			d->profile);
}

void apparmor_lines(const struct apparmor *a, const struct uuid *uuid, struct strbuf *out)
{
	for (size_t i = 0; i < a->n; i++)
		if (uuid ? is_domain(&a->list[i], uuid) : is_ours(&a->list[i]))
			add_line(&a->list[i], uuid != NULL, out);
}
