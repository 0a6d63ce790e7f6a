# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the command line tests share: rows of TAP, a --root of their own, records and policies in it.
#
# A test sources this, says what it sees and ends with `cli_done`. Outside of CORDON_BUILD and
# TMPDIR it leaves nothing.

CLI_BIN=${CORDON_BUILD:?}
CLI_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/cli.XXXXXX")
CLI_OUT=$CLI_ROOT.out CLI_ERR=$CLI_ROOT.err
CLI_ROW=0
CLI_FAILED=0
UUID_A=5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c01
UUID_B=5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c02
chmod 0755 "$CLI_ROOT"
mkdir -p "$CLI_ROOT/etc/virt-cordon/domains"
export UUID_A UUID_B CLI_STATUS=

cli_cleanup() {
	rm -rf -- "$CLI_ROOT" "$CLI_OUT" "$CLI_ERR" "$CLI_ROOT.row" ${CLI_PUBLIC:+"$CLI_PUBLIC"}
}
trap cli_cleanup EXIT

cli_row() { # STATUS DESCRIPTION
	CLI_ROW=$((CLI_ROW + 1))
	if (($1 == 0)); then
		echo "ok $CLI_ROW - $2"
		return 0
	fi
	CLI_FAILED=$((CLI_FAILED + 1))
	echo "not ok $CLI_ROW - $2"
	echo "# exit code ${CLI_STATUS:-}"
	head -n 40 "$CLI_OUT" | sed 's/^/# stdout: /'
	head -n 40 "$CLI_ERR" | sed 's/^/# stderr: /'
}

cli_skip() { # DESCRIPTION WHY
	CLI_ROW=$((CLI_ROW + 1))
	echo "ok $CLI_ROW - $1 # SKIP $2"
}

cli_done() {
	echo "1..$CLI_ROW"
	exit $((CLI_FAILED > 0))
}

# Runs a program of the build with --root; sets CLI_STATUS, and what it said is in two files.
cli() { # PROGRAM ARGUMENT...
	local program=$1

	shift
	CLI_STATUS=0
	"$CLI_BIN/$program" --root "$CLI_ROOT" "$@" >"$CLI_OUT" 2>"$CLI_ERR" </dev/null ||
		CLI_STATUS=$?
}

# A row: exit code and both texts, byte for byte; @ROOT@ stands for the --root.
cli_is() { # DESCRIPTION CODE STDOUT STDERR
	local status=0

	((CLI_STATUS == $2)) || status=1
	diff <(printf '%s' "${3//@ROOT@/$CLI_ROOT}") <(cat "$CLI_OUT") >/dev/null || status=1
	diff <(printf '%s' "${4//@ROOT@/$CLI_ROOT}") <(cat "$CLI_ERR") >/dev/null || status=1
	cli_row "$status" "$1"
	((status == 0)) || {
		printf '%s\n' "${3//@ROOT@/$CLI_ROOT}" | sed 's/^/# wanted stdout: /'
		printf '%s\n' "${4//@ROOT@/$CLI_ROOT}" | sed 's/^/# wanted stderr: /'
	}
}

# A row: exit code, and each TEXT is somewhere in what was said.
cli_says() { # DESCRIPTION CODE TEXT...
	local description=$1 status=0 text

	((CLI_STATUS == $2)) || status=1
	shift 2
	for text; do
		text=${text//@ROOT@/$CLI_ROOT}
		grep -qF -- "$text" "$CLI_OUT" "$CLI_ERR" || {
			status=1
			echo "# not said: $text"
		}
	done
	cli_row "$status" "$description"
}

# A row that passes when the command does; what the program said before is still in the two files.
cli_ok() { # DESCRIPTION COMMAND...
	local description=$1 status=0

	shift
	"$@" >"$CLI_ROOT.row" 2>&1 || status=$?
	cli_row "$status" "$description"
	((status == 0)) || sed 's/^/# /' "$CLI_ROOT.row"
}

# A row: standard output is JSON as its schema says.
cli_schema() { # DESCRIPTION SCHEMA
	cli_ok "$1" "$(dirname "${BASH_SOURCE[0]}")/../json-schema" "$2" <"$CLI_OUT"
}

# The policy of a domain, from stdin.
cli_policy() { # NAME
	cat >"$CLI_ROOT/etc/virt-cordon/domains/$1.ini"
	chmod 0644 "$CLI_ROOT/etc/virt-cordon/domains/$1.ini"
}

# A record as the hook writes it; lines of NICs come from stdin. The name is encoded already.
cli_record() { # NAME UUID PHASE [ISOLATION]
	local dir=$CLI_ROOT/run/virt-cordon/$2

	mkdir -p "$dir"
	{
		printf 'virt-cordon-record 1\nname %s\nuuid %s\nphase %s\n' "$1" "$2" "$3"
		printf 'incoming no\nslot 1\nisolation %s\nparts none\n' "${4:-yes}"
		cat
		echo end
	} >"$dir/record"
	: >"$dir/policy.ini"
}

cli_history() { # NAME UUID
	mkdir -p "$CLI_ROOT/var/lib/virt-cordon/$2"
	chmod 0711 "$CLI_ROOT/var/lib/virt-cordon"
	printf '%s' "$1" >"$CLI_ROOT/var/lib/virt-cordon/$2/managed"
}

# Both hooks in the --root, and the program they lead to.
cli_hooks() {
	local kind

	for kind in qemu network; do
		mkdir -p "$CLI_ROOT/etc/libvirt/hooks/$kind.d" "$CLI_ROOT/usr/sbin"
		ln -sf /usr/sbin/virt-cordon-hook \
			"$CLI_ROOT/etc/libvirt/hooks/$kind.d/50-virt-cordon"
	done
	printf '#!/bin/sh\n' >"$CLI_ROOT/usr/sbin/virt-cordon-hook"
	chmod 0755 "$CLI_ROOT/usr/sbin/virt-cordon-hook"
}

# Copies of the programs that anyone may run, in $CLI_PUBLIC: the tree may lie where only root goes.
cli_public() {
	CLI_PUBLIC=$(mktemp -d /tmp/cli-public.XXXXXX)
	chmod 0755 "$CLI_PUBLIC"
	cp "$CLI_BIN/virt-cordon" "$CLI_BIN/virt-cordon-netiso" "$CLI_PUBLIC/"
}

# As cli, but nobody is the user and there is no --root but the one that is given.
cli_nobody() { # PROGRAM ARGUMENT...
	local program=$1

	shift
	CLI_STATUS=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$CLI_PUBLIC/$program" "$@" \
		>"$CLI_OUT" 2>"$CLI_ERR" </dev/null || CLI_STATUS=$?
}
