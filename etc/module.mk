# SPDX-License-Identifier: GPL-2.0-or-later
# Installed configuration: settings, example policies, libvirt's hooks and the guarded network.
examplesdir := $(datadir)/virt-cordon/examples
INSTALL += \
	dir:0755:$(sysconfdir)/virt-cordon \
	dir:0755:$(sysconfdir)/virt-cordon/domains \
	dir:0700:$(sysconfdir)/virt-cordon/wireguard \
	$(foreach f,$(notdir $(wildcard etc/virt-cordon.ini)),\
		conf:0644:etc/$(f):$(sysconfdir)/virt-cordon/$(f)) \
	dir:0755:$(datadir)/virt-cordon \
	dir:0755:$(datadir)/virt-cordon/examples \
	$(foreach f,$(notdir $(wildcard etc/examples/*.ini)),\
		file:0644:etc/examples/$(f):$(datadir)/virt-cordon/examples/$(f)) \
	dir:0755:$(datadir)/virt-cordon/schema \
	$(foreach f,$(notdir $(wildcard docs/schema/*.json)),\
		file:0644:docs/schema/$(f):$(datadir)/virt-cordon/schema/$(f)) \
	dir:0755:$(datadir)/virt-cordon/examples/provision \
	$(foreach f,$(notdir $(wildcard etc/provision/*)),\
		file:0644:etc/provision/$(f):$(examplesdir)/provision/$(f)) \
	file:0644:etc/libvirt/cordon.xml:$(datadir)/virt-cordon/cordon.xml \
	file:0644:etc/libvirt/cordon-ipv6.xml:$(datadir)/virt-cordon/cordon-ipv6.xml \
	file:0644:etc/tmpfiles.d/virt-cordon.conf:$(tmpfilesdir)/virt-cordon.conf \
	file:0644:etc/systemd/virt-cordon-gc.service:$(unitdir)/virt-cordon-gc.service

bash_completions := $(datadir)/bash-completion/completions
INSTALL += \
	file:0644:etc/completion/virt-cordon.bash:$(bash_completions)/virt-cordon \
	file:0644:etc/completion/_virt-cordon:$(datadir)/zsh/vendor-completions/_virt-cordon

# libvirt looks for hooks when its daemon starts: see tools/install-files.
HOOK_LINK := $(sbindir)/virt-cordon-hook
INSTALL += \
	dir:0755:$(sysconfdir)/libvirt/hooks/qemu.d \
	dir:0755:$(sysconfdir)/libvirt/hooks/network.d \
	link:$(HOOK_LINK):$(sysconfdir)/libvirt/hooks/qemu.d/50-virt-cordon \
	link:$(HOOK_LINK):$(sysconfdir)/libvirt/hooks/network.d/50-virt-cordon

# AppArmor lets libvirtd run what is in /usr/sbin; of another folder it must be told.
ifneq ($(sbindir),/usr/sbin)
INSTALL += apparmor:$(sbindir)/virt-cordon-hook:$(sysconfdir)/apparmor.d/local/usr.sbin.libvirtd
endif
