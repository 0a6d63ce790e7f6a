# SPDX-License-Identifier: GPL-2.0-or-later
# Non-recursive: each DIR/module.mk only appends to the lists below.
#
#   make [VARIANT=release|asan|cov|fuzz] [V=1]
#
# LIB_SRCS    objects of the one static archive that programs, tests and fuzzers link
# PROGS       programs; PROG_main is the source of its main, PROG_libs what it links besides
# UNIT_TESTS  the same for tests (tests/unit/NAME.c)

VARIANT ?= release
prefix ?= /usr
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
sysconfdir ?= /etc
datadir ?= $(prefix)/share
DESTDIR ?=

B := build/$(VARIANT)
CC ?= gcc
PKG_CONFIG ?= pkg-config
VERSION := 0.1.0

all:

CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DCORDON_VERSION='"$(VERSION)"' $(shell $(PKG_CONFIG) --cflags libxml-2.0)
WARNINGS := -Wall -Wextra -Wpedantic -Wno-gnu-statement-expression -Wshadow -Wvla -Wformat=2 -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wcast-qual -Wnull-dereference
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_cov := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
CFLAGS_ALL := -std=gnu17 -fPIE $(WARNINGS) $(CFLAGS_$(VARIANT)) $(CFLAGS)
LDFLAGS_release := -Wl,-z,relro
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_cov := --coverage
LDFLAGS_fuzz := -fsanitize=address,undefined
LDFLAGS_ALL := -pie -Wl,--as-needed $(LDFLAGS_$(VARIANT)) $(LDFLAGS)

XML_LIBS := $(shell $(PKG_CONFIG) --libs libxml-2.0)
NFT_LIBS := $(shell $(PKG_CONFIG) --libs libnftables)
MNL_LIBS := $(shell $(PKG_CONFIG) --libs libmnl)
INI_LIBS := -liniparser
CMOCKA_LIBS := $(shell $(PKG_CONFIG) --libs cmocka)

LIB_SRCS :=
PROGS :=
UNIT_TESTS :=

include $(wildcard lib/module.mk hooks/module.mk netiso/module.mk wgtun/module.mk fsguard/module.mk \
	provision/module.mk cli/module.mk tests/module.mk tools/module.mk etc/module.mk docs/module.mk)

ifneq ($(V),1)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

LIB := $(B)/libvirt-cordon.a
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/%.o)

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJS)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define prog_rule
$(B)/$(1): $(B)/$($(1)_main:.c=.o) $(LIB)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< $$(LIB) $($(1)_libs)
all: $(B)/$(1)
endef
$(foreach p,$(PROGS),$(eval $(call prog_rule,$(p))))

define unit_rule
$(B)/tests/unit/$(1): $(B)/tests/unit/$(1).o $(LIB)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< $$($(1)_ldflags) $$(LIB) $$(CMOCKA_LIBS) $$($(1)_libs)
unit-tests: $(B)/tests/unit/$(1)
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

.PHONY: all unit-tests clean
clean:
	rm -rf build

-include $(LIB_OBJS:.o=.d) $(foreach p,$(PROGS),$(B)/$($(p)_main:.c=.d)) \
	$(foreach t,$(UNIT_TESTS),$(B)/tests/unit/$(t).d)
