/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers and printers of the keys that name files and users. */
#include "lib/policy_internal.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <limits.h>
#include <string.h>

char *policy_dir(const char *path)
{
	auto_free char *cwd = NULL;
	auto_sb struct strbuf sb = {0};
	const char *slash = strrchr(path, '/');

	if (path[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return NULL;
		sb_adds(&sb, strcmp(cwd, "/") == 0 ? "" : cwd);
		if (slash)
			sb_adds(&sb, "/");
	}
	if (slash)
		sb_add(&sb, path, (size_t)(slash - path));
	if (sb.failed)
		errno = ENOMEM;
	return sb_take(&sb);
}

/* Whether a path means the same when it is written into a policy: see policy_print. */
static bool path_is_plain(const char *path)
{
	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '#' || *s == ';')
			return false;
	return parse_utf8_valid(path);
}

/* A file's name, made absolute; nothing for none. */
static void parse_path(struct policy_reader *r, const char *value, char **ret)
{
	char quoted[INI_QUOTE_MAX + 8];
	auto_sb struct strbuf sb = {0};
	char *path;

	if (!*value) {
		util_freep(ret);
		return;
	}
	if (value[strlen(value) - 1] == '/') {
		reader_bad(r, "%s names a folder; write a file's name", ini_quote(value, quoted));
		return;
	}
	if (*value != '/')
		sb_addf(&sb, "%s/", r->dir);
	sb_adds(&sb, value);
	if (sb.len > POLICY_PATH_MAX) {
		reader_bad(r, "a path of %zu bytes, %d are allowed; move the file", sb.len,
			   POLICY_PATH_MAX);
		return;
	}
	if (!path_is_plain(sb_str(&sb))) {
		reader_bad(r,
			   "%s lies below a folder whose name has '#', ';', a control character or "
			   "is not UTF-8; rename it",
			   ini_quote(value, quoted));
		return;
	}
	path = sb_take(&sb);
	if (!path) {
		r->report->oom = true;
		return;
	}
	free(*ret);
	*ret = path;
}

/*
 * A user's name. No system's rules are narrower than this: it begins with a letter or '_', so it
 * is neither a number nor an option, and has nothing that a shell or an INI file reads.
 */
static bool user_ok(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				   "0123456789-.@";

	return strchr(first, s[0]) && s[strspn(s, rest)] == '\0' && strlen(s) < LOGIN_NAME_MAX;
}

static void parse_user(struct policy_reader *r, const char *value, char **ret)
{
	char quoted[INI_QUOTE_MAX + 8];
	char *copy;

	if (!*value) {
		util_freep(ret);
		return;
	}
	if (!user_ok(value)) {
		reader_bad(r, "%s is not a user's name; write one such as ansible",
			   ini_quote(value, quoted));
		return;
	}
	copy = strdup(value);
	if (!copy) {
		r->report->oom = true;
		return;
	}
	free(*ret);
	*ret = copy;
}

/* A user's or a group's name, or its number. */
static bool owner_word_ok(const char *s)
{
	uint64_t id;

	return *s && (user_ok(s) || parse_u64(s, UINT32_MAX - 1, &id));
}

void row_parse_share_owner(struct policy_reader *r, const char *value, struct policy *p)
{
	struct policy_share *share = &p->shares[p->n_shares - 1];
	auto_free char *copy = strdup(value);
	char quoted[INI_QUOTE_MAX + 8];
	char *colon;
	bool ok;

	if (!copy) {
		r->report->oom = true;
		return;
	}
	if (*value) {
		colon = strchr(copy, ':');
		if (colon)
			*colon = '\0';
		ok = owner_word_ok(copy) && (!colon || owner_word_ok(colon + 1));
		if (colon)
			*colon = ':';
		if (!ok) {
			reader_bad(r,
				   "%s is not an owner; write USER or USER:GROUP, names or numbers",
				   ini_quote(value, quoted));
			return;
		}
	}
	free(share->owner);
	share->owner = *value ? TAKE_PTR(copy) : NULL;
}

static void print_string(const char *s, struct strbuf *out)
{
	if (s)
		sb_adds(out, s);
}

void row_parse_tunnel_config(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_path(r, value, &p->tunnel_config);
}

void row_print_tunnel_config(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->tunnel_config, out);
}

void row_print_share_owner(const struct policy *p, size_t i, struct strbuf *out)
{
	print_string(p->shares[i].owner, out);
}

void row_parse_user_data(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_path(r, value, &p->user_data);
}

void row_print_user_data(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->user_data, out);
}

void row_parse_network_config(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_path(r, value, &p->network_config);
}

void row_print_network_config(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->network_config, out);
}

void row_parse_playbook(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_path(r, value, &p->playbook);
}

void row_print_playbook(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->playbook, out);
}

void row_parse_run_as(struct policy_reader *r, const char *value, struct policy *p)
{
	if (strcmp(value, "root") == 0)
		reader_bad(r, "a playbook does not run as root; write the name of a user who may "
			      "log in to the guest and nothing else");
	else
		parse_user(r, value, &p->run_as);
}

void row_print_run_as(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->run_as, out);
}

void row_parse_ssh_user(struct policy_reader *r, const char *value, struct policy *p)
{
	parse_user(r, value, &p->ssh_user);
}

void row_print_ssh_user(const struct policy *p, size_t i, struct strbuf *out)
{
	(void)i;
	print_string(p->ssh_user, out);
}
