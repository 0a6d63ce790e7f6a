/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a policy from a file or from memory. See lib/policy.h. */
#include "lib/policy_internal.h"

#include "lib/parse.h"
#include "lib/securefile.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <string.h>
#include <strings.h>

#define DOMAINS_DIR "/etc/virt-cordon/domains"
#define SHARE_WORD "share"

/* What is wrong with a share's tag, or NULL. Brackets, ':' and control bytes are refused before. */
static const char *tag_fault(const char *tag)
{
	size_t len = strlen(tag);

	if (len == 0 || tag[0] == ' ')
		return "a share needs its tag after one blank; write [share TAG] as in the "
		       "domain's "
		       "<target dir='TAG'/>";
	if (len > POLICY_TAG_MAX)
		return "a tag of more than 36 bytes, which virtio-fs does not take; choose another";
	if (strchr(tag, '/') || strcmp(tag, ".") == 0 || strcmp(tag, "..") == 0)
		return "a tag that is no file's name; choose another, without '/'";
	return NULL;
}

/* What no section can be called: see "Section share TAG" in virt-cordon.ini(5). */
bool policy_tag_valid(const char *tag)
{
	for (const char *s = tag; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return *tag && strlen(tag) <= POLICY_TAG_MAX && !strpbrk(tag, "/:[]#;\"\\") &&
	       *tag != ' ' && tag[strlen(tag) - 1] != ' ' && strcmp(tag, ".") != 0 &&
	       strcmp(tag, "..") != 0 && parse_utf8_valid(tag);
}

static void read_share(struct policy_reader *r, const struct ini *ini, size_t index,
		       struct policy *p)
{
	const struct ini_section *section = &ini->sections[index];
	const char *tag = section->name + strlen(SHARE_WORD);
	const char *fault = tag_fault(*tag ? ++tag : tag);
	struct policy_share *share;

	r->section = section->name;
	r->key = NULL;
	r->line = section->line;
	if (fault) {
		reader_bad(r, "%s", fault);
		return;
	}
	if (p->n_shares == POLICY_SHARES_MAX) {
		reader_bad(r, "more than %d shares", POLICY_SHARES_MAX);
		return;
	}
	share = reader_grow(r, p->shares, p->n_shares, sizeof(*share));
	if (!share)
		return;
	p->shares = share;
	share += p->n_shares++;
	*share = (struct policy_share){
		.tag = strdup(tag), .size = UINT64_C(10) << 30, .line = section->line};
	if (!share->tag)
		r->report->oom = true;

	/* Each share has these keys of its own. */
	for (enum policy_key k = 0; k < KEY_COUNT; k++)
		if (policy_rows[k].section == SEC_SHARE)
			p->line[k] = 0;
	policy_read_section(r, ini, index, SEC_SHARE, p);
}

/* A section that no policy has. The keys in it are not looked at. */
static void unknown_section(struct policy_reader *r, const struct ini_section *section)
{
	auto_free char *word = strndup(section->name, strcspn(section->name, " "));
	const char *closest;

	if (!word) {
		r->report->oom = true;
		return;
	}
	r->section = section->name;
	r->key = NULL;
	r->line = section->line;
	if (strcasecmp(word, "host") == 0 || strcasecmp(word, "defaults") == 0) {
		reader_bad(r, "no such section in a policy; it belongs in virt-cordon.ini");
		return;
	}
	closest = suggest_closest(word, policy_section_names, SEC_COUNT);
	for (enum policy_section s = 0; closest && s < SEC_COUNT; s++)
		if (closest == policy_section_names[s])
			policy_section_bad(r, s);
	if (closest)
		reader_bad(r, "no such section; did you mean [%s%s]", closest,
			   strcmp(closest, SHARE_WORD) == 0 ? " TAG" : "");
	else
		reader_bad(r, "no such section; see virt-cordon.ini(5)");
}

static void read_section(struct policy_reader *r, const struct ini *ini, size_t index,
			 struct policy *p)
{
	const char *name = ini->sections[index].name;
	size_t word = strlen(SHARE_WORD);

	if (strncasecmp(name, SHARE_WORD, word) == 0 && (name[word] == ' ' || !name[word])) {
		read_share(r, ini, index, p);
		return;
	}
	for (enum policy_section s = 0; s < SEC_COUNT; s++) {
		if (s != SEC_SHARE && strcasecmp(name, policy_section_names[s]) == 0) {
			policy_read_section(r, ini, index, s, p);
			return;
		}
	}
	unknown_section(r, &ini->sections[index]);
}

/*
 * A domain that is not isolated has no use for the other keys, whatever the host's defaults are.
 * Setting them back makes such policies equal.
 */
static void drop_network(struct policy *p)
{
	struct policy fresh;

	policy_defaults(&fresh);
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (policy_rows[k].section == SEC_NETWORK && policy_rows[k].clear)
			policy_rows[k].clear(p);
	p->egress = fresh.egress;
	p->dns = fresh.dns;
	p->dns_addr = fresh.dns_addr;
	p->dns_addr6 = fresh.dns_addr6;
	p->ipv6 = fresh.ipv6;
	p->rate_out = fresh.rate_out;
	p->rate_in = fresh.rate_in;
	p->max_flows = fresh.max_flows;
	p->log_denied = fresh.log_denied;
	p->allow_unguarded = fresh.allow_unguarded;
}

/* Reads into @p, which holds the defaults; errors go to the reader's report. */
static void read_policy(struct policy_reader *r, const char *text, size_t len, struct policy *p)
{
	__attribute__((cleanup(ini_free))) struct ini ini = {0};

	ini_load(text, len, SHARE_WORD, &ini, r->report);
	for (size_t i = 0; i < ini.n_sections; i++)
		read_section(r, &ini, i, p);
	/* Lines that could not be read may have held any key: no rule can miss one. */
	if (!r->report->unread)
		policy_check(p, r->bad, false, r->report);
	if (!p->isolation)
		drop_network(p);
}

int policy_parse(const char *path, const char *text, size_t len, const struct host_config *host,
		 struct policy *ret, struct err *e)
{
	__attribute__((cleanup(ini_report_free))) struct ini_report report = {.path = path};
	__attribute__((cleanup(policy_free))) struct policy p = {0};
	struct policy_reader r = {.report = &report};
	auto_free char *dir = NULL;
	int status;

	if (len > POLICY_FILE_MAX)
		return err_set(e, EX_CORDON_POLICY, EFBIG, "%s: larger than %d bytes", path,
			       POLICY_FILE_MAX);
	dir = policy_dir(path);
	if (!dir)
		return err_set(e, EX_CORDON_OS, EIO, "%s: current folder: %s", path,
			       strerror(errno));
	r.dir = dir;
	if (!host)
		policy_defaults(&p);
	else if (!policy_copy(&host->defaults, &p))
		return err_os(e, ENOMEM, "%s", path);
	free(p.path);
	p.path = strdup(path);
	if (!p.path)
		return err_os(e, ENOMEM, "%s", path);

	read_policy(&r, text, len, &p);
	status = ini_report_finish(&report, e);
	if (status < 0)
		return status;
	*ret = p;
	p = (struct policy){0};
	return 0;
}

/* Reads and parses what was opened; @path is its name in messages. */
static int load_fd(int fd, const char *path, const struct host_config *host, struct policy *ret,
		   struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = securefile_read(fd, path, POLICY_FILE_MAX, &text, &len, e);

	return r < 0 ? r : policy_parse(path, text, len, host, ret, e);
}

int policy_load_domain(const char *root, const char *name, const struct host_config *host,
		       struct policy *ret, struct err *e)
{
	auto_sb struct strbuf path = {0};
	auto_close int fd = -1;
	struct err why = {0};
	int r;

	if (!parse_domain_name(name))
		return err_set(e, EX_CORDON_NOINPUT, ENOENT,
			       "a domain of this name cannot have a policy file");
	sb_addf(&path, "%s%s/%s.ini", root, DOMAINS_DIR, name);
	if (path.failed)
		return err_os(e, ENOMEM, "%s", name);
	r = securefile_open(root, sb_str(&path) + strlen(root), SECUREFILE_SHARED, &fd, &why);
	/* Without the folder nobody knows which domains have a policy: that is not "none". */
	if (r == -ENOENT && why.errnum == ENOTDIR)
		return err_set(e, EX_CORDON_POLICY, ENOTDIR,
			       "%s; write: mkdir -p -m 0755 '%s" DOMAINS_DIR "'", why.msg, root);
	if (r < 0)
		return err_set(e, why.exit, -r, "%s", why.msg);
	return load_fd(fd, sb_str(&path), host, ret, e);
}

int policy_load_file(const char *path, bool secure, const struct host_config *host,
		     struct policy *ret, struct err *e)
{
	auto_free char *dir = policy_dir(path);
	const char *slash = strrchr(path, '/');
	auto_sb struct strbuf full = {0};
	auto_close int fd = -1;
	int r;

	if (!dir)
		return err_set(e, EX_CORDON_OS, EIO, "%s: current folder: %s", path,
			       strerror(errno));
	sb_addf(&full, "%s/%s", dir, slash ? slash + 1 : path);
	if (full.failed)
		return err_os(e, ENOMEM, "%s", path);
	r = secure ? securefile_open("", sb_str(&full), SECUREFILE_SHARED, &fd, e)
		   : securefile_open_any(path, &fd, e);
	return r < 0 ? r : load_fd(fd, path, host, ret, e);
}

int policy_copy_of(struct policy *p, const char *root, const char *name, struct err *e)
{
	auto_sb struct strbuf path = {0};
	char *copy;

	sb_addf(&path, "%s%s/%s.ini", root, DOMAINS_DIR, name);
	copy = path.failed ? NULL : strdup(sb_str(&path));
	if (!copy)
		return err_os(e, ENOMEM, "policy");
	free(p->path);
	p->path = copy;
	memset(p->line, 0, sizeof(p->line));
	return 0;
}
