/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wg-quick parser: every key of wg-quick(8), good and bad; rules between lines; bounds. */
#include "wgtun/conf.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_A "BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ="
#define KEY_B "DhEUFxodICMmKSwvMjU4Oz5BREdKTVBTVllcX2JlaGs="
#define KEY_C "FRgbHiEkJyotMDM2OTw/QkVIS05RVFdaXWBjZmlsb3I="
#define FACE "[Interface]\nPrivateKey = " KEY_A "\nAddress = 10.0.0.2\n"
#define PEER "[Peer]\nPublicKey = " KEY_B "\n"

static int parse(const char *text, struct wgt_conf *c, struct err *e)
{
	*c = (struct wgt_conf){0};
	*e = (struct err){0};
	return wgt_conf_parse("f", text, strlen(text), c, e);
}

static struct wgt_conf must_parse(const char *text)
{
	struct wgt_conf c;
	struct err e;

	if (parse(text, &c, &e) < 0)
		fail_msg("'%s' gave: %s", text, e.msg);
	return c;
}

/* @text is refused with a message that holds @says. */
static void check_bad(const char *text, const char *says)
{
	struct wgt_conf c;
	struct err e;

	if (parse(text, &c, &e) >= 0 || e.exit != EX_CORDON_DATA || !strstr(e.msg, says))
		fail_msg("'%s' gave: %s\nnot: %s", text, e.msg, says);
	assert_null(c.peers);
}

/* Each key of wg-quick(8) and wg(8): a line that is taken, and ones that are not. */
static const struct row {
	bool peer;
	const char *line; /* the line that is put in */
	const char *says; /* NULL: it is taken */
} rows[] = {
	{false, "ListenPort = 0", NULL},
	{false, "ListenPort = 65535", NULL},
	{false, "ListenPort = 65536", "f:4: [Interface] ListenPort: is not a port"},
	{false, "ListenPort = -1", "ListenPort: is not"},
	{false, "listenport=51820", NULL},
	{false, "FwMark = 0xca6c", NULL},
	{false, "FwMark = off", NULL},
	{false, "FwMark = OFF", NULL},
	{false, "FwMark = 51820", NULL},
	{false, "FwMark = 0x1ffffffff", "FwMark: is neither"},
	{false, "MTU = 576", NULL},
	{false, "MTU = 575", "MTU: is not a number"},
	{false, "MTU = 65535", NULL},
	{false, "MTU = 65536", "MTU: is not a number"},
	{false, "MTU = 1420\nmtu = 1420", "f:5: [Interface] MTU: a second one"},
	{false, "DNS = 1.1.1.1", NULL},
	{false, "DNS = 1.1.1.1, 2606:4700::1111, example.org", NULL},
	{false, "DNS = 1.1.1.1, sub.example.org.\nDNS = example.org", NULL},
	{false, "DNS = 1.1.1.1 # why", NULL},
	{false, "DNS = 1.1.1.1,", "an empty entry"},
	{false, "DNS = 1.1.1.256", "neither an address nor"},
	{false, "DNS = a..b", "neither an address nor"},
	{false, "DNS =", "has no value"},
	{false, "Address = 10.0.0.3/24, fd00::2/64", NULL},
	{false, "Address = 10.0.0.3/33", "is no address"},
	{false, "Address = fd00::2/129", "is no address"},
	{false, "Address = 10.0.0.3/", "is no address"},
	{false, "Address = 10.0.0.03", "is no address"},
	{false, "Table = auto", NULL},
	{false, "Table = AUTO", NULL},
	{false, "Table = off", "Table: each domain has a table of its own"},
	{false, "Table = 1234", "Table: each domain"},
	{false, "SaveConfig = false", NULL},
	{false, "SaveConfig = true", "SaveConfig: nothing is ever written"},
	{false, "PreUp = x", "PreUp: commands are not run"},
	{false, "PostUp = x", "PostUp: commands are not run"},
	{false, "PreDown = x", "PreDown: commands are not run"},
	{false, "PostDown = x", "PostDown: commands are not run"},
	{false, "PostUp =", "PostUp: commands are not run"},
	{false, "PrivateKey = " KEY_C, "PrivateKey: a second one"},
	{false, "PublicKey = " KEY_C, "PublicKey: belongs to [Peer]"},
	{false, "Endpoint = a:1", "Endpoint: belongs to [Peer]"},
	{false, "Jc = 4", "'Jc' is not a key"},
	{true, "PresharedKey = " KEY_C, NULL},
	{true, "PresharedKey = short=", "PresharedKey: is not a key: 6 characters"},
	{true, "AllowedIPs = 0.0.0.0/0, ::/0", NULL},
	{true, "AllowedIPs = 10.0.0.1", NULL},
	{true, "AllowedIPs =", NULL},
	{true, "AllowedIPs = 10.0.0.0/8\nAllowedIPs = 11.0.0.0/8", NULL},
	{true, "AllowedIPs = 0.0.0.0/0, 10.0.0.0/8", NULL},
	{true, "AllowedIPs = 10.0.0.1/8",
	 "'10.0.0.1/8' has bits behind its prefix; write 10.0.0.0/8"},
	{true, "AllowedIPs = 10.0.0.0/8, 10.0.0.0/8", "10.0.0.0/8 is there twice"},
	{true, "AllowedIPs = example.org", "is no prefix"},
	{true, "AllowedIPs = +10.0.0.0/8", "is no prefix"},
	{true, "Endpoint = 192.0.2.1:51820", NULL},
	{true, "Endpoint = [2001:db8::1]:51820", NULL},
	{true, "Endpoint = vpn.example.org:51820", NULL},
	{true, "Endpoint = vpn.example.org", "has no port"},
	{true, "Endpoint = vpn.example.org:0", "has no port"},
	{true, "Endpoint = vpn.example.org:65536", "has no port"},
	{true, "Endpoint = 2001:db8::1:51820", "is no endpoint"},
	{true, "Endpoint = [192.0.2.1]:51820", "is no endpoint"},
	{true, "Endpoint = [vpn.example.org]:51820", "is no endpoint"},
	{true, "Endpoint = 192.0.2:51820", "is no endpoint"},
	{true, "Endpoint = -a:51820", "is no endpoint"},
	{true, "Endpoint = vpn.example.org.:51820", NULL},
	{true, "Endpoint = .example.org:51820", "is no endpoint"},
	{true, "Endpoint = a..b:51820", "is no endpoint"},
	{true, "Endpoint = a.-b:51820", "is no endpoint"},
	{true, "Endpoint = .:51820", "is no endpoint"},
	{true, "Endpoint = a b:51820", "is no endpoint"},
	{true, "Endpoint = :51820", "is no endpoint"},
	{true, "PersistentKeepalive = 25", NULL},
	{true, "PersistentKeepalive = off", NULL},
	{true, "PersistentKeepalive = 65536", "PersistentKeepalive: is neither"},
	{true, "PublicKey = " KEY_C, "PublicKey: a second one"},
	{true, "MTU = 1420", "MTU: belongs to [Interface]"},
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_sb struct strbuf text = {0};
		struct wgt_conf c = {0};

		sb_addf(&text, FACE "%s%s" PEER "%s%s", rows[i].peer ? "" : rows[i].line,
			rows[i].peer ? "" : "\n", rows[i].peer ? rows[i].line : "",
			rows[i].peer ? "\n" : "");
		if (rows[i].says)
			check_bad(sb_str(&text), rows[i].says);
		else
			c = must_parse(sb_str(&text));
		wgt_conf_free(&c);
	}
}

static void test_values(void **state)
{
	struct wgt_conf c = must_parse("[Interface]\r\nPrivateKey=" KEY_A "\r\n"
				       "Address = 10.0.0.2/24\nMTU=1300\nListenPort=7\nFwMark=0x9\n"
				       "DNS=1.1.1.1,fd00::1,a.b\n" PEER
				       "Endpoint=[2001:db8::1]:5\nPersistentKeepalive=25\n"
				       "AllowedIPs=10.0.0.0/8,::/0\n[Peer]\nPublicKey=" KEY_C
				       "\nEndpoint=h:6\n");
	char text[WGT_KEY_B64];

	(void)state;
	assert_string_equal(wgt_key_b64(&c.private_key, text), KEY_A);
	assert_int_equal(c.n_addresses, 1);
	assert_int_equal(c.addresses[0].len, 24);
	assert_int_equal(c.mtu, 1300);
	assert_int_equal(c.listen_port, 7);
	assert_int_equal(c.fwmark, 9);
	assert_int_equal(c.n_dns, 2);
	assert_int_equal(c.n_search, 1);
	assert_string_equal(c.search[0], "a.b");
	assert_int_equal(c.n_peers, 2);
	assert_string_equal(wgt_key_b64(&c.peers[0].public_key, text), KEY_B);
	assert_string_equal(c.peers[0].host, "2001:db8::1");
	assert_int_equal(c.peers[0].where.family, AF_INET6);
	assert_int_equal(c.peers[0].port, 5);
	assert_int_equal(c.peers[0].keepalive, 25);
	assert_int_equal(c.peers[0].n_allowed, 2);
	assert_int_equal(c.peers[0].allowed[0].line, 12);
	assert_string_equal(c.peers[1].host, "h");
	assert_int_equal(c.peers[1].where.family, 0);
	wgt_conf_free(&c);
	assert_true(wgt_key_is_zero(&c.private_key));
}

static void test_between_lines(void **state)
{
	(void)state;
	check_bad("", "f: [Interface]: is missing");
	check_bad(PEER, "f: [Interface]: is missing");
	check_bad("[Interface]\nAddress = 10.0.0.2\n" PEER, "PrivateKey: is missing");
	check_bad("[Interface]\nPrivateKey = " KEY_A "\n" PEER, "Address: is missing");
	check_bad(FACE, "has no [Peer]");
	check_bad(FACE "[Peer]\n", "f:4: [Peer] PublicKey: is missing");
	check_bad(FACE FACE PEER, "a second one");
	check_bad(FACE PEER PEER, "f:6: [Peer] PublicKey: is that of the peer on line 4");
	check_bad(FACE PEER "AllowedIPs = 10.0.0.0/8\n[Peer]\nPublicKey = " KEY_C
			    "\nAllowedIPs = 10.1.0.0/16\n",
		  "f:9: [Peer] AllowedIPs: 10.1.0.0/16 overlaps 10.0.0.0/8 of another peer");
	/* Behind a narrower one of the same peer, too. */
	check_bad(FACE PEER "AllowedIPs = 10.0.0.0/8\n[Peer]\nPublicKey = " KEY_C
			    "\nAllowedIPs = 11.0.0.0/16, 10.1.0.0/16, 10.1.1.0/24\n",
		  "10.1.1.0/24 overlaps");
	check_bad("Address = 10.0.0.2\n" FACE PEER, "f:1: a key before the first section");
	check_bad("[Wifi]\n" FACE PEER, "f:1: '[Wifi]' is no section");
	check_bad(FACE PEER "nonsense\n", "f:6: [Peer]: neither [section] nor Key = value");
	check_bad("\xef\xbb\xbf" FACE PEER, "f:1: begins with a byte order mark");
	check_bad(FACE PEER "Endpoint = a\001:5\n", "a control character (0x01)");
	/* Several at once, in the order of their lines. */
	check_bad(FACE "MTU = 1\nTable = 5\n" PEER, "65535\nf:5:");
}

/* No message repeats what could be a secret. */
static void test_secrets(void **state)
{
	static const char *const texts[] = {
		"[Interface]\nPrivateKey = SECRETSECRETSECRET\n",
		"[Interface]\nSECRETSECRETSECRETSECRETSECRETSECRETSECRETSE=\n",
		"[Interface]\nSECRETSECRETSECRETSECRETSECRETSECRETSECRETSE=PrivateKey\n",
		FACE PEER "PresharedKey = SECRET\n",
		"SECRETSECRETSECRETSECRETSECRETSECRETSECRETSE=\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct wgt_conf c;
		struct err e;

		assert_true(parse(texts[i], &c, &e) < 0);
		if (strstr(e.msg, "SECRET"))
			fail_msg("a secret in: %s", e.msg);
	}
}

static void test_keys_text(void **state)
{
	static const char *const bad[] = {
		"",
		"BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ",	 /* 43 */
		"BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ==", /* 45 */
		"BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWR=",	 /* spare bits set */
		"BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYW*=",
		"BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ-",
		"BwoNEBMWGRwfIiUoKy4xNDc6 UBDRklMT1JVWFteYWQ=",
	};
	struct wgt_key key, again;
	char hex[WGT_KEY_HEX], b64[WGT_KEY_B64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(wgt_key_parse(bad[i], &key));
	for (unsigned n = 0; n < 256; n++) {
		for (size_t i = 0; i < WGT_KEY_LEN; i++)
			key.b[i] = (uint8_t)(n * 31 + i * 17);
		assert_true(wgt_key_parse(wgt_key_b64(&key, b64), &again));
		assert_true(wgt_key_equal(&key, &again));
		assert_true(wgt_key_parse_hex(wgt_key_hex(&key, hex), '\0', &again));
		assert_true(wgt_key_equal(&key, &again));
		for (size_t i = 0; i < WGT_KEY_LEN; i++) {
			char two[3];

			(void)snprintf(two, sizeof(two), "%02x", key.b[i]);
			assert_memory_equal(two, hex + 2 * i, 2);
		}
	}
	hex[5] = 'G';
	assert_false(wgt_key_parse_hex(hex, '\0', &again));
}

/* A limit, and one above. */
static void test_bounds(void **state)
{
	for (int extra = 0; extra < 2; extra++) {
		auto_sb struct strbuf peers = {0}, line = {0}, allowed = {0}, dns = {0};
		auto_sb struct strbuf search = {0};
		struct wgt_conf c = {0};
		char b64[WGT_KEY_B64];

		(void)state;
		sb_adds(&peers, FACE);
		for (int i = 0; i < WGT_PEERS_MAX + extra; i++) {
			struct wgt_key key = {.b = {1, (uint8_t)i, (uint8_t)(i >> 8)}};

			sb_addf(&peers, "[Peer]\nPublicKey = %s\n", wgt_key_b64(&key, b64));
		}
		sb_adds(&line, FACE PEER "#");
		for (int i = 1; i < WGT_LINE_MAX + extra; i++)
			sb_adds(&line, "x");
		sb_adds(&allowed, FACE PEER);
		for (int i = 0; i < WGT_ALLOWED_MAX + extra; i++)
			sb_addf(&allowed, "AllowedIPs = 10.%d.%d.0/24\n", i >> 8, i & 255);
		sb_adds(&dns, FACE);
		for (int i = 0; i < WGT_DNS_MAX + extra; i++)
			sb_addf(&dns, "DNS = 10.0.0.%d\n", i);
		sb_adds(&dns, PEER);
		sb_adds(&search, FACE);
		for (int i = 0; i < WGT_SEARCH_MAX + extra; i++)
			sb_addf(&search, "DNS = d%d.example\n", i);
		sb_adds(&search, PEER);
		if (extra) {
			check_bad(sb_str(&peers), "more than 256 peers");
			check_bad(sb_str(&line), "a line of 4097 bytes, 4096 are allowed");
			check_bad(sb_str(&allowed), "more than 4096 prefixes");
			check_bad(sb_str(&dns), "more than 16 addresses");
			check_bad(sb_str(&search), "more than 32 search domains");
			continue;
		}
		c = must_parse(sb_str(&peers));
		assert_int_equal(c.n_peers, WGT_PEERS_MAX);
		wgt_conf_free(&c);
		c = must_parse(sb_str(&line));
		wgt_conf_free(&c);
		c = must_parse(sb_str(&allowed));
		assert_int_equal(c.n_allowed, WGT_ALLOWED_MAX);
		wgt_conf_free(&c);
		c = must_parse(sb_str(&dns));
		assert_int_equal(c.n_dns, WGT_DNS_MAX);
		wgt_conf_free(&c);
		c = must_parse(sb_str(&search));
		assert_int_equal(c.n_search, WGT_SEARCH_MAX);
		wgt_conf_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),	      cmocka_unit_test(test_values),
		cmocka_unit_test(test_between_lines), cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_keys_text),     cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
