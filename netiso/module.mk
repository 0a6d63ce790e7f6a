# SPDX-License-Identifier: GPL-2.0-or-later
# The network isolator.

LIB_SRCS += netiso/layout.c netiso/compile.c netiso/ranges.c netiso/term.c netiso/supported.c \
	netiso/kernel.c netiso/nft.c netiso/gather.c netiso/leases.c netiso/base.c netiso/domain.c \
	netiso/compare.c netiso/undo.c netiso/guard.c netiso/drift.c netiso/factsfile.c \
	netiso/localnet.c netiso/notes.c netiso/unguarded.c netiso/bridges.c
LIB_SRCS += netiso/layout6.c netiso/layout_emit.c netiso/ipv6.c
LIB_SRCS += netiso/switched.c netiso/switched_check.c netiso/uplink.c
LIB_SRCS += netiso/explain.c netiso/explain6.c netiso/explain_query.c netiso/explain_verb.c \
	netiso/subject.c netiso/flows.c netiso/foreign.c netiso/counters.c netiso/denials.c \
	netiso/learnt.c

LIB_SRCS += netiso/added.c netiso/digest.c netiso/build.c netiso/tunnelled.c netiso/job.c \
	netiso/renew.c

PROGS += virt-cordon-netiso
virt-cordon-netiso_main := netiso/main.c
virt-cordon-netiso_libs = $(NFT_LIBS) $(MNL_LIBS) $(JANSSON_LIBS) $(INI_LIBS)

UNIT_TESTS += test_leases
test_leases_libs = $(JANSSON_LIBS)

include netiso/tests.mk
