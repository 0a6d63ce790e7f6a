# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz targets: each tests/fuzz/NAME.c has LLVMFuzzerTestOneInput; its corpus is corpus/NAME.
#
#   make check-fuzz     the corpora as ordinary tests: ASan, UBSan and tests/fuzz/replay.c
#   make fuzz-NAME      libFuzzer by clang, FUZZ_SECONDS (60); what it finds is left in
#                       build/fuzz/found, to be added to the corpus with the fix

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_SRCS := $(patsubst %,tests/fuzz/%.c,$(if $(FUZZ_TARGETS),$(FUZZ_TARGETS) replay))

# The libFuzzer main in the fuzz variant, else the replay main.
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),,$(B)/tests/fuzz/replay.o)
FUZZ_LDFLAGS := $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer)

define fuzz_rule
$(B)/tests/fuzz/$(1): $(B)/tests/fuzz/$(1).o $(FUZZ_MAIN) $(B)/libvirt-cordon.a
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $(FUZZ_LDFLAGS) -o $$@ $$< $(FUZZ_MAIN) $$(LIB) $$($(1)_libs) \
		$$(TEST_LIBS)
fuzz-targets: $(B)/tests/fuzz/$(1)

.PHONY: fuzz-$(1)
fuzz-$(1):
	$$(call sub,fuzz) $$(call sub_b,fuzz)/tests/fuzz/$(1)
	@mkdir -p build/fuzz/found build/fuzz/corpus/$(1)
	$$(call sub_b,fuzz)/tests/fuzz/$(1) -max_total_time=$$(FUZZ_SECONDS) -timeout=10 \
		-artifact_prefix=build/fuzz/found/$(1)- \
		build/fuzz/corpus/$(1) $$(wildcard tests/fuzz/corpus/$(1))
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(t))))

.PHONY: fuzz-targets
