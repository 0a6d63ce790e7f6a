# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The isolation of one guest as shell hooks write it: a dozen iptables rules in one list for all.

list_rules() { # MAC: a rule a line, without -A
	local from="-i virbr0 -m mac --mac-source $1" net

	echo "FORWARD $from -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
	for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 \
		224.0.0.0/4; do
		echo "FORWARD $from -d $net -j REJECT"
	done
	echo "FORWARD $from -j ACCEPT"
	echo "INPUT $from -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
	echo "INPUT $from -p udp --dport 67 -j ACCEPT"
	echo "INPUT $from -p udp --dport 53 -j ACCEPT"
	echo "INPUT $from -j REJECT"
}
