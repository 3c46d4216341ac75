#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check-install.sh DIRECTORY: installs into DIRECTORY/prefix and uses what is
# there: by pkg-config, shared and static, and as a Meson subproject.
set -euo pipefail
mkdir -p "$1"
work=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
example=$top/doc/examples/ten_lines.c
expected='Hello, 64 threads'
cc=${CC:-cc}

expect_output() {
	local output
	output=$("$@")
	if [ "$output" != "$expected" ]; then
		printf '%s: expected "%s", got "%s"\n' \
			"$1" "$expected" "$output"
		return 1
	fi
}

install_it() {
	rm -rf "$work/prefix"
	"$top/tools/lib/build.sh" "$work/build" --prefix="$work/prefix" \
		--libdir=lib -Dtests=disabled -Dperf=enabled -Dstat=enabled \
		-Ddocs=enabled
	meson install -C "$work/build" --no-rebuild
	export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig
}

# What others rely on: the name, to stay mapped, no initial-exec TLS.
check_library() {
	local dynamic
	dynamic=$(readelf -d "$work/prefix/lib/libmagpool.so")
	grep -q 'SONAME.*\[libmagpool\.so\.0\]' <<<"$dynamic"
	grep -q 'FLAGS_1.*NODELETE' <<<"$dynamic"
	if grep -q STATIC_TLS <<<"$dynamic"; then
		echo "libmagpool.so uses the TLS that dlopen cannot give"
		return 1
	fi
	test -s "$work/prefix/share/man/man7/magpool.7"
	test -s "$work/prefix/share/man/man3/magpool.3"
	test -s "$work/prefix/share/man/man1/magpool-perf.1"
	test -x "$work/prefix/bin/magpool-perf"
	test -s "$work/prefix/share/man/man1/magpool-stat.1"
	test -x "$work/prefix/bin/magpool-stat"
}

# use_by_pkg_config NAME OPTION...: for the linker and for pkg-config.
use_by_pkg_config() {
	local name=$1
	shift
	# shellcheck disable=SC2046  # a list of options
	"$cc" -std=c11 "$example" -o "$work/$name" "$@" \
		$(pkg-config --cflags --libs "${@/#-static/--static}" magpool)
	LD_LIBRARY_PATH=$work/prefix/lib expect_output "$work/$name"
}

use_as_subproject() {
	rm -rf "$work/host"
	mkdir -p "$work/host/subprojects"
	ln -s "$top" "$work/host/subprojects/magpool"
	cp "$example" "$work/host/"
	cat >"$work/host/meson.build" <<'END'
project('host', 'c')
magpool = subproject('magpool')
executable('host', 'ten_lines.c', dependencies: dependency('magpool'))
END
	unset PKG_CONFIG_PATH
	meson setup "$work/host/build" "$work/host"
	meson compile -C "$work/host/build"
	expect_output "$work/host/build/host"
}

install_it
check_library
use_by_pkg_config shared
use_by_pkg_config static -static
use_as_subproject
echo "installed, linked in both ways, and used as a subproject"
