# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the parts of the benchmark share: a host in namespaces of its own, numbers.
# shellcheck disable=SC2034 # for those who include this

BENCH_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BENCH_TOP=$(cd "$BENCH_DIR/../.." && pwd)
export CORDON_BUILD=${CORDON_BUILD:-$BENCH_TOP/build/release}
export PATH=$CORDON_BUILD/tests/bench:/usr/local/sbin:/usr/sbin:/sbin:$PATH
export LC_ALL=C

# Runs the script again inside, where a pid 1 reaps what is orphaned.
if [[ -z ${BENCH_INSIDE:-} ]]; then
	BENCH_INSIDE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		--propagation private -- bash -c '"$@"; exit $?' bench "$(realpath -- "$0")" "$@"
fi
export -n BENCH_INSIDE
set -euo pipefail
# shellcheck source=tests/bench/numbers.sh
. "$BENCH_DIR/numbers.sh"

# A host with libvirt's default network, our programs and empty policies bench-1… for a thousand
# guests.
bench_host() {
	local dir n

	mount -t sysfs sysfs /sys
	mount -t tmpfs -o mode=0755 tmpfs /run
	# Folders to mount over, also where virt-cordon was never installed.
	for dir in etc var; do
		mkdir -p "/run/over/$dir/"{upper,work}
		mount -t overlay -o \
			"lowerdir=/$dir,upperdir=/run/over/$dir/upper,workdir=/run/over/$dir/work" \
			bench "/$dir"
	done
	for dir in /etc/virt-cordon /var/lib/virt-cordon /var/lib/libvirt; do
		mkdir -p "$dir"
		mount -t tmpfs -o mode=0755 tmpfs "$dir"
	done
	mkdir -p /run/{sbin,netns} /run/hooks/{qemu,network}.d /etc/virt-cordon/domains \
		/var/lib/libvirt/dnsmasq
	cp "$CORDON_BUILD"/virt-cordon* /run/sbin/
	ln -s /run/sbin/virt-cordon-hook /run/hooks/qemu.d/50-virt-cordon
	ln -s /run/sbin/virt-cordon-hook /run/hooks/network.d/50-virt-cordon
	cp "$BENCH_TOP/etc/virt-cordon.ini" /etc/virt-cordon/
	for ((n = 1; n <= 1000; n++)); do
		: >"/etc/virt-cordon/domains/bench-$n.ini"
	done
	: >/etc/virt-cordon/domains/bench-2000.ini
	# An overlap of 1000 addresses wants more than libvirt's own /24.
	ip -batch - <<-IP
		link set lo up
		link add virbr0 type bridge
		addr add 10.64.0.1/16 dev virbr0
		link set virbr0 up
	IP
}
