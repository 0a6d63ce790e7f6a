# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the share guard need besides the programs: the one who swaps names.

SWAP := $(B)/tests/fsguard/swap
$(SWAP): tests/fsguard/swap.c $(B)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<
check-fsguard: $(SWAP)
