/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a seed: see provision/seed.h. */
#include "provision/seed.h"

#include "lib/util.h"
#include "provision/iso.h"
#include "provision/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/*
 * NoCloud: https://cloudinit.readthedocs.io/en/22.4.2/topics/datasources/nocloud.html (Debian 12's
 * version). A volume named "cidata" with meta-data, user-data and, if wanted, vendor-data and
 * network-config. What begins how: topics/format.html.
 */
#define LABEL "cidata"
#define HOSTNAME_MAX 63

enum kind { KIND_UNKNOWN, KIND_MAPPING, KIND_LIST, KIND_OTHER };

static const struct {
	const char *begin;
	enum kind kind;
	bool whole_line; /* nothing but blanks follows */
} kinds[] = {
	{"#cloud-config", KIND_MAPPING, true},	  {"#cloud-config-archive", KIND_LIST, true},
	{"#cloud-boothook", KIND_OTHER, true},	  {"#include", KIND_OTHER, true},
	{"#include-once", KIND_OTHER, true},	  {"#part-handler", KIND_OTHER, true},
	{"## template: jinja", KIND_OTHER, true}, {"#!", KIND_OTHER, false},
	{"Content-Type:", KIND_OTHER, false},	  {"MIME-Version:", KIND_OTHER, false},
	{"\x1f\x8b", KIND_OTHER, false}, /* gzip */
};

static enum kind kind_of(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const size_t n = strlen(kinds[i].begin);
		size_t at = n;

		if (len < n || memcmp(text, kinds[i].begin, n) != 0)
			continue;
		while (kinds[i].whole_line && at < len && strchr(" \t\r", text[at]))
			at++;
		if (!kinds[i].whole_line || at == len || text[at] == '\n')
			return kinds[i].kind;
	}
	return KIND_UNKNOWN;
}

/* @text with the placeholders filled in. */
static void fill_in(const struct seed_input *in, const char *text, size_t len, struct strbuf *out)
{
	const struct {
		const char *name, *value;
	} holes[] = {{"@SSH_PUBKEY@", in->pubkey}, {"@DOMAIN@", in->name}, {"@UUID@", in->uuid}};
	const char *const end = text + len;

	while (text < end) {
		const char *at = memchr(text, '@', (size_t)(end - text));
		size_t i = 0;

		if (!at)
			at = end;
		sb_add(out, text, (size_t)(at - text));
		text = at;
		if (text == end)
			break;
		while (i < ARRAY_SIZE(holes) &&
		       ((size_t)(end - text) < strlen(holes[i].name) ||
			memcmp(text, holes[i].name, strlen(holes[i].name)) != 0))
			i++;
		if (i < ARRAY_SIZE(holes)) {
			sb_adds(out, holes[i].value);
			text += strlen(holes[i].name);
		} else {
			sb_add(out, text++, 1);
		}
	}
}

/* Something that a host may be called: what a name has else becomes '-'. */
static void add_hostname(const char *name, struct strbuf *out)
{
	char host[HOSTNAME_MAX + 1];
	size_t n = 0;

	for (; *name && n < HOSTNAME_MAX; name++) {
		const bool ok = isalnum((unsigned char)*name) && !((unsigned char)*name & 0x80);

		if (ok)
			host[n++] = (char)tolower((unsigned char)*name);
		else if (n > 0 && host[n - 1] != '-')
			host[n++] = '-';
	}
	while (n > 0 && host[n - 1] == '-')
		n--;
	host[n] = '\0';
	sb_adds(out, n ? host : "guest");
}

/* "    " before each line, so that it is a block scalar. */
static void add_block(const char *text, struct strbuf *out)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");

		if (n)
			sb_addf(out, "    %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static int fill_user_data(const struct seed_input *in, struct seed *ret, struct err *e)
{
	enum kind kind;

	if (in->clean || !in->user_data_path) {
		sb_adds(&ret->user_data, "#cloud-config\n{}\n");
		return 0;
	}
	kind = kind_of(in->user_data, in->user_data_len);
	if (kind == KIND_UNKNOWN)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "%s:1: cloud-init does not know what this is; write #cloud-config "
			       "as the first line, or #! for a script",
			       in->user_data_path);
	if (in->user_data[0] == '\x1f')
		sb_add(&ret->user_data, in->user_data, in->user_data_len);
	else
		fill_in(in, in->user_data, in->user_data_len, &ret->user_data);
	return 0;
}

static void fill_network(const struct seed_input *in, struct seed *ret)
{
	ret->has_network = in->network_path != NULL;
	if (ret->has_network)
		fill_in(in, in->network, in->network_len, &ret->network_config);
}

/* What user-data says, too, wins: cloud-init takes vendor-data for defaults. */
static void fill_vendor_data(const struct seed_input *in, struct seed *ret)
{
	sb_adds(&ret->vendor_data, "#cloud-config\n");
	if (in->clean || !in->host_key) {
		sb_adds(&ret->vendor_data, "{}\n");
		return;
	}
	sb_adds(&ret->vendor_data, "ssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n");
	add_block(in->host_key, &ret->vendor_data);
	sb_addf(&ret->vendor_data, "  ed25519_public: %s\n", in->host_pub);
}

int seed_fill(const struct seed_input *in, struct seed *ret, struct err *e)
{
	int r;

	sb_addf(&ret->meta_data, "instance-id: %s\nlocal-hostname: ", in->instance);
	add_hostname(in->name, &ret->meta_data);
	sb_addf(&ret->meta_data, "\npublic-keys:\n  - %s\n", in->pubkey);
	fill_vendor_data(in, ret);
	fill_network(in, ret);
	r = fill_user_data(in, ret, e);
	if (r == 0 && (ret->meta_data.failed || ret->vendor_data.failed || ret->user_data.failed ||
		       ret->network_config.failed))
		r = err_os(e, ENOMEM, "seed");
	return r;
}

static enum kind kind_in(const struct seed_input *in)
{
	return in->clean || !in->user_data_path ? KIND_OTHER
						: kind_of(in->user_data, in->user_data_len);
}

bool seed_is_cloud_config(const struct seed_input *in)
{
	return kind_in(in) == KIND_MAPPING;
}

int seed_check(const struct seed_input *in, const struct seed *seed, struct err *e)
{
	const enum kind kind = kind_in(in);
	int r = 0;

	if (kind == KIND_MAPPING || kind == KIND_LIST)
		r = yaml_check(in->user_data_path, sb_str(&seed->user_data), seed->user_data.len,
			       kind == KIND_LIST ? YAML_LIST : YAML_MAPPING, e);
	if (r == 0 && in->network_path)
		r = yaml_check(in->network_path, sb_str(&seed->network_config),
			       seed->network_config.len, YAML_MAPPING, e);
	return r;
}

int seed_image(const struct seed *seed, char **ret, size_t *ret_len, struct err *e)
{
	struct iso_file files[4];
	size_t n = 0;

	files[n++] = (struct iso_file){"meta-data", sb_str(&seed->meta_data), seed->meta_data.len};
	if (seed->has_network)
		files[n++] = (struct iso_file){"network-config", sb_str(&seed->network_config),
					       seed->network_config.len};
	files[n++] = (struct iso_file){"user-data", sb_str(&seed->user_data), seed->user_data.len};
	files[n++] =
		(struct iso_file){"vendor-data", sb_str(&seed->vendor_data), seed->vendor_data.len};
	return iso_build(LABEL, files, n, ret, ret_len, e);
}

/* Keys are in there. */
static void wipe(struct strbuf *sb)
{
	if (sb->data)
		explicit_bzero(sb->data, sb->len);
	sb_free(sb);
}

void seed_free(struct seed *seed)
{
	wipe(&seed->meta_data);
	wipe(&seed->vendor_data);
	wipe(&seed->user_data);
	wipe(&seed->network_config);
	*seed = (struct seed){0};
}
