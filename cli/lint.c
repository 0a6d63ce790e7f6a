/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at policies offline: see cli/lint.h. */
#include "cli/lint.h"

#include "cli/domains.h"
#include "cli/print.h"
#include "lib/util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Ranges of which one seldom means the whole. */
static const char *const private_ranges[] = {
	"10.0.0.0/8",	 "172.16.0.0/12",  "192.168.0.0/16",
	"100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
};

#define WIDE_V4 16 /* prefixes shorter than this are called wide wherever they are */
#define WIDE_V6 48

static bool is_wide(const struct ip_prefix *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(private_ranges); i++) {
		struct ip_prefix range;

		if (ip_prefix_parse(private_ranges[i], &range) && p->len <= range.len &&
		    ip_prefix_contains(p, &range.addr))
			return true;
	}
	return p->len < (p->addr.family == AF_INET ? WIDE_V4 : WIDE_V6);
}

static size_t warn_lan(const struct policy *p, struct strbuf *out)
{
	char text[PREFIX_STRLEN], port[32];
	size_t n = 0;

	for (size_t i = 0; i < p->n_lan; i++) {
		const struct policy_lan *lan = &p->lan[i];

		if (!is_wide(&lan->prefix))
			continue;
		port[0] = '\0';
		if (lan->proto)
			(void)snprintf(port, sizeof(port), " on %s/%u", proto_str(lan->proto),
				       lan->port);
		sb_addf(out, "%s", p->path);
		if (lan->line)
			sb_addf(out, ":%u", lan->line);
		sb_addf(out,
			": [network] allow_lan: warning: opens all of %s%s; name the hosts that "
			"are needed\n",
			ip_prefix_str(&lan->prefix, text), port);
		n++;
	}
	return n;
}

static size_t warn_devices(const struct policy *p, struct strbuf *out)
{
	char where[512];
	size_t n = 0;

	for (unsigned c = 0; c < DEV_REFUSABLE_COUNT; c++) {
		if (!(p->dev_allow & 1U << c))
			continue;
		sb_addf(out, "%s: warning: %s leads past the cordon\n",
			policy_where(p, KEY_DEV_ALLOW, where, sizeof(where)),
			device_class_name((enum device_class)c));
		n++;
	}
	return n;
}

static size_t warn_shares(const struct policy *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->n_shares; i++)
		sb_addf(out, "%s:%u: [share %s]: warning: the guest %s a folder of the host\n",
			p->path, p->shares[i].line, p->shares[i].tag,
			p->shares[i].ro ? "reads" : "writes to");
	return p->n_shares;
}

size_t lint_warnings(const struct policy *p, struct strbuf *out)
{
	char where[512];
	size_t n = 0;

	if (!p->isolation && ++n)
		sb_addf(out, "%s: warning: the guest's network is left alone\n",
			policy_where(p, KEY_NET_ISOLATION, where, sizeof(where)));
	n += warn_lan(p, out);
	if (p->allow_unguarded && ++n)
		sb_addf(out,
			"%s: warning: on a network that is not guarded, a flush of the packet "
			"filter opens the guest's network%s\n",
			policy_where(p, KEY_NET_ALLOW_UNGUARDED, where, sizeof(where)),
			p->egress == EGRESS_TUNNEL ? ": it then leaves beside the tunnel, in clear"
						   : "");
	n += warn_shares(p, out);
	n += warn_devices(p, out);
	return n;
}

/* What was read, or why not. @r: what reading it returned */
static int report(const char *path, int r, const struct policy *p, const struct err *why,
		  bool quiet)
{
	auto_sb struct strbuf warnings = {0}, unbuilt = {0};
	char verdict[48] = "ok";
	size_t n;

	if (r < 0) {
		print_complaint("%s", why->msg);
		return why->exit;
	}
	n = lint_warnings(p, &warnings);
	if (!quiet)
		print_lines(NULL, sb_str(&warnings), COLOUR_WARN);
	if (policy_unbuilt(p, &unbuilt) > 0) {
		print_complaint("%s", sb_str(&unbuilt));
		return EX_CORDON_POLICY;
	}
	if (n)
		(void)snprintf(verdict, sizeof(verdict), "ok, %zu warning%s", n, n > 1 ? "s" : "");
	if (!quiet)
		print_lines(path, verdict, COLOUR_NONE);
	return EX_CORDON_OK;
}

int lint_domain(const char *root, const char *name, const struct host_config *host, bool quiet,
		struct policy *ret)
{
	auto_free char *path = domain_policy_path(root, name);
	struct policy p = {0};
	struct err why = {0};
	int r, code;

	r = policy_load_domain(root, name, host, &p, &why);
	code = report(path ? path : name, r, &p, &why, quiet);
	if (code == EX_CORDON_OK)
		*ret = p;
	else
		policy_free(&p);
	return code;
}

/* The domain whose policy file @path is, malloc'd; NULL when it is none. */
static char *domain_of_file(const char *root, const char *path)
{
	auto_free char *policies = domain_policy_path(root, ""), *theirs = NULL, *ours = NULL;
	auto_free char *dir = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	const char *file = strrchr(path, '/') + 1;
	const size_t n = strlen(file), suffix = strlen(".ini");

	if (!dir || !policies || n <= suffix || strcmp(file + n - suffix, ".ini") != 0)
		return NULL;
	*strrchr(policies, '/') = '\0';
	theirs = realpath(dir, NULL);
	ours = realpath(policies, NULL);
	if (!theirs || !ours || strcmp(theirs, ours) != 0)
		return NULL;
	return strndup(file, n - suffix);
}

int lint_file(const char *root, const char *path, const struct host_config *host, bool quiet)
{
	auto_free char *name = domain_of_file(root, path);
	struct policy p = {0};
	struct err why = {0};
	int code, r;

	if (name)
		code = lint_domain(root, name, host, quiet, &p);
	else {
		r = policy_load_file(path, false, host, &p, &why);
		code = report(path, r, &p, &why, quiet);
	}
	policy_free(&p);
	return code;
}
