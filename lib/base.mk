# SPDX-License-Identifier: GPL-2.0-or-later
# Records, running programs, command lines: what they have besides lib/module.mk.
LIB_SRCS += lib/record_list.c lib/record_policy.c lib/cli_program.c
UNIT_TESTS += test_record test_record_store test_run test_cli
