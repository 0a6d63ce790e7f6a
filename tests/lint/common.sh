# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the lint tests share: the list of files, and TAP rows out of commands.
#
# LINT_TOP is the tree that is looked at, by default this one; tests/self/t-lint plants faults in
# a copy to see that each check can fail.

# shellcheck disable=SC2034 # for those who include this
self=$(realpath "$0")
top=${LINT_TOP:-$PWD}
cd "$top" || exit 1
cache=build/lint
mkdir -p "$cache"

row=0

# Prints the files of the tree that are not ignored, one a line, relative to it.
all_files() {
	if [[ -e .git ]] && git ls-files >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -name .git -prune -o -path ./build -prune -o -type f -printf '%P\n'
	fi | sort -u | while IFS= read -r f; do
		[[ ! -f $f || -L $f ]] || printf '%s\n' "$f"
	done
}

# Files whose name fits one of the patterns of grep -E.  An empty answer is the caller's fault.
files() { # REGEX
	all_files | grep -E -- "$1" || true
}

c_files() {
	files '\.[ch]$'
}

shell_files() {
	local f line

	all_files | while IFS= read -r f; do
		[[ $f != tests/fuzz/corpus/* ]] || continue
		IFS= read -r line <"$f" 2>/dev/null || line=
		if [[ $line =~ ^\#!.*[/\ ](ba|da)?sh( |$) || $f = *.sh ]]; then
			printf '%s\n' "$f"
		fi
	done 2>/dev/null
}

plan() { # N
	echo "1..$1"
}

# check NAME COMMAND... - one row: ok when the command succeeds, else its output as comments.
check() {
	local name=$1 log

	shift
	row=$((row + 1))
	log=$(mktemp "${TMPDIR:-/tmp}/lint.XXXXXX")
	if ("$@") >"$log" 2>&1; then
		echo "ok $row - $name"
	else
		echo "not ok $row - $name"
		head -n 200 "$log" | sed 's/^/# /'
	fi
	rm -f -- "$log"
}

skip() { # NAME WHY
	row=$((row + 1))
	echo "ok $row - $1 # SKIP $2"
}

# Reads findings; prints them and fails when there is one. What feeds it must itself end well, and
# nothing below `check` stops at an error: bash forgets `set -e` inside a condition.
none() {
	! grep .
}
