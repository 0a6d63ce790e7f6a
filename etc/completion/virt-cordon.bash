# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash: verbs, options and arguments are those that each program's --help names.

# _virt_cordon_help PROGRAM verbs|programs|options|args [VERB]: the words, or what VERB takes.
_virt_cordon_help() {
	"$1" --help 2>/dev/null | awk -v want="$2" -v verb="$3" '
		function flush(   n, of) {
			if (word == "")
				return
			if (section == "options") {
				n = index(text, "; of ")
				of = n ? " " substr(text, n + 5) " " : ""
				if (want == "options" && (of == "" || index(of, " " verb " ")))
					print word
			} else if (section == want) {
				print word
			} else if (section == "verbs" && want == "args" && word == verb) {
				sub(/^ *[^ ]+ */, "", text)
				print text
			}
			word = ""
		}
		/^[a-z]/ { flush(); split($0, head, /[^a-z]/); section = head[1]; next }
		/^  [-a-z]/ { flush(); word = $1; text = $0; next }
		/^   / { text = text $0 }
		END { flush() }'
}

# Domains that have a policy; with libvirt at hand, and no policy needed, all.
_virt_cordon_domains() { # VERB
	local f

	for f in "${VIRT_CORDON_DOMAINS:-/etc/virt-cordon/domains}"/*.ini; do
		[[ -e $f ]] || continue
		f=${f##*/}
		printf '%s\n' "${f%.ini}"
	done
	[[ $1 != adopt ]] || virsh -q --connect qemu:///system list --all --name 2>/dev/null
}

# Lines of standard input that begin with the word, as a shell writes them.
_virt_cordon_offer() { # WORD
	local line

	while IFS= read -r line; do
		[[ -n $line && $line = "$1"* ]] || continue
		printf -v line '%q' "$line"
		COMPREPLY+=("$line")
	done
}

_virt_cordon_files() { # WORD
	compopt -o filenames 2>/dev/null
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$1")
}

_virt_cordon_arguments() { # PROGRAM VERB WORD
	local takes

	takes=$(_virt_cordon_help "$1" args "$2")
	if [[ $2 = guard ]]; then
		_virt_cordon_offer "$3" < <(printf '%s\n' apply revert check plan)
	fi
	if [[ $takes = *DOMAIN* && $3 != */* ]]; then
		_virt_cordon_offer "$3" < <(_virt_cordon_domains "$2")
	fi
	if [[ $takes = *KEY* ]]; then
		_virt_cordon_offer "$3" < <("$1" keys 2>/dev/null | cut -d ' ' -f 1)
	fi
	if [[ $takes = *FILE* || $takes = *XML* || $takes = *POLICY* ]]; then
		_virt_cordon_files "$3"
	fi
}

_virt_cordon() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} verb='' i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | --facts) i=$((i + 1)) ;;
		-*) ;;
		*)
			[[ -z $verb ]] || continue
			verb=${COMP_WORDS[i]}
			# a program behind the front end
			if [[ ${program##*/} = virt-cordon ]] &&
				_virt_cordon_help "$program" programs | grep -qxF -- "$verb"; then
				program+=-$verb verb=''
			fi
			;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--root | --facts)
		_virt_cordon_files "$word"
		return
		;;
	esac
	if [[ $word = -* ]]; then
		_virt_cordon_offer "$word" < <(_virt_cordon_help "$program" options "$verb")
	elif [[ -z $verb ]]; then
		_virt_cordon_offer "$word" < <(_virt_cordon_help "$program" verbs &&
			_virt_cordon_help "$program" programs)
	else
		_virt_cordon_arguments "$program" "$verb" "$word"
	fi
}

complete -F _virt_cordon virt-cordon virt-cordon-adopt virt-cordon-fsguard virt-cordon-netiso \
	virt-cordon-provision virt-cordon-wgtun
