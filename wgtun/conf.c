/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines and sections of a wg-quick file: see wgtun/conf.h. */
#include "wgtun/conf.h"

#include "lib/securefile.h"
#include "lib/util.h"
#include "wgtun/conf_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\v\f"

static const char *const section_names[] = {
	[WGT_NONE] = NULL, [WGT_INTERFACE] = "Interface", [WGT_PEER] = "Peer"};

void wgt_bad(struct wgt_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ini_report_vadd(&r->report, r->line, section_names[r->section], r->key, fmt, ap);
	va_end(ap);
}

struct wgt_peer *wgt_peer_now(struct wgt_reader *r)
{
	return &r->conf->peers[r->conf->n_peers - 1];
}

static void begin_peer(struct wgt_reader *r)
{
	struct wgt_conf *c = r->conf;
	struct wgt_peer *grown;

	if (c->n_peers == WGT_PEERS_MAX) {
		wgt_bad(r, "more than %d peers", WGT_PEERS_MAX);
		r->section_bad = true;
		return;
	}
	/* Not realloc, which would leave the keys behind where they were. */
	grown = calloc(c->n_peers + 1, sizeof(*grown));
	if (!grown) {
		r->report.oom = true;
		r->section_bad = true;
		return;
	}
	if (c->n_peers)
		memcpy(grown, c->peers, c->n_peers * sizeof(*grown));
	wgt_wipe_free(c->peers, c->n_peers * sizeof(*grown));
	c->peers = grown;
	grown[c->n_peers++].line = r->line;
}

static void begin_section(struct wgt_reader *r, const char *name)
{
	char quoted[INI_QUOTE_MAX + 8];

	r->seen = 0;
	r->section_bad = false;
	r->section = WGT_NONE;
	if (strcasecmp(name, "[Interface]") == 0) {
		r->section = WGT_INTERFACE;
		if (r->has_interface)
			wgt_bad(r, "a second one; write one [Interface] in a file");
		r->has_interface = true;
	} else if (strcasecmp(name, "[Peer]") == 0) {
		r->section = WGT_PEER;
		begin_peer(r);
	} else {
		wgt_bad(r, "%s is no section; write [Interface] or [Peer]",
			ini_quote(name, quoted));
		r->section_bad = true;
	}
}

/* Cuts blanks off both ends of @s, in place; returns its start. */
static char *trim(char *s)
{
	size_t n;

	s += strspn(s, BLANKS);
	n = strlen(s);
	while (n && strchr(BLANKS, s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

/* One line, comment and blanks cut off. */
static void take_line(struct wgt_reader *r, char *line)
{
	char *eq, *key;
	size_t n;

	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	r->key = NULL;
	if (!*line)
		return;
	for (const char *s = line; *s; s++)
		if ((unsigned char)*s < 0x20 && *s != '\t') {
			wgt_bad(r, "a control character (0x%02x)", (unsigned char)*s);
			return;
		}
	if (*line == '[') {
		begin_section(r, line);
		return;
	}
	eq = strchr(line, '=');
	/* The line is not repeated: it may be a key on its own. */
	if (!eq) {
		wgt_bad(r, "neither [section] nor Key = value");
		return;
	}
	*eq = '\0';
	key = trim(line);
	n = strlen(key);
	if (r->section_bad)
		return;
	if (r->section == WGT_NONE) {
		wgt_bad(r, "a key before the first section; write [Interface] above it");
		return;
	}
	wgt_assign(r, key, n, trim(eq + 1));
}

static void take_text(struct wgt_reader *r, const char *text, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";
	char line[WGT_LINE_MAX + 1];

	if (len >= 3 && memcmp(text, bom, 3) == 0) {
		r->line = 1;
		wgt_bad(r, "begins with a byte order mark; save it as UTF-8 without one");
		text += 3, len -= 3;
	}
	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t n = end ? (size_t)(end - text) : len;

		r->line++;
		r->key = NULL;
		if (memchr(text, '\0', n)) {
			wgt_bad(r, "a NUL byte");
		} else if (n > WGT_LINE_MAX) {
			wgt_bad(r, "a line of %zu bytes, %d are allowed", n, WGT_LINE_MAX);
		} else {
			memcpy(line, text, n);
			line[n] = '\0';
			take_line(r, line);
		}
		text += n, len -= n;
		if (end)
			text++, len--;
	}
	wgt_wipe(line, sizeof(line));
}

int wgt_conf_parse(const char *path, const char *text, size_t len, struct wgt_conf *ret,
		   struct err *e)
{
	struct wgt_conf conf = {.path = strdup(path)};
	struct wgt_reader r = {.conf = &conf, .report = {.path = path}};
	struct err local = {0};
	int ret_value;

	if (!conf.path)
		return err_os(e, ENOMEM, "%s", path);
	take_text(&r, text, len);
	r.line = 0;
	r.key = NULL;
	r.section = WGT_NONE;
	wgt_cross_check(&r);
	ret_value = ini_report_finish(&r.report, &local);
	ini_report_free(&r.report);
	if (ret_value == 0)
		*ret = conf;
	else
		err_set(e, local.exit == EX_CORDON_POLICY ? EX_CORDON_DATA : local.exit,
			local.errnum, "%s", local.msg);
	if (ret_value < 0)
		wgt_conf_free(&conf);
	wgt_wipe(&conf.private_key, sizeof(conf.private_key));
	return ret_value;
}

int wgt_conf_load(const char *root, const char *path, struct wgt_conf *ret, struct err *e)
{
	const size_t n = strlen(root);
	const bool below = n && strncmp(path, root, n) == 0 && path[n] == '/';
	auto_close int fd = -1;
	char *text = NULL;
	size_t len = 0;
	int r;

	r = securefile_open(root, below ? path + n : path, SECUREFILE_PRIVATE, &fd, e);
	if (r < 0)
		return r;
	r = securefile_read(fd, path, WGT_FILE_MAX, &text, &len, e);
	if (r < 0)
		return r;
	r = wgt_conf_parse(path, text, len, ret, e);
	wgt_wipe_free(text, WGT_FILE_MAX + 2);
	return r;
}

void wgt_conf_free(struct wgt_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_peers; i++) {
		free(c->peers[i].allowed);
		free(c->peers[i].host);
	}
	for (size_t i = 0; i < c->n_search; i++)
		free(c->search[i]);
	wgt_wipe_free(c->peers, c->n_peers * sizeof(*c->peers));
	free(c->path);
	wgt_wipe(c, sizeof(*c));
}

bool wgt_conf_allows(const struct wgt_conf *c, const struct ip_addr *ip)
{
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t k = 0; k < c->peers[i].n_allowed; k++)
			if (ip_prefix_contains(&c->peers[i].allowed[k].prefix, ip))
				return true;
	return false;
}
