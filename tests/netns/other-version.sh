# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the tables, and what is recorded of them, such as another version would have made: with a
# set of another type, a chain with another hook, objects that this version does not have, and undo
# commands that fit these. As closed as before. Source behind lib.sh.

other_version() {
	local reason file hook='{ type filter hook forward priority 5; policy drop; }'

	nft -f - <<-NFT
		$(for reason in host range attached dns egress flows redirected; do
			echo "flush chain inet virt_cordon deny_$reason"
			echo "add rule inet virt_cordon deny_$reason goto refuse"
		done)
		delete map inet virt_cordon logged
		add set inet virt_cordon logged { type mark; }
		add set inet virt_cordon former { type mark; }
		insert rule inet virt_cordon deny_range meta mark @logged goto refuse
		insert rule inet virt_cordon deny_range meta mark @former goto refuse
		delete chain bridge virt_cordon switched_host
		add chain bridge virt_cordon switched_host $hook
		add chain inet virt_cordon former { type filter hook forward priority 17; }
		add rule inet virt_cordon former ip daddr 192.0.2.250 drop
	NFT
	sed -i 's/^text .*/text 0123456789abcdef/' "$NS_ROOT/run/virt-cordon/base"
	for file in "$NS_ROOT"/run/virt-cordon/*/netiso.undo; do
		[[ ! -e $file ]] || sed -i '/ logged {/s/ : jump log_[0-9]*//' "$file"
	done
}
