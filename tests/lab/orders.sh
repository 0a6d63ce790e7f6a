# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Orders to guests and to the network's hosts, rows about their verdicts, the table of probes.

LAB_TOKENS=0           # tokens used so far
declare -A LAB_VARS=() # {name} -> value in the lines of probes.tab

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
		# what the sender says is of no interest unless it could not send
		if lab_bg "${listen[@]}"; then
			job=$LAB_JOB
			LAB_OUT=$(lab_order "$LAB_PROBER" "${order[@]}" 2>&1) || job=none
		fi
	elif lab_bg "$LAB_PROBER" "${order[@]}"; then
		job=$LAB_JOB
	fi
	LAB_STARTED+=("$1|$2|$3|$job|${listen[*]} $LAB_PROBER: ${order[*]} $LAB_OUT")
}

# lab_probe_all GUEST GROUP-PATTERN FUNCTION: tries all lines side by side, so that silence costs
# one timeout and not one each. Then calls FUNCTION with ID GROUP TITLE VERDICT; LAB_OUT says more.
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
	LAB_VARS[mac]=${own#*mac=} LAB_VARS[mac]=${LAB_VARS[mac]%% *}
	LAB_VARS[ip]=$(lab_addr "$own" '*.*')
	LAB_VARS[nbmac]=${other#*mac=} LAB_VARS[nbmac]=${LAB_VARS[nbmac]%% *}
	LAB_VARS[nb]=$(lab_addr "$other" '*.*')
	LAB_VARS[nb6]=$(lab_addr "$other" 'fe80:*')
}
