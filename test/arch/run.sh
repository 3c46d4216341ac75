#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [--build DIR] [ARCHITECTURE]...: builds for another processor with
# Debian's cross compiler, and runs what has a plain main() under qemu-user.
# Architectures: arm64, s390x (big-endian), i386 (32 bits; only on x86-64, whose
# kernel runs it); without one, all.
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
	[i386]="i686-linux-gnu none x86 little"
)
# The names of meson's tests.
tests=(calls environment shapes
	'cycle -j2 -r1' 'cycle -j8 -r16' 'handoff -j2 -r1' 'churn -j2 -r16'
	'caches -j2 -r2' 'trim -j4 -r1' 'pools -j2 -r16' 'signals -j2 -r1'
	'mixed -j4 -r1' 'cycle-fenced -j8 -r2')
few_tests=(calls environment shapes segment 'cycle -j8 -r16' 'caches -j2 -r2'
	'pools -j2 -r16' 'mixed -j4 -r1' 'cycle-fenced -j8 -r2')

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
	[ ${#chosen[@]} -eq 0 ] || return 0
	chosen=(arm64 s390x)
	[ "$(uname -m)" != x86_64 ] || chosen+=(i386)
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

# runner TRIPLET QEMU: what programs are run with, in meson's words.  Without
# qemu that is the loader of the cross compiler's C library.
runner() {
	local triplet=$1 qemu=$2
	if [ "$qemu" = none ]; then
		echo "'/usr/$triplet/lib/ld-linux.so.2', '--library-path'," \
			"'$libraries:/usr/$triplet/lib'"
	else
		echo "'$qemu', '-L', '/usr/$triplet', '-E'," \
			"'LD_LIBRARY_PATH=$libraries'"
	fi
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
exe_wrapper = [$(runner "$triplet" "$qemu")]
[properties]
needs_exe_wrapper = true
sys_root = '$root'
pkg_config_libdir = '$libraries/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$family'
endian = '$endian'
END
}

set_up() {
	local arch=$1 dir=$work/$1 machine libraries headers
	read -ra machine <<<"${machines[$arch]}"
	unpack_liburcu "$arch"
	# Not always the compiler's triplet: Debian's i386 is another one.
	libraries=$(echo "$root"/usr/lib/*-linux-gnu)
	headers=$(echo "$root"/usr/include/*-linux-gnu)
	write_cross_file "${machine[@]}" >"$work/$arch.ini"
	# Not where the system's headers are, but warnings in it are not ours.
	[ -f "$dir/build.ninja" ] ||
		meson setup "$dir" --cross-file "$work/$arch.ini" \
			--buildtype=release -Dwerror=true -Dtests=auto \
			-Dc_args="-isystem$headers -Wno-psabi" \
			-Dperf=disabled -Ddocs=disabled
}

# run ARCHITECTURE: one line, "ARCHITECTURE: N tests, N operations, N s".
run() {
	local arch=$1 log=$work/$1.log started=$SECONDS these=("${tests[@]}")
	# `steady` calls mmap by its number: one argument on the others.
	[ "$arch" != arm64 ] || these+=(steady)
	# What 64 bits differ in is layouts and sizes.
	[ "$arch" != i386 ] || these=("${few_tests[@]}")
	root=$work/root-$arch
	mkdir -p "$work"
	set_up "$arch" >"$log" 2>&1 ||
		{ tail -n 40 "$log" && die "$arch: no build directory"; }
	# Builds what these tests want.
	meson test -C "$work/$arch" --print-errorlogs "${these[@]}" \
		>"$log" 2>&1 ||
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
