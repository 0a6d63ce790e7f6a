# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the share guard have in common: rows of TAP, recorded domains, loop devices.
#
# A test sources this, says what it sees and ends with `fs_done`. It runs in mount and pid
# namespaces of its own (tests/run --netns), so no mount outlives it, and with the last mount goes
# the loop device. Loop devices are the whole machine's: only those of this test's images count.

FS_DIR=$(mktemp -d "${TMPDIR:-/tmp}/fs.XXXXXX")
FS_ROOT=$FS_DIR/root # --root
FS_SCHEMA=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/json-schema
FS_ROW=0 FS_FAILED=0 FS_OUT=
FS_PROGRAM=${CORDON_BUILD:?}/virt-cordon-fsguard
declare -A FS_UUID=()
chmod 0755 "$FS_DIR"
mkdir -p "$FS_ROOT/run/virt-cordon" "$FS_ROOT/etc/virt-cordon/domains"

if ((EUID != 0)); then
	echo "1..0 # SKIP mounts need root"
	exit 0
fi
if [[ ! -e /dev/loop-control ]]; then
	echo "1..0 # SKIP no loop devices here: modprobe loop"
	exit 0
fi
export FS_DIR FS_ROOT FS_PROGRAM

fs_row() { # STATUS DESCRIPTION
	FS_ROW=$((FS_ROW + 1))
	if (($1 == 0)); then
		echo "ok $FS_ROW - $2"
		return 0
	fi
	FS_FAILED=$((FS_FAILED + 1))
	echo "not ok $FS_ROW - $2"
	[[ -z $FS_OUT ]] || printf '%s\n' "${FS_OUT:0:2000}" | sed 's/^/#   /'
}

fs_done() {
	trap - EXIT
	echo "1..$FS_ROW"
	exit $((FS_FAILED > 0))
}

fs_aborted() {
	echo "Bail out! the test stopped early"
	[[ -z $FS_OUT ]] || printf '%s\n' "${FS_OUT:0:2000}" | sed 's/^/#   /'
	exit 1
}
trap fs_aborted EXIT

# Runs a command in a subshell where an error ends it. Sets FS_OUT and FS_STATUS.
fs_try() { # COMMAND...
	set +e
	FS_OUT=$(set -e && "$@" 2>&1)
	FS_STATUS=$?
	set -e
}

fs_ok() { # DESCRIPTION COMMAND...
	local description=$1

	shift
	fs_try "$@"
	fs_row "$FS_STATUS" "$description"
}

fs_fails() { # DESCRIPTION COMMAND...
	local description=$1

	shift
	fs_try "$@"
	fs_row "$((FS_STATUS == 0))" "$description"
}

# A row: the command fails with CODE and says each TEXT up to "--".
fs_refused() { # DESCRIPTION CODE TEXT... -- COMMAND...
	local description=$1 code=$2 status=0 text
	local -a texts=()

	shift 2
	while [[ $1 != -- ]]; do
		texts+=("$1") && shift
	done
	shift
	fs_try "$@"
	((FS_STATUS == code)) || { status=1 && FS_OUT+=$'\n'"exit code $FS_STATUS"; }
	for text in "${texts[@]}"; do
		[[ $FS_OUT = *"$text"* ]] || { status=1 && FS_OUT+=$'\n'"not said: $text"; }
	done
	fs_row "$status" "$description"
}

fs_guard() {
	"$FS_PROGRAM" --root "$FS_ROOT" "$@"
}

fs_cordon() {
	"${FS_PROGRAM%-fsguard}" --root "$FS_ROOT" "$@"
}

# The JSON in the last output, or that of a command, is what its schema says.
fs_schema() { # SCHEMA [COMMAND...]
	local json=$FS_OUT

	(($# == 1)) || json=$("${@:2}" 2>/dev/null) || true
	"$FS_SCHEMA" "$1" <<<"$json"
}

# Waits until a command succeeds, at most SECONDS.
fs_until() { # SECONDS COMMAND...
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < deadline)) || return 1
		sleep 0.02
	done
}

fs_encode() {
	local LC_ALL=C i c

	for ((i = 0; i < ${#1}; i++)); do
		c=${1:i:1}
		if [[ $c = [A-Za-z0-9_:-] || ($c = . && $i -gt 0) ]]; then
			printf '%s' "$c"
		else
			printf '%%%02X' "'$c"
		fi
	done
}

# A process that has FILE open; its pid is in FS_HOLDER.
fs_hold() { # FILE
	tail -f "$1" >/dev/null &
	FS_HOLDER=$!
	fs_until 10 bash -c "ls -l /proc/$FS_HOLDER/fd | grep -qF '$1'"
}
fs_let_go() {
	kill "$FS_HOLDER"
	wait "$FS_HOLDER" 2>/dev/null || true
}

# A recorded domain; the policy comes from stdin. FS_UUID[NAME] is its UUID.
fs_domain() { # NAME [TAG=FOLDER[=DRIVER]...]
	local name=$1 fs rest n dir

	n=${#FS_UUID[@]}
	[[ -n ${FS_UUID[$name]:-} ]] ||
		printf -v "FS_UUID[$name]" '5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3%03x' $((n + 1))
	dir=$FS_ROOT/run/virt-cordon/${FS_UUID[$name]}
	shift
	mkdir -p "$dir"
	{
		printf 'virt-cordon-record 1\nname %s\nuuid %s\nphase %s\nincoming no\nslot 1\n' \
			"$name" "${FS_UUID[$name]}" "${FS_PHASE:-prepared}"
		printf 'isolation no\nparts fsguard\n'
		for fs; do
			rest=${fs#*=}
			printf 'filesystem tag=%s source=%s driver=%s\n' \
				"$(fs_encode "${fs%%=*}")" "$(fs_encode "${rest%%=*}")" \
				"$([[ $rest = *=* ]] && echo "${rest#*=}" || echo virtiofs)"
		done
		echo end
	} >"$dir/record"
	cat >"$dir/policy.ini"
}

# The folder of a domain's images.
fs_images() { # NAME
	echo "$FS_ROOT/var/lib/virt-cordon/${FS_UUID[$1]}/shares"
}

# Every loop device of this test, every mount of one, the records and images, as they are now.
fs_state() {
	losetup -nO BACK-FILE | grep -F "$FS_DIR" | sort || true
	grep -F " $FS_DIR/" /proc/self/mountinfo | awk '{ print $3, $5, $6 }' | sort || true
	find "$FS_ROOT/run" -mindepth 1 | grep -vE '/lock$|/\.fsguard' | sort
	find "$FS_ROOT/var" -name '*.new' 2>/dev/null || true
}

# Of images; a test may have disks of its own.
fs_loops() {
	losetup -nO BACK-FILE | grep -F "$FS_DIR" | grep -c '\.img' || true
}
# Whether nothing of this test is behind a loop device.
fs_all_free() {
	! losetup -nO BACK-FILE | grep -F "$FS_DIR"
}
fs_no_loops() {
	[[ $(fs_loops) = 0 ]]
}
