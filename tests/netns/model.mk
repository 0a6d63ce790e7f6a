# SPDX-License-Identifier: GPL-2.0-or-later
# The property test of the isolator: tests/netns/t-60-model runs this program.
#
#   make soak [SOAK_PACKETS=200000] [CORDON_SEED=N]

MODEL := $(B)/tests/netns/model
MODEL_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/netns/model*.c))
SOAK_PACKETS ?= 200000

$(MODEL_OBJS): $(B)/%.o: %.c $(B)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(MODEL): $(MODEL_OBJS) $(B)/libvirt-cordon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^

-include $(MODEL_OBJS:.o=.d)

.PHONY: model soak
model: $(MODEL)
check-netns check-kernel: model

soak: all model probe
	CORDON_PACKETS=$(SOAK_PACKETS) tests/netns/t-60-model
