# SPDX-License-Identifier: GPL-2.0-or-later
# Test levels: `make check-LEVEL` each, `make check` all, from fast to slow.

LEVELS := self unit golden cli asan fuzz netns fsguard lab lint kernel debian
# No test at all in one of these is a failure; with CI=true in the environment a skip is, too.
REQUIRED ?= self unit golden cli asan fuzz lint netns fsguard lab kernel debian

export CORDON_BUILD = $(abspath $(B))
# For clang-tidy; quoted for a shell.
export LINT_CPPFLAGS = $(CPPFLAGS_ALL)

# Another variant by a make of its own, beside B when B was given on the command line.
sub_b = $(if $(filter command line,$(origin B)),$(B)-$(1),build/$(1))
sub = +$(Q)$(MAKE) --no-print-directory VARIANT=$(1) B=$(call sub_b,$(1))

# Only executables named t-*; what the programs print may differ by locale, so they have none.
scripts = $(sort $(wildcard tests/$(1)/t-*))
runner = LC_ALL=C.UTF-8 tests/run -j $(JOBS) -l $(1) $(if $(filter $(1),$(REQUIRED)),\
	$(if $(filter true,$(CI)),--no-skip),--optional)

UNIT_BINS := $(UNIT_TESTS:%=$(B)/tests/unit/%)
GOLDEN_BINS := $(GOLDEN_TESTS:%=$(B)/tests/golden/%)
FUZZ_BINS := $(FUZZ_TARGETS:%=$(B)/tests/fuzz/%)

.PHONY: check check-levels deps bench cov demo demo-run format lab lint screenshots \
	run-asan run-cov run-fuzz $(LEVELS:%=check-%)

# A make of its own after the installation: this one may have begun without pkg-config.
check:
	@tools/ensure-deps build run test lint
	+$(Q)$(MAKE) --no-print-directory check-levels

# Lint only reckons: it has what the tests that wait leave of the processors.
check-levels:
	+@JOBS=$(JOBS) tests/check -b lint $(LEVELS)

check-self: all
	@$(call runner,self) $(call scripts,self)

check-unit: all unit-tests
	@$(call runner,unit) $(UNIT_BINS)

check-golden: all golden-tests
	@$(call runner,golden) $(GOLDEN_BINS) $(call scripts,golden)

check-cli: all
	@$(call runner,cli) $(call scripts,cli)

# The unit, golden and command line tests once more under AddressSanitizer and UBSan.
check-asan:
	$(call sub,asan) run-asan
run-asan: all unit-tests golden-tests
	@$(call runner,asan) $(UNIT_BINS) $(GOLDEN_BINS) $(call scripts,golden) $(call scripts,cli)

# Once more under valgrind: ten minutes, so no part of `make check`.
.PHONY: check-valgrind
check-valgrind: all unit-tests golden-tests
	@JOBS=$(JOBS) tests/valgrind $(UNIT_BINS) $(GOLDEN_BINS) $(call scripts,golden) \
		$(call scripts,cli)

check-fuzz:
	$(call sub,asan) run-fuzz
run-fuzz: fuzz-targets
	@$(call runner,fuzz) $(FUZZ_BINS)

# Long deadlines: beside others it has what time they leave.
check-lint lint:
	@CORDON_TEST_DEADLINE=3000 $(call runner,lint) $(call scripts,lint)

# clang-format of the files named: make format FILES='lib/a.c lib/a.h'
format:
	$(Q)clang-format -i $(FILES)

# Twice as many at once: these wait for what must not arrive more than they work.
check-netns: JOBS := $(shell expr 2 '*' $(JOBS))
check-netns: all bench-tools
	@$(call runner,netns) --netns $(call scripts,netns)

check-fsguard: all
	@$(call runner,fsguard) --netns $(call scripts,fsguard)

check-lab: all
	@$(call runner,lab) $(call scripts,lab)

check-kernel: all
	@$(call runner,kernel) $(call scripts,kernel)

# Debian's packages come from its mirror, which may be away: without the image the test is a skip.
check-debian: all lab-tools
	@tests/debian/debian-image || echo "without the image its tests are skipped"
	@$(call runner,debian) $(call scripts,debian)

cov:
	$(call sub,cov) run-cov
run-cov: all unit-tests golden-tests probe model
	@find $(B) -name '*.gcda' -delete
	-@$(call runner,cov) --optional $(UNIT_BINS) $(GOLDEN_BINS) $(call scripts,golden) \
		$(call scripts,cli)
	-@$(call runner,netns) --optional --netns $(call scripts,netns)
	-@$(call runner,fsguard) --optional --netns $(call scripts,fsguard)
	@gcovr --root . --object-directory $(B) --exclude 'tests/' --exclude '.*/main\.c' \
		--sort-percentage --print-summary

bench: all
	@tests/bench/run

# The pictures of docs/adopting.md; virt-manager is not among what tests need.
screenshots: all lab-tools
	@tests/lab/screenshots

demo:
	@tools/ensure-deps build run test
	+$(Q)$(MAKE) --no-print-directory demo-run
demo-run: all
	@tests/lab/demo

lab: all
	@tests/lab/shell
