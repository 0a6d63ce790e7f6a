/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML and the policy of a new guest: whole, readable by our own readers, nothing unsafe in. */
#include "provision/new.h"

#include "lib/facts.h"
#include "lib/policy.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct new_guest guest(void)
{
	return (struct new_guest){
		.name = "web-1",
		.uuid = {{0x5d, 0x1c}},
		.memory = UINT64_C(1) << 30,
		.vcpus = 2,
		.disk = "/var/lib/libvirt/images/web-1.qcow2",
		.network = "cordon",
	};
}

static char *xml_of(const struct new_guest *g)
{
	struct strbuf sb = {0};

	new_xml(g, &sb);
	return sb_take(&sb);
}

static struct facts facts_of(const char *xml)
{
	struct facts f = {0};
	struct err e = {0};

	if (facts_parse_domain(xml, strlen(xml), &f, &e) < 0)
		fail_msg("%s\n%s", e.msg, xml);
	return f;
}

static void test_plain(void **state)
{
	static const char *const never[] = {"graphics", "spice", "redirdev", "hostdev", "tablet",
					    "memfd",	"sata",	 "sound",    "channel", "efi"};
	const struct new_guest g = guest();
	auto_free char *xml = xml_of(&g);
	struct facts f = facts_of(xml);

	(void)state;
	assert_string_equal(f.name, "web-1");
	assert_true(uuid_equal(&f.uuid, &g.uuid));
	assert_string_equal(f.virt_type, "qemu");
	assert_int_equal(f.n_nics, 1);
	assert_string_equal(f.nics[0].network, "cordon");
	assert_int_equal(f.n_disks, 1);
	assert_string_equal(f.disks[0].source, g.disk);
	assert_string_equal(f.disks[0].format, "qcow2");
	assert_true(f.disks[0].plain);
	assert_int_equal(f.n_devices, 0);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strstr(xml, never[i]))
			fail_msg("%s is in %s", never[i], xml);
	facts_free(&f);
}

static void test_full(void **state)
{
	struct new_guest g = guest();
	auto_free char *xml = NULL;
	struct facts f;

	(void)state;
	g.kvm = g.uefi = g.graphics = true;
	g.disk = "/a'&<b>.qcow2";
	g.seed = "/seed.iso";
	g.shares[g.n_shares++] = (struct new_share){"a&b", "/srv/x 'y'"};
	xml = xml_of(&g);
	f = facts_of(xml);
	assert_string_equal(f.virt_type, "kvm");
	assert_string_equal(f.disks[0].source, "/a'&<b>.qcow2");
	assert_int_equal(f.n_disks, 2);
	assert_string_equal(f.disks[1].source, "/seed.iso");
	assert_true(f.disks[1].readonly);
	assert_int_equal(f.n_fs, 1);
	assert_string_equal(f.fs[0].target, "a&b");
	assert_string_equal(f.fs[0].source, "/srv/x 'y'");
	assert_int_equal(f.n_devices, 0);
	assert_non_null(strstr(xml, "<source type='memfd'/>"));
	assert_non_null(strstr(xml, "<os firmware='efi'>"));
	assert_non_null(strstr(xml, "listen='127.0.0.1'"));
	facts_free(&f);
}

static void test_policy(void **state)
{
	struct new_guest g = guest();
	auto_sb struct strbuf text = {0};
	struct host_config host = {0};
	struct policy p = {0};
	struct err e = {0};

	(void)state;
	g.tunnel = "/etc/virt-cordon/wireguard/x.conf";
	g.user_data = "/srv/user.yaml";
	g.playbook = "/srv/site.yml";
	g.run_as = "ansible";
	g.ssh_user = "debian";
	g.shares[g.n_shares++] = (struct new_share){"work", "/srv/x"};
	new_policy(&g, &text);
	assert_int_equal(host_config_parse("h", "", 0, &host, NULL), 0);
	if (policy_parse("/p.ini", sb_str(&text), text.len, &host, &p, &e) < 0)
		fail_msg("%s\n%s", e.msg, sb_str(&text));
	assert_true(p.has_uuid);
	assert_true(uuid_equal(&p.uuid, &g.uuid));
	assert_int_equal(p.egress, EGRESS_TUNNEL);
	assert_string_equal(p.tunnel_config, g.tunnel);
	assert_string_equal(p.user_data, g.user_data);
	assert_string_equal(p.playbook, g.playbook);
	assert_string_equal(p.run_as, g.run_as);
	assert_string_equal(p.ssh_user, g.ssh_user);
	assert_int_equal(p.n_shares, 1);
	policy_free(&p);
	host_config_free(&host);
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "web-1", "A_b.c", "0"};
	static const char *const bad[] = {"", "-a", ".a", "a b", "a/b", "a'b", "\xc3\xa4"};
	char most[62];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(new_name_ok(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(new_name_ok(bad[i]));
	memset(most, 'a', sizeof(most));
	most[61] = '\0';
	assert_false(new_name_ok(most));
	most[60] = '\0';
	assert_true(new_name_ok(most));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
