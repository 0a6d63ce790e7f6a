# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a netns test is written with: virt-cordon-netiso on veth pairs, without libvirt or QEMU.
#
#   . "$(dirname "$0")/lib.sh"
#
# Sourced first, with the test's arguments: outside its namespaces this runs the test again inside.
# The test builds what it needs (world.sh, domain.sh), says what it sees and ends with `ns_done`.
#
# A PLACE is the name of a network namespace made by ns_place, or `host`. An ORDER is one of the
# probe's (probe --help). Verdicts: 0 got through, 1 denied, 2 could not try; a 2 never passes.
#
# Needs bash, ip, nft, sysctl, unshare, nsenter and the built programs in CORDON_BUILD; what some
# tests need besides (dnsmasq, strace) they ask for by ns_need.
# shellcheck disable=SC2034 # for those who include this

NS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NS_TOP=$(cd "$NS_DIR/../.." && pwd)
export CORDON_BUILD=${CORDON_BUILD:-$NS_TOP/build/release}
export PATH=$CORDON_BUILD/tests/probe:$CORDON_BUILD:/usr/local/sbin:/usr/sbin:/sbin:$PATH
export LC_ALL=C

if [[ -z ${NS_STARTED:-} ]]; then
	for ns_file in virt-cordon-netiso tests/probe/probe; do
		[[ -x $CORDON_BUILD/$ns_file ]] ||
			{ echo "Bail out! $CORDON_BUILD/$ns_file is missing: run make" && exit 1; }
	done
	if ! ns_why=$(unshare --mount --net --pid --fork true 2>&1); then
		echo "1..0 # SKIP no namespaces can be made here: $ns_why"
		exit 0
	fi
	# A pid 1 that is a shell reaps orphans; --kill-child ends them all when the test is ended.
	NS_STARTED=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		--propagation private -- bash -c '"$@"; exit $?' netns "$(realpath -- "$0")" "$@"
fi
export -n NS_STARTED
set -euo pipefail

mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/netns /run/t
ip link set lo up
# All files of the programs lie here: nothing of the machine's own /etc, /run or /var is in the way.
NS_ROOT=/run/root
umask 022
mkdir -p $NS_ROOT/etc/virt-cordon $NS_ROOT/var/lib/libvirt/dnsmasq $NS_ROOT/run

# Under software emulation, where a process costs twenty times as much, the loops over every single
# object take fewer steps.
NS_SLOW=${NS_SLOW:-$(grep -om1 -e 'QEMU Virtual' -e TCG /proc/cpuinfo || true)}

NS_ROW=0    # rows of TAP so far
NS_FAILED=0 # of these, failed ones
NS_OUT=     # output of the last command that a row ran
NS_STATUS=0 # and its exit status

# --- rows of TAP -------------------------------------------------------------------------------

ns_indent() { # PREFIX TEXT
	local line

	while IFS= read -r line; do
		printf '%s%s\n' "$1" "$line"
	done <<<"$2"
}

ns_note() {
	ns_indent '# ' "$*"
}

ns_row() { # STATUS DESCRIPTION
	NS_ROW=$((NS_ROW + 1))
	if (($1 == 0)); then
		echo "ok $NS_ROW - $2"
		return 0
	fi
	NS_FAILED=$((NS_FAILED + 1))
	echo "not ok $NS_ROW - $2"
	[[ -z $NS_OUT ]] || ns_indent '#   ' "${NS_OUT:0:3000}"
}

ns_skip() { # DESCRIPTION WHY
	NS_ROW=$((NS_ROW + 1))
	echo "ok $NS_ROW - $1 # SKIP $2"
}

# Ends the test as a whole unless the programs are there.
ns_need() { # PROGRAM...
	local program

	for program in "$@"; do
		command -v "$program" >/dev/null && continue
		trap - EXIT
		echo "1..0 # SKIP $program is not installed"
		exit 0
	done
}

ns_dump() {
	echo "# --- nft list ruleset"
	ns_indent '# ' "$(nft list ruleset 2>&1 | head -n 400)"
	echo "# --- links, rules"
	ns_indent '# ' "$(bridge -d link 2>&1; ip rule; ip -6 rule)"
	echo "# --- $NS_ROOT/run"
	ns_indent '# ' "$(find $NS_ROOT/run ! -type d -printf '%p %l\n')"
}

ns_done() {
	trap - EXIT
	echo "1..$NS_ROW"
	((NS_FAILED)) || exit 0
	[[ -z ${NS_VERBOSE:-} ]] || ns_dump
	exit 1
}

# A test that stops half-way has no plan, which fails it.
ns_aborted() {
	local status=$?

	echo "Bail out! the test stopped early, exit status $status"
	[[ -z $NS_OUT ]] || ns_indent '#   ' "${NS_OUT:0:3000}"
	ns_dump
	exit 1
}
trap ns_aborted EXIT

# Runs a command, keeps what it says. Functions among them must not rely on `set -e`.
ns_try() { # COMMAND...
	NS_STATUS=0
	NS_OUT=$("$@" 2>&1) || NS_STATUS=$?
	NS_OUT="\$ $*"$'\n'"$NS_OUT"$'\n'"exit status $NS_STATUS"
}

# ns_ok DESCRIPTION COMMAND...: a row that passes when the command does.
ns_ok() {
	local description=$1

	shift
	ns_try "$@"
	ns_row "$NS_STATUS" "$description"
}

# ns_exits STATUS DESCRIPTION COMMAND...: a row that passes when the command exits with STATUS.
ns_exits() {
	local want=$1 description=$2

	shift 2
	ns_try "$@"
	ns_row "$((NS_STATUS != want))" "$description"
}

# ns_says DESCRIPTION TEXT: the last row's output holds TEXT.
ns_says() {
	local status=0

	[[ $NS_OUT = *"$2"* ]] || status=1
	ns_row "$status" "$1"
}

# ns_same DESCRIPTION A B: a row that passes when two texts are the same, byte for byte.
ns_same() {
	local status=0

	NS_OUT=$(diff <(printf '%s' "$2") <(printf '%s' "$3")) || status=1
	ns_row "$status" "$1"
}

# Waits for a condition, 10 s at most; 30 where all is slow, so that a handshake may be tried again.
ns_until() { # COMMAND...
	local i

	for ((i = 0; i < (${#NS_SLOW} ? 600 : 200); i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "# not in time: $*"
	return 1
}

# --- places and orders -------------------------------------------------------------------------

ns_place() { # NAME...
	local name

	for name in "$@"; do
		ip netns add "$name"
		ns_in "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
			net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 net.ipv4.icmp_ratelimit=0
	done
}

ns_in() { # PLACE COMMAND...
	local place=$1

	shift
	if [[ $place = host ]]; then
		"$@"
	else
		nsenter --net="/run/netns/$place" -- "$@"
	fi
}

ns_order() { # PLACE ORDER...
	local place=$1

	shift
	ns_in "$place" probe "$@"
}

# Starts an order that listens; returns when it does. Its number is in NS_JOB.
ns_bg() { # PLACE ORDER...
	local place=$1 answer

	shift
	answer=$(ns_order "$place" bg "$@") || { NS_OUT=$answer && return 2; }
	NS_JOB=${answer#ok }
	# one that could not listen is over already
	[[ ! -e /run/probe/job.$NS_JOB.done2 ]] || { NS_OUT=$(probe wait "$NS_JOB") || return 2; }
}

# ns_expect ok|denied DESCRIPTION PLACE ORDER...: a row about one order's own verdict.
ns_expect() {
	local want=$1 description=$2 place=$3 status=0

	shift 3
	NS_OUT=$(ns_order "$place" "$@" 2>&1) || status=$?
	NS_OUT="$place: $*"$'\n'"$NS_OUT"$'\n'"expected: $want"
	ns_judge "$want" "$status" "$description"
}

ns_judge() { # ok|denied VERDICT DESCRIPTION
	case $1:$2 in
	ok:0 | denied:1) ns_row 0 "$3" ;;
	*) ns_row 1 "$3" ;;
	esac
}

# --- many probes side by side ------------------------------------------------------------------

# A probe's token in orders is {t}, in hand-made frames NS_T: as long as any real token in hex.
NS_T=7b7b7b7b7b7b7b7b7b7b7b7b
# Its complement: behind it, so that the sum of both is the same for any token.
NS_U=848484848484848484848484
NS_TOKENS=0
NS_SETTLE=0.3 # seconds after the last frame was sent; on a veth pair it has arrived by then

declare -a NS_PROBES=() # WANT|DESCRIPTION|LISTENER|SENDER

# ns_probe WANT DESCRIPTION LISTENER SENDER: remembers a probe. WANT (ok or denied) is what is
# expected under the policy. LISTENER is "PLACE ORDER…" or - when the sender's order has a verdict
# of its own; SENDER is "PLACE ORDER…".
ns_probe() {
	NS_PROBES+=("$1|$2|$3|$4")
}

ns_forget_probes() {
	NS_PROBES=()
}

# shellcheck disable=SC2086 # an order is words
ns_start_one() { # LISTENER SENDER: sets NS_JOB, 0 when it could not be tried
	local token hex rest i

	NS_TOKENS=$((NS_TOKENS + 1))
	printf -v token 'tk%04d-%05d' "$NS_TOKENS" "$((RANDOM % 100000))"
	hex='' rest=''
	for ((i = 0; i < ${#token}; i++)); do
		printf -v hex '%s%02x' "$hex" "'${token:i:1}"
		printf -v rest '%s%02x' "$rest" "$((255 - 16#${hex: -2}))"
	done
	NS_LISTEN=${1//'{t}'/$token} NS_SEND=${2//'{t}'/$token}
	NS_SEND=${NS_SEND//$NS_T/$hex}
	NS_SEND=${NS_SEND//$NS_U/$rest}
	if [[ $1 = - ]]; then
		ns_bg $NS_SEND "timeout=$NS_TIMEOUT" || NS_JOB=0
	else
		# a listener just ended may hold its port for a moment
		for ((i = 0; i < 20; i++)); do
			ns_bg $NS_LISTEN timeout=60000 && return
			sleep 0.05
		done
		NS_JOB=0
	fi
}

# Verdict of a listener: not done by now means that nothing came.
ns_heard() { # JOB WANT
	local status=0

	if [[ $2 = ok ]]; then
		NS_OUT+=$'\n'$(probe wait "$1" timeout=5000 2>&1) || status=$?
		((status != 2)) || probe stop "$1" >/dev/null 2>&1 || true
		((status != 2)) || status=1
		return "$status"
	fi
	NS_OUT+=$'\n'$(probe wait "$1" timeout=0 2>&1) || status=$?
	((status == 2)) || return "$status"
	probe stop "$1" >/dev/null 2>&1 && return 1
	return 2
}

# ns_one WANT DESCRIPTION LISTENER SENDER [TITLE]: one probe at once; leaves those remembered.
ns_one() {
	local -a kept=("${NS_PROBES[@]}")

	NS_PROBES=("$1|$2|$3|$4")
	ns_run_probes judged "${5:-with}"
	NS_PROBES=("${kept[@]}")
}

# Runs the probes remembered; each gives a row. WANT is `ok` for all (the positive control), or
# `judged`: what the probe says.
# shellcheck disable=SC2086
ns_run_probes() { # ok|judged TITLE
	local one want description listener sender i status said
	local -a jobs=() sent=()

	for one in "${NS_PROBES[@]}"; do
		IFS='|' read -r want description listener sender <<<"$one"
		# what is denied answers at once or never; what gets through may be slow
		NS_TIMEOUT=600
		[[ $1 = judged && $want = denied ]] || NS_TIMEOUT=5000
		ns_start_one "$listener" "$sender"
		jobs+=("$NS_JOB") sent+=("$NS_LISTEN -- $NS_SEND")
		if [[ $listener != - && $NS_JOB != 0 ]]; then
			sent[-1]+=$'\n'$(ns_order $NS_SEND 2>&1) ||
				{ probe stop "$NS_JOB" >/dev/null && jobs[-1]=0; }
		fi
	done
	sleep "$NS_SETTLE"
	for i in "${!NS_PROBES[@]}"; do
		IFS='|' read -r want description listener sender <<<"${NS_PROBES[i]}"
		[[ $1 = judged ]] || want=ok
		NS_OUT=${sent[i]} status=0
		if [[ ${jobs[i]} = 0 ]]; then
			status=2
			NS_OUT+=$'\n'"could not be tried"
		elif [[ $listener = - ]]; then
			NS_OUT+=$'\n'$(probe wait "${jobs[i]}" 2>&1) || status=$?
		else
			ns_heard "${jobs[i]}" "$want" || status=$?
		fi
		NS_OUT+=$'\n'"expected: $want"
		said="gets through"
		[[ $want = ok ]] || said="is denied"
		ns_judge "$want" "$status" "$2: $description $said"
	done
}

# shellcheck source=tests/netns/world.sh
. "$NS_DIR/world.sh"
# shellcheck source=tests/netns/packets.sh
. "$NS_DIR/packets.sh"
