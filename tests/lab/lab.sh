# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a lab test is written with. Sourced first, with the test's arguments:
#
#   . "$(dirname "$0")/lab.sh"
#
# Outside the lab this runs the test again inside; a test that wants no hooks says so before, with
# `export LAB_HOOKS=0`. The test then says what it sees and ends with `lab_done`.
#
# A PLACE is the name of a guest, or @host, @router, @lan, @inet. An ORDER is one of the probe's
# (probe --help). Verdicts: 0 got through, 1 denied, 2 could not try; a 2 never passes a test.

if [[ -z ${LAB_INSIDE:-} ]]; then
	exec "$(dirname "${BASH_SOURCE[0]}")/lab" run "$(realpath -- "$0")" "$@"
fi
set -euo pipefail

LAB_ROW=0     # rows of TAP so far
LAB_FAILED=0  # of these, failed ones
LAB_OUT=      # output of the last command that a row ran
LAB_TOKENS=0  # tokens used so far
declare -A LAB_VARS=() # {name} -> value in the lines of probes.tab

# --- rows of TAP -------------------------------------------------------------------------------

lab_row() { # STATUS DESCRIPTION
	LAB_ROW=$((LAB_ROW + 1))
	if (($1 == 0)); then
		echo "ok $LAB_ROW - $2"
		return 0
	fi
	LAB_FAILED=$((LAB_FAILED + 1))
	echo "not ok $LAB_ROW - $2"
	[[ -z $LAB_OUT ]] || sed 's/^/#   /' <<<"${LAB_OUT:0:2000}"
}

lab_note() {
	sed 's/^/# /' <<<"$*"
}

# Ends the test: the plan, and when a row failed all that may explain it.
lab_done() {
	trap - EXIT
	echo "1..$LAB_ROW"
	((LAB_FAILED)) || exit 0
	lab_dump
	exit 1
}

# A test that stops half-way has no plan, which fails it; its logs are shown all the same.
lab_aborted() {
	local status=$?

	echo "Bail out! the test stopped early, exit status $status"
	[[ -z $LAB_OUT ]] || sed 's/^/#   /' <<<"${LAB_OUT:0:2000}"
	lab_dump
	exit 1
}
trap lab_aborted EXIT

lab_tail() { # LINES TITLE  (text on stdin)
	local text

	text=$(tail -n "$1" | cut -c 1-300)
	[[ -z $text ]] || printf '# --- %s\n%s\n' "$2" "$(sed 's/^/# /' <<<"$text")"
}

lab_dump() {
	local f

	# without what it says about every machine that has no D-Bus, DMI, KVM or cgroups for it
	lab_tail 30 "libvirtd's log" < <(grep -vE 'info : (lib|host)|DBus|DMI|dmidecode|CPUID|KVM|^$|cgroup' \
		/var/log/libvirt/libvirtd.log 2>/dev/null)
	for f in /var/log/libvirt/qemu/*.log; do
		[[ ! -f $f ]] || lab_tail 10 "$f" <"$f"
	done
	lab_tail 200 "nft, but for libvirt's tables" < <(nft list tables | while read -r _ f; do
		[[ $f =~ ^ip6?\ (filter|nat|mangle)$ ]] || nft list table ${f% *} "${f#* }" 2>&1
	done)
	lab_tail 30 "ip rule" < <(ip rule 2>&1)
	lab_tail 30 "bridge link" < <(bridge -d link 2>&1)
	lab_tail 40 "/run/virt-cordon" < <(find /run/virt-cordon -type f 2>/dev/null)
}

# Runs a command in a subshell where an error ends it, which `if` and `||` would undo: never call
# this left of one. Sets LAB_OUT and LAB_STATUS.
lab_try() { # COMMAND...
	set +e
	LAB_OUT=$(set -e && "$@" 2>&1)
	LAB_STATUS=$?
	set -e
}

# lab_ok DESCRIPTION COMMAND...: a row that passes when the command does.
lab_ok() {
	local description=$1

	shift
	lab_try "$@"
	lab_row "$LAB_STATUS" "$description"
}

# lab_fails DESCRIPTION COMMAND...: a row that passes when the command fails; see also LAB_OUT.
lab_fails() {
	local description=$1

	shift
	lab_try "$@"
	lab_row "$((LAB_STATUS == 0))" "$description"
}

# lab_says DESCRIPTION TEXT: the last row's output holds TEXT.
lab_says() {
	local status=0

	[[ $LAB_OUT = *"$2"* ]] || status=1
	lab_row "$status" "$1"
}

# --- guests ------------------------------------------------------------------------------------

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
	printf '52:54:00:%02x:%02x:%02x' "$((sum >> 16 & 255))" "$((sum >> 8 & 255))" "$((sum & 255))"
}

# lab_xml NAME [KEY=VALUE...]: writes the domain's XML to /run/lab/guest/ID.xml, its path in LAB_XML.
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
		<cmdline>console=ttyS0 quiet panic=-1 cryptomgr.notests random.trust_cpu=on</cmdline>
		</os>
		<features><acpi/></features>
		<devices>
		<emulator>/usr/bin/qemu-system-x86_64</emulator>
		$nics
		<serial type='file'><source path='/var/log/libvirt/qemu/$id.console.log'/></serial>
		<serial type='unix'><source mode='bind' path='/run/lab/guest/$id.sock'/></serial>
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
	printf '/run/lab/guest/%s.sock' "$(lab_id "$1")"
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
	# it goes down a tenth of a second after its answer; until then it would say that it is ready
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
	ip -6 -o addr show dev "$1" scope link | awk '{ sub("/.*", "", $4); print $4; n++ } END { exit !n }'
}

# --- orders ------------------------------------------------------------------------------------

lab_order() { # PLACE ORDER...
	local place=$1 sock

	shift
	case $place in
	@host) probe "$@" ;;
	@*) nsenter --net="/run/netns/${place#@}" probe "$@" ;;
	*)
		sock=$(lab_sock "$place")
		probe ask "$sock" "${LAB_ANSWER_MS:-20000}" "$@"
		;;
	esac
}

# Starts an order that listens; returns when it does. Its handle is in LAB_JOB.
lab_bg() { # PLACE ORDER...
	local place=$1 answer

	shift
	answer=$(lab_order "$place" bg "$@") || { LAB_OUT=$answer && return 2; }
	LAB_JOB="$place ${answer#ok }"
}

lab_wait() { # HANDLE
	lab_order "${1% *}" wait "${1##* }"
}

# lab_expect ok|denied DESCRIPTION PLACE ORDER...
lab_expect() {
	local want=$1 description=$2 status=0 place=$3

	shift 3
	LAB_OUT=$(lab_order "$place" "$@" 2>&1) || status=$?
	LAB_OUT="$place: $*"$'\n'$LAB_OUT
	lab_judge "$want" "$status" "$description"
}

lab_judge() { # ok|denied STATUS DESCRIPTION
	case $1:$2 in
	ok:0 | denied:1) lab_row 0 "$3" ;;
	*) LAB_OUT+=$'\n'"expected: $1" && lab_row 1 "$3" ;;
	esac
}

lab_expect_ok() { # DESCRIPTION PLACE ORDER...
	lab_expect ok "$@"
}

lab_expect_denied() { # DESCRIPTION PLACE ORDER...
	lab_expect denied "$@"
}

lab_token() {
	LAB_TOKENS=$((LAB_TOKENS + 1))
	LAB_TOKEN=token-$BASHPID-$LAB_TOKENS-$RANDOM
}

# lab_hears LISTENER LISTEN-ORDER... -- SENDER SEND-ORDER...: {token} in both is the same new word.
# Verdict: of the listener; 2 when the sender could not send. Output in LAB_OUT.
lab_hears() {
	local -a listen=() send=()
	local status=0 job

	while (($#)) && [[ $1 != -- ]]; do
		listen+=("$1") && shift
	done
	shift
	send=("$@")
	lab_token
	LAB_OUT="${listen[*]} -- ${send[*]}"
	lab_bg "${listen[@]//\{token\}/$LAB_TOKEN}" || return 2
	job=$LAB_JOB
	LAB_OUT+=$'\n'$(lab_order "${send[@]//\{token\}/$LAB_TOKEN}" 2>&1) || return 2
	LAB_OUT+=$'\n'$(lab_wait "$job" 2>&1) || status=$?
	return "$status"
}

lab_expect_heard() { # DESCRIPTION LISTENER ORDER... -- SENDER ORDER...
	local description=$1 status=0

	shift
	lab_hears "$@" || status=$?
	lab_judge ok "$status" "$description"
}

lab_expect_unheard() { # DESCRIPTION LISTENER ORDER... -- SENDER ORDER...
	local description=$1 status=0

	shift
	lab_hears "$@" || status=$?
	lab_judge denied "$status" "$description"
}

# --- the table of probes -----------------------------------------------------------------------

# Replaces {name} by LAB_VARS[name].
lab_fill() { # TEXT
	local text=$1 key

	for key in "${!LAB_VARS[@]}"; do
		text=${text//"{$key}"/${LAB_VARS[$key]}}
	done
	LAB_FILLED=$text
}

# Calls FUNCTION with ID GROUP TITLE LISTENER ORDER of each line whose group fits the pattern.
lab_each_probe() { # GROUP-PATTERN FUNCTION
	local pattern=$1 id group title listener order

	while IFS='|' read -r -u 8 id group title listener order; do
		[[ $id != '#'* && -n $id ]] || continue
		id=${id//[[:blank:]]/} group=${group//[[:blank:]]/}
		title=${title#"${title%%[! ]*}"} title=${title%"${title##*[! ]}"}
		# shellcheck disable=SC2053 # a pattern
		[[ $group = $pattern ]] || continue
		"$2" "$id" "$group" "$title" "$listener" "$order"
	done 8<"$LAB_DIR/probes.tab"
}

declare -a LAB_STARTED=() # probes under way: ID|GROUP|TITLE|HANDLE of the verdict|what was tried
LAB_PROBER=               # the guest that tries them

lab_probe_start() { # ID GROUP TITLE LISTENER ORDER
	local job=none
	local -a listen order

	lab_token
	LAB_VARS[token]=$LAB_TOKEN
	lab_fill "$4" && read -ra listen <<<"$LAB_FILLED"
	lab_fill "$5" && read -ra order <<<"$LAB_FILLED"
	LAB_OUT=
	if [[ ${listen[0]} != - ]]; then
		# heard or not: what the sender itself says is of no interest unless it could not send
		if lab_bg "${listen[@]}"; then
			job=$LAB_JOB
			LAB_OUT=$(lab_order "$LAB_PROBER" "${order[@]}" 2>&1) || job=none
		fi
	elif lab_bg "$LAB_PROBER" "${order[@]}"; then
		job=$LAB_JOB
	fi
	LAB_STARTED+=("$1|$2|$3|$job|${listen[*]} $LAB_PROBER: ${order[*]} $LAB_OUT")
}

# lab_probe_all GUEST GROUP-PATTERN FUNCTION: tries all lines side by side, so that silence costs one
# timeout and not one each. Then calls FUNCTION with ID GROUP TITLE VERDICT, LAB_OUT saying more.
lab_probe_all() {
	local one id group title job tried verdict

	LAB_PROBER=$1 LAB_STARTED=()
	lab_each_probe "$2" lab_probe_start
	for one in "${LAB_STARTED[@]}"; do
		IFS='|' read -r id group title job tried <<<"$one"
		verdict=0
		if [[ $job = none ]]; then
			verdict=2 LAB_OUT='could not be tried'
		else
			LAB_OUT=$(lab_wait "$job" 2>&1) || verdict=$?
		fi
		LAB_OUT="$tried"$'\n'$LAB_OUT
		"$3" "$id" "$group" "$title" "$verdict"
	done
}

lab_addr() { # SHOWN PATTERN: the first address in the output of `show` that fits
	local word

	for word in $1; do
		# shellcheck disable=SC2053 # a pattern
		[[ $word = addr=* && ${word#addr=} = $2 ]] && echo "${word#addr=}" && return 0
	done
	return 1
}

# Fills LAB_VARS for probes.tab from two running guests on one routed bridge.
lab_vars() { # GUEST NEIGHBOUR BRIDGE
	local own other

	own=$(lab_order "$1" show eth0)
	other=$(lab_order "$2" show eth0)
	LAB_VARS[bridge]=$3
	LAB_VARS[gw]=$(ip -4 -o addr show dev "$3" | awk '{ sub("/.*", "", $4); print $4; exit }')
	LAB_VARS[gw6]=$(lab_bridge_ipv6 "$3")
	LAB_VARS[tap]=$(lab_tap "$1")
	LAB_VARS[mac]=$(sed 's/.*mac=\([^ ]*\).*/\1/' <<<"$own")
	LAB_VARS[ip]=$(lab_addr "$own" '*.*')
	LAB_VARS[nbmac]=$(sed 's/.*mac=\([^ ]*\).*/\1/' <<<"$other")
	LAB_VARS[nb]=$(lab_addr "$other" '*.*')
	LAB_VARS[nb6]=$(lab_addr "$other" 'fe80:*')
}
