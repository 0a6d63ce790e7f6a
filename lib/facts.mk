# SPDX-License-Identifier: GPL-2.0-or-later
# Facts: what libvirt's XML says of a domain and of a network port.
LIB_SRCS += lib/facts.c lib/facts_xml.c lib/facts_chardev.c lib/facts_devices.c \
	lib/facts_audit.c lib/facts_disks.c lib/facts_hook.c lib/facts_element.c
UNIT_TESTS += test_facts test_facts_audit
test_facts_libs := $(XML_LIBS)
test_facts_audit_libs := $(XML_LIBS) $(INI_LIBS)
GOLDEN_TESTS += facts_dump
facts_dump_libs := $(XML_LIBS)
facts_libs := $(XML_LIBS)
