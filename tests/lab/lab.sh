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

# --- rows of TAP -------------------------------------------------------------------------------

lab_row() { # STATUS DESCRIPTION
	LAB_ROW=$((LAB_ROW + 1))
	if (($1 == 0)); then
		echo "ok $LAB_ROW - $2"
		return 0
	fi
	LAB_FAILED=$((LAB_FAILED + 1))
	echo "not ok $LAB_ROW - $2"
	[[ -z $LAB_OUT ]] || lab_indent '#   ' "${LAB_OUT:0:2000}"
}

# Prints each line of TEXT behind PREFIX.
lab_indent() { # PREFIX TEXT
	printf '%s\n' "$2" | sed "s/^/$1/"
}

lab_note() {
	lab_indent '# ' "$*"
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
	[[ -z $LAB_OUT ]] || lab_indent '#   ' "${LAB_OUT:0:2000}"
	lab_dump
	exit 1
}
trap lab_aborted EXIT

lab_tail() { # LINES TITLE  (text on stdin)
	local text

	text=$(tail -n "$1" | cut -c 1-300)
	[[ -z $text ]] || { echo "# --- $2" && lab_indent '# ' "$text"; }
}

lab_dump() {
	local f noise='info : (lib|host)|DBus|DMI|dmidecode|CPUID|KVM|^$|cgroup'

	# without what it says about every machine that has no D-Bus, DMI, KVM or cgroups for it
	lab_tail 30 "libvirtd's log" < <(grep -vE "$noise" /var/log/libvirt/libvirtd.log 2>&1)
	for f in /var/log/libvirt/qemu/*.log; do
		[[ ! -f $f ]] || lab_tail 10 "${f##*/}" <"$f"
	done
	lab_tail 200 "nft, but for libvirt's tables" < <(nft list tables |
		while read -r _ family f; do
			[[ "$family $f" =~ ^ip6?\ (filter|nat|mangle)$ ]] ||
				nft list table "$family" "$f" 2>&1
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

# shellcheck source=tests/lab/guests.sh
. "$LAB_DIR/guests.sh"
# shellcheck source=tests/lab/orders.sh
. "$LAB_DIR/orders.sh"
