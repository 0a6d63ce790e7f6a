# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The isolator killed, or one of its system calls failing, at each of its effects. Source behind
# lib.sh. Who includes this says what is done and undone: apply_it, check_it and revert_it;
# $pristine is what left_over says when all is undone, $other a domain that is to stand meanwhile.
# shellcheck disable=SC2034 # for those who include this

other='' pristine='' stride=1
ns_need strace

# Runs a verb with one system call spoilt. Fails when the call was not reached: there is no N-th.
spoilt() { # SYSCALL N FAULT VERB...
	local status=0
	local -a fast=(-f --seccomp-bpf)

	# with it, strace 6.1 delivers no signal
	[[ $3 = error=* ]] || fast=()
	{
		strace -qqq "${fast[@]}" -o /run/t/trace -e "trace=$1" -e "inject=$1:$3:when=$2" \
			-- \
			"$CORDON_BUILD/virt-cordon-netiso" --root "$NS_ROOT" "${@:4}" \
			>/run/t/said 2>&1 || status=$?
	} 2>/dev/null # what the shell says of a signal
	[[ $status = 137 ]] || grep -q INJECTED /run/t/trace
}

# What must be possible after any fault. Prints what was not.
recovers() { # apply|revert
	local said=

	if [[ $1 = apply ]]; then
		said+=$(apply_it 2>&1) || said+=" apply failed;"
		said+=$(check_it 2>&1) || said+=" check after apply failed;"
	fi
	said+=$(revert_it 2>&1) || said+=" revert failed;"
	# not in a subshell: it may count
	[[ -z $other ]] || other_it >/run/t/other 2>&1 ||
		said+=" the other domain is damaged: $(</run/t/other)"
	said+=$(diff <(echo "$pristine") <(left_over)) || said+=" the host is not as it was;"
	[[ -z $said ]] || { tr '\n' ' ' <<<"$said" && return 1; }
}
left_over() {
	# what goes with the record's folder; a link that the next guard overwrites; what a guest's
	# kernel asks now and then, by a limit
	ns_snapshot | grep -vE '/\.netiso|/network\.new|"vnet-[a-z]*" limit rate' || true
}

# The faults of one verb: each system call with an effect, each time it is made. Of the many that
# only read, every STRIDE-th.
faults() { # DESCRIPTION BEFORE VERB...
	local what=$1 before=$2 call fault n bad step way count=0
	local -a ways=(apply revert)

	shift 2
	for fault in signal=KILL error=EIO; do
		[[ -z $NS_SLOW || $fault = signal=KILL ]] || continue
		for call in symlink,symlinkat unlink,unlinkat rename,renameat,renameat2 fsync \
			write sendmsg sendto openat; do
			step=1
			[[ $call != sendto && $call != openat ]] || step=$stride
			# errors that are none of these calls', or that only cost a leftover in /run
			[[ $fault = signal=KILL || $call != @(openat|unlink*) ]] || continue
			[[ $fault = signal=KILL || $call != sendto || $* != revert* ]] || continue
			bad=
			for ((n = 1; ; n += step)); do
				for way in apply revert; do
					# of those that only read one or the other
					((step == 1 && ! ${#NS_SLOW})) ||
						[[ $way = "${ways[n / step % 2]}" ]] ||
						continue
					$before >/dev/null 2>&1 || { bad+=" cannot prepare;" && \
						break 2; }
					if ! spoilt "$call" "$n" "$fault" "$@"; then
						revert_it >/dev/null 2>&1 || true
						break 2
					fi
					count=$((count + 1))
					NS_OUT=$(recovers $way 2>&1) && continue
					bad+="call $n, then $way: ${NS_OUT:0:600}"$'\n'
				done
			done
			NS_OUT=$bad
			ns_row "${#bad}" "$what: $fault at each ${call%%,*}"
		done
	done
	NS_OUT="$count faults"
	ns_row $((count < (${#NS_SLOW} ? 3 : 10))) "$what: $count faults"
}
nothing() { :; }
other_it() {
	ns_netiso check "$other"
}
