# SPDX-License-Identifier: GPL-2.0-or-later
# What `make bench` needs besides the programs, the probe and the guest image.

BENCH_PROGS := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(wildcard tests/bench/*.c))

$(B)/tests/bench/%: tests/bench/%.c lib/util.h $(B)/.flags
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<

.PHONY: bench-tools
bench-tools: $(BENCH_PROGS)
bench: bench-tools
