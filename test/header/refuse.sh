#!/bin/sh
# SPDX-License-Identifier: MIT
# The compiler must refuse a file, and say TEXT; with -DGOOD it must not.
#
#   refuse.sh TEXT FILE COMPILER FLAGS...
set -eu

text=$1
file=$2
shift 2

compile() {
	"$@" -c -o /dev/null -Wall -Wextra -Wpedantic -Werror "$file"
}

compile "$@" -DGOOD
if said=$(compile "$@" 2>&1); then
	echo "compiled: $file"
	exit 1
fi
case $said in
*"$text"*) ;;
*)
	echo "refused without a word of '$text':"
	echo "$said"
	exit 1
	;;
esac
