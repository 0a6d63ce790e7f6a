# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Brings the lab up, inside its namespaces: mounts, programs, network world, libvirtd.
#
# All of it is seen only from inside. /etc, /usr and /var are overlays whose changes lie in memory;
# below them libvirt's and virt-cordon's own folders are empty ones.

# shellcheck source=tests/lab/world.sh
. "${lab_dir:?}/world.sh"

lab_mounts() {
	local cgroups=/run/lab/cgroup dir over

	# The network namespace's own /sys; the cgroups stay the old ones.
	mount -t tmpfs -o mode=0755 lab-run /run
	mkdir -p /run/lab/{over,boot,guest,log} "$cgroups" /run/lock /run/netns /run/probe
	mount --rbind /sys/fs/cgroup "$cgroups"
	mount -t sysfs sysfs /sys
	mount --rbind "$cgroups" /sys/fs/cgroup
	umount -l "$cgroups"

	# The tree and the cache stay what they are, even where an overlay will cover them.
	mkdir -p /run/lab/{top,cache}
	mount --bind "${lab_top:?}" /run/lab/top
	mount --bind "$CORDON_CACHE" /run/lab/cache
	for dir in etc usr var; do
		mkdir -p "/run/lab/over/$dir/"{upper,work}
		over=/run/lab/over/$dir
		mount -t overlay -o "lowerdir=/$dir,upperdir=$over/upper,workdir=$over/work" \
			lab "/$dir"
	done
	case $lab_top in
	/usr/* | /var/*) mount --bind /run/lab/top "$lab_top" ;;
	esac
	for dir in /etc/libvirt /etc/virt-cordon /var/lib/libvirt /var/lib/virt-cordon \
		/var/log/libvirt; do
		mkdir -p "$dir"
		mount -t tmpfs -o mode=0755 lab "$dir"
	done
	chmod 0711 /var/lib/virt-cordon
	mkdir -p /var/log/libvirt/qemu
	mkdir -p /var/cache/libvirt
	mount --bind /run/lab/cache/libvirt /var/cache/libvirt

	# There but useless it would cost libvirt a minute of probing.
	if [[ -e /dev/kvm ]]; then
		: >/run/lab/no-kvm
		mount --bind /run/lab/no-kvm /dev/kvm
	fi
}

lab_install() {
	local program hook=/usr/sbin/virt-cordon-hook

	# virsh would start this agent at a terminal, to ask a polkit that is not here
	rm -f /usr/bin/pkttyagent /etc/resolv.conf
	echo "nameserver 192.168.50.50" >/etc/resolv.conf
	# libvirt gives kernel and initrd to QEMU's user: never those in the tree
	cp "$CORDON_CACHE/kernel/vmlinux" "$CORDON_BUILD/tests/lab/initramfs" /run/lab/boot/
	cp "$CORDON_BUILD/tests/probe/probe" /usr/bin/probe
	for program in "$CORDON_BUILD"/virt-cordon*; do
		[[ ! -f $program || ! -x $program ]] || cp "$program" /usr/sbin/
	done
	mkdir -p /etc/virt-cordon/domains /usr/share/virt-cordon
	[[ ! -f $lab_top/etc/virt-cordon.ini ]] ||
		cp "$lab_top/etc/virt-cordon.ini" /etc/virt-cordon/
	export LAB_HOOKS=${LAB_HOOKS:-$([[ -x $hook ]] && echo 1 || echo 0)}
	if [[ $LAB_HOOKS = 1 ]]; then
		[[ -x $hook ]] || { echo "virt-cordon-hook is not built" >&2 && return 1; }
		mkdir -p /etc/libvirt/hooks/{qemu.d,network.d}
		ln -s "$hook" /etc/libvirt/hooks/qemu.d/50-virt-cordon
		ln -s "$hook" /etc/libvirt/hooks/network.d/50-virt-cordon
	fi
}

lab_libvirt_conf() {
	local level=3

	[[ ${LAB_DEBUG:-0} = 0 ]] || level=1
	cat >/etc/libvirt/libvirtd.conf <<-CONF
		auth_unix_ro = "none"
		auth_unix_rw = "none"
		log_level = $level
		log_outputs = "$level:file:/var/log/libvirt/libvirtd.log"
	CONF
	# A namespace per guest would show the real /dev/kvm again.
	cat >/etc/libvirt/qemu.conf <<-CONF
		namespaces = []
		security_driver = "none"
	CONF
	[[ ${LAB_CGROUPS:-0} != 0 ]] || echo 'cgroup_controllers = []' >>/etc/libvirt/qemu.conf
}

# Waits until a command succeeds, at most SECONDS.
lab_until() { # SECONDS COMMAND...
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < deadline)) || return 1
		sleep 0.02
	done
}

lab_daemons() {
	export LIBVIRT_DEFAULT_URI=qemu:///system
	virtlogd -d
	libvirtd -d
	lab_until 20 test -S /run/libvirt/libvirt-sock
}

# dnsmasq looks 3 s whether an address is taken before it offers it: not in the lab.
lab_no_ping() { # FILE
	sed "s|</dnsmasq:options>|<dnsmasq:option value='no-ping'/>&|" "$1"
}

lab_networks() {
	lab_no_ping "$lab_dir/default.xml" >/run/lab/default.xml
	lab_no_ping "$lab_top/etc/libvirt/cordon.xml" >/run/lab/cordon.xml
	virsh -q "net-define /run/lab/default.xml; net-define /run/lab/cordon.xml;
		net-start default; net-start cordon" >/run/lab/log/networks 2>&1 ||
		{ cat /run/lab/log/networks >&2 && return 1; }
}

# Not to be called left of || or in a condition: an error has to end it.
lab_setup() {
	local daemons

	export LAB_DIR=$lab_dir
	cd /
	lab_mounts
	CORDON_CACHE=/run/lab/cache "$lab_dir/guest-kernel" >/dev/null
	lab_install
	lab_libvirt_conf
	ip link set lo up
	lab_daemons &
	daemons=$!
	lab_world
	wait "$daemons"
	export LIBVIRT_DEFAULT_URI=qemu:///system
	lab_networks
	cd "$lab_top" || return
}

lab_banner() {
	cat <<-BANNER

		The lab came up in $LAB_UP_MS ms. It is not seen from outside; leave with exit.

		  this host    192.168.50.2 (uplink0), 198.51.100.2 (pub0); echo: 7777 on all,
		               7778 on 192.168.50.2 only, 7779 on 127.0.0.1 only
		  networks     default 192.168.122.0/24 (virbr0), cordon 10.217.84.0/24 (guarded)
		  @router      192.168.50.1, 203.0.113.1
		  @lan         192.168.50.50, 198.51.100.50, 169.254.169.254 and an address of each
		               private range; echo 7777, DNS 53 (lab.test)
		  @inet        203.0.113.10, 203.0.113.11, 2001:db8:113::10; echo 7777, DNS 53
		  hooks        $([[ $LAB_HOOKS = 1 ]] && echo virt-cordon-hook || echo none)

		  lab_define g; lab_start g; lab_order g dhcp eth0
		  lab_order g tcp 192.168.50.50 7777; lab_order @lan ping 192.168.50.2
		  lab_policy g <<< '[domain]'; virsh list --all; probe --help
		  declare -F | grep lab_       all functions

	BANNER
}
