# SPDX-License-Identifier: GPL-2.0-or-later
# Tunnels: what the program that makes them and the isolator must agree on.
LIB_SRCS += lib/marks.c lib/tunnel.c
UNIT_TESTS += test_tunnel
