/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A WireGuard device as bytes: what is sent can be read back, chunked or not; bad answers are not
 * taken. The bytes themselves are goldens (tests/golden/wgtun). */
#include "wgtun/device.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_A "BwoNEBMWGRwfIiUoKy4xNDc6PUBDRklMT1JVWFteYWQ="
#define KEY_B "DhEUFxodICMmKSwvMjU4Oz5BREdKTVBTVllcX2JlaGs="
#define FACE "[Interface]\nPrivateKey = " KEY_A "\nAddress = 10.0.0.2\n"

static struct wgt_conf conf_of(const char *text)
{
	struct wgt_conf c = {0};
	struct err e = {0};

	if (wgt_conf_parse("f", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

/* @peers peers with @allowed prefixes each. */
static struct wgt_conf conf_with(int peers, int allowed)
{
	auto_sb struct strbuf text = {0};
	char b64[WGT_KEY_B64];

	sb_adds(&text, FACE "FwMark = 7\n");
	for (int i = 0; i < peers; i++) {
		struct wgt_key key = {.b = {1, (uint8_t)i}};

		sb_addf(&text, "[Peer]\nPublicKey = %s\nEndpoint = 192.0.2.%d:5\n",
			wgt_key_b64(&key, b64), i + 1);
		for (int k = 0; k < allowed; k++)
			sb_addf(&text, "AllowedIPs = %d.%d.%d.0/24\n", i + 1, k >> 8, k & 255);
	}
	return conf_of(sb_str(&text));
}

/* The attributes of a set are those of a get, so the parser reads what was built. */
static void test_round_trip(void **state)
{
	static const struct {
		int peers, allowed, messages;
	} rows[] = {{1, 1, 1}, {3, 2, 1}, {100, 1, 3}, {1, 1000, 5}, {5, 800, 16}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wgt_conf c = conf_with(rows[i].peers, rows[i].allowed);
		_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
		struct wgt_nl_cursor cur = {0};
		struct wgt_state s = {0};
		const char *why = NULL;
		int n = 0;

		while (!cur.done) {
			struct nlmsghdr *nlh = wgt_nl_set(buf, 30, "wgc1", &c, &cur);

			assert_true(nlh->nlmsg_len <= NL_BUF_SIZE);
			assert_int_equal(wgt_nl_get(nlh, &s), 0);
			n++;
		}
		if (!wgt_state_same(&s, &c, &why))
			fail_msg("row %zu: %s", i, why);
		assert_true(wgt_state_same_way(&s, &c));
		assert_true(n > 0 && n <= rows[i].messages);
		assert_true(rows[i].messages == 1 || n > 1);
		wgt_state_free(&s);
		wgt_conf_free(&c);
	}
}

/* A message cut off anywhere, or with a byte changed, is read or refused, never read past. */
static void test_broken_messages(void **state)
{
	struct wgt_conf c = conf_with(2, 3);
	_Alignas(struct nlmsghdr) char buf[NL_BUF_SIZE];
	struct wgt_nl_cursor cur = {0};
	const uint32_t len = wgt_nl_set(buf, 30, "wgc1", &c, &cur)->nlmsg_len;
	int refused = 0;

	(void)state;
	for (uint32_t i = NLMSG_HDRLEN; i < len; i++) {
		auto_free char *copy = malloc(len);
		struct wgt_state s = {0};

		memcpy(copy, buf, len);
		copy[i] ^= 0x41;
		refused += wgt_nl_get((struct nlmsghdr *)(void *)copy, &s) < 0;
		wgt_state_free(&s);
	}
	for (uint32_t n = NLMSG_HDRLEN; n < len; n += 4) {
		auto_free char *copy = malloc(n);
		struct wgt_state s = {0};

		memcpy(copy, buf, n);
		((struct nlmsghdr *)(void *)copy)->nlmsg_len = n;
		refused += wgt_nl_get((struct nlmsghdr *)(void *)copy, &s) < 0;
		wgt_state_free(&s);
	}
	assert_true(refused > 50);
	wgt_conf_free(&c);
}

static void test_uapi_set(void **state)
{
	struct wgt_conf c = conf_with(200, 16);
	size_t size;
	char *text = wgt_uapi_set(&c, &size), *line;

	(void)state;
	assert_non_null(text);
	assert_true(strlen(text) < size);
	assert_string_equal(text + strlen(text) - 2, "\n\n");
	line = strstr(text, "allowed_ip=201.");
	assert_null(line);
	assert_non_null(strstr(text, "endpoint=192.0.2.1:5\n"));
	free(text);
	wgt_conf_free(&c);
}

#define HEX_B "0e1114171a1d202326292c2f3235383b3e4144474a4d505356595c5f6265686b"
#define HEX_A "070a0d101316191c1f2225282b2e3134373a3d404346494c4f5255585b5e6164"

static void test_uapi_get(void **state)
{
	static const char good[] =
		"private_key=" HEX_A "\nlisten_port=7\nfwmark=9\npublic_key=" HEX_B
		"\npreshared_key=" HEX_A "\nprotocol_version=1\nendpoint=[fe80::1%eth0]:5\n"
		"last_handshake_time_sec=17\nlast_handshake_time_nsec=1\ntx_bytes=3\nrx_bytes=4\n"
		"persistent_keepalive_interval=25\nallowed_ip=10.0.0.0/8\nallowed_ip=::/0\n"
		"errno=0\n\n";
	struct wgt_state s = {0};

	(void)state;
	assert_int_equal(wgt_uapi_get(good, strlen(good), &s), 0);
	assert_int_equal(s.listen_port, 7);
	assert_int_equal(s.fwmark, 9);
	assert_int_equal(s.n_peers, 1);
	assert_int_equal(s.peers[0].endpoint.family, AF_INET6);
	assert_int_equal(s.peers[0].port, 5);
	assert_int_equal(s.peers[0].handshake, 17);
	assert_int_equal(s.peers[0].rx, 4);
	assert_int_equal(s.peers[0].tx, 3);
	assert_int_equal(s.peers[0].keepalive, 25);
	assert_int_equal(s.peers[0].n_allowed, 2);
	wgt_state_free(&s);
	/* Cut off anywhere. */
	for (size_t n = 0; n < strlen(good); n++) {
		assert_true(wgt_uapi_get(good, n, &s) < 0);
		wgt_state_free(&s);
	}
}

static void test_uapi_bad(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{"errno=0\n\n", 0},
		{"errno=-22\n\n", -22},
		{"errno=22\n\n", -22},
		{"\n", -EBADMSG},
		{"errno=x\n\n", -EBADMSG},
		{"errno=99999999\n\n", -EBADMSG},
		{"private_key=" HEX_A "0\nerrno=0\n\n", -EBADMSG},
		{"public_key=zz\nerrno=0\n\n", -EBADMSG},
		{"listen_port=65536\nerrno=0\n\n", -EBADMSG},
		{"public_key=" HEX_B "\nallowed_ip=10.0.0.1/8\nerrno=0\n\n", -EBADMSG},
		{"public_key=" HEX_B "\nendpoint=nowhere\nerrno=0\n\n", -EBADMSG},
		{"public_key=" HEX_B "\nrx_bytes=-1\nerrno=0\n\n", -EBADMSG},
		{"nonsense\nerrno=0\n\n", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (wgt_uapi_errno(rows[i].text, strlen(rows[i].text)) != rows[i].r)
			fail_msg("'%s'", rows[i].text);
}

/* What is not as the file has it. */
static void test_difference(void **state)
{
	struct wgt_conf c = conf_of(FACE "ListenPort = 5\n[Peer]\nPublicKey = " KEY_B
					 "\nAllowedIPs = 10.0.0.0/8\nEndpoint = 192.0.2.1:5\n");
	struct ip_prefix allowed = c.peers[0].allowed[0].prefix;
	struct wgt_peer_state peer = {.public_key = c.peers[0].public_key,
				      .endpoint = c.peers[0].where,
				      .port = 5,
				      .allowed = &allowed,
				      .n_allowed = 1};
	struct wgt_state good = {.private_key = c.private_key,
				 .listen_port = 5,
				 .peers = &peer,
				 .n_peers = 1},
			 s = good;
	const char *why = NULL;

	(void)state;
	assert_true(wgt_state_same(&good, &c, &why));
	assert_true(wgt_state_same_way(&good, &c));
	/* As the kernel gives it back. */
	s.private_key.b[0] &= 248;
	s.private_key.b[31] = (uint8_t)((s.private_key.b[31] & 127) | 64);
	assert_true(wgt_state_same(&s, &c, &why));
	s.private_key.b[1] ^= 1;
	assert_false(wgt_state_same(&s, &c, &why));
	assert_string_equal(why, "the private key");
	s = good, s.listen_port = 6;
	assert_false(wgt_state_same(&s, &c, &why));
	assert_string_equal(why, "ListenPort");
	s = good, s.fwmark = 6;
	assert_false(wgt_state_same(&s, &c, &why));
	s = good, s.n_peers = 0;
	assert_false(wgt_state_same(&s, &c, &why));
	allowed.len = 9;
	assert_false(wgt_state_same(&good, &c, &why));
	assert_string_equal(why, "AllowedIPs");
	allowed.len = 8;
	peer.keepalive = 1;
	assert_false(wgt_state_same(&good, &c, &why));
	peer.keepalive = 0, peer.port = 6;
	assert_false(wgt_state_same_way(&good, &c));
	peer.public_key.b[0] ^= 1;
	assert_false(wgt_state_same(&good, &c, &why));
	assert_string_equal(why, "a peer");
	wgt_conf_free(&c);
}

/* When the next handshake is due: of a keepalive, and only where one can be sent. */
static void test_due(void **state)
{
	struct wgt_peer_state p = {.endpoint.family = AF_INET, .port = 1};

	(void)state;
	assert_int_equal(wgt_peer_due(&p), 0);
	p.keepalive = 25;
	assert_int_equal(wgt_peer_due(&p), 210);
	p.keepalive = UINT16_MAX;
	assert_int_equal(wgt_peer_due(&p), 65720);
	p.endpoint.family = 0;
	assert_int_equal(wgt_peer_due(&p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_broken_messages),
		cmocka_unit_test(test_uapi_set),   cmocka_unit_test(test_uapi_get),
		cmocka_unit_test(test_uapi_bad),   cmocka_unit_test(test_difference),
		cmocka_unit_test(test_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
