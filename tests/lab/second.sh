# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A second host with a libvirtd of its own, for guests that migrate. Sourced after lab.sh.
#
#   second   uplink0 192.168.50.3 --- router br-lan; the same two networks, of the same addresses
#
# It has mounts, a network and a hostname of its own; processes, programs, and what lies in /run/lab
# it shares with the first. Its libvirt is reached from the first by SECOND_URI.

SECOND_PID=  # of the process that holds its namespaces
SECOND_ROOT= # its files as the first host sees them
SECOND_URI=

# Runs a command on the second host; of this file's functions and lab.sh's, use on_second.
second() { # COMMAND...
	nsenter --target "$SECOND_PID" --mount --net --uts --wd=/ -- "$@"
}

# The mounts of the second host, in its mount namespace.
second_mounts() {
	local dir cgroups=/run/lab/cgroup

	mkdir -p /mnt/lab /mnt/libvirt /mnt/cordon
	mount --rbind /run/lab /mnt/lab
	cp -a /etc/libvirt/. /mnt/libvirt
	rm -rf /mnt/libvirt/qemu /mnt/libvirt/storage /mnt/libvirt/nwfilter
	mount -t tmpfs -o mode=0755 second-run /run
	mkdir -p /run/lab /run/lock /run/netns /run/probe
	mount --rbind /mnt/lab /run/lab
	umount -l /mnt/lab
	mkdir -p "$cgroups"
	mount --rbind /sys/fs/cgroup "$cgroups"
	mount -t sysfs sysfs /sys
	mount --rbind "$cgroups" /sys/fs/cgroup
	umount -l "$cgroups"
	for dir in /etc/libvirt /etc/virt-cordon /var/lib/libvirt /var/lib/virt-cordon \
		/var/log/libvirt; do
		mount -t tmpfs -o mode=0755 second "$dir"
	done
	mkdir -p /etc/virt-cordon/domains /var/log/libvirt/qemu
	chmod 0711 /var/lib/virt-cordon
	cp -a /mnt/libvirt/. /etc/libvirt
	echo 'host_uuid = "7b1c59f4-63a2-4e5f-9c1d-0242ac110003"' >>/etc/libvirt/libvirtd.conf
	hostname second
}

second_up() {
	ip netns add second
	ip -batch - <<-IP
		link add second0 netns router type veth peer name uplink0 netns second
	IP
	lab_ip router <<-IP
		link set second0 master br-lan up
	IP
	lab_ip second <<-IP
		addr add 192.168.50.3/24 dev uplink0
		link set lo up
		link set uplink0 up
		route add default via 192.168.50.1
	IP
	export -f second_mounts
	nsenter --net=/run/netns/second unshare --mount --uts --propagation private -- \
		bash -c 'set -euo pipefail; second_mounts; : >/run/mounted; exec sleep infinity' \
		</dev/null >/run/lab/log/second-mounts 2>&1 &
	SECOND_PID=$! SECOND_ROOT=/proc/$!/root
	lab_until 10 test -e "$SECOND_ROOT/run/mounted"
	second virtlogd -d
	second libvirtd -d
	lab_until 20 test -S "$SECOND_ROOT/run/libvirt/libvirt-sock"
	# shellcheck disable=SC2034 # the tests move guests there
	SECOND_URI="qemu+unix:///system?socket=$SECOND_ROOT/run/libvirt/libvirt-sock"
	second probe bg serve second 7777 7778@192.168.50.3 >/run/lab/log/second
	second_network default
	second_network cordon
}

# The network of that name as the first host has it: addresses, and the gateway's own MAC.
second_network() { # NAME
	virsh -q net-dumpxml "$1" >"/run/lab/second-$1.xml"
	second virsh -q net-define "/run/lab/second-$1.xml"
	second virsh -q net-start "$1"
}

# An order to a guest that runs on the second host, or to that itself: @second.
second_order() { # GUEST ORDER...
	local guest=$1

	shift
	if [[ $guest = @second ]]; then
		second probe "$@"
	else
		second probe ask "$(lab_sock "$guest")" "${LAB_ANSWER_MS:-20000}" "$@"
	fi
}

second_expect() { # ok|denied DESCRIPTION PLACE ORDER...
	local want=$1 description=$2 status=0

	shift 2
	LAB_OUT=$(second_order "$@" 2>&1) || status=$?
	LAB_OUT="second, $*"$'\n'$LAB_OUT
	lab_judge "$want" "$status" "$description"
}

second_policy() { # NAME
	cat >"$SECOND_ROOT/etc/virt-cordon/domains/$1.ini"
}

second_no_policy() { # NAME
	rm -f -- "$SECOND_ROOT/etc/virt-cordon/domains/$1.ini"
}

second_is() { # NAME STATE
	[[ $(second virsh domstate --domain "$1" | head -n 1) = "$2" ]]
}

# What a domain may leave on the second host. Sorted: a network that starts anew puts rules and
# links in another order.
second_state() {
	{
		second nft -s list ruleset 2>/dev/null | sed '/0x[0-9a-f]* \. 0:[0-9a-f] counter/d'
		second ip rule
		second ip -6 rule
		second ip -o link | awk '{ print "link", $2 }'
		second virsh -q list --all
		second find /run/virt-cordon -mindepth 1 ! -path '*/slots*' \
			! -path '*/cordon/lock' ! -name taps 2>/dev/null
	} | sort
}

second_note() {
	SECOND_BEFORE=$(second_state)
}

second_same() { # DESCRIPTION
	local status=0

	LAB_OUT=$(diff <(echo "$SECOND_BEFORE") <(second_state) 2>&1) || status=1
	lab_row "$status" "$1"
}
