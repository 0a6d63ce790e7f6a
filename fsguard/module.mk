# SPDX-License-Identifier: GPL-2.0-or-later
# The guard of shared folders.

LIB_SRCS += fsguard/adopt.c fsguard/adopt_file.c fsguard/create.c fsguard/domain.c \
	fsguard/holders.c fsguard/image.c fsguard/job.c fsguard/loop.c fsguard/mnt.c \
	fsguard/mntinfo.c fsguard/overlap.c fsguard/show.c fsguard/store.c fsguard/target.c \
	fsguard/tree.c fsguard/undo.c fsguard/up.c

PROGS += virt-cordon-fsguard
virt-cordon-fsguard_main := fsguard/main.c
virt-cordon-fsguard_libs = $(JANSSON_LIBS) $(INI_LIBS)
