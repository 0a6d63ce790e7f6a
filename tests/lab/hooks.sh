# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of libvirt's events and of faults have in common. Sourced after lab.sh.

HOST_SORT="cat" # sort: where libvirtd restarts, which puts its own rules in again

# All of the host that a domain may leave something in, without what changes by itself.
host_state() {
	# what another domain is denied meanwhile is counted in elements that packets make
	nft -s list ruleset 2>/dev/null | sed '/0x[0-9a-f]* \. 0:[0-9a-f] counter/d' | "$HOST_SORT"
	ip rule
	ip -6 rule
	ip route show table all | sed 's/ linkdown//' | grep -vE 'fe80|ff00::'
	ip -o link | awk '{ print "link", $2 }'
	[[ ! -d /run/virt-cordon ]] || find /run/virt-cordon -mindepth 1 \
		! -path '*/slots/last' ! -path '*/cordon/lock' ! -name slots ! -name taps | sort
}

# Files of shares behind loop devices, a line each. Those are the whole machine's: another lab's are
# on a file system that is not mounted here.
share_loops() {
	local device file

	losetup -nO BACK-MAJ:MIN,BACK-FILE | while read -r device file; do
		[[ $file = /var/lib/virt-cordon/* ]] || continue
		! awk '{ print $3 }' /proc/self/mountinfo | grep -qx "$device" || echo "$file"
	done | sort
}

# Remembers the host as it is.
host_note() {
	HOST_BEFORE=$(host_state)
}

# A row that passes when the host is what it was at host_note.
host_same() { # DESCRIPTION
	local status=0

	LAB_OUT=$(diff <(echo "$HOST_BEFORE") <(host_state) 2>&1) || status=1
	lab_row "$status" "$1"
}

# refused DESCRIPTION DOMAIN TEXT...: a row that passes when `virsh start` fails, says each TEXT in
# the message that is ours, and leaves the host as it was at host_note.
refused() {
	local description=$1 name=$2 status=0 text said

	shift 2
	lab_try virsh -q start --domain "$name"
	((LAB_STATUS != 0)) || status=1
	said=${LAB_OUT#*unexpected exit status }
	[[ $said = *": virt-cordon: $name: "* ]] || status=1
	for text; do
		[[ $said = *"$text"* ]] || { status=1 && LAB_OUT+=$'\n'"expected: $text"; }
	done
	lab_is "$name" "shut off" || status=1
	LAB_OUT+=$'\n'$(diff <(echo "$HOST_BEFORE") <(host_state)) || status=1
	lab_row "$status" "$description"
}

# The same for a message of exactly one line.
refused_in_a_line() { # DESCRIPTION DOMAIN TEXT...
	local lines

	refused "$@"
	lines=$(grep -c . <<<"${LAB_OUT#*unexpected exit status }" || true)
	((lines == 1)) || LAB_OUT+=$'\n'"$lines lines"
	((lines == 1)) || lab_row 1 "$1: the message is one line"
}

# lab_start without waiting for the guest; for the tests that only ask the host.
start_only() { # DOMAIN
	virsh -q start --domain "$1"
}

# Whether the kernel holds rules of ours at all.
rules_stand() {
	nft list tables 2>/dev/null | grep -q virt_cordon
}

no_rules() {
	! rules_stand
}

checked() { # DOMAIN
	virt-cordon-netiso check "$1"
}

# Waits until nothing of the domain is left of libvirt's: it ended by itself.
ended() { # DOMAIN
	lab_until 20 lab_is "$1" "shut off"
}

# lab_define's device= of a domain into which N devices can be plugged while it runs.
spare_ports() { # N
	printf "<controller type='pci' index='0' model='pcie-root'/>"
	printf "<controller type='pci' index='%d' model='pcie-root-port'/>" $(seq $(($1 + 4)))
}

# Kills libvirtd without a chance to tidy up, and starts it again.
crash_libvirtd() {
	kill_libvirtd
	start_libvirtd
}

kill_libvirtd() {
	local pid

	pid=$(</run/libvirtd.pid)
	kill -KILL "$pid"
	lab_until 20 lab_gone "$pid"
}

start_libvirtd() {
	libvirtd -d
	lab_until 20 virsh -q connect
}

# Runs a shell command over and over in the guest, in the background, until watch_end.
watch_begin() { # GUEST ID COMMAND
	local guest=$1 id=$2 loop

	# an order is one line
	loop="n=0; through=0; denied=0; while [ ! -e /tmp/end.$id ]; do n=\$((n + 1));"
	loop+=" { $3; } >/dev/null 2>&1; case \$? in 0) through=\$((through + 1)) ;;"
	loop+=" 1) denied=\$((denied + 1)) ;; esac; done;"
	loop+=" echo \$n \$through \$denied >/tmp/watch.$id.new;"
	loop+=" mv /tmp/watch.$id.new /tmp/watch.$id"
	loop="rm -f /tmp/end.$id /tmp/watch.$id; ($loop) >/dev/null 2>&1 &"
	# of not too many words, and only blanks part them
	lab_order "$guest" run "${loop// /$'\t'}"
}

# Ends it, and passes when each of the tries, of which there were several, had that verdict.
watch_end() { # GUEST ID through|denied
	local n through denied

	lab_order "$1" run "touch /tmp/end.$2; while [ ! -e /tmp/watch.$2 ]; do sleep 0.1; done"
	read -r n through denied < <(lab_order "$1" run "cat /tmp/watch.$2")
	echo "$n tries, $through through, $denied denied"
	((n >= 3)) && [[ ${!3} = "$n" ]]
}
