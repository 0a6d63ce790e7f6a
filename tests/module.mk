# SPDX-License-Identifier: GPL-2.0-or-later
# Test lists of their own files; the levels are in tests/check.mk.
include tests/fuzz/fuzz.mk
include $(wildcard tests/lab/lab.mk)
include $(wildcard tests/kernel/kernel.mk)
include $(wildcard tests/bench/bench.mk)
include $(wildcard tests/netns/model.mk)
include $(wildcard tests/fsguard/fsguard.mk)
