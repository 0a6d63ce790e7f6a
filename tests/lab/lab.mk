# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab, the netns and the kernel tests need besides the programs: the probe, a guest image.

PROBE := $(B)/tests/probe/probe
PROBE_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/probe/*.c))
# No sanitizer, no coverage: a static program that also has to run as pid 1 of a guest.
PROBE_CFLAGS = -std=gnu17 $(WARNINGS) $(REPRODUCIBLE) -O2 -g $(CFLAGS)

$(B)/tests/probe/%.o: tests/probe/%.c $(B)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -I. -D_GNU_SOURCE $(CPPFLAGS) $(PROBE_CFLAGS) -MMD -MP -c -o $@ $<

$(PROBE): $(PROBE_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^

-include $(PROBE_OBJS:.o=.d)

.PHONY: probe lab-tools
probe: $(PROBE)
check-netns check-kernel: probe

GUEST_IMAGE := $(B)/tests/lab/initramfs
$(GUEST_IMAGE): $(PROBE) tests/lab/guest-image tests/lab/guest-modules tests/lab/guest-kernel
	$(call say,IMAGE,$@)
	$(Q)tests/lab/guest-image $(PROBE) $@ || echo "without it lab tests are skipped"
lab-tools: $(PROBE) $(GUEST_IMAGE)

# For the one test of 9p, which the cloud kernel does not have.
GUEST_IMAGE_FULL := $(B)/tests/lab/initramfs-full
$(GUEST_IMAGE_FULL): $(PROBE) tests/lab/guest-image tests/lab/guest-modules.full \
		tests/lab/guest-kernel
	$(call say,IMAGE,$@)
	$(Q)tests/lab/guest-image $(PROBE) $@ full || echo "without it t-41-9p is skipped"
check-lab: $(GUEST_IMAGE_FULL)
check-lab bench demo-run lab: lab-tools
