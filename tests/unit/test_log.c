/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of a guest, whole and cut short, as lines of the log. */
#include "cli/log.h"

#include "lib/util.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t tcp4[] = {0x45, 0, 0, 40, 0,    1, 0x40, 0,    64, 6,    0, 0, 192, 168,
			       122,  7, 8, 8,  8,    8, 0xc7, 0x4a, 1,	0xbb, 0, 0, 0,	 0,
			       0,    0, 0, 0,  0x50, 2, 0,    0,    0,	0,    0, 0};
static const struct timespec when = {.tv_sec = 1795523400, .tv_nsec = 123456789};

static void test_whole(void **state)
{
	struct log_flow f = {0};
	char text[PREFIX_STRLEN];

	(void)state;
	assert_true(log_packet(tcp4, sizeof(tcp4), &f));
	assert_int_equal(f.proto, IPPROTO_TCP);
	assert_string_equal(ip_str(&f.src, text), "192.168.122.7");
	assert_string_equal(ip_str(&f.dst, text), "8.8.8.8");
	assert_true(f.has_ports);
	assert_int_equal(f.sport, 51018);
	assert_int_equal(f.dport, 443);
}

/* Each length: never a byte beyond it (AddressSanitizer sees that). */
static void test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(tcp4); len++) {
		uint8_t *copy = malloc(len ? len : 1);
		struct log_flow f = {0};
		bool ok;

		assert_non_null(copy);
		memcpy(copy, tcp4, len);
		ok = log_packet(copy, len, &f);
		assert_int_equal(ok, len >= 20);
		assert_int_equal(f.has_ports, len >= 24);
		free(copy);
	}
}

static void test_odd(void **state)
{
	uint8_t p[sizeof(tcp4)];
	struct log_flow f = {0};

	(void)state;
	memcpy(p, tcp4, sizeof(p));
	p[0] = 0x4f; /* a header of 60 bytes */
	assert_true(log_packet(p, sizeof(p), &f));
	assert_false(f.has_ports);
	p[0] = 0x44;
	assert_false(log_packet(p, sizeof(p), &f));
	p[0] = 0x55;
	assert_false(log_packet(p, sizeof(p), &f));
	p[0] = 0x45;
	p[7] = 2; /* a later fragment */
	assert_true(log_packet(p, sizeof(p), &f));
	assert_false(f.has_ports);
}

static void test_v6(void **state)
{
	uint8_t p[48] = {0x60, [6] = IPPROTO_UDP, [8] = 0xfd, [23] = 7, [24] = 0x20, [39] = 1};
	const struct log_domain d = {.name = "web"};
	auto_sb struct strbuf out = {0};
	struct log_flow f = {.slot = 3};

	(void)state;
	p[41] = 9;
	p[43] = 53;
	assert_false(log_packet(p, 39, &f));
	assert_true(log_packet(p, sizeof(p), &f));
	log_text(&f, &d, &when, &out);
	assert_non_null(strstr(sb_str(&out), " web opened out udp [fd00::7]:9 -> [2000::1]:53\n"));
}

static struct nlmsghdr *header(char *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	return nlh;
}

#define UUID "12345678-9abc-def0-1234-56789abcdef0"
#define NO_UUID "12345678-9abc-def0-1234-56789abcdefg"

static void test_nflog(void **state)
{
	_Alignas(struct nlmsghdr) char buf[512];
	struct nlmsghdr *nlh = header(buf, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET);
	const struct log_domain d = {.name = "we\033b"};
	auto_sb struct strbuf text = {0}, json = {0};
	char uuid[UUID_STRLEN];
	struct log_flow f;

	(void)state;
	mnl_attr_put_strz(nlh, NFULA_PREFIX, "virt-cordon " UUID " range ");
	assert_false(log_nflog(nlh, &f));
	mnl_attr_put(nlh, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
	assert_true(log_nflog(nlh, &f));
	assert_string_equal(uuid_str(&f.uuid, uuid), UUID);
	assert_true(f.denied);
	log_text(&f, &d, &when, &text);
	assert_non_null(strstr(sb_str(&text), " we?b denied out tcp 192.168.122.7:51018 -> "
					      "8.8.8.8:443 range, [network] allow_lan\n"));
	log_json(&f, &d, &when, &json);
	assert_string_equal(
		sb_str(&json),
		"{\"time\":\"2026-11-24T12:30:00.123Z\",\"domain\":\"we\\u001Bb\",\"uuid\":null,"
		"\"verdict\":\"denied\",\"direction\":\"out\",\"protocol\":\"tcp\",\"source\":"
		"\"192.168.122.7\",\"destination\":\"8.8.8.8\",\"source_port\":51018,"
		"\"destination_port\":443,\"reason\":\"range\",\"key\":\"allow_lan\"}\n");
}

static void test_not_ours(void **state)
{
	static const char *const prefixes[] = {"",
					       "other ",
					       "virt-cordon",
					       "virt-cordon ",
					       "virt-cordon  ",
					       "virt-cordon range ",
					       "virt-cordon " UUID,
					       "virt-cordon " UUID "  ",
					       "virt-cordon " UUID "0 range ",
					       "virt-cordon x" UUID " range ",
					       "virt-cordon " NO_UUID " range ",
					       "virt-cordon " UUID " aaaaaaaaaaaaaaaa "};
	_Alignas(struct nlmsghdr) char buf[512];
	struct log_flow f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct nlmsghdr *nlh = header(buf, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET);

		mnl_attr_put_strz(nlh, NFULA_PREFIX, prefixes[i]);
		mnl_attr_put(nlh, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
		assert_false(log_nflog(nlh, &f));
	}
}

/* @zone: 0 for none, as what the host itself opens */
static bool conntrack(uint16_t zone, struct log_flow *f)
{
	_Alignas(struct nlmsghdr) char buf[512];
	struct nlmsghdr *nlh = header(buf, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG), *nest;

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(0xc0a87a07));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(0x08080808));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(1234));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(53));
	mnl_attr_nest_end(nlh, nest);
	if (zone)
		mnl_attr_put_u16(nlh, CTA_TUPLE_ZONE, htons(zone));
	mnl_attr_nest_end(nlh, tuple);
	return log_conntrack(nlh, f);
}

static void test_conntrack(void **state)
{
	const struct log_domain d = {.name = NULL};
	auto_sb struct strbuf text = {0};
	struct log_flow f;

	(void)state;
	assert_false(conntrack(0, &f));
	assert_false(conntrack(0x8000, &f));
	assert_true(conntrack(9, &f));
	log_text(&f, &d, &when, &text);
	assert_non_null(
		strstr(sb_str(&text),
		       " (ended, number 9) opened out udp 192.168.122.7:1234 -> 8.8.8.8:53\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	  cmocka_unit_test(test_cut),
		cmocka_unit_test(test_odd),	  cmocka_unit_test(test_v6),
		cmocka_unit_test(test_nflog),	  cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_conntrack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
