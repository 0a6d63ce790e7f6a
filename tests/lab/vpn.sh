# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tunnels in the lab: a WireGuard server of our own behind the Internet, and sniffers.
#
# Included after world.sh; without the programs the test is skipped.
# shellcheck disable=SC2034,SC2317 # for the tests

for program in wireguard-go wg tcpdump; do
	command -v $program >/dev/null && continue
	trap - EXIT
	echo "1..0 # SKIP $program is not installed"
	exit 0
done

# --- a VPN server behind the Internet -------------------------------------------------------------
# Inside it is the Internet's address 203.0.113.10 once more, and a resolver.
conf_dir=/etc/virt-cordon/wireguard
vpn() {
	nsenter --net=/run/netns/vpn "$@"
}
vpn_server() {
	local key

	mkdir -p $conf_dir /run/wireguard
	chmod 0700 $conf_dir
	ip netns add vpn
	lab_ip router <<-IP
		link add vpn0 type veth peer name eth0 netns vpn
		addr add 192.0.2.1/30 dev vpn0
		link set vpn0 up
	IP
	lab_ip vpn <<-IP
		link set lo up
		addr add 192.0.2.2/30 dev eth0
		link set eth0 up
		route add default via 192.0.2.1
	IP
	vpn env LOG_LEVEL=silent wireguard-go -f wgvpn </dev/null >/dev/null 2>&1 &
	lab_until 10 test -S /var/run/wireguard/wgvpn.sock
	key=$(wg genkey)
	server=$(wg pubkey <<<"$key")
	vpn wg set wgvpn private-key <(echo "$key") listen-port 51820
	lab_ip vpn <<-IP
		addr add 10.64.0.1/16 dev wgvpn
		addr add 203.0.113.10/32 dev lo
		link set wgvpn mtu 1420 up
	IP
	vpn probe bg serve vpn 7777 >/run/lab/log/vpn
	lab_dns vpn 10.64.0.1
}
tunnel_file() { # NAME N [ENDPOINT]
	local key

	key=$(wg genkey)
	cat >"$conf_dir/$1.conf" <<-CONF
		[Interface]
		PrivateKey = $key
		Address = 10.64.0.$2/32,fc00::$2/128
		DNS = 10.64.0.1

		[Peer]
		PublicKey = $server
		AllowedIPs = 0.0.0.0/0,::/0
		Endpoint = ${3:-192.0.2.2:51820}
		PersistentKeepalive = 25
	CONF
	chmod 0600 "$conf_dir/$1.conf"
	vpn wg set wgvpn peer "$(wg pubkey <<<"$key")" allowed-ips "10.64.0.$2/32"
}
tunnel_policy() { # NAME [FILE [LINE...]]: further lines of [network] or [tunnel]
	local name=$1 file=${2:-$1}

	shift $(($# > 1 ? 2 : 1))
	{
		printf '[network]\negress = tunnel\n'
		(($# == 0)) || printf '%s\n' "$@"
		grep -qs '\[tunnel\]' <<<"$*" || echo '[tunnel]'
		echo "config = $conf_dir/$file.conf"
	} | lab_policy "$name"
}

# Watches what leaves, but for what a further expression of pcap-filter(7) leaves out; anew, when it
# did so before.
sniff() { # [EXPRESSION]
	local link

	sniff_end
	for link in uplink0 pub0; do
		tcpdump -i "$link" -Q out -n -U --immediate-mode -w "/run/lab/$link.pcap" \
			"not arp and not (icmp6 and ip6[40] >= 130) and not ip6 proto 0
			and not (udp port 51820) and not (icmp and host 192.0.2.2) ${1:-}" \
			2>"/run/lab/log/$link" &
		sniffers+=($!)
		lab_until 10 grep -q 'listening on' "/run/lab/log/$link"
	done
}
sniffers=()
sniff_end() {
	local pid

	for pid in "${sniffers[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	sniffers=()
}
silent() { # DESCRIPTION
	local link status=0

	sleep 0.3 # the last packet is past
	LAB_OUT=$(for link in uplink0 pub0; do
		tcpdump -n -r "/run/lab/$link.pcap" 2>/dev/null
	done)
	[[ -z $LAB_OUT ]] || status=1
	lab_row $status "$1"
}
saw() { # DESCRIPTION SAYS GUEST ORDER...
	LAB_OUT=$(lab_order "${@:3}" 2>&1) || true
	lab_says "$1" "$2"
}
handshake() { # LINK
	[[ $(wg show "$1" latest-handshakes | cut -f2) =~ ^[1-9] ]]
}
link_of() { # DOMAIN
	sed -n 's/^link //p' "/run/virt-cordon/$(virsh -q domuuid "$1")/wgtun.facts"
}
