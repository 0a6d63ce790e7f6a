# SPDX-License-Identifier: GPL-2.0-or-later
# The front end that a person types.

LIB_SRCS += cli/domains.c cli/lint.c cli/live_keys.c cli/log.c \
	cli/netiso.c cli/print.c cli/verb_apply.c cli/verb_check.c cli/verb_explain.c \
	cli/verb_forget.c cli/verb_gc.c cli/verb_log.c cli/verb_reload.c cli/verb_status.c

PROGS += virt-cordon
virt-cordon_main := cli/main.c
virt-cordon_libs = $(JANSSON_LIBS) $(MNL_LIBS) $(INI_LIBS)

UNIT_TESTS += test_log
test_log_libs = $(JANSSON_LIBS)
