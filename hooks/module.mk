# SPDX-License-Identifier: GPL-2.0-or-later
# What libvirt's hooks run.

LIB_SRCS += hooks/admit.c hooks/shares.c hooks/parts.c hooks/incoming.c \
	hooks/qemu.c hooks/network.c

PROGS += virt-cordon-hook
virt-cordon-hook_main := hooks/main.c
virt-cordon-hook_libs = $(XML_LIBS) $(INI_LIBS)
