# SPDX-License-Identifier: GPL-2.0-or-later
# The front end that a person types.

LIB_SRCS += $(filter-out cli/main.c cli/adopt_main.c,$(sort $(wildcard cli/*.c)))

PROGS += virt-cordon
virt-cordon_main := cli/main.c
virt-cordon_libs = $(JANSSON_LIBS) $(MNL_LIBS) $(INI_LIBS)

PROGS += virt-cordon-adopt
virt-cordon-adopt_main := cli/adopt_main.c
virt-cordon-adopt_libs = $(call pkg,libs,libvirt) $(XML_LIBS) $(INI_LIBS)

UNIT_TESTS += test_log
test_log_libs = $(JANSSON_LIBS)
