# SPDX-License-Identifier: GPL-2.0-or-later
# The WireGuard tunnels of domains.

LIB_SRCS += wgtun/key.c wgtun/conf.c wgtun/conf_keys.c wgtun/conf_check.c wgtun/device.c \
	wgtun/device_nl.c wgtun/device_uapi.c wgtun/backend.c wgtun/kernel.c wgtun/user.c \
	wgtun/resolve.c wgtun/rtnl.c wgtun/ways.c wgtun/compile.c wgtun/compile_targets.c \
	wgtun/compile_print.c wgtun/share.c wgtun/guard.c wgtun/routing.c wgtun/undo.c \
	wgtun/domain.c wgtun/check.c wgtun/warn.c wgtun/endpoints.c \
	wgtun/show.c

PROGS += virt-cordon-wgtun
virt-cordon-wgtun_main := wgtun/main.c
virt-cordon-wgtun_libs = $(MNL_LIBS) $(JANSSON_LIBS) $(INI_LIBS)

UNIT_TESTS += test_wgt_conf test_wgt_device test_wgt_plan
GOLDEN_TESTS += wgt_dump
test_wgt_conf_libs = $(INI_LIBS)
test_wgt_plan_libs = $(MNL_LIBS) $(INI_LIBS)
