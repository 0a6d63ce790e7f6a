# SPDX-License-Identifier: GPL-2.0-or-later
# What every program may need.

LIB_SRCS += lib/err.c lib/strbuf.c lib/safe.c lib/confirm.c lib/disk.c lib/record.c \
	lib/record_store.c lib/record_lock.c \
	lib/nl.c lib/rtnl_link.c lib/rtnl_rule.c lib/rtnl_first.c lib/rtnl_route.c \
	lib/rtnl_router.c lib/cli.c lib/run.c lib/run_detached.c
include lib/policy.mk
include lib/facts.mk
include lib/base.mk
include lib/tunnel.mk
