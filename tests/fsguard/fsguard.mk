# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the share guard need besides the programs: who swaps names, who crashes.

FSGUARD_TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/fsguard/*.c))
$(FSGUARD_TOOLS): $(B)/%: %.c $(B)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<
check-fsguard check-kernel check-lab run-cov: $(FSGUARD_TOOLS)
