# SPDX-License-Identifier: GPL-2.0-or-later
# Records, running programs, command lines: what they have besides lib/module.mk.
UNIT_TESTS += test_run
