# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests of a lab test: define, start, save, end; the daemon; policies. Sourced by lab.sh.

# The file name of a guest: odd names are told apart by a sum of their bytes.
lab_id() { # NAME
	if [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_-]{0,40}$ ]]; then
		echo "$1"
	else
		printf 'odd-%s' "$(printf '%s' "$1" | cksum | cut -d ' ' -f 1)"
	fi
}

lab_xml_text() {
	local s=${1//&/&amp;}

	s=${s//</&lt;}
	printf '%s' "${s//>/&gt;}"
}

# A MAC for the N-th NIC of a guest, the same each time.
lab_mac() { # NAME N
	local sum

	sum=$(printf '%s/%s' "$1" "$2" | cksum | cut -d ' ' -f 1)
	printf -v sum '%06x' "$((sum & 0xffffff))"
	printf '52:54:00:%s:%s:%s' "${sum:0:2}" "${sum:2:2}" "${sum:4:2}"
}

LAB_CMDLINE='console=ttyS0 quiet panic=-1 cryptomgr.notests random.trust_cpu=on'

# lab_xml NAME [KEY=VALUE...]: writes the domain's XML to /run/lab/guest/ID.xml, path in LAB_XML.
#
#   net=NAME     a NIC on this network; again for more. Default: one on `default`
#   bridge=BR    a NIC on this bridge
#   mac=MAC      of the NIC that follows
#   nic=XML      a whole <interface>
#   device=XML   anything else in <devices>
#   head=XML     anything in <domain>
#   uuid=UUID    mem=MIB
lab_xml() {
	local name=$1 id arg nics='' devices='' head='' mem=96 mac='' n=0

	shift
	id=$(lab_id "$name")
	for arg; do
		case $arg in
		net=* | bridge=*)
			n=$((n + 1))
			nics+=$(lab_nic "$arg" "${mac:-$(lab_mac "$name" "$n")}") mac=''
			;;
		mac=*) mac=${arg#*=} ;;
		nic=*) nics+=${arg#*=} ;;
		device=*) devices+=${arg#*=} ;;
		head=*) head+=${arg#*=} ;;
		uuid=*) head+="<uuid>${arg#*=}</uuid>" ;;
		mem=*) mem=${arg#*=} ;;
		*) echo "lab_xml: $arg?" >&2 && return 2 ;;
		esac
	done
	[[ -n $nics ]] || nics=$(lab_nic net=default "${mac:-$(lab_mac "$name" 1)}")
	LAB_XML=/run/lab/guest/$id.xml
	cat >"$LAB_XML" <<-XML
		<domain type='qemu'>
		<name>$(lab_xml_text "$name")</name>
		<memory unit='MiB'>$mem</memory>
		<vcpu>1</vcpu>
		$head
		<os>
		<type arch='x86_64' machine='q35'>hvm</type>
		<kernel>/run/lab/boot/vmlinux</kernel>
		<initrd>/run/lab/boot/initramfs</initrd>
		<cmdline>$LAB_CMDLINE</cmdline>
		</os>
		<features><acpi/></features>
		<devices>
		<emulator>/usr/bin/qemu-system-x86_64</emulator>
		$nics
		<serial type='file'><source path='/var/log/libvirt/qemu/$id.console.log'/></serial>
		<serial type='unix'><source mode='bind' path='$(lab_sock "$name")'/></serial>
		<controller type='usb' model='none'/>
		<memballoon model='none'/>
		$devices
		</devices>
		</domain>
	XML
}

lab_nic() { # net=NAME|bridge=BR MAC
	local source="type='network'><source network='${1#*=}'/>"

	[[ $1 = net=* ]] || source="type='bridge'><source bridge='${1#*=}'/>"
	printf "<interface %s<mac address='%s'/><model type='virtio'/></interface>" "$source" "$2"
}

# lab_define NAME [KEY=VALUE...]: as lab_xml
lab_define() {
	lab_xml "$@"
	virsh -q define "$LAB_XML"
}

lab_sock() {
	printf '/var/lib/libvirt/qemu/guest-%s.sock' "$(lab_id "$1")"
}

# Waits until the guest takes orders.
lab_ready() { # NAME
	local sock

	sock=$(lab_sock "$1")
	probe ask "$sock" 30000 hello >/dev/null
}

# Starts the domain and waits for its guest. What virsh says of a refusal is the output.
lab_start() { # NAME
	virsh -q start --domain "$1" && lab_ready "$1"
}

# For several guests at once: their boots overlap.
lab_start_all() { # NAME...
	local name

	for name; do
		virsh -q start --domain "$name"
	done
	for name; do
		lab_ready "$name"
	done
}

lab_destroy() { # NAME
	virsh -q destroy --domain "$1"
}

# Ends the domain if it runs, and forgets it.
lab_undefine() { # NAME
	virsh -q destroy --domain "$1" >/dev/null 2>&1 || true
	virsh -q undefine --managed-save --domain "$1" >/dev/null 2>&1 || true
}

lab_save() { # NAME
	virsh -q managedsave --domain "$1"
}

lab_state() { # NAME
	virsh domstate --domain "$1" | head -n 1
}

# lab_is NAME STATE
lab_is() {
	[[ $(lab_state "$1") = "$2" ]]
}

# Reboots the guest from inside: no hook of libvirt's fires, the tap stays.
lab_reboot() { # NAME
	lab_order "$1" reboot
	# it goes down a tenth of a second after its answer, and till then would say it is ready
	sleep 0.3
	lab_ready "$1"
}

# lab_tap NAME [N]: the N-th NIC's tap, from 1
lab_tap() {
	virsh -q domiflist --domain "$1" | awk -v n="${2:-1}" 'NF && ++i == n { print $1 }'
}

# Ends libvirtd as a package upgrade does, and starts it again; guests go on.
lab_restart_libvirtd() {
	local pid

	pid=$(</run/libvirtd.pid)
	kill "$pid"
	lab_until 20 lab_gone "$pid"
	libvirtd -d
	lab_until 20 virsh -q connect
}

lab_gone() {
	[[ ! -d /proc/$1 ]]
}

lab_until() { # SECONDS COMMAND...
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < deadline)) || return 1
		sleep 0.02
	done
}

# The policy of a domain, from stdin.
lab_policy() { # NAME
	cat >"/etc/virt-cordon/domains/$1.ini"
}

lab_no_policy() { # NAME
	rm -f -- "/etc/virt-cordon/domains/$1.ini"
}

# Gives a bridge of the host IPv6, which libvirt turns off where it has no address to give: probes
# of the host's link-local address then have something to find. Prints that address.
lab_bridge_ipv6() { # BRIDGE
	sysctl -qw "net.ipv6.conf.$1.accept_dad=0" "net.ipv6.conf.$1.disable_ipv6=0"
	lab_until 3 lab_link_local "$1"
	lab_link_local "$1"
}

lab_link_local() { # LINK
	ip -6 -o addr show dev "$1" scope link |
		awk '{ sub("/.*", "", $4); print $4; n++ } END { exit !n }'
}
