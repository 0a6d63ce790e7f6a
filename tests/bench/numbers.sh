# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Times and medians.

# Runs a command; its time in microseconds is in BENCH_US.
bench_us() { # COMMAND...
	local begin=${EPOCHREALTIME/./}

	"$@"
	# shellcheck disable=SC2034 # for those who include this
	BENCH_US=$((${EPOCHREALTIME/./} - begin))
}

bench_median() { # NUMBER...
	printf '%s\n' "$@" | sort -n |
		awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
