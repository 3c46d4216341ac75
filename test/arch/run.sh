#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [--build DIR] [ARCHITECTURE]...: builds for another processor with
# Debian's cross compiler, and runs what has a plain main() under qemu-user.
# Architectures: arm64, s390x (big-endian); without one, both.
#
# liburcu is Debian's package for that architecture, unpacked into the build
# directory: nothing is installed, and the system's list of architectures stays
# as it is.
#
# Left out: the unit tests (Criterion starts itself anew, which qemu-user cannot
# follow; nor inject-first), what takes minutes there (inject-calls), seccomp
# filters (inject-limits, inject-loaded), and fork from one of several threads,
# where qemu-user's own locks are not free in the child.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lib/common.sh

# Triplet, qemu, meson's cpu family, endianness.
declare -A machines=(
	[arm64]="aarch64-linux-gnu qemu-aarch64 aarch64 little"
	[s390x]="s390x-linux-gnu qemu-s390x s390x big"
)
# The names of meson's tests.
tests=(calls environment shapes
	'cycle -j2 -r1' 'cycle -j8 -r16' 'handoff -j2 -r1' 'churn -j2 -r16'
	'caches -j2 -r2' 'trim -j4 -r1' 'pools -j2 -r16' 'signals -j2 -r1'
	'mixed -j4 -r1' 'cycle-fenced -j8 -r2')

parse_arguments() {
	work=$PWD/build-arch chosen=()
	while [ $# -gt 0 ]; do
		case $1 in
		--build)
			work=$(realpath -m "${2:?}")
			shift
			;;
		*)
			[ -n "${machines[$1]-}" ] ||
				usage_error "no architecture '$1'"
			chosen+=("$1")
			;;
		esac
		shift
	done
	[ ${#chosen[@]} -gt 0 ] || chosen=(arm64 s390x)
}

# apt_for ARCHITECTURE ARGUMENTS...: apt-get with lists of its own.
apt_for() {
	local arch=$1 state=$work/apt
	shift
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	apt-get -o APT::Architectures::="$(dpkg --print-architecture)" \
		-o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Dir::State::Lists="$state/lists" \
		-o Dir::Cache="$state/cache" "$@"
}

# The library and the header of liburcu, in $root.
unpack_liburcu() {
	local arch=$1 package
	[ ! -e "$root/done" ] || return 0
	mkdir -p "$root"
	apt_for "$arch" update
	(cd "$root" && apt_for "$arch" download "liburcu-dev:$arch" \
		"liburcu8:$arch")
	for package in "$root"/*.deb; do
		dpkg -x "$package" "$root"
	done
	touch "$root/done"
}

write_cross_file() {
	local triplet=$1 qemu=$2 family=$3 endian=$4
	cat <<END
[binaries]
c = '$triplet-gcc'
ar = '$triplet-ar'
strip = '$triplet-strip'
objcopy = '$triplet-objcopy'
pkgconfig = 'pkg-config'
exe_wrapper = ['$qemu', '-L', '/usr/$triplet', '-E',
  'LD_LIBRARY_PATH=$root/usr/lib/$triplet']
[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/$triplet/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$family'
endian = '$endian'
END
}

set_up() {
	local arch=$1 dir=$work/$1 machine
	read -ra machine <<<"${machines[$arch]}"
	unpack_liburcu "$arch"
	write_cross_file "${machine[@]}" >"$work/$arch.ini"
	# Not where the system's headers are, but warnings in it are not ours.
	[ -f "$dir/build.ninja" ] ||
		meson setup "$dir" --cross-file "$work/$arch.ini" \
			--buildtype=release -Dwerror=true -Dtests=auto \
			-Dc_args="-isystem$root/usr/include/${machine[0]}" \
			-Dperf=disabled -Ddocs=disabled
}

# run ARCHITECTURE: one line, "ARCHITECTURE: N tests, N operations, N s".
run() {
	local arch=$1 log=$work/$1.log started=$SECONDS more=()
	# It calls mmap by its number, which takes one argument on s390x.
	[ "$arch" = s390x ] || more=(steady)
	root=$work/root-$arch
	mkdir -p "$work"
	set_up "$arch" >"$log" 2>&1 ||
		{ tail -n 40 "$log" && die "$arch: no build directory"; }
	# Builds what these tests want.
	meson test -C "$work/$arch" --print-errorlogs "${tests[@]}" \
		"${more[@]}" >"$log" 2>&1 ||
		{ tail -n 80 "$log" && die "$arch: a test failed"; }
	say "$arch: $(grep -c ' OK  ' "$log") tests," \
		"$(tools/lib/testlog.py --operations \
			"$work/$arch/meson-logs/testlog.json") operations," \
		"$((SECONDS - started)) s"
}

parse_arguments "$@"
for arch in "${chosen[@]}"; do
	run "$arch"
done
