# SPDX-License-Identifier: GPL-2.0-or-later
# Policy files: value types, parsers, the strict layer over iniparser, the schema.
LIB_SRCS += lib/net.c lib/parse.c lib/suggest.c
UNIT_TESTS += test_net test_parse
