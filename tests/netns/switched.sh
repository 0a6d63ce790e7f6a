# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A switched bridge: the host's uplink is a port of br0, next to its guests. Source behind lib.sh.
#
#   guests and the host on br0   192.168.1.5/24, default route by rt
#   up0 (port of br0)            --- wire: a switch with rt and lh on it
#   rt   192.168.1.1             the LAN's router; 203.0.113.10, 203.0.113.11, 192.0.2.53 and an
#                                address of each refused range are behind it (on its lo)
#   lh   192.168.1.60, .61       a host in the LAN, which forwards
#   inside0                      198.51.100.2/24, another link of the host
#
# Services that echo are on 7777 and 8080 of host, rt and lh, on 53 of rt and lh, and on 7777 of
# each guest.
# shellcheck disable=SC2034 # for the tests

SW_HOST=192.168.1.5
SW_HOSTMAC=52:54:00:00:02:fe
SW_RT=192.168.1.1
SW_RTMAC=00:00:5e:00:53:01
SW_LH=192.168.1.60
SW_LHMAC=00:00:5e:00:53:60
SW_RANGES=(0.1.2.3 10.1.2.3 100.64.0.6 169.254.169.254 172.16.0.9 192.0.0.9 198.18.0.9 240.0.0.9)

declare -A NS_BRIDGE NS_ADDR NS_MAC # world.sh has made them

# An uplink is told by /sys, where a veth has no device.
sw_uplink() { # BRIDGE PORT
	mkdir -p "$NS_ROOT/sys/class/net/$1/brif/$2" "$NS_ROOT/sys/class/net/$2/device"
}

sw_world() {
	mkdir -p "$NS_ROOT/run/virt-cordon"
	ns_place wire rt lh
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0
	ns_in lh sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
	ns_in rt sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
	ns_bridge_netfilter 0
	ns_ip wire <<-IP
		link add sw type bridge
		link set sw up
		link add rt type veth peer name eth0 netns rt address $SW_RTMAC
		link add lh type veth peer name eth0 netns lh address $SW_LHMAC
		link set rt master sw up
		link set lh master sw up
	IP
	ns_ip host <<-IP
		link add br0 address $SW_HOSTMAC type bridge
		link add up0 type veth peer name host netns wire
		link add inside0 type veth peer name inside1
		link set up0 master br0 up
		addr add $SW_HOST/24 brd + dev br0
		addr add 198.51.100.2/24 dev inside0
		link set br0 up
		link set inside0 up
		link set inside1 up
		route add default via $SW_RT
	IP
	ip -n wire link set host master sw up
	ns_ip rt <<-IP
		link set lo up
		addr add $SW_RT/24 brd + dev eth0
		addr add 203.0.113.10/32 dev lo
		addr add 203.0.113.11/32 dev lo
		addr add 192.0.2.53/32 dev lo
		$(printf 'addr add %s/32 dev lo\n' "${SW_RANGES[@]}")
		link set eth0 up
		route add 198.51.100.0/24 via $SW_HOST
	IP
	ns_ip lh <<-IP
		link set lo up
		addr add $SW_LH/24 brd + dev eth0
		addr add 192.168.1.61/24 dev eth0
		link set eth0 up
		route add default via $SW_RT
	IP
	sw_uplink br0 up0
	ns_bg host serve host 7777 8080
	ns_bg rt serve rt 7777 8080 udp:53 tcp:53
	ns_bg lh serve lh 7777 8080 udp:53 tcp:53
}

# sw_guest NAME N: a guest on br0, with 192.168.1.N; its "tap" is vnet-NAME.
sw_guest() {
	local name=$1

	ns_place "$name"
	NS_BRIDGE[$name]=br0
	NS_ADDR[$name]=192.168.1.$2
	printf -v "NS_MAC[$name]" '52:54:00:00:00:%02x' "$2"
	ns_tap "$name"
	ns_ip "$name" <<-IP
		link set lo up
		addr add 192.168.1.$2/24 brd + dev eth0
		route add default via $SW_RT
	IP
	ns_bg "$name" serve "$name" 7777
}
