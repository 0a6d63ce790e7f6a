#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what virt-cordon needs; the one list of packages, for Debian (apt) and Fedora (dnf).
#
#   tools/install-deps.sh [--list] [GROUP...]       groups: build run test lint; default: all
#
# --list prints the packages and installs nothing. A machine that has them all is not touched. The
# kernel of the test guests is fetched for the group test, but not installed: it is unpacked into
# CORDON_CACHE (build/cache).
set -euo pipefail
cd "$(dirname "$0")/.."

# group, Debian's package, Fedora's package (- where another one brings it), what for
packages='
build gcc                      gcc                        the compiler
build libc6-dev                glibc-devel                the C library
build make                     make                       the build
build pkg-config               pkgconf-pkg-config         finds the libraries
build libnftables-dev          nftables-devel             rules in one transaction
build libmnl-dev               libmnl-devel               netlink
build libiniparser-dev         iniparser-devel            policies
build libxml2-dev              libxml2-devel              domain XML
build libyaml-dev              libyaml-devel              checks of cloud-init files
build libvirt-dev              libvirt-devel              domains, for what a person types
build libjansson-dev            jansson-devel              JSON of dnsmasq leases, output
run   nftables                 nftables                   looking at the rules
run   iproute2                 iproute                    looking at links and routes
run   libvirt-daemon-system    libvirt-daemon-config-network  libvirtd and its networks
run   libvirt-daemon-driver-qemu libvirt-daemon-driver-qemu   its QEMU driver
run   libvirt-clients          libvirt-client             virsh
run   qemu-system-x86          qemu-system-x86-core       guests
run   qemu-utils               qemu-img                   overlays of disks
run   dnsmasq-base             dnsmasq                    DHCP and DNS of libvirt networks
run   e2fsprogs                e2fsprogs                  images of shared folders
run   openssh-client           openssh-clients            keys, log in to guests
run   wireguard-go             -                          tunnels where the kernel has none
test  libcmocka-dev            libcmocka-devel            unit tests
test  ansible-core             ansible-core               the Debian guest
test  mmdebstrap               -                          the same
test  ovmf                     edk2-ovmf                  a guest with UEFI
test  xorriso                  xorriso                    what is in a seed
test  clang                    clang                      fuzz targets
test  libclang-rt-14-dev       compiler-rt                and their sanitizers
test  gcovr                    gcovr                      coverage
test  busybox-static           busybox                    inside the test guests
test  -                        glibc-static               the probe is a static program
test  cpio                     cpio                       the guest image
test  kmod                     kmod                       modules of the guest image
test  lz4                      lz4                        unpacks the guest kernel
test  gzip                     gzip                       man pages and archives
test  xz-utils                 xz                         modules of other kernels
test  util-linux               util-linux                 unshare and nsenter
test  procps                   procps-ng                  sysctl and ps
test  iputils-ping             iputils                    ping
test  tcpdump                  tcpdump                    looking at frames
test  strace                   strace                     faults of system calls
test  valgrind                 valgrind                   faults of memory
test  attr                     attr                       attributes of copied files
test  acl                      acl                        and their ACLs
test  xfsprogs                 xfsprogs                   a file system with reflinks
test  wireguard-tools          wireguard-tools            the server of the tests
test  iptables                 iptables-nft               the other layout of the bench
test  debhelper                -                          make deb
test  dpkg-dev                 -                          make deb
test  lintian                  -                          faults of packages
test  python3                  python3                    a terminal, for what is seen on one
test  python3-jsonschema       python3-jsonschema         what --json prints, against its schema
test  zsh                      zsh                        its completion
test  git                      git                        the list of files
lint  git                      git                        the list of files
lint  clang                    clang                      a second compiler
lint  clang-format             clang-tools-extra          form
lint  clang-tidy               clang-tools-extra          faults
lint  cppcheck                 cppcheck                   faults
lint  shellcheck               ShellCheck                 faults in shell
lint  graphviz                 graphviz                   the picture in the docs
lint  mandoc                   mandoc                     man pages
lint  file                     file                       kinds of files
'

usage() {
	sed -n '5p' "$0" | sed 's/^# *//' >&2
	exit 64
}

list=no
groups=()
for arg; do
	case $arg in
	--list) list=yes ;;
	--help) sed -n '3,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
	build | run | test | lint) groups+=("$arg") ;;
	*) usage ;;
	esac
done
((${#groups[@]})) || groups=(build run test lint)

if command -v apt-get >/dev/null; then
	column=2
elif command -v dnf >/dev/null; then
	column=3
else
	echo "$0: neither apt-get nor dnf; docs/dependencies.md says what is needed" >&2
	exit 69
fi
mapfile -t wanted < <(awk -v groups=" ${groups[*]} " -v column="$column" '
	NF && index(groups, " " $1 " ") && $column != "-" && !seen[$column]++ { print $column }
' <<<"$packages")

if [[ $list = yes ]]; then
	printf '%s\n' "${wanted[@]}"
	exit 0
fi

# Prints which of the wanted packages are not there.
missing_apt() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
		awk -v wanted="${wanted[*]}" '
			$1 == "installed" { have[$2] = 1 }
			END {
				n = split(wanted, w, " ")
				for (i = 1; i <= n; i++)
					if (!(w[i] in have))
						print w[i]
			}'
}

missing_dnf() {
	local package

	for package in "${wanted[@]}"; do
		rpm -q --quiet --whatprovides "$package" || echo "$package"
	done
}

# Lists of packages, at most once: a new container has none, another one may have old ones.
updated=no
update_apt() {
	[[ $updated = no ]] || return 0
	updated=yes
	apt-get -qq -o Acquire::Retries=3 update
}

install_apt() {
	local options=(-qq -y --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)

	apt-cache show -q=2 "$1" >/dev/null 2>&1 || update_apt
	# lists that are too old name files that the mirror no longer has
	DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install "$@" || {
		[[ $updated = no ]] && update_apt &&
			DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install "$@"
	}
}

if ((column == 2)); then
	mapfile -t missing < <(missing_apt)
else
	mapfile -t missing < <(missing_dnf)
fi
if ((${#missing[@]})); then
	if ((EUID != 0)); then
		echo "tools/install-deps.sh: to install ${missing[*]} it must run as root" >&2
		exit 77
	fi
	echo "installing: ${missing[*]}"
	if ((column == 2)); then
		install_apt "${missing[@]}"
	else
		dnf -q -y --setopt=install_weak_deps=False install "${missing[@]}"
	fi
fi
# Fedora has no such package: there the guests run its own kernel.
if [[ " ${groups[*]} " = *" test "* ]] && ((column == 2)); then
	tests/lab/guest-kernel >/dev/null
fi
