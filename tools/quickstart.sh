#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh clone to the library at work: builds a release, runs the README's
# example, measures for about ten seconds, says how to install.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib/common.sh
. tools/lib/packages.sh

show_help() {
	cat <<'END'
Usage: tools/quickstart.sh [--no-install] [--build DIRECTORY]

Builds a release of magpool, runs the example of the README, then about ten
seconds of magpool-perf on the bundled call shapes.

  --no-install       install no packages; say which ones are missing
  --build DIRECTORY  where to build (default: build)
  --help             this text
END
}

parse_arguments() {
	install=yes
	build=build
	while [ $# -gt 0 ]; do
		case $1 in
		--no-install) install=no ;;
		--build)
			build=${2-}
			[ -n "$build" ] || usage_error "--build: no directory"
			shift
			;;
		--help) show_help && exit 0 ;;
		*) usage_error "unknown option '$1'" ;;
		esac
		shift
	done
}

parse_arguments "$@"
want_packages build "$install"
[ -z "$missing" ] || die "not there yet: $missing"

say "== Building a release in $build"
tools/lib/build.sh "$build" --buildtype=release -Dtests=disabled \
	-Dperf=enabled -Ddocs=enabled

say "== The example (doc/examples/ten_lines.c)"
"$build/doc/ten_lines"

say "== Parameters of native calls, about ten seconds"
"$build/perf/magpool-perf"

say "== To install the library:"
say "$(as_root)meson install -C $build && $(as_root)ldconfig"
