LIB_SRCS += lib/err.c lib/strbuf.c
include lib/policy.mk
