# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The packages: what is wanted, what is missing, how it is installed.
#
# A row is "Debian's name|a command that succeeds when it is there".  What
# counts is the command, so that things installed in another way are found.

# package_rows build|check|all: each has the rows of the one before.
package_rows() {
	cat <<'END'
build-essential|g++ --version
meson|meson --version
pkg-config|pkg-config --version
liburcu-dev|pkg-config --exists liburcu-bp
END
	[ "$1" != build ] || return 0
	cat <<'END'
libcriterion-dev|pkg-config --exists criterion
END
	[ "$1" != check ] || return 0
	cat <<'END'
clang|clang --version
libclang-rt-14-dev|has_sanitizer clang
clang-format-14|clang-format-14 --version
clang-tidy-14|clang-tidy-14 --version
cppcheck|cppcheck --version
llvm-14|llvm-cov-14 --version
valgrind|valgrind --version
libc6-dbg|valgrind true
shellcheck|shellcheck --version
spin|spin -V
libjansson-dev|pkg-config --exists jansson
libncurses-dev|pkg-config --exists ncursesw
libapr1-dev|pkg-config --exists apr-1
libtalloc-dev|pkg-config --exists talloc
groff-base|groff --version
systemtap-sdt-dev|gcc -E -include sys/sdt.h -x c /dev/null
gcc-aarch64-linux-gnu|aarch64-linux-gnu-gcc --version
libc6-dev-arm64-cross|test -e /usr/aarch64-linux-gnu/include/stdio.h
gcc-s390x-linux-gnu|s390x-linux-gnu-gcc --version
libc6-dev-s390x-cross|test -e /usr/s390x-linux-gnu/include/stdio.h
gcc-i686-linux-gnu|i686-linux-gnu-gcc --version
libc6-dev-i386-cross|test -e /usr/i686-linux-gnu/include/stdio.h
qemu-user|qemu-aarch64 --version
END
}

has_sanitizer() {
	echo 'int main(void) { return 0; }' |
		"$1" -fsanitize=thread -x c - -o /dev/null
}

# The rows on stdin whose command fails: the names, in one line.
missing_packages() {
	local name probe absent=()
	while IFS='|' read -r name probe; do
		# shellcheck disable=SC2086  # the row is a command with words
		$probe </dev/null >/dev/null 2>&1 || absent+=("$name")
	done
	echo "${absent[*]}"
}

# A word of /etc/os-release, without its quotes.
os_release() {
	sed -n "s/^$1=//p" /etc/os-release 2>/dev/null | tr -d '"'
}

is_debian() {
	local id like
	id=$(os_release ID)
	like=$(os_release ID_LIKE)
	case " $id $like " in
	*" debian "* | *" ubuntu "*) command -v apt-get >/dev/null ;;
	*) return 1 ;;
	esac
}

# "sudo " for those who need it.
as_root() {
	[ "$(id -u)" -eq 0 ] || echo "sudo "
}

apt_install() {
	local sudo
	sudo=$(as_root)
	# shellcheck disable=SC2086  # empty or one word; a list of names
	${sudo}apt-get update && ${sudo}apt-get install -y $1
}

# want_packages WHAT yes|no: installs them, or only says which are wanted.
# Those still missing are left in $missing.
want_packages() {
	local rows install=$2
	rows=$(package_rows "$1")
	missing=$(missing_packages <<<"$rows")
	[ -n "$missing" ] || return 0
	if ! is_debian; then
		say "Wanted, under Debian's names: $missing"
		say "Neither Debian nor Ubuntu: please install them yourself."
		return 0
	fi
	say "Wanted: $(as_root)apt-get install -y $missing"
	[ "$install" = yes ] || return 0
	apt_install "$missing" || true
	missing=$(missing_packages <<<"$rows")
}
