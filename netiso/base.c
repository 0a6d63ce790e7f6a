/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared part at run time: see netiso/base.h. */
#include "netiso/base.h"

#include "lib/fnv.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/util.h"
#include "netiso/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHAINS_DIR "/run/virt-cordon/chains"
#define DIGEST_STRLEN 17

static void base_path(const char *root, const char *suffix, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s/run/virt-cordon/base%s", root, suffix);
}

/* "KEY HEX\n" at *@cursor, with at most @digits digits; moves on. */
static bool take_hex(const char **cursor, const char *key, size_t digits, uint64_t *ret)
{
	const size_t klen = strlen(key);
	const char *s = *cursor;
	char *end;

	if (strncmp(s, key, klen) != 0 || s[klen] != ' ')
		return false;
	s += klen + 1;
	if (strspn(s, "0123456789abcdef") != digits)
		return false;
	*ret = strtoull(s, &end, 16);
	if (*end != '\n')
		return false;
	*cursor = end + 1;
	return true;
}

static bool parse_base(const char *text, struct base *b)
{
	static const char head[] = "virt-cordon-base 1\n";
	uint64_t mark_base, group;

	if (strncmp(text, head, sizeof(head) - 1) != 0)
		return false;
	text += sizeof(head) - 1;
	if (!take_hex(&text, "mark_base", 8, &mark_base) ||
	    !take_hex(&text, "log_group", 4, &group) ||
	    !take_hex(&text, "digest", 16, &b->digest) || !take_hex(&text, "text", 16, &b->text) ||
	    strcmp(text, "end\n") != 0)
		return false;
	b->params = (struct layout_params){.mark_base = (uint32_t)mark_base,
					   .log_group = (uint16_t)group};
	return (b->params.mark_base & ~LAYOUT_MARK_MASK) == 0;
}

int base_load(const char *root, struct base *ret, struct err *e)
{
	char path[PATH_MAX], text[256] = {0};
	auto_close int fd = -1;
	struct base b;

	base_path(root, "", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT, "nothing is isolated");
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return err_os(e, errno, "cannot read %s", path);
	if (!parse_base(text, &b))
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s is damaged", path);
	*ret = b;
	return 0;
}

int base_save(const char *root, const struct base *b, struct err *e)
{
	char path[PATH_MAX], tmp[PATH_MAX], text[256];
	auto_close int fd = -1;
	int n;

	base_path(root, "", path, sizeof(path));
	base_path(root, ".new", tmp, sizeof(tmp));
	n = snprintf(text, sizeof(text),
		     "virt-cordon-base 1\nmark_base %08" PRIx32 "\nlog_group %04x\n"
		     "digest %016" PRIx64 "\ntext %016" PRIx64 "\nend\n",
		     b->params.mark_base, b->params.log_group, b->digest, b->text);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n || fsync(fd) < 0 || rename(tmp, path) < 0)
		return err_os(e, errno ? errno : EIO, "cannot write %s", path);
	return 0;
}

/* Empties and removes the folder of notes. */
static void forget_chains(const char *root)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	struct dirent *de;

	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR, root);
	d = opendir(path);
	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.')
			(void)unlinkat(dirfd(d), de->d_name, 0);
	(void)rmdir(path);
}

void base_forget(const char *root)
{
	char path[PATH_MAX];

	base_path(root, "", path, sizeof(path));
	(void)unlink(path);
	base_path(root, ".new", path, sizeof(path));
	(void)unlink(path);
	forget_chains(root);
}

/* A note is a symbolic link whose target is the digest: written and read in one step. */
int base_chain_note(const char *root, struct nl *nf, const char *family, const char *name,
		    struct err *e)
{
	char path[PATH_MAX], digest[DIGEST_STRLEN];
	uint64_t d;
	int r;

	r = kern_chain_digest(nf, family, name, &d);
	if (r < 0)
		return err_os(e, -r, "cannot read the chain %s", name);
	(void)snprintf(digest, sizeof(digest), "%016" PRIx64, d);
	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR, root);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(e, errno, "cannot make %s", path);
	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR "/%s", root, name);
	(void)unlink(path);
	if (symlink(digest, path) < 0)
		return err_os(e, errno, "cannot make %s", path);
	return 0;
}

bool base_chain_noted(const char *root, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR "/%s", root, name);
	return lstat(path, &st) == 0;
}

void base_chain_forget(const char *root, const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR "/%s", root, name);
	(void)unlink(path);
}

int base_chain_digests(const char *root, struct nl *nf, const char *family, const char *name,
		       uint64_t *ret_noted, uint64_t *ret_now, struct err *e)
{
	char path[PATH_MAX], noted[DIGEST_STRLEN] = {0};
	int r;

	*ret_noted = *ret_now = 0;
	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR "/%s", root, name);
	if (readlink(path, noted, sizeof(noted)) == sizeof(noted) - 1)
		*ret_noted = strtoull(noted, NULL, 16);
	r = kern_chain_digest(nf, family, name, ret_now);
	return r == 0 || r == -ENOENT ? 0 : err_os(e, -r, "cannot read the chain %s", name);
}

int base_chain_stands(const char *root, struct nl *nf, const char *family, const char *name,
		      struct err *e)
{
	uint64_t noted, now;
	int r = base_chain_digests(root, nf, family, name, &noted, &now, e);

	return r < 0 ? r : noted && noted == now;
}

uint64_t base_text_digest(const struct layout_params *p)
{
	auto_sb struct strbuf text = {0};

	layout_emit(p, &text);
	return fnv_add(FNV_BASIS, sb_str(&text), text.len);
}

bool base_is_ours(const char *root, const struct layout_params *p)
{
	struct base b;

	return base_load(root, &b, NULL) == 0 && b.text == base_text_digest(p);
}

int base_params(const char *root, struct layout_params *ret, struct err *e)
{
	struct host_config host = {0};
	struct base b;
	int r;

	r = base_load(root, &b, NULL);
	if (r == 0) {
		*ret = b.params;
		return 0;
	}
	r = host_config_load(root, &host, e);
	if (r < 0)
		return r;
	*ret = (struct layout_params){.mark_base = host.mark_base, .log_group = host.log_group};
	host_config_free(&host);
	return 0;
}

static const char *const families[] = {"netdev", "bridge", "inet"};

bool base_absent(struct nl *nf)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (kern_table_exists(nf, families[i]) != 0)
			return false;
	return true;
}

/* A domain has about three chains that are noted. */
#define FEW_NOTES 50

static bool few_domains(const char *root)
{
	auto_closedir DIR *d = NULL;
	char path[PATH_MAX];
	int n = 0;

	(void)snprintf(path, sizeof(path), "%s" CHAINS_DIR, root);
	d = opendir(path);
	while (d && n <= FEW_NOTES && readdir(d))
		n++;
	return n <= FEW_NOTES;
}

int base_kernel_digest(const char *root, struct nl *nf, uint64_t *ret, struct err *e)
{
	return kern_layout_digest(nf, few_domains(root), ret, e);
}

int base_stands(const char *root, const struct layout_params *p, struct nl *nf, struct err *why,
		struct err *e)
{
	uint64_t digest;
	struct base b;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int r = kern_table_exists(nf, families[i]);

		if (r < 0)
			return err_os(e, -r, "cannot read nftables");
		if (r == 0) {
			(void)err_set(why, EX_CORDON_DIFFERS, ENOENT,
				      "the table %s " LAYOUT_TABLE " is gone", families[i]);
			return 0;
		}
	}
	if (base_load(root, &b, why) < 0)
		return 0;
	if (b.text != base_text_digest(p)) {
		(void)err_set(
			why, EX_CORDON_DIFFERS, ESTALE,
			"the shared rules are of another version of virt-cordon, until the next "
			"start or 'virt-cordon apply'");
		return 0;
	}
	if (base_kernel_digest(root, nf, &digest, why) < 0)
		return 0;
	if (digest != b.digest) {
		(void)err_set(why, EX_CORDON_DIFFERS, ESTALE,
			      "the shared rules of the tables " LAYOUT_TABLE " were changed");
		return 0;
	}
	return 1;
}
