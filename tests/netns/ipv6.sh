# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPv6 beside what world.sh makes; sourced after lib.sh.
#
#   guests on virbr0   fd12:3456:789a:1::1/64 and ::2, fe80::…fe; guests have their EUI-64
#   guests on virbr1   fd12:3456:789a:2::1/64
#   lan0   fd50::2/64       --- lan    fd50::50, an address of each refused range
#   pub0   2a0e:50::2/64    --- lan    2a0e:50::50
#   wan0   2a0e:2::1/64     --- inet   2a0e:2::2, 2a0e:113::10 and ::11, default route
# shellcheck disable=SC2034 # for the tests

NS_NET6=fd12:3456:789a:1
NS_ULA=$NS_NET6::1
NS_RANGES6=(fc00:7::9 fd00:1::9 fec0:1::9 64:ff9b::a01:203 64:ff9b:1::9 100::9 2001::9 2001:2::9
	2001:db8:9::9 2002:a01:203::9 3fff::9 4000::9 5f00::9 1::9)

declare -A NS_ADDR6=() NS_LL=()

ns_world6() {
	sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0 \
		net.ipv6.conf.virbr0.accept_dad=0 net.ipv6.conf.virbr1.accept_dad=0 \
		net.ipv6.conf.lan0.accept_dad=0 net.ipv6.conf.wan0.accept_dad=0
	ns_ip host <<-IP
		addr add $NS_ULA/64 dev virbr0 nodad
		addr add $NS_NET6::2/64 dev virbr0 nodad
		addr add fd12:3456:789a:2::1/64 dev virbr1 nodad
		addr add fd50::2/64 dev lan0 nodad
		addr add 2a0e:50::2/64 dev pub0 nodad
		addr add 2a0e:2::1/64 dev wan0 nodad
		route add default via 2a0e:2::2
		$(printf 'route add %s via fd50::50\n' "${NS_RANGES6[@]}")
	IP
	ns_ip lan <<-IP
		addr add fd50::50/64 dev eth0 nodad
		addr add 2a0e:50::50/64 dev pub0 nodad
		$(printf 'addr add %s/128 dev lo nodad\n' "${NS_RANGES6[@]}")
		route add ::/0 via fd50::2
	IP
	ns_ip inet <<-IP
		addr add 2a0e:2::2/64 dev eth0 nodad
		addr add 2a0e:113::10/128 dev lo nodad
		addr add 2a0e:113::11/128 dev lo nodad
		route add $NS_NET6::/64 via 2a0e:2::1
		route add fd12:3456:789a:2::/64 via 2a0e:2::1
	IP
}

# The EUI-64 addresses of a guest of ns_guest.
ns_guest6() { # NAME
	local mac=${NS_MAC[$1]} net=$NS_NET6

	[[ ${NS_BRIDGE[$1]} = virbr0 ]] || net=fd12:3456:789a:2
	printf -v "NS_ADDR6[$1]" '%s:5054:ff:fe00:%x' "$net" "$((16#${mac##*:}))"
	printf -v "NS_LL[$1]" 'fe80::5054:ff:fe00:%x' "$((16#${mac##*:}))"
	ns_ip "$1" <<-IP
		addr add ${NS_ADDR6[$1]}/64 dev eth0 nodad
		route add ::/0 via $net::1
	IP
}

# --- packets ----------------------------------------------------------------------------------

# An address as 32 hexadecimal digits.
hex_ip6() { # fd00::1
	local left=${1%%::*} right='' part o='' n=0

	[[ $1 != *::* ]] || right=${1##*::}
	for part in ${left//:/ }; do
		printf -v o '%s%04x' "$o" "$((16#$part))"
	done
	for part in ${right//:/ }; do
		n=$((n + 4))
	done
	while ((${#o} + n < 32)); do o+=0000; done
	for part in ${right//:/ }; do
		printf -v o '%s%04x' "$o" "$((16#$part))"
	done
	echo "$o"
}

# ver=6 hop=64 len= (of the payload)
pkt_ip6() { # SRC DST NEXT PAYLOAD [FIELD=VALUE]...
	local src=$1 dst=$2 next=$3 payload=$4 ver=6 hop=64 len=$((${#4} / 2))

	shift 4
	((!$#)) || local "$@"
	printf '%x0000000%04x%02x%02x%s%s%s\n' "$ver" "$len" "$next" "$hop" "$(hex_ip6 "$src")" \
		"$(hex_ip6 "$dst")" "$payload"
}

# Behind the pseudo header of RFC 8200, with the checksum where PAYLOAD has its four zeros.
pkt_sum6() { # SRC DST NEXT PAYLOAD OFFSET: payload with its checksum at that byte
	local payload=$4 at=$(($5 * 2)) sum pad=''

	((${#payload} % 4 == 0)) || pad=00
	sum=$(hex_sum "$(hex_ip6 "$1")$(hex_ip6 "$2")$(printf '%08x%08x' $((${#payload} / 2)) \
		"$3")$payload$pad")
	[[ $sum != 0000 || $3 != 17 ]] || sum=ffff
	echo "${payload:0:at}$sum${payload:at+4}"
}

pkt_udp6() { # SRC DST SPORT DPORT PAYLOAD: the datagram
	local payload

	printf -v payload '%04x%04x%04x0000%s' "$3" "$4" $((8 + ${#5} / 2)) "$5"
	pkt_sum6 "$1" "$2" 17 "$payload" 6
}

# type code, then the body of ICMPv6
pkt_icmp6() { # SRC DST TYPE BODY [code=0]
	local src=$1 dst=$2 type=$3 body=$4 code=0

	shift 4
	((!$#)) || local "$@"
	pkt_sum6 "$src" "$dst" 58 "$(printf '%02x%02x0000' "$type" "$code")$body" 2
}

# A UDP datagram with the token, in a frame.
pkt_frame6() { # DSTMAC SRCMAC SRC DST DPORT [FIELD=VALUE of pkt_ip6]...
	local dmac=$1 smac=$2 src=$3 dst=$4 dport=$5

	shift 5
	pkt_eth "$dmac" "$smac" 86dd "$(pkt_ip6 "$src" "$dst" 17 "$(pkt_udp6 "$src" "$dst" 20000 \
		"$dport" "$NS_T$NS_U")" "$@")"
}

# An ICMPv6 message in a frame. The token is behind the packet, as padding.
pkt_nd() { # DSTMAC SRCMAC SRC DST TYPE BODY [FIELD=VALUE of pkt_ip6, code=]...
	local dmac=$1 smac=$2 src=$3 dst=$4 type=$5 body=$6 field code=0
	local -a fields=(hop=255)

	shift 6
	for field; do
		case $field in
		code=*) code=${field#code=} ;;
		*) fields+=("$field") ;;
		esac
	done
	pkt_eth "$dmac" "$smac" 86dd "$(pkt_ip6 "$src" "$dst" 58 "$(pkt_icmp6 "$src" "$dst" \
		"$type" "$body" code="$code")" "${fields[@]}")$NS_T"
}

# The group and the MAC of a solicited node (RFC 4291, RFC 2464).
solicited() { # ADDRESS
	local hex

	hex=$(hex_ip6 "$1")
	echo "ff02::1:ff${hex:26:2}:${hex:28:4}"
}
solicited_mac() {
	local hex

	hex=$(hex_ip6 "$1")
	echo "33:33:ff:${hex:26:2}:${hex:28:2}:${hex:30:2}"
}
