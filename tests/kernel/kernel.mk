# SPDX-License-Identifier: GPL-2.0-or-later
# Tests under another kernel: tests/kernel/run-in-kernel runs any command in it, on these files.

# Two guests at once, but for those that say `alone`: one seldom keeps more than one CPU busy.
# The tunnels alone, by the kernel's WireGuard.
.PHONY: check-kernel-wg
check-kernel-wg: all probe
	@$(call runner,kernel) tests/kernel/t-wgtun
