# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network around the lab's host: a router, a LAN host, an Internet host, each a namespace.
#
#   host uplink0 192.168.50.2 --- router br-lan 192.168.50.1 --- lan  192.168.50.50
#                                 router inet0 203.0.113.1 ----- inet 203.0.113.10
#   host pub0    198.51.100.2 ---------------------------------- lan  198.51.100.50
#
# The Internet is TEST-NET-3, which no list of private ranges holds; pub0 is a prefix that the host
# is attached to and that is on no such list either. The LAN host also has an address of each range
# that guests must not reach, so that each refusal has a positive control.

LAB_RANGES=(0.1.2.3 10.1.2.3 100.64.0.6 169.254.169.254 172.16.0.9 192.0.0.9 198.18.0.9 240.0.0.9)

# Everything in one namespace by one process of ip.
lab_ip() { # NAMESPACE  (commands on stdin)
	ip -n "$1" -batch -
}

lab_world() {
	local ns

	for ns in router lan inet; do
		ip netns add "$ns"
	done
	ip -batch - <<-IP
		link add uplink0 type veth peer name host0 netns router
		link add pub0 type veth peer name pub0 netns lan
		addr add 192.168.50.2/24 dev uplink0
		addr add fd00:50::2/64 dev uplink0 nodad
		addr add 198.51.100.2/24 dev pub0
		link set uplink0 up
		link set pub0 up
		route add default via 192.168.50.1
		route add ::/0 via fd00:50::1
	IP
	lab_ip router <<-IP
		link add br-lan type bridge
		link add lan0 type veth peer name eth0 netns lan
		link add inet0 type veth peer name eth0 netns inet
		link set host0 master br-lan up
		link set lan0 master br-lan up
		addr add 192.168.50.1/24 dev br-lan
		addr add fd00:50::1/64 dev br-lan nodad
		addr add 203.0.113.1/24 dev inet0
		addr add 2001:db8:113::1/64 dev inet0 nodad
		addr add 2a0e:113::1/64 dev inet0 nodad
		link set br-lan up
		link set inet0 up
		link set lo up
		route add 192.168.122.0/24 via 192.168.50.2
		route add 10.217.84.0/24 via 192.168.50.2
		route add 198.51.100.0/24 via 192.168.50.50
		$(printf 'route add %s via 192.168.50.50\n' "${LAB_RANGES[@]}")
	IP
	lab_ip lan <<-IP
		addr add 192.168.50.50/24 dev eth0
		addr add fd00:50::50/64 dev eth0 nodad
		addr add 198.51.100.50/24 dev pub0
		$(printf 'addr add %s/32 dev lo\n' "${LAB_RANGES[@]}")
		link set lo up
		link set eth0 up
		link set pub0 up
		route add default via 192.168.50.1
		route add ::/0 via fd00:50::1
	IP
	lab_ip inet <<-IP
		addr add 203.0.113.10/24 dev eth0
		addr add 203.0.113.11/24 dev eth0
		addr add 2001:db8:113::10/64 dev eth0 nodad
		addr add 2a0e:113::10/64 dev eth0 nodad
		link set lo up
		link set eth0 up
		route add default via 203.0.113.1
		route add ::/0 via 2001:db8:113::1
	IP
	nsenter --net=/run/netns/router sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	lab_services
}

# A DNS server of one name, who.test, whose address tells which server answered.
lab_dns() { # NAMESPACE ADDRESS
	nsenter --net="/run/netns/$1" dnsmasq --conf-file=/dev/null --no-resolv --no-hosts \
		--user=root --pid-file= --log-facility="/run/lab/log/dns-$1" \
		--address="/who.test/$2" --address=/lab.test/192.168.50.50
}

lab_services() {
	probe bg serve host 7777 7778@192.168.50.2 7779@127.0.0.1 tcp:8080 >/run/lab/log/host
	nsenter --net=/run/netns/lan probe bg serve lan 7777 tcp:80 tcp:443 >/run/lab/log/lan
	nsenter --net=/run/netns/inet probe bg serve inet 7777 tcp:80 tcp:443 >/run/lab/log/inet
	lab_dns lan 192.168.50.50
	lab_dns inet 203.0.113.10
}
