# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Times, medians, and how sure a ratio is.

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

# The medians of two files of as many numbers each, the second one's ratio to the first one's, and
# how sure that is: the same of halves of the numbers, drawn anew a thousand times.
bench_ratio() { # NAME FILE NAME FILE
	paste "$2" "$4" | awk -v first="$1" -v second="$3" '
	function median(v, n, i, k, t) {
		for (i = 2; i <= n; i++) {
			t = v[i]
			for (k = i - 1; k > 0 && v[k] > t; k--)
				v[k + 1] = v[k]
			v[k + 1] = t
		}
		return v[int((n + 1) / 2)]
	}
	{ a[NR] = x[NR] = $1; b[NR] = y[NR] = $2 }
	END {
		srand(1)
		m = int(NR / 2) + 1
		from = median(x, NR)
		to = median(y, NR)
		for (i = 1; i <= 1000; i++) {
			for (k = 1; k <= m; k++) {
				x[k] = a[1 + int(rand() * NR)]
				y[k] = b[1 + int(rand() * NR)]
			}
			r[i] = median(y, m) / median(x, m)
		}
		median(r, 1000)
		printf "%-10s %8s\n%-10s %8s\n", first, from, second, to
		printf "%-10s %8.3f\n", "ratio", to / from
		printf "%-10s %8.3f %.3f\n", "95% of", r[25], r[975]
	}'
}
