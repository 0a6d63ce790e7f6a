# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Frames and packets made by hand, as hexadecimal for `probe frame`.
#
# Each function takes fields as NAME=VALUE and payload as hex, and prints hex. What is left out has
# the value that a correct packet has. The token NS_T may be in any payload; no checksum covers it:
# that of UDP over IPv4 is left out (0).

hex_mac() { # 52:54:00:00:00:07
	echo "${1//:/}"
}

hex_ip() { # 192.168.122.7
	local IFS=. o

	# shellcheck disable=SC2086
	printf -v o '%02x%02x%02x%02x' $1
	echo "$o"
}

hex_text() { # TEXT
	local i o=

	for ((i = 0; i < ${#1}; i++)); do
		printf -v o '%s%02x' "$o" "'${1:i:1}"
	done
	echo "$o"
}

# N bytes of zero.
hex_zero() {
	local o=

	printf -v o '%*s' "$(($1 * 2))" ''
	echo "${o// /0}"
}

# The Internet checksum (RFC 1071) of a whole number of 16-bit words.
hex_sum() { # HEX
	local i sum=0

	for ((i = 0; i < ${#1}; i += 4)); do
		sum=$((sum + 16#${1:i:4}))
	done
	while ((sum >> 16)); do
		sum=$(((sum & 0xffff) + (sum >> 16)))
	done
	printf '%04x\n' $((~sum & 0xffff))
}

pkt_eth() { # DST SRC TYPE PAYLOAD
	echo "$(hex_mac "$1")$(hex_mac "$2")$3$4"
}

# ver=4 ihl= id=1 frag=0 (flags and offset, 16 bits) ttl=64 len= opts=HEX
pkt_ip() { # SRC DST PROTO PAYLOAD [FIELD=VALUE]...
	local src=$1 dst=$2 proto=$3 payload=$4 ver=4 ihl='' id=1 frag=0 ttl=64 len='' opts='' head

	shift 4
	((!$#)) || local "$@"
	ihl=${ihl:-$((5 + ${#opts} / 8))}
	len=${len:-$((20 + ${#opts} / 2 + ${#payload} / 2))}
	printf -v head '%x%x00%04x%04x%04x%02x%02x' "$ver" "$ihl" "$len" "$id" "$((frag))" "$ttl" \
		"$proto"
	src=$(hex_ip "$src") dst=$(hex_ip "$dst")
	echo "$head$(hex_sum "${head}0000$src$dst$opts")$src$dst$opts$payload"
}

pkt_udp() { # SPORT DPORT PAYLOAD [len=]
	local sport=$1 dport=$2 payload=$3 len

	len=$((8 + ${#payload} / 2))
	shift 3
	((!$#)) || local "$@"
	printf '%04x%04x%04x0000%s\n' "$sport" "$dport" "$len" "$payload"
}

# A UDP datagram with the token, in a frame: what most tests send.
pkt_frame() { # DSTMAC SRCMAC SRC DST DPORT [FIELD=VALUE of pkt_ip]...
	local dmac=$1 smac=$2 src=$3 dst=$4 dport=$5

	shift 5
	pkt_eth "$dmac" "$smac" 0800 "$(pkt_ip "$src" "$dst" 17 "$(pkt_udp 20000 "$dport" \
		"$NS_T")" "$@")"
}

# op=1 htype=0001 ptype=0800 hlen=06 plen=04; the token is behind, as padding.
pkt_arp() { # SMAC SIP TMAC TIP [FIELD=VALUE]...
	local smac=$1 sip=$2 tmac=$3 tip=$4 op=1 htype=0001 ptype=0800 hlen=06 plen=04

	shift 4
	((!$#)) || local "$@"
	printf '%s%s%s%s%04x%s%s%s%s%s\n' "$htype" "$ptype" "$hlen" "$plen" "$op" "$(hex_mac \
		"$smac")" \
		"$(hex_ip "$sip")" "$(hex_mac "$tmac")" "$(hex_ip "$tip")" "$NS_T"
}

# A DHCP message (RFC 2131); type 1 discover, 2 offer, 3 request, 5 acknowledge.
# ciaddr= yiaddr= giaddr= (0.0.0.0) flags=0000 htype=01 hlen=06 opts= (hex, before the end)
pkt_dhcp() { # TYPE CHADDR [FIELD=VALUE]...
	local type=$1 chaddr=$2 op=01 htype=01 hlen=06 flags=0000 xid=12345678 ciaddr=0.0.0.0 \
		yiaddr=0.0.0.0
	local giaddr=0.0.0.0 opts='' first='' out

	shift 2
	((type != 2 && type < 5)) || op=02
	((!$#)) || local "$@"
	printf -v out '%s%s%s00%s0000%s' "$op" "$htype" "$hlen" "$xid" "$flags"
	out+=$(hex_ip "$ciaddr")$(hex_ip "$yiaddr")$(hex_ip 0.0.0.0)$(hex_ip "$giaddr")
	# the token as the server's name
	out+=$(hex_mac "$chaddr")$(hex_zero 10)$NS_T$(hex_zero 52)$(hex_zero 128)63825363
	printf '%s%s3501%02x%sff\n' "$out" "$first" "$type" "$opts"
}
