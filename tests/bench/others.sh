# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Included by what measures tunnels: the routing rules of 199 others, which lead nowhere.
#
# bench_others: those that marked packets walk along. bench_guards: those of devices with IPv6,
# which stand before the local table, in the way of all IPv6 (see wgtun/guard.c).

# The rules of 199 others: slots 1 to 199, see lib/marks.h; the groups of 200's are there.
bench_others() { # add|del
	local n group base=$((0x4c5a0000))

	for ((n = 1; n < 200; n++)); do
		group=$((n / 16))
		printf 'rule %s pref %d fwmark 0x%x lookup %d\n' "$1" \
			$((43001 + group * 17 + n % 16)) $((base + n)) $((base + n))
		((group < 12 && (n == 1 || n % 16 == 0))) || continue
		printf 'rule %s pref %d nop\n' "$1" $((43000 + group * 17))
		printf 'rule %s pref %d fwmark 0x%x/0xfffffff0 goto %d\n' "$1" \
			$((40301 + group)) $((base + group * 16)) $((43000 + group * 17))
	done | ip -batch -
}

bench_guards() { # add|del
	local n

	for ((n = 1; n < 200; n++)); do
		printf 'rule %s pref 0 iif wgc%d fwmark 0x4c5a0000/0xffff8000 goto 101\n' "$1" $n
		printf 'rule %s pref 0 iif wgc%d blackhole\n' "$1" $n
	done | ip -6 -batch -
	[[ $1 = add ]] || return 0
	ip -6 rule add pref 0 lookup local protocol 99 # behind them
	ip -6 rule del pref 0 lookup local protocol kernel
}
