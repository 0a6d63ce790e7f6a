# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network of the netns tests, and domains as their records.
#
#   guests on virbr0   192.168.122.1/24, 192.168.122.2/24, fe80::…fe
#   guests on virbr1   10.8.0.1/24
#   lan0   192.168.50.2/24   --- lan    192.168.50.50, an address of each refused range
#   pub0   198.51.100.2/24   --- lan    198.51.100.50
#   wan0   192.0.2.1/30      --- inet   192.0.2.2, 203.0.113.10, 203.0.113.11, default route
#
# Services that echo are on 7777 and 8080 of the host, lan and inet, and on 7777 of each guest.
# shellcheck disable=SC2034 # for the tests

NS_GW=192.168.122.1
NS_GWMAC=52:54:00:00:00:fe
NS_GW6=fe80::5054:ff:fe00:fe
NS_RANGES=(0.1.2.3 10.1.2.3 100.64.0.6 169.254.169.254 172.16.0.9 192.0.0.9 198.18.0.9 240.0.0.9)

ns_ip() { # PLACE  (commands on stdin)
	if [[ $1 = host ]]; then ip -batch -; else ip -n "$1" -batch -; fi
}

ns_world() {
	mkdir -p "$NS_ROOT/run/virt-cordon"
	ns_place lan inet
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
	ns_bridge_netfilter 0
	ns_ip host <<-IP
		link add virbr0 address $NS_GWMAC type bridge
		link add virbr1 address 52:54:00:00:01:fe type bridge
		addr add 192.168.122.1/24 brd + dev virbr0
		addr add 192.168.122.2/24 dev virbr0
		addr add 10.8.0.1/24 brd + dev virbr1
		link add lan0 type veth peer name eth0 netns lan
		link add pub0 type veth peer name pub0 netns lan
		link add wan0 type veth peer name eth0 netns inet
		addr add 192.168.50.2/24 brd + dev lan0
		addr add 198.51.100.2/24 brd + dev pub0
		addr add 192.0.2.1/30 dev wan0
		link set virbr0 up
		link set virbr1 up
		link set lan0 up
		link set pub0 up
		link set wan0 up
		route add default via 192.0.2.2
	IP
	ns_ip lan <<-IP
		link set lo up
		addr add 192.168.50.50/24 dev eth0
		addr add 192.168.50.51/24 dev eth0
		addr add 198.51.100.50/24 dev pub0
		$(printf 'addr add %s/32 dev lo\n' "${NS_RANGES[@]}")
		link set eth0 up
		link set pub0 up
		route add default via 192.168.50.2
	IP
	ns_ip inet <<-IP
		link set lo up
		addr add 192.0.2.2/30 dev eth0
		addr add 203.0.113.10/32 dev lo
		addr add 203.0.113.11/32 dev lo
		link set eth0 up
		route add default via 192.0.2.1
	IP
	printf 'route add %s via 192.168.50.50\n' "${NS_RANGES[@]}" | ns_ip host
	ns_bg host serve host 7777 8080
	ns_bg lan serve lan 7777 8080
	ns_bg inet serve inet 7777 8080
}

# Whether bridged packets also pass the hooks of iptables and of inet; 1 fails where that is not
# built in or loaded.
ns_bridge_netfilter() { # 0|1
	[[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] || return "$1"
	sysctl -qw net.bridge.bridge-nf-call-iptables="$1" \
		net.bridge.bridge-nf-call-arptables="$1" \
		net.bridge.bridge-nf-call-ip6tables="$1"
}

# ns_guest NAME BRIDGE N: a guest as a namespace; its "tap" on the host is named vnet-NAME. Its MAC
# ends in N, and so does its address. Answers on 7777.
ns_guest() {
	local name=$1 bridge=$2 n=$3 net=192.168.122

	[[ $bridge = virbr0 ]] || net=10.8.0
	ns_place "$name"
	NS_BRIDGE[$name]=$bridge
	NS_ADDR[$name]=$net.$n
	printf -v "NS_MAC[$name]" '52:54:00:00:00:%02x' "$n"
	ns_tap "$name"
	ns_ip "$name" <<-IP
		link set lo up
		addr add $net.$n/24 brd + dev eth0
		route add default via $net.1
	IP
	ns_bg "$name" serve "$name" 7777
}
declare -A NS_BRIDGE=() NS_ADDR=() NS_MAC=()

# The tap alone, as libvirt makes it at each start.
ns_tap() { # NAME [TAP]
	ns_ip host <<-IP
		link add ${2:-vnet-$1} type veth peer name eth0 address ${NS_MAC[$1]} netns $1
		link set ${2:-vnet-$1} address fe:${NS_MAC[$1]#*:} master ${NS_BRIDGE[$1]} up
	IP
	ip -n "$1" link set eth0 up
}

# --- domains -----------------------------------------------------------------------------------

declare -A NS_UUID=()
NS_SLOT=0

# ns_domain NAME [TAP...]: writes the record of a domain as the hook does at start; its policy is on
# stdin. A NIC is TAP,MAC,BRIDGE,LEASE_SECONDS[,guarded]; by default the one that ns_guest made.
ns_domain() {
	local name=$1 nic tap mac bridge lease guarded

	shift
	NS_SLOT=$((NS_SLOT + 1))
	printf -v "NS_UUID[$name]" '%08x-0000-4000-8000-000000000000' "$NS_SLOT"
	NS_RECORD=$NS_ROOT/run/virt-cordon/${NS_UUID[$name]}
	mkdir -p "$NS_RECORD"
	(($#)) || set -- "vnet-$name,${NS_MAC[$name]},${NS_BRIDGE[$name]},3600"
	{
		printf 'virt-cordon-record 1\nname %s\nuuid %s\nphase isolating\nincoming no\n' \
			"$name" \
			"${NS_UUID[$name]}"
		printf 'slot %s\nisolation yes\nparts none\n' "$NS_SLOT"
		for nic in "$@"; do
			IFS=, read -r tap mac bridge lease guarded <<<"$nic"
			printf 'nic mac=%s tap=%s bridge=%s network=%s ' "$mac" "$tap" "$bridge" \
				"net-$bridge"
			printf 'port= lease=%s guarded=%s gone=no\n' "$lease" \
				"$([[ -n $guarded ]] && echo yes || echo no)"
		done
		echo end
	} >"$NS_RECORD/record"
	cat >"$NS_RECORD/policy.ini"
}

# Another policy for a domain that has one.
ns_policy() { # NAME  (stdin)
	cat >"$NS_ROOT/run/virt-cordon/${NS_UUID[$1]}/policy.ini"
}

ns_netiso() { # VERB ARG...
	virt-cordon-netiso --root "$NS_ROOT" "$@"
}

# The hook removes the record after the revert.
ns_remove() { # NAME
	ns_netiso revert "$1" && rm -rf -- "$NS_ROOT/run/virt-cordon/${NS_UUID[$1]}"
}

# As if no lease had been seen.
ns_forget_leases() {
	nft flush map bridge virt_cordon address_owner 2>/dev/null ||
		nft flush set bridge virt_cordon nic_address
}

# All that isolation could leave behind.
ns_snapshot() {
	nft -s list ruleset
	ip rule
	ip -6 rule
	find "$NS_ROOT/run/virt-cordon" ! -type d ! -name record ! -name policy.ini ! -name lock \
		-printf '%p %l\n' | sort
}

# Our tables as lines that can be compared: elements in any order, without those that packets make.
ns_ruleset() {
	nft -s list ruleset | awk '
		/^table/ { t = $2 " " $3; print t; next }
		/^\t?}?$/ { next }
		/^\t(set|map|chain|counter|limit)/ { object = $1 " " $2; name = $2; dynamic = 0; n \
			= 0 }
		/flags .*dynamic/ { dynamic = name != "nic_address" && name != "address_owner" }
		/elements = \{/ {
			for (text = $0; text !~ /\}$/; text = text $0)
				getline
			gsub(/^.*elements = \{|\}$|[\t ]+/, " ", text)
			count = split(text, element, ",")
			for (i = 1; i <= count && !dynamic; i++)
				print t, object, element[i]
			next
		}
		{ printf "%s %s %03d %s\n", t, object, n++, $0 }' | sort
}
