# SPDX-License-Identifier: GPL-2.0-or-later
# Non-recursive: each DIR/module.mk only appends to the lists below.
#
#   make [VARIANT=release|asan|cov|fuzz] [V=1] [B=FOLDER]
#   make check | check-LEVEL | lint | bench | demo | lab | cov | fuzz-NAME
#   make deb
#   make install | uninstall  [DESTDIR=] [prefix=/usr]
#
# LIB_SRCS      objects of the one static archive that programs, tests and fuzzers link
# PROGS         programs; PROG_main is the source of its main, PROG_libs what it links besides
# UNIT_TESTS    tests/unit/NAME.c, cmocka; NAME_ldflags (--wrap), NAME_libs
# GOLDEN_TESTS  the same in tests/golden
# Scripts       tests/LEVEL/t-* are found by name and need no entry
# Fuzz targets  tests/fuzz/*.c, see tests/fuzz/fuzz.mk

VARIANT ?= release
prefix ?= /usr
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
sysconfdir ?= /etc
datadir ?= $(prefix)/share
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
unitdir ?= $(prefix)/lib/systemd/system
DESTDIR ?=

B := build/$(VARIANT)
ifeq ($(filter $(VARIANT),release asan cov fuzz),)
$(error VARIANT is release, asan, cov or fuzz, not "$(VARIANT)")
endif
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(VARIANT)),clang,gcc)
endif
PKG_CONFIG ?= pkg-config
VERSION := 0.1.0
JOBS ?= 2

all:

# What pkg-config says about $(2); nothing when it is not installed yet: `make check` installs it.
pkg = $(shell $(PKG_CONFIG) --$(1) $(2) 2>/dev/null)

CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DCORDON_VERSION='"$(VERSION)"' $(call pkg,cflags,libxml-2.0)
# Without -Wpedantic: gnu17 is meant, and gcc has no finer switch for statement expressions.
# Without -Wcast-qual: libmnl's loops are macros that cast const away.
WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wnull-dereference
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_cov := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# Same input, same bytes, wherever the tree lies.
REPRODUCIBLE := -ffile-prefix-map=$(CURDIR)=.
CFLAGS_ALL := -std=gnu17 -fPIE $(WARNINGS) $(REPRODUCIBLE) $(CFLAGS_$(VARIANT)) $(CFLAGS)
LDFLAGS_release := -Wl,-z,relro,-z,now
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_cov := --coverage
LDFLAGS_fuzz := -fsanitize=address,undefined
LDFLAGS_ALL := -pie -Wl,--as-needed $(LDFLAGS_$(VARIANT)) $(LDFLAGS)

XML_LIBS := $(call pkg,libs,libxml-2.0)
NFT_LIBS := $(call pkg,libs,libnftables)
MNL_LIBS := $(call pkg,libs,libmnl)
JANSSON_LIBS := $(call pkg,libs,jansson)
INI_LIBS := -liniparser
CMOCKA_LIBS := $(call pkg,libs,cmocka)
# What any object of the archive may ask for; --as-needed leaves out what a test does not use.
TEST_LIBS = $(CMOCKA_LIBS) $(XML_LIBS) $(INI_LIBS) $(MNL_LIBS) $(YAML_LIBS)

LIB_SRCS :=
PROGS :=
UNIT_TESTS :=
GOLDEN_TESTS :=

MODULES := lib hooks netiso wgtun fsguard provision cli tests etc docs packaging
include $(wildcard $(MODULES:%=%/module.mk))

ifneq ($(V),1)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

LIB := $(B)/libvirt-cordon.a
MAIN_SRCS := $(foreach p,$(PROGS),$($(p)_main))
TEST_SRCS := $(UNIT_TESTS:%=tests/unit/%.c) $(GOLDEN_TESTS:%=tests/golden/%.c)
SRCS := $(sort $(LIB_SRCS) $(MAIN_SRCS) $(TEST_SRCS) $(FUZZ_SRCS))
OBJS := $(SRCS:%.c=$(B)/%.o)
OBJ_DIRS := $(patsubst %/,%,$(sort $(B)/ $(dir $(OBJS))))

$(OBJ_DIRS):
	@mkdir -p $@

# Rewritten, and so all rebuilt, only when the compiler or a flag is another one.
FLAGS_NOW = $(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) / $(LDFLAGS_ALL)
unless_same = $(if $(findstring x$(strip $(2))x,x$(strip $(file <$(1)))x),,FORCE)
dry_run := $(findstring n,$(firstword -$(MAKEFLAGS)))
record = @$(if $(dry_run),: $@,$(file >$@,$(strip $(1))):)
$(B)/.flags: $(call unless_same,$(B)/.flags,$(FLAGS_NOW)) | $(B)
	$(call record,$(FLAGS_NOW))

$(B)/%.o: %.c $(B)/.flags | $(OBJ_DIRS)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The list of members is compared too: an object that left the list must leave the archive.
$(B)/.members: $(call unless_same,$(B)/.members,$(LIB_SRCS)) | $(B)
	$(call record,$(LIB_SRCS))

$(LIB): $(LIB_SRCS:%.c=$(B)/%.o) $(B)/.members
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

define prog_rule
$(B)/$(1): $(B)/$($(1)_main:.c=.o) $(LIB)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< $$(LIB) $($(1)_libs)
all: $(B)/$(1)
endef
$(foreach p,$(PROGS),$(eval $(call prog_rule,$(p))))

define test_rule
$(B)/tests/$(1)/$(2): $(B)/tests/$(1)/$(2).o $(LIB)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< $$($(2)_ldflags) $$(LIB) $$($(2)_libs) $$(TEST_LIBS)
$(1)-tests: $(B)/tests/$(1)/$(2)
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call test_rule,unit,$(t))))
$(foreach t,$(GOLDEN_TESTS),$(eval $(call test_rule,golden,$(t))))

all: $(LIB)

# The value of a variable, for scripts.
print-%:
	$(info $($*))@:

.PHONY: all unit-tests golden-tests clean FORCE
.DELETE_ON_ERROR:
clean:
	rm -rf build

include tests/check.mk tools/install.mk
-include $(OBJS:.o=.d)
