/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a name, a link or a path means to the host's programs: see fsguard/scan.h. */
#include "fsguard/scan.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <fnmatch.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Folders above the entry @path, which a link in it begins in. */
static long depth_of(const char *path)
{
	long depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* By its text alone: a folder on the way that is a link itself is reported for itself. */
bool fsg_scan_link(const char *path, const char *target)
{
	long depth = depth_of(path);

	if (*target == '/')
		return true;
	while (*target) {
		const size_t n = strcspn(target, "/");

		if (n == 2 && target[0] == '.' && target[1] == '.') {
			if (--depth < 0)
				return true;
		} else if (n > 0 && !(n == 1 && target[0] == '.')) {
			depth++;
		}
		target += n;
		target += strspn(target, "/");
	}
	return false;
}

/* C0, DEL, C1, and what turns the direction of writing: U+200E, U+200F, U+202A to U+202E, U+2066 to
 * U+2069. */
bool fsg_scan_name(const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f))
			return true;
		if (*p == 0xe2 && p[1] == 0x80 &&
		    (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae)))
			return true;
		if (*p == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return true;
	}
	return !parse_utf8_valid(name);
}

/* One character at @s to @out. Returns its bytes at @s; what is no UTF-8 is copied. */
static size_t fold_one(const char *s, char *out, size_t *n)
{
	mbstate_t in = {0}, to = {0};
	wchar_t c;
	size_t len = mbrtowc(&c, s, strlen(s), &in), made;

	if (len == 0 || len > MB_LEN_MAX) {
		out[(*n)++] = *s;
		return 1;
	}
	made = wcrtomb(out + *n, (wchar_t)towlower((wint_t)c), &to);
	if (made > MB_LEN_MAX) {
		made = len;
		for (size_t i = 0; i < len; i++)
			out[*n + i] = s[i];
	}
	*n += made;
	return len;
}

char *fsg_scan_fold(const char *name)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), old = (locale_t)0;
	/* Some characters are a byte longer in lower case. */
	char *out = malloc(strlen(name) * 2 + MB_LEN_MAX + 1);
	size_t n = 0;

	if (out && utf8)
		old = uselocale(utf8);
	while (out && *name)
		name += fold_one(name, out, &n);
	if (out)
		out[n] = '\0';
	if (old)
		(void)uselocale(old);
	if (utf8)
		freelocale(utf8);
	return out;
}

/*
 * Files that a program looks for by itself in the folder it stands in, and obeys or runs; each is
 * the end of a path. Settings of git are looked into: every clone has some.
 */
static const char *const obeyed[] = {
	".git/hooks/*",
	".hg/hgrc",
	".envrc",
	".vimrc",
	".nvimrc",
	".exrc",
	".nvim.lua",
	".dir-locals.el",
	".gdbinit",
	".lldbinit",
	".vscode/*",
	".idea/*",
	".fleet/*",
	"autorun.inf",
	".autorun",
	"autorun.sh",
	"autorun",
	"*.desktop",
	".directory",
	".bashrc",
	".profile",
	".bash_login",
	".bash_profile",
	".zshrc",
	".zshenv",
	".npmrc",
	".yarnrc",
	".yarnrc.yml",
	".cargo/config",
	".cargo/config.toml",
	"rust-toolchain",
	"rust-toolchain.toml",
	".mise.toml",
	".tool-versions",
	".python-version",
	"sitecustomize.py",
	"usercustomize.py",
	"conftest.py",
	".rspec",
	".irbrc",
	".pryrc",
	".husky/*",
	".pre-commit-config.yaml",
};

bool fsg_scan_runs(const char *path)
{
	char anywhere[64];

	if (fnmatch("*/hooks/*.sample", path, 0) == 0)
		return false; /* git runs none of this name */
	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++) {
		(void)snprintf(anywhere, sizeof(anywhere), "*/%s", obeyed[i]);
		if (fnmatch(obeyed[i], path, FNM_CASEFOLD) == 0 ||
		    fnmatch(anywhere, path, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

bool fsg_scan_is_git_config(const char *path)
{
	return fnmatch(".git/config", path, FNM_CASEFOLD) == 0 ||
	       fnmatch("*/.git/config", path, FNM_CASEFOLD) == 0 ||
	       fnmatch("*/.git/modules/*/config", path, FNM_CASEFOLD) == 0;
}

bool fsg_scan_git_config(const char *text)
{
	/* git-config(1): keys whose value is a command, or a file of more of them. */
	static const char *const keys[] = {
		"fsmonitor", "hookspath", "sshcommand", "pager",       "editor",   "askpass",
		"gitproxy",  "textconv",  "external",	"smudge",      "clean",	   "process",
		"driver",    "helper",	  "include",	"alias",       "cmd",	   "program",
		"command",   "packer",	  "uploadpack", "receivepack", "worktree",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcasestr(text, keys[i]))
			return true;
	return false;
}
