# SPDX-License-Identifier: GPL-2.0-or-later
# The guard of shared folders.

LIB_SRCS += fsguard/adopt.c fsguard/adopt_file.c fsguard/create.c fsguard/domain.c \
	fsguard/grow.c fsguard/holders.c fsguard/image.c fsguard/job.c fsguard/loop.c \
	fsguard/mnt.c fsguard/mntinfo.c fsguard/offline.c fsguard/overlap.c fsguard/scan.c \
	fsguard/scan_rules.c fsguard/show.c fsguard/snapshot.c fsguard/store.c fsguard/target.c \
	fsguard/tree.c fsguard/undo.c fsguard/up.c fsguard/volume.c

PROGS += virt-cordon-fsguard
virt-cordon-fsguard_main := fsguard/main.c
virt-cordon-fsguard_libs = $(JANSSON_LIBS) $(INI_LIBS)

UNIT_TESTS += test_scan
test_scan_libs = $(JANSSON_LIBS) $(INI_LIBS)
UNIT_TESTS += test_shares
test_shares_libs = $(XML_LIBS) $(INI_LIBS)
