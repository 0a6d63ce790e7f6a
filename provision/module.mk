# SPDX-License-Identifier: GPL-2.0-or-later
# Seeds for cloud-init, Ansible, disks.

YAML_LIBS := $(call pkg,libs,yaml-0.1)

LIB_SRCS += provision/address.c provision/child.c provision/domain.c provision/drop.c \
	provision/image.c provision/input.c provision/instance.c provision/inventory.c \
	provision/iso.c provision/keys.c provision/layers.c provision/made.c \
	provision/new_text.c provision/qcow2.c provision/reset.c provision/run.c \
	provision/run_spawn.c provision/runstate.c provision/schema.c provision/seed.c \
	provision/snap.c provision/ssh.c provision/store.c provision/verb_new.c \
	provision/verb_remove.c provision/verb_resize.c provision/verb_run.c \
	provision/verb_snapshot.c provision/verb_ssh.c provision/virt.c provision/yaml.c

PROGS += virt-cordon-provision
virt-cordon-provision_main := provision/main.c
virt-cordon-provision_libs = $(JANSSON_LIBS) $(YAML_LIBS) $(INI_LIBS)

PROGS += virt-cordon-guest
virt-cordon-guest_main := provision/guest.c
virt-cordon-guest_libs = $(XML_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(INI_LIBS)

include provision/tests.mk
