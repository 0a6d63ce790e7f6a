# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tunnels in the netns tests: a WireGuard server of our own, in a place of its own.
#
#   vpn   192.0.2.6/30 behind inet, an endpoint on udp 51820; inside the tunnel 10.64.0.1, where a
#         resolver may listen, and 203.0.113.10, 203.0.113.11 and 10.77.0.1, which echo on 7777;
#         with ns_vpn6 also fd64::1, and 2a0e:113::10, 2a0e:113::11 and fd77::1
#
# Included after lib.sh. Needs wireguard-go, wg and /dev/net/tun.
# shellcheck disable=SC2034 # for the tests

ns_need wg
# The kernel's WireGuard, where it has one; else a process.
NS_WG_KERNEL=no
if ip link add wgtry type wireguard 2>/dev/null; then
	ip link del wgtry
	NS_WG_KERNEL=yes
else
	ns_need wireguard-go
	[[ -c /dev/net/tun ]] ||
		{ trap - EXIT && echo "1..0 # SKIP there is no /dev/net/tun" && exit 0; }
fi

NS_WG=$NS_ROOT/etc/virt-cordon/wireguard
NS_VPN=192.0.2.6
NS_VPN_KEY= # public

ns_wgtun() { # VERB ARG...
	virt-cordon-wgtun --root "$NS_ROOT" "$@"
}

# A WireGuard device in a place: by the kernel where it can, else by a process. It has a session of
# its own, as those of virt-cordon-wgtun: the scheduler may share out processors by sessions.
ns_wg_device() { # PLACE LINK
	if [[ $NS_WG_KERNEL = yes ]]; then
		ns_in "$1" ip link add "$2" type wireguard
		return
	fi
	ns_in "$1" setsid env WG_PROCESS_FOREGROUND=1 LOG_LEVEL=silent wireguard-go -f "$2" \
		</dev/null >/dev/null 2>&1 &
	ns_until test -S "/var/run/wireguard/$2.sock"
}

# The server. Its peers are added by ns_wg_conf.
ns_vpn() {
	local key

	mkdir -p "$NS_WG" /run/wireguard
	chmod 0700 "$NS_WG"
	ns_place vpn
	ns_ip inet <<-IP
		link add vpn0 type veth peer name eth0 netns vpn
		addr add 192.0.2.5/30 dev vpn0
		link set vpn0 up
	IP
	ns_ip vpn <<-IP
		link set lo up
		addr add $NS_VPN/30 dev eth0
		link set eth0 up
		route add default via 192.0.2.5
	IP
	ns_in inet sysctl -qw net.ipv4.ip_forward=1
	ns_wg_device vpn wgvpn
	key=$(wg genkey)
	NS_VPN_KEY=$(wg pubkey <<<"$key")
	ns_in vpn wg set wgvpn private-key <(echo "$key") listen-port 51820
	ns_ip vpn <<-IP
		addr add 10.64.0.1/16 dev wgvpn
		addr add 203.0.113.10/32 dev lo
		addr add 203.0.113.11/32 dev lo
		addr add 10.77.0.1/32 dev lo
		link set wgvpn mtu 1420 up
	IP
	ns_bg vpn serve vpn 7777
}

# The same in IPv6: the server, and what a file of ns_wg_conf is to say besides.
ns_vpn6() {
	ns_ip vpn <<-IP
		addr add fd64::1/64 dev wgvpn nodad
		addr add 2a0e:113::10/128 dev lo nodad
		addr add 2a0e:113::11/128 dev lo nodad
		addr add fd77::1/128 dev lo nodad
	IP
}
ns_wg_conf6() { # NAME N [LINE...]
	ns_wg_conf "$1" "$2" "Address = 10.64.0.$2/32, fd64::$2/128" \
		"DNS = 10.64.0.1, fd64::1" "AllowedIPs = 0.0.0.0/0, ::/0" "${@:3}"
	ns_in vpn wg set wgvpn peer "$(sed -n 's/^PrivateKey = //p' "$NS_WG/$1.conf" | wg pubkey)" \
		allowed-ips "10.64.0.$2/32,fd64::$2/128"
}

# ns_wg_conf NAME N [LINE...]: a file of a client with the address 10.64.0.N, and the server knows
# it. A LINE replaces that of the same key; "Key=" alone removes it.
ns_wg_conf() {
	local name=$1 n=$2 line key file=$NS_WG/$1.conf

	shift 2
	key=$(wg genkey)
	cat >"$file" <<-CONF
		[Interface]
		PrivateKey = $key
		Address = 10.64.0.$n/32
		DNS = 10.64.0.1

		[Peer]
		PublicKey = $NS_VPN_KEY
		AllowedIPs = 0.0.0.0/0
		Endpoint = $NS_VPN:51820
		PersistentKeepalive = 25
	CONF
	for line; do
		sed -i "/^${line%%[ =]*} *=/c\\$line" "$file"
	done
	sed -i '/^[A-Za-z]* *= *$/d' "$file"
	chmod 0600 "$file"
	ns_in vpn wg set wgvpn peer "$(wg pubkey <<<"$key")" allowed-ips "10.64.0.$n/32"
}

# The policy of a tunnelled domain, with further lines of [network]; NS_MORE has those of [tunnel].
ns_tunnel_policy() { # NAME [LINE...]
	local name=$1

	shift
	printf '[network]\negress = tunnel\n'
	((!$#)) || printf '%s\n' "$@"
	printf '[tunnel]\nconfig = %s/%s.conf\nbackend = %s\n%s\n' "$NS_WG" "$name" \
		"${NS_BACKEND:-auto}" "${NS_MORE:-}"
}

ns_handshake() { # LINK
	[[ $(wg show "$1" latest-handshakes | cut -f2) =~ ^[1-9] ]]
}

# All that a tunnel could leave behind on the host.
ns_tunnel_snapshot() {
	ip -o link | sed 's/^[0-9]*: //' | cut -d: -f1 | grep -v ^vnet | sort
	ip rule
	ip -6 rule
	ip route show table all | grep -v ' proto kernel ' | sort
	ip -6 route show table all | grep -v ' proto kernel ' | sort
	find /run/wireguard "$NS_ROOT/run/virt-cordon" -name 'wg*' 2>/dev/null | sort
	pgrep -af wireguard-go | cut -d' ' -f2- | sort || true
}

# --- sniffers ------------------------------------------------------------------------------------

NS_LINKS=(wan0 lan0 pub0) # of the host, but for its bridges and tunnels
NS_SNIFFERS=()

# Watches what leaves by each link of the host, but for what WireGuard itself sends; anew, when it
# did so before. Neighbours and multicast listeners of IPv6 speak by themselves.
ns_sniff() {
	local link

	ns_need tcpdump
	((!${#NS_SNIFFERS[@]})) || kill "${NS_SNIFFERS[@]}"
	NS_SNIFFERS=()
	for link in "${NS_LINKS[@]}"; do
		tcpdump -i "$link" -Q out -n -U --immediate-mode -w "/run/t/$link.pcap" \
			"not arp and not (icmp6 and ip6[40] >= 130) and not ip6 proto 0 and
			not (udp port 51820) and
			not (icmp and host $NS_VPN)" 2>"/run/t/$link.log" &
		NS_SNIFFERS+=($!)
		ns_until grep -q 'listening on' "/run/t/$link.log"
	done
}

ns_sniffed() {
	local link

	for link in "${NS_LINKS[@]}"; do
		tcpdump -n -r "/run/t/$link.pcap" 2>/dev/null | sed "s/^/$link: /"
	done
}

# ns_silent DESCRIPTION: a row that passes when nothing was seen since the start.
ns_silent() {
	local status=0

	sleep "$NS_SETTLE"
	NS_OUT=$(ns_sniffed)
	[[ -z $NS_OUT ]] || status=1
	ns_row $status "$1"
}
