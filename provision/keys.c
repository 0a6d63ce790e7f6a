/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSH keys of a domain: see provision/keys.h. */
#include "provision/keys.h"

#include "lib/run.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEYGEN "/usr/bin/ssh-keygen"
#define KEYGEN_MS 10000
#define TMP ".new" /* a pair that is being made */

static int keygen(const struct store *keys, const char *comment, struct err *e)
{
	char path[PATH_MAX];
	const char *argv[] = {KEYGEN, "-q",    "-t", "ed25519", "-N", "",
			      "-C",   comment, "-f", path,	NULL};
	auto_sb struct strbuf said = {0};
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", keys->path, TMP) >= (int)sizeof(path))
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	if (access(KEYGEN, X_OK) < 0)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT, "no %s; install openssh-client",
			       KEYGEN);
	r = run_program(argv, KEYGEN_MS, &said, e);
	if (r > 0)
		return err_set(e, EX_CORDON_OS, EIO, "ssh-keygen failed: %.200s", sb_str(&said));
	return r;
}

static int rename_in(const struct store *s, const char *from, const char *to, struct err *e)
{
	return renameat(s->dir, from, s->dir, to) < 0
		       ? err_os(e, errno, "cannot write %s/%s", s->path, to)
		       : 0;
}

/* The private half last: once it is there, the pair is. */
static int make_pair(const struct store *keys, const char *name, const char *comment, struct err *e)
{
	char pub[NAME_MAX];
	int r;

	(void)snprintf(pub, sizeof(pub), "%s.pub", name);
	r = store_remove(keys, TMP, e);
	if (r == 0)
		r = store_remove(keys, TMP ".pub", e);
	if (r == 0)
		r = keygen(keys, comment, e);
	if (r == 0)
		r = rename_in(keys, TMP ".pub", pub, e);
	if (r == 0)
		r = rename_in(keys, TMP, name, e);
	if (r == 0)
		(void)fsync(keys->dir);
	return r;
}

/* Owner and mode of a private key; another user's from before is given to the one of now. */
static int own(const struct store *keys, const char *name, const struct store_owner *owner,
	       struct err *e)
{
	auto_close int fd = openat(keys->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(e, errno, "cannot open %s/%s", keys->path, name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s/%s is not a file of ours",
			       keys->path, name);
	if (fchmod(fd, 0600) < 0)
		return err_os(e, errno, "cannot protect %s/%s", keys->path, name);
	if ((st.st_uid != owner->uid || st.st_gid != owner->gid) &&
	    fchown(fd, owner->uid, owner->gid) < 0)
		return err_os(e, errno, "cannot give %s/%s away", keys->path, name);
	return 0;
}

static int ensure_pair(const struct store *keys, const char *name, const char *comment,
		       const struct store_owner *owner, struct err *e)
{
	int r = 0;

	if (faccessat(keys->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = errno == ENOENT ? make_pair(keys, name, comment, e)
				    : err_os(e, errno, "%s/%s", keys->path, name);
	return r < 0 ? r : own(keys, name, owner, e);
}

/* A public key as ssh-keygen writes it: two words of base64 letters, a comment, one line. */
static bool plain_line(char *s)
{
	const size_t n = strcspn(s, "\n");

	if (s[n] == '\n' && s[n + 1] != '\0')
		return false;
	s[n] = '\0';
	if (strncmp(s, "ssh-ed25519 AAAA", 16) != 0)
		return false;
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\'' || *p == '\\' || *p == ':' ||
		    *p == '#')
			return false;
	return true;
}

static int read_pub(const struct store *keys, const char *name, char **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = store_read(keys, name, &text, &len, e);
	if (r < 0)
		return r;
	if (strlen(text) != len || !plain_line(text))
		return err_set(e, EX_CORDON_DATA, EBADMSG,
			       "%s/%s is damaged; remove the folder %s and, if the guest was set "
			       "up, give it a new instance",
			       keys->path, name, keys->path);
	*ret = TAKE_PTR(text);
	return 0;
}

int keys_read(const struct store *s, struct keys *ret, struct err *e)
{
	auto_store struct store keys = {.dir = -1};
	size_t len;
	int r;

	r = store_sub(s, "keys", false, 0711, &keys, e);
	if (r == 0)
		r = read_pub(&keys, KEY_CLIENT ".pub", &ret->client_pub, e);
	if (r == 0)
		r = read_pub(&keys, KEY_HOST ".pub", &ret->host_pub, e);
	if (r == 0)
		r = store_read(&keys, KEY_HOST, &ret->host_key, &len, e);
	return r;
}

static int write_known_hosts(const struct store *keys, const char *uuid, const char *host_pub,
			     struct err *e)
{
	auto_sb struct strbuf line = {0};

	sb_addf(&line, "%s %s\n", uuid, host_pub);
	if (line.failed)
		return err_os(e, ENOMEM, "known_hosts");
	if (store_same(keys, KEY_KNOWN_HOSTS, line.data, line.len))
		return 0;
	return store_write(keys, KEY_KNOWN_HOSTS, line.data, line.len, 0644, NULL, false, e);
}

int keys_ensure(const struct store *s, const char *uuid, const struct store_owner *owner,
		struct keys *ret, struct err *e)
{
	const struct store_owner self = {geteuid(), getegid()};
	auto_store struct store keys = {.dir = -1};
	int r;

	r = store_sub(s, "keys", true, 0711, &keys, e);
	if (r == 0)
		r = ensure_pair(&keys, KEY_CLIENT, "virt-cordon", owner, e);
	if (r == 0)
		r = ensure_pair(&keys, KEY_HOST, "virt-cordon-guest", &self, e);
	if (r == 0)
		r = keys_read(s, ret, e);
	if (r == 0)
		r = write_known_hosts(&keys, uuid, ret->host_pub, e);
	return r;
}

void keys_free(struct keys *k)
{
	if (k->host_key)
		explicit_bzero(k->host_key, strlen(k->host_key));
	free(k->client_pub);
	free(k->host_key);
	free(k->host_pub);
	*k = (struct keys){0};
}
