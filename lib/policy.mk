# SPDX-License-Identifier: GPL-2.0-or-later
# Policy files: value types, parsers, the strict layer over iniparser, the schema.
LIB_SRCS += lib/net.c lib/range.c lib/parse.c lib/suggest.c lib/securefile.c \
	lib/ini.c lib/ini_check.c lib/ini_report.c \
	lib/policy.c lib/policy_built.c lib/policy_check.c lib/policy_devices.c \
	lib/policy_files.c lib/policy_host.c \
	lib/policy_lists.c lib/policy_load.c lib/policy_print.c lib/policy_reader.c \
	lib/policy_schema.c lib/policy_values.c
UNIT_TESTS += test_net test_range test_parse test_ini test_securefile
test_ini_libs := $(INI_LIBS)
test_securefile_libs := $(INI_LIBS)
UNIT_TESTS += test_policy test_policy_rules test_policy_host test_policy_print
test_policy_libs := $(INI_LIBS)
test_policy_rules_libs := $(INI_LIBS)
test_policy_host_libs := $(INI_LIBS)
test_policy_print_libs := $(INI_LIBS)
fuzz_policy_libs := $(INI_LIBS)
