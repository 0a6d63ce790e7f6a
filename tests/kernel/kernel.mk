# SPDX-License-Identifier: GPL-2.0-or-later
# Tests under another kernel: tests/kernel/run-in-kernel runs any command in it, on these files.

# One guest with two CPUs, or two guests: never both at once.
check-kernel check-kernel-wg: JOBS := 1
# The tunnels alone, by the kernel's WireGuard.
.PHONY: check-kernel-wg
check-kernel-wg: all probe
	@$(call runner,kernel) tests/kernel/t-wgtun
