/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wg-quick files to what is sent and done: each tests/golden/wgtun/NAME.conf gives NAME.expected,
 * with the plan, the netlink messages byte for byte, the UAPI text and what the isolator is told.
 *
 * UPDATE_GOLDEN=1 writes the expectations anew.
 */
#include "lib/strbuf.h"
#include "lib/util.h"
#include "wgtun/compile.h"
#include "wgtun/device.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define CASES "tests/golden/wgtun"
#define FAMILY 0x1d
#define SLOT 5

/* Sixteen bytes a line, attributes are then easy to count. */
static void dump_bytes(const void *data, size_t len, struct strbuf *out)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		sb_addf(out, "%02x%s", b[i], i % 16 == 15 || i + 1 == len ? "\n" : " ");
}

static void dump_messages(const struct wgt_conf *c, struct strbuf *out)
{
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct wgt_nl_cursor cur = {0};

	for (int n = 1; !cur.done; n++) {
		const struct nlmsghdr *nlh = wgt_nl_set(buf, FAMILY, "wgc5", c, &cur);

		sb_addf(out, "# netlink message %d\n", n);
		dump_bytes(nlh, nlh->nlmsg_len, out);
	}
}

/* @rich: with a policy that has IPv6 and targets beside the tunnel. */
static void dump_conf(const struct wgt_conf *c, bool rich, struct strbuf *out)
{
	struct policy_lan lan[2] = {{.proto = IPPROTO_TCP, .port = 631}, {.proto = 0}};
	const struct policy policy = {.isolation = true,
				      .egress = EGRESS_TUNNEL,
				      .ipv6 = rich ? IPV6_NAT : IPV6_NO,
				      .lan = lan,
				      .n_lan = rich ? 2 : 0};
	struct wgt_plan plan = {0};
	struct err e = {0};
	size_t size;
	char *uapi;

	(void)ip_prefix_parse("192.168.1.60", &lan[0].prefix);
	(void)ip_prefix_parse("fc01:5::/64", &lan[1].prefix);
	if (wgt_compile(&policy, c, 0x4c5a0000, SLOT, &plan, &e) < 0) {
		sb_addf(out, "# refused, exit code %d\n%s\n", e.exit, e.msg);
	} else {
		sb_adds(out, "# plan\n");
		wgt_plan_print(&plan, c, out);
		sb_adds(out, "# for the isolator\n");
		tunnel_print(&plan.tunnel, out);
		wgt_plan_free(&plan);
	}
	dump_messages(c, out);
	uapi = wgt_uapi_set(c, &size);
	sb_addf(out, "# UAPI\n%s", uapi ? uapi : "");
	free(uapi);
}

static bool read_all(const char *path, struct strbuf *out)
{
	auto_fclose FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		sb_add(out, buf, n);
	return f != NULL;
}

static bool write_all(const char *path, const struct strbuf *text)
{
	auto_fclose FILE *f = fopen(path, "we");

	return f && fwrite(sb_str(text), 1, text->len, f) == text->len;
}

static bool check_case(const char *name, bool update)
{
	auto_sb struct strbuf text = {0}, got = {0}, want = {0};
	auto_free char *conf_path = NULL, *expected = NULL;
	struct wgt_conf c = {0};
	struct err e = {0};

	if (asprintf(&conf_path, CASES "/%s.conf", name) < 0 ||
	    asprintf(&expected, CASES "/%s.expected", name) < 0 || !read_all(conf_path, &text))
		return false;
	if (wgt_conf_parse("a.conf", sb_str(&text), text.len, &c, &e) < 0)
		sb_addf(&got, "# exit code %d\n%s\n", e.exit, e.msg);
	else
		dump_conf(&c, strncmp(name, "rich-", 5) == 0, &got);
	wgt_conf_free(&c);
	if (update)
		return write_all(expected, &got);
	if (!read_all(expected, &want))
		printf("# %s is missing: UPDATE_GOLDEN=1 writes it\n", expected);
	else if (strcmp(sb_str(&got), sb_str(&want)) == 0)
		return true;
	printf("# got:\n");
	for (const char *s = sb_str(&got); *s; s += strcspn(s, "\n") + (strchr(s, '\n') != NULL))
		printf("#   %.*s\n", (int)strcspn(s, "\n"), s);
	return false;
}

static bool has_case(const char *name)
{
	auto_free char *path = NULL;
	struct stat st;

	return asprintf(&path, CASES "/%s.conf", name) > 0 && stat(path, &st) == 0;
}

static int no_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(void)
{
	const char *env = getenv("UPDATE_GOLDEN");
	const bool update = env && strcmp(env, "1") == 0;
	struct dirent **list;
	int bad = 0, n = scandir(CASES, &list, no_dots, alphasort);

	printf("1..%d\n", n > 0 ? n : 1);
	if (n <= 0)
		printf("not ok 1 - " CASES " has no case\n");
	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');
		auto_free char *name =
			dot ? strndup(list[i]->d_name, (size_t)(dot - list[i]->d_name)) : NULL;
		const bool ok = name && (strcmp(dot, ".conf") == 0 ? check_case(name, update)
								   : has_case(name));

		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, list[i]->d_name);
		bad |= !ok;
		free(list[i]);
	}
	if (n > 0)
		free(list);
	return bad || n <= 0;
}
