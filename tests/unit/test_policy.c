/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy's schema: each key with good and bad values, the rules between keys, and printing. */
#include "lib/policy.h"

#include "lib/util.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PATH "/etc/virt-cordon/domains/vm.ini"
#define UUID "0f6fb3a5-4d3e-4f1a-9d5e-0123456789ab"

static int parse(const char *text, const struct host_config *host, struct policy *p, struct err *e)
{
	*e = (struct err){0};
	return policy_parse(PATH, text, strlen(text), host, p, e);
}

static struct policy must_parse(const char *text)
{
	struct policy p = {0};
	struct err e;

	if (parse(text, NULL, &p, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return p;
}

/* @text must give exactly one error; it begins with PATH and @where, and contains @part. */
static void check_bad(const char *text, const char *where, const char *part)
{
	struct policy p = {0};
	char prefix[256];
	struct err e;

	(void)snprintf(prefix, sizeof(prefix), PATH "%s", where);
	if (parse(text, NULL, &p, &e) != -EINVAL || e.exit != EX_CORDON_POLICY ||
	    strncmp(e.msg, prefix, strlen(prefix)) != 0 || !strstr(e.msg, part) ||
	    strchr(e.msg, '\n'))
		fail_msg("'%s' gave: %s", text, e.msg);
}

/* A value of a key, and what it is printed as; NULL: refused. */
struct value {
	const char *section;
	const char *key;
	const char *value;
	const char *printed;
};

/* What an IPv6 address needs beside it. */
static const char *helpers(const struct value *v)
{
	if (v->printed && strstr(v->printed, "::"))
		return "ipv6 = nat\n";
	return "";
}

static void check_value(const struct value *v)
{
	struct strbuf text = {0}, out = {0}, want = {0};
	struct policy p = {0};
	struct err e;
	int r;

	sb_addf(&text, "[%s]\n%s = %s\n%s", v->section, v->key, v->value,
		strcmp(v->section, "network") == 0 ? helpers(v) : "");
	r = parse(sb_str(&text), NULL, &p, &e);
	if (!v->printed) {
		sb_addf(&want, PATH ":2: [%s] %s: ", v->section, v->key);
		if (r == 0 || strstr(e.msg, sb_str(&want)) != e.msg || !strstr(e.msg, "; "))
			fail_msg("'%s' gave: %s", sb_str(&text), e.msg);
	} else {
		if (r < 0)
			fail_msg("'%s' gave: %s", sb_str(&text), e.msg);
		policy_print(&p, &out);
		sb_addf(&want, "\n%s =%s%s\n", v->key, *v->printed ? " " : "", v->printed);
		if (!strstr(sb_str(&out), sb_str(&want)))
			fail_msg("'%s' was printed as: %s", sb_str(&text), sb_str(&out));
	}
	policy_free(&p);
	sb_free(&text);
	sb_free(&out);
	sb_free(&want);
}

static void check_values(const char *section, const char *key, const char *const (*pairs)[2],
			 size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_value(&(struct value){section, key, pairs[i][0], pairs[i][1]});
}

#define CHECK_VALUES(section, key, ...)                                                            \
	do {                                                                                       \
		static const char *const pairs[][2] = {__VA_ARGS__};                               \
		check_values(section, key, pairs, ARRAY_SIZE(pairs));                              \
	} while (0)
#define SAME(s)                                                                                    \
	{                                                                                          \
		s, s                                                                               \
	}
#define BAD(s)                                                                                     \
	{                                                                                          \
		s, NULL                                                                            \
	}

static void test_defaults(void **state)
{
	struct policy p = must_parse(""), d = {0};

	(void)state;
	policy_defaults(&d);
	assert_true(policy_equal(&p, &d));
	assert_true(p.isolation);
	assert_int_equal(p.egress, EGRESS_INTERNET);
	assert_int_equal(p.dns, DNS_AUTO);
	assert_int_equal(p.ipv6, IPV6_NO);
	assert_int_equal(p.max_flows, 4096);
	assert_int_equal(p.n_addresses + p.n_lan + p.n_forwards + p.n_host_ports + p.n_shares, 0);
	assert_int_equal(p.dev_allow, 0);
	assert_true(p.log_denied);
	assert_false(p.allow_unguarded);
	assert_false(p.has_uuid);
	assert_null(p.tunnel_config);
	assert_int_equal(p.disk_reset, RESET_NEVER);
	policy_free(&p);
	policy_free(&d);
}

static void test_domain_keys(void **state)
{
	(void)state;
	CHECK_VALUES("domain", "uuid", SAME(""), SAME(UUID),
		     {"0F6FB3A5-4D3E-4F1A-9D5E-0123456789AB", UUID}, BAD("vm"), BAD(UUID "0"),
		     BAD("0f6fb3a54d3e4f1a9d5e0123456789ab"));
}

static void test_network_words(void **state)
{
	(void)state;
	CHECK_VALUES("network", "isolation", SAME("yes"), BAD("true"), BAD("1"), BAD(""),
		     BAD("YES"), BAD("off"));
	CHECK_VALUES("network", "egress", SAME("internet"), SAME("none"), BAD(""), BAD("all"),
		     BAD("Internet"), BAD("internet, none"));
	CHECK_VALUES("network", "ipv6", SAME("no"), SAME("nat"), BAD("yes"), BAD(""), BAD("nat66"));
	CHECK_VALUES("network", "log_denied", SAME("yes"), SAME("no"), BAD("never"), BAD(""));
	CHECK_VALUES("network", "allow_unguarded", SAME("yes"), SAME("no"), BAD("maybe"), BAD(""));
}

static void test_network_numbers(void **state)
{
	(void)state;
	CHECK_VALUES("network", "rate_out", SAME(""), SAME("1kbit"), SAME("50mbit"), SAME("10gbit"),
		     {"1000kbit", "1mbit"}, {"1500kbit", "1500kbit"}, {"2000mbit", "2gbit"},
		     BAD("0kbit"), BAD("50"), BAD("50 mbit"), BAD("50Mbit"), BAD("50mbps"),
		     BAD("18446744074gbit"));
	CHECK_VALUES("network", "rate_in", SAME(""), SAME("7mbit"), BAD("fast"), BAD("-1mbit"));
	CHECK_VALUES("network", "max_flows", SAME("1"), SAME("1000000"), BAD("0"), BAD("1000001"),
		     BAD(""), BAD("4k"), BAD("010"), BAD("0x10"));
}

static void test_host_ports(void **state)
{
	(void)state;
	CHECK_VALUES("network", "allow_host_port", SAME(""), SAME("tcp/1"),
		     SAME("tcp/8080, udp/8080, udp/65535"),
		     {"tcp/1,udp/2 ,  tcp/3", "tcp/1, udp/2, tcp/3"}, SAME("tcp/67"),
		     SAME("udp/68"), BAD("tcp/0"), BAD("tcp/65536"), BAD("8080"), BAD("icmp/1"),
		     BAD("TCP/80"), BAD("tcp/http"), BAD("tcp/80-90"), BAD("tcp/ 80"), BAD("tcp"),
		     BAD("tcp/"), BAD("/80"), BAD("tcp/80 tcp/81"), BAD("tcp/80, tcp/80"),
		     BAD("tcp/80,"), BAD(",tcp/80"), BAD("tcp/80,,tcp/81"), BAD(","), BAD("tcp/53"),
		     BAD("udp/53"), BAD("udp/67"));
	check_bad("[network]\nallow_host_port = udp/53\n",
		  ":2: [network] allow_host_port: ", "dns = host");
	check_bad("[network]\nallow_host_port = udp/67\n",
		  ":2: [network] allow_host_port: ", "DHCP");
}

static void test_lan(void **state)
{
	(void)state;
	CHECK_VALUES("network", "allow_lan", SAME(""), SAME("192.168.1.50"),
		     SAME("10.1.2.3:tcp/443, 10.9.0.0/16"), SAME("10.0.0.0/8:udp/53"),
		     {"10.1.2.3/32", "10.1.2.3"}, SAME("1.0.0.0/8"), SAME("176.0.0.0/4"),
		     SAME("fd00::/8"), SAME("[fd00::1]:tcp/443"), SAME("[fd00::/64]:udp/5353"),
		     SAME("10.0.0.0/8, 10.1.0.0/16, 10.1.2.3, 10.1.2.3:tcp/1, 10.1.2.3:udp/1"),
		     BAD("0.0.0.0/0"), BAD("::/0"), BAD("10.1.2.3/8"), BAD("10.0.0.0/33"),
		     BAD("nas"), BAD("nas.example:tcp/443"), BAD("10.1.2.3:443"),
		     BAD("10.1.2.3:tcp/0"), BAD("10.1.2.3:tcp/65536"), BAD("10.1.2.3:icmp"),
		     BAD("10.1.2.3:"), BAD("10.1.2.3-10.1.2.9"), BAD("10.1.2.3 10.1.2.4"),
		     BAD("fd00::1:tcp/443"), BAD("[fd00::1]"), BAD("[10.1.2.3]:tcp/443"),
		     BAD("[fd00::1]tcp/443"), BAD("[fd00::1:tcp/443"), BAD("10.1.2.3, 10.1.2.3"),
		     BAD("10.1.2.3, 10.1.2.3/32"), BAD("10.0.0.0/8:tcp/1, 10.0.0.0/8:tcp/1"));
	check_bad("[network]\nallow_lan = 0.0.0.0/0\n",
		  ":2: [network] allow_lan: ", "egress = internet");
}

static void test_lan_refused(void **state)
{
	static const char *const bad[][2] = {
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"127.0.0.0/8", "loopback"},
		{"64.0.0.0/2", "loopback"},
		{"::1", "loopback"},
		{"0.0.0.0", "unspecified"},
		{"0.1.2.3", "unspecified"},
		{"::", "unspecified"},
		{"224.0.0.251", "multicast"},
		{"239.255.255.255", "multicast"},
		{"128.0.0.0/1", "multicast"},
		{"ff02::fb", "multicast"},
		{"255.255.255.255", "broadcast"},
		{"240.0.0.0/4", "broadcast"},
		{"169.254.169.254", "link-local"},
		{"169.0.0.0/8", "link-local"},
		{"fe80::1", "link-local"},
		{"::ffff:10.0.0.1", "IPv4"},
		{"127.0.0.1:tcp/80", "loopback"},
		{"[fe80::1]:tcp/80", "link-local"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct strbuf sb = {0};

		sb_addf(&sb, "[network]\nipv6 = nat\nallow_lan = %s\n", bad[i][0]);
		check_bad(sb_str(&sb), ":3: [network] allow_lan: ", bad[i][1]);
		sb_free(&sb);
	}
	/* Neighbours of the refused ranges. */
	CHECK_VALUES("network", "allow_lan", SAME("126.255.255.255"), SAME("128.0.0.0"),
		     SAME("1.0.0.0"), SAME("223.255.255.255"), SAME("240.0.0.0"),
		     SAME("255.255.255.254"), SAME("169.253.255.255"), SAME("169.255.0.0"),
		     SAME("::2"), SAME("fec0::"), SAME("fe7f::"), SAME("feff::"));
}

static void test_forwards(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES(
		"network", "forward_port", SAME(""), SAME("tcp/11434 100.64.0.6:11434"),
		SAME("tcp/1 10.0.0.1:65535, udp/1 10.0.0.1:1"), SAME("tcp/1 [fd00::1]:2"),
		{"tcp/1 \t 10.0.0.1:2", "tcp/1 10.0.0.1:2"}, SAME("tcp/67 10.0.0.1:2"),
		BAD("tcp/1"), BAD("10.0.0.1:1"), BAD("tcp/1 10.0.0.1"), BAD("tcp/1 10.0.0.1:0"),
		BAD("tcp/0 10.0.0.1:1"), BAD("tcp/1 10.0.0.1:65536"), BAD("tcp/65536 10.0.0.1:1"),
		BAD("1 10.0.0.1:1"), BAD("tcp/1 fd00::1:2"), BAD("tcp/1 [10.0.0.1]:2"),
		BAD("tcp/1 [fd00::1]"), BAD("tcp/1 [fd00::1:2"), BAD("tcp/1 host:2"),
		BAD("tcp/1 10.0.0.1:2 via"), BAD("tcp/1 10.0.0.1:2 via-tunnel x"),
		BAD("tcp/1 10.0.0.0/8:2"), BAD("tcp/1 127.0.0.1:2"), BAD("tcp/1 0.0.0.0:2"),
		BAD("tcp/1 224.0.0.1:2"), BAD("tcp/1 255.255.255.255:2"),
		BAD("tcp/1 169.254.1.1:2"), BAD("tcp/1 [::1]:2"), BAD("tcp/1 [fe80::1]:2"),
		BAD("tcp/1 :2"), BAD("tcp/1 ]:2"), BAD("tcp/1 10.0.0.1:2, tcp/1 10.0.0.2:3"),
		BAD("tcp/53 10.0.0.1:53"), BAD("udp/53 10.0.0.1:53"), BAD("udp/67 10.0.0.1:67"));

	p = must_parse(
		"[network]\negress = tunnel\nforward_port = tcp/11434 100.64.0.6:11435 via-tunnel\n"
		"[tunnel]\nconfig = a.conf\n");
	assert_int_equal(p.n_forwards, 1);
	assert_int_equal(p.forwards[0].port, 11434);
	assert_int_equal(p.forwards[0].to_port, 11435);
	assert_true(p.forwards[0].via_tunnel);
	assert_int_equal(p.forwards[0].line, 3);
	policy_free(&p);
	check_bad("[network]\nforward_port = tcp/1 10.0.0.1:1 via-tunnel\n",
		  ":2: [network] forward_port: ", "egress = tunnel");
	check_bad("[network]\nforward_port = tcp/80 10.0.0.1:1\nallow_host_port = tcp/80\n",
		  ":2: [network] forward_port: ", "allow_host_port");
}

static void test_dns(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("network", "dns", SAME("auto"), SAME("host"), SAME("none"), SAME("9.9.9.9"),
		     SAME("2620:fe::fe"), SAME("192.168.1.1"), BAD(""), BAD("Host"), BAD("yes"),
		     BAD("9.9.9.9, 1.1.1.1"), BAD("9.9.9.9:53"), BAD("dns.example"), BAD("0.0.0.0"),
		     BAD("127.0.0.1"), BAD("127.0.0.53"), BAD("::1"), BAD("::"), BAD("224.0.0.1"),
		     BAD("255.255.255.255"), BAD("ff02::1"), BAD("09.9.9.9"));

	p = must_parse("");
	assert_int_equal(policy_dns_effective(&p), DNS_HOST);
	p.egress = EGRESS_NONE;
	assert_int_equal(policy_dns_effective(&p), DNS_NONE);
	p.egress = EGRESS_TUNNEL;
	assert_int_equal(policy_dns_effective(&p), DNS_AUTO);
	p.dns = DNS_HOST;
	assert_int_equal(policy_dns_effective(&p), DNS_HOST);
	policy_free(&p);
}

static void test_addresses(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("network", "addresses", SAME("dhcp"), {"", "dhcp"}, SAME("192.168.122.50"),
		     SAME("192.168.122.50, 10.0.0.7"), SAME("fd00::7"), BAD("static"), BAD("DHCP"),
		     BAD("192.168.122.0/24"), BAD("127.0.0.1"), BAD("::1"), BAD("0.0.0.0"),
		     BAD("224.0.0.1"), BAD("255.255.255.255"), BAD("ff02::1"),
		     BAD("dhcp, 10.0.0.1"), BAD("10.0.0.1, dhcp"), BAD("dhcp, dhcp"),
		     BAD("10.0.0.1, 10.0.0.1"));
	check_bad("[network]\naddresses = dhcp\naddresses.x = 10.0.0.1\n",
		  ":3: [network] addresses.x: ", "exclude each other");
	p = must_parse("[network]\naddresses = 10.0.0.1\naddresses.b = 10.0.0.2\n");
	assert_int_equal(p.n_addresses, 2);
	assert_int_equal(p.addresses[1].line, 3);
	policy_free(&p);
}

static void test_files_and_users(void **state)
{
	static const char *const keys[] = {"user_data", "network_config"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_VALUES("provision", keys[i], SAME(""), SAME("/srv/a b.yaml"),
			     {"a.yaml", "/etc/virt-cordon/domains/a.yaml"},
			     {"../b/a.yaml", "/etc/virt-cordon/domains/../b/a.yaml"}, BAD("/"),
			     BAD("folder/"));
	CHECK_VALUES("provision", "run_as", SAME(""), SAME("ansible"), SAME("_a-b.c@d"), SAME("A1"),
		     BAD("root"), BAD("0"), BAD("1000"), BAD("-x"), BAD("a b"), BAD("a:b"),
		     BAD("a/b"), BAD("\xc3\xa4"));
	CHECK_VALUES("provision", "ssh_user", SAME(""), SAME("debian"), SAME("root"), BAD("-oX=y"),
		     BAD("a$b"));
	CHECK_VALUES("provision", "disk_reset", SAME("never"), SAME("on-start"), BAD(""),
		     BAD("always"), BAD("yes"));
	check_bad("[provision]\nplaybook = site.yml\n",
		  ":2: [provision] playbook: ", "run_as = USER");
	CHECK_VALUES("tunnel", "backend", SAME("auto"), SAME("kernel"), SAME("userspace"), BAD(""),
		     BAD("user"));
}

static void check_path_length(size_t len, bool good)
{
	struct strbuf sb = {0};
	struct policy p = {0};
	struct err e;

	sb_adds(&sb, "[provision]\nuser_data = /");
	for (size_t i = 1; i < len; i++)
		sb_adds(&sb, "x");
	if ((parse(sb_str(&sb), NULL, &p, &e) == 0) != good)
		fail_msg("path of %zu bytes: %s", len, e.msg);
	policy_free(&p);
	sb_free(&sb);
}

static void test_paths(void **state)
{
	static const char text[] = "[provision]\nuser_data = a\n";
	struct policy p = {0};
	struct err e = {0};
	char cwd[4096], want[8192];

	(void)state;
	check_path_length(960, true);
	check_path_length(961, false);

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(policy_parse("vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	(void)snprintf(want, sizeof(want), "%s/a", cwd);
	assert_string_equal(p.user_data, want);
	policy_free(&p);
	assert_int_equal(policy_parse("x/vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	(void)snprintf(want, sizeof(want), "%s/x/a", cwd);
	assert_string_equal(p.user_data, want);
	policy_free(&p);
	assert_int_equal(policy_parse("/vm.ini", text, sizeof(text) - 1, NULL, &p, &e), 0);
	assert_string_equal(p.user_data, "/a");
	policy_free(&p);
	/* A folder that could not be written into a policy again. */
	assert_int_equal(policy_parse("/x;y/vm.ini", text, sizeof(text) - 1, NULL, &p, &e),
			 -EINVAL);
	assert_non_null(strstr(e.msg, "rename it"));
}

static void test_shares(void **state)
{
	struct policy p;

	(void)state;
	CHECK_VALUES("share work", "size", SAME("16M"), SAME("10G"), {"1024M", "1G"},
		     {"16777216", "16M"}, {"16777217", "16777217"}, {"1048576T", "1048576T"},
		     BAD(""), BAD("16777215"), BAD("15M"), BAD("0"), BAD("10g"), BAD("10GB"),
		     BAD("1048577T"), BAD("-1G"), BAD("1.5G"));
	CHECK_VALUES("share work", "mode", SAME("rw"), SAME("ro"), BAD(""), BAD("RO"), BAD("w"));

	p = must_parse(
		"[share work]\n[share Work]\nsize = 1G\nmode = ro\n[SHARE a b]\nmode = rw\n");
	assert_int_equal(p.n_shares, 3);
	assert_string_equal(p.shares[0].tag, "work");
	assert_true(p.shares[0].size == UINT64_C(10) << 30 && !p.shares[0].ro);
	assert_string_equal(p.shares[1].tag, "Work");
	assert_true(p.shares[1].size == UINT64_C(1) << 30 && p.shares[1].ro);
	assert_string_equal(p.shares[2].tag, "a b");
	assert_int_equal(p.shares[2].line, 5);
	policy_free(&p);
}

static void test_share_tags(void **state)
{
	static const char good[] = "[share 123456789012345678901234567890123456]\n";
	static const char *const bad[][2] = {
		{"[share]\n", "write [share TAG]"},
		{"[share  work]\n", "write [share TAG]"},
		{"[share a/b]\n", "'/'"},
		{"[share .]\n", "no file's name"},
		{"[share ..]\n", "no file's name"},
		{"[share 1234567890123456789012345678901234567]\n", "more than 36 bytes"},
	};
	struct strbuf sb = {0};
	struct policy p = must_parse(good);

	(void)state;
	assert_int_equal(strlen(p.shares[0].tag), POLICY_TAG_MAX);
	policy_free(&p);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(bad[i][0], ":1: [share", bad[i][1]);

	for (int i = 0; i < POLICY_SHARES_MAX; i++)
		sb_addf(&sb, "[share %d]\n", i);
	p = must_parse(sb_str(&sb));
	assert_int_equal(p.n_shares, POLICY_SHARES_MAX);
	policy_free(&p);
	sb_adds(&sb, "[share more]\n");
	check_bad(sb_str(&sb), ":33: [share more]: ", "more than 32 shares");
	sb_free(&sb);
}

static void test_devices(void **state)
{
	enum device_class c;

	(void)state;
	CHECK_VALUES("devices", "allow", SAME(""), SAME("hostdev"),
		     {"fs-other, hostdev", "hostdev, fs-other"}, BAD("hostdev, hostdev"),
		     BAD("usb"), BAD("usb-redir"), BAD("spice"), BAD("guest-agent"), BAD("Hostdev"),
		     BAD("all"));
	for (unsigned i = 0; i < DEV_CLASS_COUNT; i++) {
		assert_string_not_equal(device_class_name(i), "?");
		assert_int_equal(device_class_parse(device_class_name(i), &c),
				 i < DEV_REFUSABLE_COUNT);
		if (i < DEV_REFUSABLE_COUNT)
			assert_int_equal(c, i);
	}
	assert_string_equal(device_class_name(DEV_CLASS_COUNT), "?");
	check_bad("[devices]\nallow = hostdv\n", ":2: [devices] allow: ", "did you mean hostdev");
}

static void test_unknown(void **state)
{
	(void)state;
	check_bad("[network]\neggress = none\n", ":2: [network] eggress: ", "did you mean egress");
	check_bad("[network]\ncolour = none\n", ":2: [network] colour: ", "no such key");
	check_bad("[network]\nconfig = x\n", ":2: [network] config: ", "belongs in [tunnel]");
	check_bad("[network]\nsize = 1G\n", ":2: [network] size: ", "belongs in [share TAG]");
	check_bad("[netwrok]\negress = none\n", ":1: [netwrok]: ", "did you mean [network]");
	check_bad("[shares work]\nsize = 1G\n", ":1: [shares work]: ", "did you mean [share TAG]");
	check_bad("[host]\nunlisted = refuse\n", ":1: [host]: ", "virt-cordon.ini");
	check_bad("[defaults network]\n", ":1: [defaults network]: ", "virt-cordon.ini");
	check_bad("[xyzzy]\n", ":1: [xyzzy]: ", "no such section");
	check_bad("[network]\negress.x = none\n", ":2: [network] egress.x: ", "only lists");
	check_bad("[network]\nallow_lan. = 10.0.0.1\n", ":2: [network] allow_lan.: ", "a label");
	check_bad("[network]\nallow_lan.a.b = 10.0.0.1\n",
		  ":2: [network] allow_lan.a.b: ", "a label");
	check_bad("[network]\n.x = 10.0.0.1\n", ":2: [network] .x: ", "no such key");
	/* A mistyped key does not draw complaints of what it would have set. */
	check_bad("[network]\negres = tunnel\n[tunnel]\nconfig = a\n",
		  ":2: [network] egres: ", "did you mean egress");
	check_bad("[netwrk]\negress = tunnel\n[tunnel]\nconfig = a\n",
		  ":1: [netwrk]: ", "did you mean [network]");
	check_bad("[network]\negress = tunnle\n[tunnel]\nconfig = a\n",
		  ":2: [network] egress: ", "did you mean tunnel");
}

static void test_rules(void **state)
{
	static const char *const none_bad[][2] = {
		{"allow_host_port = tcp/80", "allow_host_port: "},
		{"allow_lan = 10.0.0.1", "allow_lan: "},
		{"forward_port = tcp/80 10.0.0.1:80", "forward_port: "},
		{"dns = host", "dns: "},
		{"dns = 9.9.9.9", "dns: "},
		{"ipv6 = nat", "ipv6: "},
	};
	static const char *const none_good[] = {
		"dns = auto",	    "dns = none",
		"allow_lan =",	    "addresses = 10.0.0.1",
		"rate_out = 1mbit", "allow_unguarded = yes",
		"ipv6 = no",
	};
	struct strbuf sb = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none_bad); i++) {
		char where[64];

		sb_addf(&sb, "[network]\negress = none\n%s\n", none_bad[i][0]);
		(void)snprintf(where, sizeof(where), ":3: [network] %s", none_bad[i][1]);
		check_bad(sb_str(&sb), where, "nothing but DHCP");
		sb_free(&sb);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none_good); i++) {
		struct policy p;

		sb_addf(&sb, "[network]\negress = none\n%s\n", none_good[i]);
		p = must_parse(sb_str(&sb));
		policy_free(&p);
		sb_free(&sb);
	}
	check_bad("[network]\negress = tunnel\n",
		  ":2: [network] egress: ", "config = FILE in [tunnel]");
	check_bad("[tunnel]\nconfig = a\n",
		  ":2: [tunnel] config: ", "egress = tunnel in [network]");
	check_bad("[network]\nisolation = no\n[tunnel]\nconfig = a\n",
		  ":4: [tunnel] config: ", "egress = tunnel");
	check_bad("[network]\nallow_lan = fd00::1\n", ":2: [network] allow_lan: ", "ipv6 = nat");
	check_bad("[network]\nforward_port = tcp/1 [fd00::1]:1\n",
		  ":2: [network] forward_port: ", "ipv6 = nat");
	check_bad("[network]\naddresses = fd00::1\n", ":2: [network] addresses: ", "ipv6 = nat");
	check_bad("[network]\ndns = fd00::1\n", ":2: [network] dns: ", "ipv6 = nat");
}

static void test_isolation_no(void **state)
{
	static const char *const others[] = {
		"egress = internet",
		"allow_host_port =",
		"allow_lan =",
		"forward_port =",
		"dns = auto",
		"addresses = dhcp",
		"ipv6 = no",
		"rate_out =",
		"rate_in =",
		"max_flows = 1",
		"log_denied = yes",
		"allow_unguarded = no",
		"allow_lan.x = 10.0.0.1",
	};
	struct strbuf sb = {0};
	struct policy p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		sb_addf(&sb, "[network]\n%s\nisolation = no\n", others[i]);
		check_bad(sb_str(&sb), ":3: [network] isolation: ", "line 2");
		sb_free(&sb);
	}
	p = must_parse("[network]\nisolation = no\n[share a]\n");
	assert_false(p.isolation);
	policy_print(&p, &sb);
	assert_non_null(strstr(sb_str(&sb), "[network]\nisolation = no\n\n[tunnel]"));
	sb_free(&sb);
	policy_free(&p);
}

static void test_all_at_once(void **state)
{
	static const char text[] = "[network]\n"
				   "egress = nowhere\n"
				   "allow_lan = 127.0.0.1, 10.0.0.1, ::1\n"
				   "k = v ; comment\n"
				   "[provision]\n"
				   "run_as = root\n"
				   "[netwrk]\n";
	static const char *const want[] = {
		":2: [network] egress: ",	  ":3: [network] allow_lan: '127.0.0.1'",
		":3: [network] allow_lan: '::1'", ":4: [network] k: ",
		":6: [provision] run_as: ",	  ":7: [netwrk]: ",
	};
	struct policy p = {0};
	struct strbuf sb = {0};
	char *line, *save = NULL;
	struct err e;
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(text, NULL, &p, &e), -EINVAL);
	for (line = strtok_r(e.msg, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
		assert_true(n < ARRAY_SIZE(want));
		assert_memory_equal(line, PATH, strlen(PATH));
		assert_memory_equal(line + strlen(PATH), want[n], strlen(want[n]));
	}
	assert_int_equal(n, ARRAY_SIZE(want));

	sb_adds(&sb, "[network]\n");
	for (int i = 0; i < 25; i++)
		sb_addf(&sb, "x%d = y\n", i);
	assert_int_equal(parse(sb_str(&sb), NULL, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, ":21: [network] x19: "));
	assert_null(strstr(e.msg, "x20"));
	assert_non_null(strstr(e.msg, "\n" PATH ": 5 more errors"));
	sb_free(&sb);
}

static void check_list_limit(const char *key, const char *format, bool good, int n)
{
	struct strbuf sb = {0};
	struct policy p = {0};
	struct err e;

	sb_adds(&sb, "[network]\n");
	for (int i = 0; i < n; i++) {
		sb_addf(&sb, "%s.%d = ", key, i);
		if (strstr(format, "%d"))
			sb_addf(&sb, "tcp/%d%s", i + 100, strstr(format, " ") ? " 10.0.0.1:1" : "");
		else
			sb_addf(&sb, "10.0.%d.%d", i / 200, i % 200 + 1);
		sb_adds(&sb, "\n");
	}
	if ((parse(sb_str(&sb), NULL, &p, &e) == 0) != good)
		fail_msg("%d of %s: %s", n, key, e.msg);
	if (!good)
		assert_non_null(strstr(e.msg, "more than 256 entries"));
	policy_free(&p);
	sb_free(&sb);
}

static void test_list_limits(void **state)
{
	static const char *const lists[][2] = {{"allow_lan", ""},
					       {"addresses", ""},
					       {"allow_host_port", "%d"},
					       {"forward_port", "%d x"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		check_list_limit(lists[i][0], lists[i][1], true, POLICY_LIST_MAX);
		check_list_limit(lists[i][0], lists[i][1], false, POLICY_LIST_MAX + 1);
	}
}

static void test_labels(void **state)
{
	struct policy p = must_parse("[network]\n"
				     "allow_lan.office = 10.0.0.1, 10.0.0.2\n"
				     "allow_lan =\n"
				     "allow_lan.a-b_9 = 10.0.0.3\n"
				     "Allow_LAN.Home = 10.0.0.4\n");

	(void)state;
	assert_int_equal(p.n_lan, 4);
	assert_int_equal(p.line[KEY_NET_ALLOW_LAN], 2);
	assert_int_equal(p.lan[0].line, 2);
	assert_int_equal(p.lan[1].line, 2);
	assert_int_equal(p.lan[2].line, 4);
	assert_int_equal(p.lan[3].line, 5);
	policy_free(&p);
	check_bad("[network]\nallow_lan = 10.0.0.1\nallow_lan.x = 10.0.0.1\n",
		  ":3: [network] allow_lan.x: ", "listed already");
}

static void test_where(void **state)
{
	struct policy p = must_parse("[network]\n\ndns = host\n");
	char buf[256];

	(void)state;
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, sizeof(buf)),
			    PATH ":3: [network] dns");
	assert_string_equal(policy_where(&p, KEY_TUN_CONFIG, buf, sizeof(buf)),
			    PATH ": [tunnel] config");
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, 8), "/etc/vi");
	policy_free(&p);
	policy_defaults(&p);
	assert_string_equal(policy_where(&p, KEY_NET_DNS, buf, sizeof(buf)),
			    "virt-cordon.ini: [network] dns");
}

/* The host's file. */
static struct host_config must_parse_host(const char *text)
{
	struct host_config c = {0};
	struct err e = {0};

	if (host_config_parse("/etc/virt-cordon/virt-cordon.ini", text, strlen(text), &c, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return c;
}

static void check_bad_host(const char *text, const char *where, const char *part)
{
	struct host_config c = {0};
	char prefix[256];
	struct err e = {0};
	int r = host_config_parse("/v.ini", text, strlen(text), &c, &e);

	(void)snprintf(prefix, sizeof(prefix), "/v.ini%s", where);
	if (r != -EINVAL || e.exit != EX_CORDON_POLICY ||
	    strncmp(e.msg, prefix, strlen(prefix)) != 0 || !strstr(e.msg, part) ||
	    strchr(e.msg, '\n'))
		fail_msg("'%s' gave: %s", text, e.msg);
}

static void test_host(void **state)
{
	struct host_config c = must_parse_host("");

	(void)state;
	assert_int_equal(c.unlisted, UNLISTED_IGNORE);
	assert_int_equal(c.mark_base, 0x4c5a0000);
	assert_int_equal(c.n_guarded_networks, 1);
	assert_string_equal(c.guarded_networks[0], "cordon");
	assert_int_equal(c.hook_deadline_ms, 20000);
	assert_int_equal(c.lock_deadline_ms, 10000);
	assert_int_equal(c.log_group, 0);
	assert_true(c.defaults.isolation);
	host_config_free(&c);

	c = must_parse_host("[host]\nunlisted = isolate\nmark_base = 0x10000\n"
			    "guarded_networks = a, B c\nguarded_networks.more = d\n"
			    "hook_deadline = 1m\nlock_deadline = 1m\nlog_group = 65535\n");
	assert_int_equal(c.unlisted, UNLISTED_ISOLATE);
	assert_int_equal(c.mark_base, 0x10000);
	assert_int_equal(c.n_guarded_networks, 3);
	assert_string_equal(c.guarded_networks[1], "B c");
	assert_string_equal(c.guarded_networks[2], "d");
	assert_int_equal(c.hook_deadline_ms, 60000);
	assert_int_equal(c.log_group, 65535);
	host_config_free(&c);

	c = must_parse_host(
		"[host]\nguarded_networks =\nmark_base = 0xffff0000\nhook_deadline = 1h\n"
		"lock_deadline = 1ms\n");
	assert_int_equal(c.n_guarded_networks, 0);
	assert_int_equal(c.mark_base, 0xffff0000);
	assert_int_equal(c.lock_deadline_ms, 1);
	host_config_free(&c);
}

static void test_host_bad(void **state)
{
	(void)state;
	check_bad_host("[host]\nunlisted = deny\n", ":2: [host] unlisted: ", "ignore, refuse or");
	check_bad_host("[host]\nunlisted = refused\n",
		       ":2: [host] unlisted: ", "did you mean refuse");
	check_bad_host("[host]\nmark_base = 0\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x4c5a0001\n",
		       ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x8000\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nmark_base = 0x100000000\n", ":2: [host] mark_base: ", "lower 16");
	check_bad_host("[host]\nmark_base =\n", ":2: [host] mark_base: ", "lower 16 bits");
	check_bad_host("[host]\nguarded_networks = a/b\n", ":2: [host] guarded_networks: ", "name");
	check_bad_host("[host]\nguarded_networks = a, a\n",
		       ":2: [host] guarded_networks: ", "already");
	check_bad_host("[host]\nguarded_networks = a,\n", ":2: [host] guarded_networks: ", "comma");
	check_bad_host("[host]\nhook_deadline = 20\n", ":2: [host] hook_deadline: ", "such as 20s");
	check_bad_host("[host]\nhook_deadline = 0s\n", ":2: [host] hook_deadline: ", "such as 20s");
	check_bad_host("[host]\nhook_deadline = 3600001ms\n",
		       ":2: [host] hook_deadline: ", "up to 1h");
	check_bad_host("[host]\nlock_deadline = 21s\n", ":2: [host] lock_deadline: ", "shorter");
	check_bad_host("[host]\nhook_deadline = 9s\n", ":2: [host] hook_deadline: ", "shorter");
	check_bad_host("[host]\nlog_group = 65536\n", ":2: [host] log_group: ", "65535");
	check_bad_host("[host]\nlog_group = -1\n", ":2: [host] log_group: ", "65535");
	check_bad_host("[host]\nunlistd = x\n", ":2: [host] unlistd: ", "did you mean unlisted");
	check_bad_host("[host]\nunlisted.x = ignore\n", ":2: [host] unlisted.x: ", "not a label");
	check_bad_host("[host]\nguarded_networks. = x\n",
		       ":2: [host] guarded_networks.: ", "label");
	check_bad_host("[network]\nipv6 = nat\n", ":1: [network]: ", "[defaults network]");
	check_bad_host("[default network]\n", ":1: [default network]: ", "[defaults network]");
	check_bad_host("[defaults tunnel]\nconfig = x\n",
		       ":1: [defaults tunnel]: ", "no such section");
	check_bad_host("[share a]\n", ":1: [share a]: ", "no such section");
	check_bad_host("[defaults network]\neggress = none\n",
		       ":2: [defaults network] eggress: ", "did you mean egress");
	check_bad_host("[defaults network]\nisolation = no\nipv6 = no\n",
		       ":2: [defaults network] isolation: ", "line 3");
	check_bad_host("[defaults network]\negress = none\nallow_lan = 10.0.0.1\n",
		       ":3: [defaults network] allow_lan: ", "nothing but DHCP");
	check_bad_host("[defaults provision]\nrun_as = root\n",
		       ":2: [defaults provision] run_as: ", "does not run as root");
}

static void test_host_defaults(void **state)
{
	struct host_config c =
		must_parse_host("[defaults network]\nallow_lan = 10.0.0.1, 10.0.0.2\n"
				"addresses = 10.0.0.9\nrate_out = 1mbit\n"
				"[defaults devices]\nallow = vsock\n"
				"[defaults provision]\nuser_data = base.yaml\n");
	struct policy p = {0};
	struct err e;

	(void)state;
	assert_int_equal(parse("", &c, &p, &e), 0);
	assert_int_equal(p.n_lan, 2);
	assert_int_equal(p.lan[0].line, 0);
	assert_int_equal(p.line[KEY_NET_ALLOW_LAN], 0);
	assert_true(p.rate_out == 1000000);
	assert_int_equal(p.dev_allow, 1u << DEV_VSOCK);
	assert_string_equal(p.user_data, "/etc/virt-cordon/base.yaml");
	assert_string_equal(p.path, PATH);
	policy_free(&p);

	/* A list replaces the default's, also by its labels, also by nothing. */
	assert_int_equal(parse("[network]\nallow_lan.x = 10.0.0.3\nrate_out =\naddresses = dhcp\n"
			       "[devices]\nallow =\n[provision]\nuser_data =\n",
			       &c, &p, &e),
			 0);
	assert_int_equal(p.n_lan, 1);
	assert_int_equal(p.n_addresses, 0);
	assert_true(p.rate_out == 0);
	assert_int_equal(p.dev_allow, 0);
	assert_null(p.user_data);
	policy_free(&p);

	/* A default that a policy's rule forbids is named without a line. */
	assert_int_equal(parse("[network]\negress = none\n", &c, &p, &e), -EINVAL);
	assert_memory_equal(e.msg,
			    PATH ": [network] allow_lan: ", strlen(PATH ": [network] allow_lan: "));
	assert_non_null(strstr(e.msg, "not set in this file"));
	assert_int_equal(parse("[network]\negress = none\nallow_lan =\n", &c, &p, &e), 0);
	policy_free(&p);
	assert_int_equal(parse("[network]\nisolation = no\n", &c, &p, &e), 0);
	assert_int_equal(p.n_lan, 0);
	policy_free(&p);
	host_config_free(&c);
}

/* Isolation is off for all, but this policy sets a key that means nothing without it. */
static void test_host_isolation_no(void **state)
{
	struct host_config c = must_parse_host("[defaults network]\nisolation = no\n");
	struct policy p = {0};
	struct err e;

	(void)state;
	assert_int_equal(parse("", &c, &p, &e), 0);
	assert_false(p.isolation);
	policy_free(&p);
	assert_int_equal(parse("[network]\negress = none\n", &c, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, PATH ":2: [network] egress: "));
	assert_non_null(strstr(e.msg, "write isolation = yes"));
	assert_int_equal(parse("[network]\nisolation = yes\negress = none\n", &c, &p, &e), 0);
	assert_true(p.isolation);
	policy_free(&p);
	host_config_free(&c);
}

/* Nothing is written to the result of a failed call. */
static void test_untouched(void **state)
{
	struct policy p = {.max_flows = 77};
	struct host_config c = {.log_group = 77};
	struct err e;

	(void)state;
	assert_int_equal(parse("[network]\nmax_flows = 0\n", NULL, &p, &e), -EINVAL);
	assert_int_equal(p.max_flows, 77);
	e = (struct err){0};
	assert_int_equal(host_config_parse("v", "x", 1, &c, &e), -EINVAL);
	assert_int_equal(c.log_group, 77);
	assert_int_equal(policy_parse("v", "x", 1, NULL, &p, NULL), -EINVAL);
}

/* parse(print(p)) must be p, and print(parse(print(p))) the same bytes. */
static void check_round_trip(const struct policy *p)
{
	struct strbuf first = {0}, second = {0};
	struct policy again = {0};
	struct err e;

	policy_print(p, &first);
	if (parse(sb_str(&first), NULL, &again, &e) < 0)
		fail_msg("%s\ngave: %s", sb_str(&first), e.msg);
	policy_print(&again, &second);
	if (!policy_equal(p, &again) || strcmp(sb_str(&first), sb_str(&second)) != 0)
		fail_msg("not the same:\n%s\n%s", sb_str(&first), sb_str(&second));
	policy_free(&again);
	sb_free(&first);
	sb_free(&second);
}

/* A generator of policies: the same from the same seed, which is printed when one fails. */
struct generator {
	uint64_t state;
};

static unsigned pick(struct generator *g, unsigned n)
{
	g->state = g->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(g->state >> 33) % n;
}

static const char *choose(struct generator *g, const char *const *words, size_t n)
{
	return words[pick(g, (unsigned)n)];
}

#define CHOOSE(g, ...)                                                                             \
	choose(g, (const char *const[]){__VA_ARGS__},                                              \
	       ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

/* Numbers in the entries keep them apart: no duplicates. */
static void generate_lists(struct generator *g, bool v6, bool tunnel, struct strbuf *sb)
{
	for (unsigned i = 0, n = pick(g, 12); i < n; i++)
		sb_addf(sb, "allow_host_port.%u = %s/%u\n", i, CHOOSE(g, "tcp", "udp"), 1000 + i);
	if (v6)
		sb_addf(sb, "allow_lan.v6 = %s\n",
			CHOOSE(g, "fd00::/8", "[fd00::1]:tcp/1", "2001:db8::1"));
	for (unsigned i = 0, n = pick(g, 40); i < n; i++)
		sb_addf(sb, "allow_lan.%u = 10.%u.0.%s\n", i, i,
			CHOOSE(g, "0/16", "0/24", "1", "1:tcp/443", "0/24:udp/53"));
	for (unsigned i = 0, n = pick(g, 12); i < n; i++)
		sb_addf(sb, "forward_port.%u = %s/%u %s:%u%s\n", i, CHOOSE(g, "tcp", "udp"),
			2000 + i, v6 && pick(g, 2) ? "[fd00::5]" : "100.64.0.6", 1 + pick(g, 65535),
			tunnel && pick(g, 2) ? " via-tunnel" : "");
}

static void generate_network(struct generator *g, struct strbuf *sb)
{
	const char *egress = CHOOSE(g, "internet", "tunnel", "none");
	bool none = strcmp(egress, "none") == 0, tunnel = strcmp(egress, "tunnel") == 0;
	bool v6 = !none && pick(g, 2);

	sb_adds(sb, "[network]\n");
	if (pick(g, 8) == 0) {
		sb_adds(sb, "isolation = no\n");
		return;
	}
	sb_addf(sb, "egress = %s\nipv6 = %s\n", egress, v6 ? "nat" : "no");
	if (!none)
		generate_lists(g, v6, tunnel, sb);
	sb_addf(sb, "dns = %s\n",
		none ? CHOOSE(g, "auto", "none") : CHOOSE(g, "auto", "host", "none", "9.9.9.9"));
	for (unsigned i = 0, n = pick(g, 9); i < n; i++)
		sb_addf(sb, "addresses.%u = 192.168.%u.7\n", i, i);
	sb_addf(sb, "rate_out = %u%s\n", 1 + pick(g, 5000), CHOOSE(g, "kbit", "mbit", "gbit"));
	sb_addf(sb, "max_flows = %u\n", 1 + pick(g, POLICY_MAX_FLOWS_MAX));
	sb_addf(sb, "log_denied = %s\nallow_unguarded = %s\n", CHOOSE(g, "yes", "no"),
		CHOOSE(g, "yes", "no"));
	if (tunnel)
		sb_addf(sb, "[tunnel]\nconfig = %s\nbackend = %s\n",
			CHOOSE(g, "a.conf", "/b c.conf"), CHOOSE(g, "auto", "kernel", "userspace"));
}

static void generate(struct generator *g, struct strbuf *sb)
{
	if (pick(g, 2))
		sb_adds(sb, "[domain]\nuuid = " UUID "\n");
	generate_network(g, sb);
	for (unsigned i = 0, n = pick(g, 5); i < n; i++)
		sb_addf(sb, "[share %s%u]\nsize = %u%s\nmode = %s\n",
			CHOOSE(g, "w", "W", "a b", "\xc3\xa4"), i, 16 + pick(g, 2000),
			CHOOSE(g, "M", "G", "T"), CHOOSE(g, "rw", "ro"));
	sb_adds(sb, "[devices]\n");
	for (unsigned c = 0; c < DEV_REFUSABLE_COUNT; c++)
		if (pick(g, 3) == 0)
			sb_addf(sb, "allow.%u = %s\n", c, device_class_name(c));
	sb_addf(sb, "[provision]\nuser_data = %s\nplaybook = %s\nrun_as = u%u\ndisk_reset = %s\n",
		CHOOSE(g, "", "a", "/x/y z"), CHOOSE(g, "", "p.yml"), pick(g, 100),
		CHOOSE(g, "never", "on-start"));
}

static void test_round_trip(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 1000; seed++) {
		struct generator g = {seed};
		struct strbuf sb = {0};
		struct policy p = {0};
		struct err e;

		generate(&g, &sb);
		if (parse(sb_str(&sb), NULL, &p, &e) < 0)
			fail_msg("seed %u: %s\ngave: %s", seed, sb_str(&sb), e.msg);
		check_round_trip(&p);
		policy_free(&p);
		sb_free(&sb);
	}
}

/* Long lists are printed over several lines that iniparser takes. */
static void test_print_width(void **state)
{
	struct strbuf sb = {0}, out = {0};
	struct policy p;

	(void)state;
	sb_adds(&sb, "[network]\n");
	for (unsigned i = 0; i < POLICY_LIST_MAX; i++)
		sb_addf(&sb, "allow_lan.%u = 10.200.%u.0/24:tcp/65535\n", i, i);
	p = must_parse(sb_str(&sb));
	policy_print(&p, &out);
	for (const char *line = sb_str(&out), *end; (end = strchr(line, '\n')); line = end + 1)
		assert_true(end - line <= 78);
	assert_non_null(strstr(sb_str(&out), "\nallow_lan.2 = "));
	check_round_trip(&p);
	policy_free(&p);
	sb_free(&sb);
	sb_free(&out);
}

/* Each member that a policy has makes two of them different. */
static void test_equal(void **state)
{
	static const char *const variants[] = {
		"",
		"[domain]\nuuid = " UUID "\n",
		"[domain]\nuuid = 1f6fb3a5-4d3e-4f1a-9d5e-0123456789ab\n",
		"[network]\nisolation = no\n",
		"[network]\negress = none\n",
		"[network]\nallow_host_port = tcp/1\n",
		"[network]\nallow_host_port = udp/1\n",
		"[network]\nallow_host_port = tcp/2\n",
		"[network]\nallow_lan = 10.0.0.0/8\n",
		"[network]\nallow_lan = 10.0.0.0/9\n",
		"[network]\nallow_lan = 10.0.0.0/8:tcp/1\n",
		"[network]\nallow_lan = 10.0.0.0/8:udp/1\n",
		"[network]\nallow_lan = 10.0.0.0/8:tcp/2\n",
		"[network]\nallow_lan = 11.0.0.0/8\n",
		"[network]\nforward_port = tcp/1 10.0.0.1:1\n",
		"[network]\nforward_port = udp/1 10.0.0.1:1\n",
		"[network]\nforward_port = tcp/2 10.0.0.1:1\n",
		"[network]\nforward_port = tcp/1 10.0.0.2:1\n",
		"[network]\nforward_port = tcp/1 10.0.0.1:2\n",
		"[network]\ndns = none\n",
		"[network]\ndns = 9.9.9.9\n",
		"[network]\ndns = 9.9.9.8\n",
		"[network]\naddresses = 10.0.0.1\n",
		"[network]\naddresses = 10.0.0.2\n",
		"[network]\nipv6 = nat\n",
		"[network]\nrate_out = 1mbit\n",
		"[network]\nrate_in = 1mbit\n",
		"[network]\nmax_flows = 1\n",
		"[network]\nlog_denied = no\n",
		"[network]\nallow_unguarded = yes\n",
		"[network]\negress = tunnel\n[tunnel]\nconfig = a\n",
		"[network]\negress = tunnel\n[tunnel]\nconfig = b\n",
		"[network]\negress = tunnel\nforward_port = tcp/1 10.0.0.1:1\n[tunnel]\nconfig = "
		"b\n",
		"[network]\negress = tunnel\nforward_port = tcp/1 10.0.0.1:1 via-tunnel\n"
		"[tunnel]\nconfig = b\n",
		"[tunnel]\nbackend = kernel\n",
		"[share a]\n",
		"[share A]\n",
		"[share a]\nsize = 1G\n",
		"[share a]\nmode = ro\n",
		"[devices]\nallow = vsock\n",
		"[provision]\nuser_data = a\n",
		"[provision]\nnetwork_config = a\n",
		"[provision]\nrun_as = a\n",
		"[provision]\nrun_as = a\nplaybook = a\n",
		"[provision]\nssh_user = a\n",
		"[provision]\ndisk_reset = on-start\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		struct policy a = must_parse(variants[i]);

		check_round_trip(&a);
		for (size_t j = 0; j < ARRAY_SIZE(variants); j++) {
			struct policy b = must_parse(variants[j]);

			if (policy_equal(&a, &b) != (i == j))
				fail_msg("'%s' and '%s'", variants[i], variants[j]);
			policy_free(&b);
		}
		policy_free(&a);
	}
}

/* The files that are shipped as examples. */
static void test_examples(void **state)
{
	DIR *dir = opendir("etc/examples");
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct policy p = {0};
		struct err e = {0};
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "etc/examples/%s", entry->d_name);
		if (policy_load_file(path, false, NULL, &p, &e) < 0)
			fail_msg("%s", e.msg);
		check_round_trip(&p);
		policy_free(&p);
		n++;
	}
	(void)closedir(dir);
	assert_true(n >= 4);
}

/* The shipped host file, as it is and with its commented lines in force: both are the defaults. */
static void test_shipped_host_file(void **state)
{
	FILE *f = fopen("etc/virt-cordon.ini", "re");
	struct strbuf shipped = {0}, active = {0};
	struct host_config c, d = must_parse_host("");
	char line[1100];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		sb_adds(&shipped, line);
		/* ";key = value" is a default, "; text" a comment. */
		sb_adds(&active, line + (line[0] == ';' && line[1] != ' '));
	}
	(void)fclose(f);
	for (int i = 0; i < 2; i++) {
		c = must_parse_host(sb_str(i ? &active : &shipped));
		assert_int_equal(c.unlisted, d.unlisted);
		assert_int_equal(c.mark_base, d.mark_base);
		assert_int_equal(c.n_guarded_networks, 1);
		assert_string_equal(c.guarded_networks[0], "cordon");
		assert_int_equal(c.hook_deadline_ms, d.hook_deadline_ms);
		assert_int_equal(c.lock_deadline_ms, d.lock_deadline_ms);
		assert_int_equal(c.log_group, d.log_group);
		assert_true(policy_equal(&c.defaults, &d.defaults));
		host_config_free(&c);
	}
	assert_non_null(strstr(sb_str(&active), "\nunlisted = ignore\n"));
	assert_non_null(strstr(sb_str(&active), "\nmax_flows = 4096\n"));
	host_config_free(&d);
	sb_free(&shipped);
	sb_free(&active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_domain_keys),
		cmocka_unit_test(test_network_words),
		cmocka_unit_test(test_network_numbers),
		cmocka_unit_test(test_host_ports),
		cmocka_unit_test(test_lan),
		cmocka_unit_test(test_lan_refused),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_files_and_users),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_share_tags),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_isolation_no),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_list_limits),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_host_bad),
		cmocka_unit_test(test_host_defaults),
		cmocka_unit_test(test_host_isolation_no),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_print_width),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_shipped_host_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
