LIB_SRCS += lib/err.c lib/strbuf.c
