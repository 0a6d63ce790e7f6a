# SPDX-License-Identifier: GPL-2.0-or-later
# Records, running programs, command lines: what they have besides lib/module.mk.
LIB_SRCS += lib/record_list.c lib/record_policy.c lib/cli_program.c lib/target.c
UNIT_TESTS += test_record test_record_store test_run test_run_detached test_cli
UNIT_TESTS += test_nl
test_nl_ldflags := -Wl,--wrap=mnl_socket_recvfrom,--wrap=mnl_socket_sendto \
	-Wl,--wrap=mnl_socket_get_portid
test_run_ldflags = -Wl,--wrap=prctl
