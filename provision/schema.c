/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cloud-init itself says of user-data: see provision/schema.h. */
#include "provision/schema.h"

#include "lib/run.h"
#include "lib/util.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CLOUD_INIT "/usr/bin/cloud-init"
#define CLOUD_INIT_MS 8000 /* of the 20 s that the hook has */
/* As cloud-init 18 to 25 write it, cloudinit/config/schema.py. */
#define COMPLAINT "Cloud config schema errors: "

bool schema_read(const char *output, char *ret, size_t size)
{
	const char *at = strstr(output, COMPLAINT);
	size_t n = 0;

	if (!at)
		return false;
	at += strlen(COMPLAINT);
	while (isalnum((unsigned char)at[n]) || (at[n] && strchr("._-", at[n])))
		n++;
	if (at[n] != ':' || n >= size)
		n = 0;
	memcpy(ret, at, n);
	ret[n] = '\0';
	return true;
}

/* In memory alone, and readable by root: it may hold passwords. */
static int hold(const char *text, size_t len)
{
	auto_close int fd = memfd_create("user-data", MFD_CLOEXEC);

	while (fd >= 0 && len) {
		const ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return TAKE_FD(fd);
}

int schema_check(const char *name, const char *text, size_t len, struct err *e)
{
	char path[64], key[128] = "";
	const char *argv[] = {CLOUD_INIT, "schema", "--config-file", path, NULL};
	auto_sb struct strbuf out = {0}, said = {0};
	auto_close int fd = -1;

	if (access(CLOUD_INIT, X_OK) < 0)
		return 0;
	fd = hold(text, len);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	if (fd < 0 || run_captured(argv, CLOUD_INIT_MS, &out, &said, NULL) != 1)
		return 0;
	if (!schema_read(sb_str(&out), key, sizeof(key)) &&
	    !schema_read(sb_str(&said), key, sizeof(key)))
		return 0;
	return err_set(e, EX_CORDON_POLICY, EINVAL,
		       "%s: cloud-init does not take %s; see cloud-init schema --config-file %s",
		       name, *key ? key : "it", name);
}
