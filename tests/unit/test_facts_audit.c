/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The audit of devices: each class found, refused and let through by its own entry; messages. */
#include "lib/facts.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define IDENTITY "<name>n</name><uuid>00000000-0000-4000-8000-000000000001</uuid>"
#define DEVICES(inner) "<domain type='qemu'>" IDENTITY "<devices>" inner "</devices></domain>"

static int parse(const char *xml, struct facts *ret, struct err *e)
{
	return facts_parse_domain(xml, strlen(xml), ret, e);
}

static const struct {
	enum device_class cls;
	const char *element;
} class_samples[] = {
	{DEV_HOSTDEV, "<hostdev type='usb'/>"},
	{DEV_SHMEM, "<shmem name='a'/>"},
	{DEV_VSOCK, "<vsock/>"},
	{DEV_QEMU_COMMANDLINE, ""},
	{DEV_TPM_PASSTHROUGH, "<tpm><backend type='passthrough'/></tpm>"},
	{DEV_HOST_CHARDEV, "<serial type='tcp'/>"},
	{DEV_HOST_INPUT, "<input type='evdev'/>"},
	{DEV_RNG_EGD, "<rng><backend model='egd' type='tcp'/></rng>"},
	{DEV_SMARTCARD_HOST, "<smartcard mode='host'/>"},
	{DEV_NVDIMM, "<memory model='nvdimm'/>"},
	{DEV_VHOST_USER, "<disk type='vhostuser'/>"},
	{DEV_EXTERNAL_VIRTIOFSD, "<filesystem><source socket='/a'/></filesystem>"},
	{DEV_FS_OTHER, "<filesystem type='block'/>"},
	{DEV_USB_REDIR, "<redirdev type='spicevmc'/>"},
	{DEV_SPICE, "<graphics type='spice'/>"},
	{DEV_GUEST_AGENT, "<channel type='unix'><target name='org.qemu.guest_agent.0'/></channel>"},
};

/* Each class is found, refused by an empty list, let through by its own entry and by no other. */
static void test_audit_each_class(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(class_samples), DEV_CLASS_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(class_samples); i++) {
		enum device_class cls = class_samples[i].cls;
		bool refusable = cls < DEV_REFUSABLE_COUNT;
		auto_sb struct strbuf xml = {0}, write = {0};
		struct policy p = {0};
		struct facts f = {0};
		struct err e = {0};

		sb_addf(&xml,
			"<domain type='qemu' "
			"xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>" IDENTITY
			"%s<devices>%s</devices></domain>",
			cls == DEV_QEMU_COMMANDLINE ? "<q:commandline><q:arg/></q:commandline>"
						    : "",
			class_samples[i].element);
		assert_int_equal(parse(sb_str(&xml), &f, NULL), 0);
		assert_int_equal(f.n_devices, 1);
		assert_int_equal(f.devices[0].cls, cls);
		assert_int_equal(facts_audit_devices(&f, &p, &e) != 0, refusable);
		if (refusable) {
			assert_int_equal(e.exit, EX_CORDON_POLICY);
			sb_addf(&write, "write: [devices] allow = %s", device_class_name(cls));
			assert_non_null(strstr(e.msg, sb_str(&write)));
			assert_non_null(strstr(e.msg, f.devices[0].what));
			assert_null(strchr(e.msg, '\n'));
		}
		p.dev_allow = ~(1u << cls);
		assert_int_equal(facts_audit_devices(&f, &p, NULL) != 0, refusable);
		p.dev_allow = 1u << cls;
		assert_int_equal(facts_audit_devices(&f, &p, NULL), 0);
		facts_free(&f);
	}
}

static void test_audit_message(void **state)
{
	char path[] = "/etc/virt-cordon/domains/a.ini";
	struct policy p = {.path = path, .dev_allow = 1u << DEV_VSOCK};
	struct facts f = {0};
	struct err e = {0};
	char *second;

	(void)state;
	p.line[KEY_DEV_ALLOW] = 7;
	assert_int_equal(parse(DEVICES("<vsock/><shmem name='a'/><shmem name='b'/><shmem name='c'/>"
				       "<shmem name='d'/><shmem name='e'/><hostdev type='mdev'/>"),
			       &f, NULL),
			 0);
	assert_true(facts_audit_devices(&f, &p, &e) < 0);
	second = e.msg + strcspn(e.msg, "\n");
	assert_int_equal(*second, '\n');
	*second++ = '\0';
	assert_string_equal(e.msg,
			    "/etc/virt-cordon/domains/a.ini:7: [devices] allow: hostdev is not "
			    "allowed: hostdev mdev (a device of the host in the guest's hands); "
			    "remove it from the domain, or write: [devices] allow = hostdev, "
			    "shmem, vsock");
	assert_non_null(strstr(second, "shmem a, shmem b, shmem c, shmem d, 1 more ("));
	assert_null(strchr(second, '\n'));
	facts_free(&f);
}

/* Secrets in arguments and variables of QEMU do not reach a message. */
static void test_audit_tells_no_argument(void **state)
{
	struct policy p = {0};
	struct facts f = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(parse("<domain type='qemu' "
			       "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>" IDENTITY
			       "<q:commandline><q:env name='A' value='hidden'/>"
			       "</q:commandline></domain>",
			       &f, NULL),
			 0);
	assert_true(facts_audit_devices(&f, &p, &e) < 0);
	assert_null(strstr(e.msg, "hidden"));
	assert_non_null(strstr(e.msg, "qemu:commandline with 1 entry"));
	facts_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audit_each_class),
		cmocka_unit_test(test_audit_message),
		cmocka_unit_test(test_audit_tells_no_argument),
	};

	return cmocka_run_group_tests_name("facts_audit", tests, NULL, NULL);
}
