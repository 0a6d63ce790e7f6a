/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading libvirt's XML: what is refused, the bounds at their limit and above. */
#include "lib/facts.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UUID_A "00000000-0000-4000-8000-000000000001"
#define IDENTITY "<name>n</name><uuid>" UUID_A "</uuid>"
#define DOMAIN(inner) "<domain type='qemu'>" IDENTITY inner "</domain>"
#define DEVICES(inner) DOMAIN("<devices>" inner "</devices>")
#define NETWORK "<network><name>n</name><uuid>" UUID_A "</uuid></network>"
#define OWNER "<owner><name>o</name><uuid>" UUID_A "</uuid></owner>"

static int parse(const char *xml, struct facts *ret, struct err *e)
{
	return facts_parse_domain(xml, strlen(xml), ret, e);
}

static int parse_hook(const char *xml, struct port_facts *ret, struct err *e)
{
	return facts_parse_hook_data(xml, strlen(xml), ret, e);
}

/* Refused with exit code 65, a message that holds @why, and nothing written. */
static void refuse_len(const char *xml, size_t len, const char *why)
{
	struct facts f, untouched;
	struct err e = {0};

	memset(&f, 0x5a, sizeof(f));
	memcpy(&untouched, &f, sizeof(f));
	if (facts_parse_domain(xml, len, &f, &e) >= 0)
		fail_msg("taken: %.200s", xml);
	if (!strstr(e.msg, why))
		fail_msg("'%s' is not in '%s', of: %.200s", why, e.msg, xml);
	assert_int_equal(e.exit, EX_CORDON_DATA);
	assert_memory_equal(&f, &untouched, sizeof(f));
	assert_true(facts_parse_domain(xml, len, &f, NULL) < 0);
}

static void refuse(const char *xml, const char *why)
{
	refuse_len(xml, strlen(xml), why);
}

static void take(const char *xml)
{
	struct facts f = {0};
	struct err e = {0};

	if (parse(xml, &f, &e))
		fail_msg("refused (%s): %.200s", e.msg, xml);
	facts_free(&f);
}

static void test_doctype_and_entities(void **state)
{
	struct facts f = {0};

	(void)state;
	refuse("<!DOCTYPE domain>" DOMAIN(""), "document type declaration");
	refuse("<!DOCTYPE domain SYSTEM 'file:///etc/hostname'>" DOMAIN(""), "document type");
	refuse("<!DOCTYPE domain PUBLIC 'a' 'http://192.0.2.1/a.dtd'>" DOMAIN(""), "document type");
	/* Refused before the subset is read: it would not even be well-formed. */
	refuse("<!DOCTYPE domain [ <!ENTITY a", "document type");
	refuse("<!DOCTYPE domain [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"
	       "<domain type='qemu'><name>&b;</name></domain>",
	       "document type");
	refuse("<domain type='qemu'><name>&a;</name><uuid>" UUID_A "</uuid></domain>", "'a'");
	refuse("<domain type='&a;'>" IDENTITY "</domain>", "'a'");

	assert_int_equal(
		parse("<domain type='qemu'><name>&lt;&amp;&gt;&quot;&apos;&#228;&#xe4;\n \t"
		      "</name><uuid>" UUID_A "</uuid></domain>",
		      &f, NULL),
		0);
	assert_string_equal(f.name, "<&>\"'\u00e4\u00e4\n \t");
	facts_free(&f);
	assert_int_equal(
		parse(DEVICES("<interface type='network'><source network='&quot;&#38;lt;'/>"
			      "</interface>"),
		      &f, NULL),
		0);
	assert_string_equal(f.nics[0].network, "\"&lt;");
	facts_free(&f);
}

static void test_not_well_formed(void **state)
{
	(void)state;
	refuse("", "empty");
	refuse("   ", "line");
	refuse("no XML", "line 1");
	refuse("<domain>", "line 1");
	refuse("<domain type='qemu'>\n<name>\n</domain>", "line 3");
	refuse(DOMAIN("") "<domain/>", "line 1");
	refuse(DOMAIN("<a b='1' b='2'/>"), "b redefined");
	refuse(DOMAIN("<x:a/>"), "x");
	refuse("<domain type='qemu'><name>\xe4</name></domain>", "UTF-8");
	refuse("<domain type='qemu'><name>\xc0\xaf</name></domain>", "UTF-8");
	refuse("<domain type='qemu'><name>&#0;</name></domain>", "line 1");
	refuse("<domain type='qemu'><name>&#27;</name></domain>", "line 1");
	refuse_len("<domain>\0</domain>", 18, "line 1");
	refuse_len("\xff\xfe<\0d\0o\0m\0a\0i\0n\0/\0>\0", 20, "line 1");
	refuse("<?xml version='1.0' encoding='x-none'?><domain/>", "ncoding");
	/* An encoding that is declared is not believed. */
	refuse("<?xml version='1.0' encoding='ISO-8859-1'?><domain type='qemu'><name>\xe4</name>"
	       "</domain>",
	       "UTF-8");
}

static void test_root(void **state)
{
	(void)state;
	refuse("<network/>", "not <domain>");
	refuse("<a><domain/></a>", "not <domain>");
	refuse("<domain xmlns='urn:a' type='qemu'>" IDENTITY "</domain>", "not <domain>");
	refuse("<a:domain xmlns:a='urn:a' type='qemu'>" IDENTITY "</a:domain>", "not <domain>");
}

static void test_identity(void **state)
{
	struct facts f = {0};

	(void)state;
	refuse("<domain type='qemu'><uuid>" UUID_A "</uuid></domain>", "without a name");
	refuse("<domain type='qemu'><name/><uuid>" UUID_A "</uuid></domain>", "without a name");
	refuse("<domain type='qemu'><name>n</name></domain>", "without a UUID");
	refuse("<domain type='qemu'><name>n</name><uuid/></domain>", "not a UUID");
	refuse("<domain type='qemu'><name>n</name><uuid>" UUID_A " </uuid></domain>", "not a UUID");
	refuse("<domain>" IDENTITY "</domain>", "without a type");
	refuse(DOMAIN("<name>n</name>"), "a second <name>");
	refuse(DOMAIN("<uuid>" UUID_A "</uuid>"), "a second <uuid>");
	refuse(DOMAIN("<devices/><devices/>"), "a second <devices>");
	refuse("<domain type='qemu'><name>a<b/></name><uuid>" UUID_A "</uuid></domain>",
	       "more than");
	refuse("<domain type='qemu'><name>a<!--b-->c</name><uuid>" UUID_A "</uuid></domain>",
	       "more than text");
	refuse("<domain type='qemu'><name><![CDATA[a]]></name><uuid>" UUID_A "</uuid></domain>",
	       "more than text");
	refuse("<domain type='qemu' id='-1'>" IDENTITY "</domain>", "id is not a number");
	refuse("<domain type='qemu' id='2147483648'>" IDENTITY "</domain>", "id is not a number");
	refuse("<domain type='qemu' id=''>" IDENTITY "</domain>", "id is not a number");

	assert_int_equal(
		parse("<domain type='kvm' id='2147483647'>" IDENTITY "</domain>", &f, NULL), 0);
	assert_int_equal(f.id, 2147483647);
	assert_string_equal(f.virt_type, "kvm");
	facts_free(&f);
	assert_int_equal(parse(DOMAIN(""), &f, NULL), 0);
	assert_int_equal(f.id, -1);
	facts_free(&f);
	facts_free(&f);
	facts_free(NULL);
}

static void test_nic_refusals(void **state)
{
	struct facts f = {0};

	(void)state;
	refuse(DEVICES("<interface/>"), "without a type");
	refuse(DEVICES("<interface type='network'/>"), "without a source network");
	refuse(DEVICES("<interface type='network'><source network=''/></interface>"),
	       "without a source network");
	refuse(DEVICES("\n<interface type='bridge'/>"),
	       "line 2: <interface type='bridge'> without");
	refuse(DEVICES("<interface type='bridge'><source bridge='a23456789012345x'/></interface>"),
	       "bridge's name is longer than 15");
	take(DEVICES("<interface type='bridge'><source bridge='a23456789012345'/></interface>"));
	refuse(DEVICES("<interface type='user'><source portid='x'/></interface>"), "portid");
	refuse(DEVICES("<interface type='user'><mac address='52:54:00'/></interface>"),
	       "not a MAC");
	refuse(DEVICES("<interface type='user'><mac/><mac/></interface>"), "a second <mac>");
	refuse(DEVICES("<interface type='user'><source/><source/></interface>"), "second <source>");
	refuse(DEVICES("<interface type='user'><target/><target/></interface>"), "second <target>");
	refuse(DEVICES("<interface type='user'><actual type='user'/><actual type='user'/>"
		       "</interface>"),
	       "a second <actual>");
	refuse(DEVICES("<interface type='user'><actual/></interface>"), "<actual> without a type");

	assert_int_equal(parse(DEVICES("<interface type='ethernet'><target dev='a23456789012345x'/>"
				       "</interface>"),
			       &f, NULL),
			 0);
	assert_string_equal(f.nics[0].tap, "");
	facts_free(&f);
}

/* A domain with @n times @element among its devices. */
static int parse_many(size_t n, const char *element, struct err *e)
{
	auto_sb struct strbuf xml = {0};
	struct facts f = {0};
	int r;

	sb_adds(&xml, "<domain type='qemu'>" IDENTITY "<devices>");
	for (size_t i = 0; i < n; i++)
		sb_adds(&xml, element);
	sb_adds(&xml, "</devices></domain>");
	r = parse(sb_str(&xml), &f, e);
	facts_free(&f);
	return r;
}

static void test_bounds(void **state)
{
	static const struct {
		const char *element;
		size_t max;
		const char *why;
	} bounds[] = {
		{"<interface type='user'/>", FACTS_NICS_MAX, "more than 32 network interfaces"},
		{"<filesystem><source dir='/a'/></filesystem>", FACTS_FS_MAX, "more than 64"},
		{"<shmem name='a'/>", FACTS_DEVICES_MAX, "more than 256 devices"},
		{"<redirdev type='tcp'/>", FACTS_DEVICES_MAX / 2, "more than 256 devices"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		struct err e = {0};

		assert_int_equal(parse_many(bounds[i].max, bounds[i].element, &e), 0);
		assert_true(parse_many(bounds[i].max + 1, bounds[i].element, &e) < 0);
		assert_int_equal(e.exit, EX_CORDON_DATA);
		assert_non_null(strstr(e.msg, bounds[i].why));
	}
}

static void test_string_bound(void **state)
{
	char value[FACTS_STR_MAX + 2];
	auto_sb struct strbuf xml = {0};

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		memset(value, 'a', sizeof(value));
		value[FACTS_STR_MAX + over] = '\0';
		sb_addf(&xml, "<domain type='qemu'><name>%s</name><uuid>" UUID_A "</uuid></domain>",
			value);
		over ? refuse(xml.data, "name is longer than 4096") : take(xml.data);
		sb_free(&xml);
		sb_addf(&xml, DEVICES("<filesystem><source dir='/%s'/></filesystem>"), value + 1);
		over ? refuse(xml.data, "dir is longer than 4096") : take(xml.data);
		sb_free(&xml);
	}
}

static void test_size_bound(void **state)
{
	auto_free char *xml = malloc(FACTS_XML_MAX + 1);
	size_t len = strlen(DOMAIN(""));
	struct facts f = {0};

	(void)state;
	assert_non_null(xml);
	memset(xml, '\n', FACTS_XML_MAX + 1);
	memcpy(xml, DOMAIN(""), len);
	assert_int_equal(facts_parse_domain(xml, FACTS_XML_MAX, &f, NULL), 0);
	facts_free(&f);
	refuse_len(xml, FACTS_XML_MAX + 1, "more than 4194304 bytes");
	/* Deeper than libxml2 goes without XML_PARSE_HUGE. */
	for (size_t i = 0; i + 3 <= FACTS_XML_MAX; i += 3)
		memcpy(xml + i, "<a>", 3);
	refuse_len(xml, FACTS_XML_MAX, "depth");
}

/* No beginning of a real document is taken for the whole. */
static void test_truncated(void **state)
{
	auto_fclose FILE *file = fopen("tests/golden/facts/many-nics-start.xml", "re");
	char xml[32768];
	struct facts f = {0};
	size_t len;

	(void)state;
	assert_non_null(file);
	len = fread(xml, 1, sizeof(xml), file);
	assert_in_range(len, 2000, sizeof(xml) - 1);
	while (xml[len - 1] == '\n')
		len--;
	assert_int_equal(facts_parse_domain(xml, len, &f, NULL), 0);
	facts_free(&f);
	for (size_t cut = 0; cut < len; cut++)
		assert_true(facts_parse_domain(xml, cut, &f, NULL) < 0);
}

/* libxml2 tells its errors to us alone. */
static void test_silent(void **state)
{
	static const char *const bad[] = {
		"<a>",
		"&",
		"<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///nowhere'> %b;]><a/>",
		"<?xml version='1.0' encoding='x-none'?><a/>",
		"<a xmlns='relative'/>",
		"<a:b/>",
		"<?xml version='9.9'?><domain/>",
		"<a xml:space='b' xmlns:c=''/>",
		"\xff\xff",
	};
	char path[] = "/tmp/test_facts.XXXXXX";
	int saved = dup(STDERR_FILENO), fd = mkostemp(path, O_CLOEXEC);
	off_t written;

	(void)state;
	assert_true(saved >= 0 && fd >= 0 && unlink(path) == 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct facts f = {0};
		struct port_facts p = {0};

		(void)parse(bad[i], &f, NULL);
		(void)parse_hook(bad[i], &p, NULL);
		facts_free(&f);
		port_facts_free(&p);
	}
	fflush(stderr);
	written = lseek(STDERR_FILENO, 0, SEEK_END);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	assert_int_equal(written, 0);
}

/* Neither a message nor what is kept for one carries control characters. */
static void test_printable(void **state)
{
	struct facts f = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(parse(DEVICES("<shmem name='&#10;&#x9b;&#x85;\u00e4&#127;'/>"
				       "<interface type='&#10;&#x9f;'/>"),
			       &f, NULL),
			 0);
	assert_string_equal(f.devices[0].what, "shmem ?????\u00e4?");
	assert_string_equal(f.nics[0].type_name, "???");
	facts_free(&f);
	assert_true(parse_hook("<hookData><network><name>n</name><uuid>" UUID_A "</uuid><ip><dhcp>"
			       "<range><lease expiry='&#10;1'/></range></dhcp></ip></network>"
			       "</hookData>",
			       &(struct port_facts){0}, &e) < 0);
	assert_non_null(strstr(e.msg, "a lease of '?1 minutes'"));
}

static void test_what_is_cut_at_a_character(void **state)
{
	auto_sb struct strbuf xml = {0};
	struct facts f = {0};

	(void)state;
	/* "shmem " and 97 letters of two bytes are 200; one more does not fit. */
	sb_adds(&xml, "<domain type='qemu'>" IDENTITY "<devices><shmem name='x");
	for (int i = 0; i < 150; i++)
		sb_adds(&xml, "\u00e4");
	sb_adds(&xml, "'/></devices></domain>");
	assert_int_equal(parse(sb_str(&xml), &f, NULL), 0);
	assert_int_equal(strlen(f.devices[0].what), 199);
	assert_memory_equal(f.devices[0].what + 197, "\u00e4", 2);
	facts_free(&f);
}

static void refuse_hook(const char *xml, const char *why)
{
	struct port_facts p, untouched;
	struct err e = {0};

	memset(&p, 0x5a, sizeof(p));
	memcpy(&untouched, &p, sizeof(p));
	if (parse_hook(xml, &p, &e) >= 0)
		fail_msg("taken: %s", xml);
	if (!strstr(e.msg, why))
		fail_msg("'%s' is not in '%s', of: %s", why, e.msg, xml);
	assert_int_equal(e.exit, EX_CORDON_DATA);
	assert_memory_equal(&p, &untouched, sizeof(p));
}

#define HOOK(inner) "<hookData>" inner "</hookData>"
#define PORT(inner) HOOK(NETWORK "<networkport>" inner "</networkport>")

static void test_hook_refusals(void **state)
{
	struct port_facts p = {0};

	(void)state;
	refuse_hook("<!DOCTYPE hookData>" HOOK(NETWORK), "hook data: a document type");
	refuse_hook("<domain/>", "not <hookData>");
	refuse_hook(HOOK(""), "no <network>");
	refuse_hook(HOOK("<x><network/></x>"), "no <network>");
	refuse_hook(HOOK(NETWORK NETWORK), "a second <network>");
	refuse_hook(HOOK("<network><uuid>" UUID_A "</uuid></network>"), "without a <name>");
	refuse_hook(HOOK("<network><name>n</name></network>"), "without a valid <uuid>");
	refuse_hook(PORT(""), "without an <owner>");
	refuse_hook(PORT(OWNER), "<networkport> without a valid <uuid>");
	refuse_hook(PORT("<uuid>x</uuid>" OWNER), "<networkport> without a valid <uuid>");
	refuse_hook(PORT("<uuid>" UUID_A "</uuid><owner><name>o</name></owner>"),
		    "<owner> without a valid <uuid>");
	refuse_hook(PORT("<uuid>" UUID_A "</uuid><owner><uuid>" UUID_A "</uuid></owner>"),
		    "<owner> without a <name>");
	refuse_hook(PORT("<uuid>" UUID_A "</uuid>" OWNER "<mac address='x'/>"), "not a MAC");
	refuse_hook(HOOK(NETWORK "<networkport/><networkport/>"), "a second <networkport>");
	refuse_hook(HOOK(NETWORK "<domain><name>n</name></domain>"), "<domain> without a valid");
	refuse_hook(HOOK("<network><name>n</name><uuid>" UUID_A "</uuid>"
			 "<bridge name='a23456789012345x'/></network>"),
		    "longer than 15");

	assert_int_equal(parse_hook(PORT("<uuid>" UUID_A "</uuid>" OWNER), &p, NULL), 0);
	assert_true(p.has_port && !p.has_mac && !p.has_dhcp);
	port_facts_free(&p);
	port_facts_free(&p);
	port_facts_free(NULL);
}

/* The lease of a network with @dhcp in its IPv4 <ip>, or -1 when it is refused. */
static long long lease_of(const char *dhcp)
{
	auto_sb struct strbuf xml = {0};
	struct port_facts p = {0};
	long long lease;

	sb_addf(&xml,
		"<hookData><network><name>n</name><uuid>" UUID_A
		"</uuid><ip><dhcp>%s</dhcp></ip></network></hookData>",
		dhcp);
	if (parse_hook(sb_str(&xml), &p, NULL))
		return -1;
	lease = (long long)p.lease_s;
	port_facts_free(&p);
	return lease;
}

static void test_lease(void **state)
{
	static const struct {
		const char *dhcp;
		long long lease;
	} cases[] = {
		{"", 3600},
		{"<range/>", 3600},
		{"<range><lease expiry='120' unit='seconds'/></range>", 120},
		{"<range><lease expiry='2'/></range>", 120},
		{"<range><lease expiry='24' unit='hours'/></range>", 86400},
		{"<range><lease expiry='0' unit='hours'/></range>", 0},
		{"<range><lease/></range>", 3600},
		{"<range><lease expiry='4294967295' unit='hours'/></range>", 4294967295ll * 3600},
		{"<range><lease expiry='2'/></range><range/>", 3600},
		{"<range/><range><lease expiry='2'/></range>", 3600},
		{"<range><lease expiry='2'/></range><host/>", 120},
		{"<range><lease expiry='2'/></range><host><lease expiry='3'/></host>", 180},
		{"<range><lease expiry='0'/></range><range/>", 0},
		{"<range/><host><lease expiry='0'/></host><host/>", 0},
		{"<host/>", 3600},
		{"<host><lease expiry='2'/></host>", 120},
		{"<host><lease expiry='2'/></host><host/>", 3600},
		{"<range><lease expiry='4294967296'/></range>", -1},
		{"<range><lease expiry='-1'/></range>", -1},
		{"<range><lease expiry='2h'/></range>", -1},
		{"<range><lease expiry='2' unit='days'/></range>", -1},
		{"<range><lease expiry='2'/><lease expiry='3'/></range>", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (lease_of(cases[i].dhcp) != cases[i].lease)
			fail_msg("%lld, not %lld: %s", lease_of(cases[i].dhcp), cases[i].lease,
				 cases[i].dhcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doctype_and_entities),
		cmocka_unit_test(test_not_well_formed),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_nic_refusals),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_string_bound),
		cmocka_unit_test(test_size_bound),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_what_is_cut_at_a_character),
		cmocka_unit_test(test_hook_refusals),
		cmocka_unit_test(test_lease),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
