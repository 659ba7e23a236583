#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing: deps.sh [build|test|bench]. Silent and quick when all is there.
# Debian 12 first, Ubuntu 24.04 next; elsewhere it prints what is needed and fails.
set -eu

want=${1:-test}
build='gcc libc6-dev make clang libbpf-dev libelf-dev zlib1g-dev libjansson-dev
	libyaml-dev libutf8proc-dev libpcre2-dev libncurses-dev ncurses-base ncurses-bin'
# ncurses-term, tmux, screen: terminals; runc, containerd, CNI, grpc: pods; qemu: kernels
tests='libcmocka-dev clang-format clang-tidy llvm git tmux ncurses-term busybox-static
	containernetworking-plugins iproute2 procps jq python3 python3-grpcio python3-protobuf
	protobuf-compiler qemu-system-x86 util-linux'
# Docker's own packages conflict with these two: take whatever is on the machine.
command -v runc >/dev/null || tests="$tests runc"
command -v containerd >/dev/null || tests="$tests containerd"
bench='libbpf-tools'
os=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || os=
case $os in
'ubuntu '*) build="$build linux-tools-common linux-tools-generic" bench="bpfcc-tools" ;;
*) build="$build bpftool" ;;
esac
# clang's own sanitizer run time is a package apart where recommendations are not followed.
case $os in
'debian 12') tests="$tests libclang-rt-14-dev debian-archive-keyring" ;;
'ubuntu 24.04') tests="$tests libclang-rt-18-dev debian-archive-keyring" ;;
esac

case $want in
build) list=$build ;;
test) list="$build $tests" ;;
bench) list="$build $tests $bench" ;;
*) echo "usage: deps.sh [build|test|bench]" >&2; exit 2 ;;
esac

cannot() {
	echo "$1 Needed are, by their Debian names:" >&2
	echo $2 | fold -s -w 76 | sed 's/^/  /' >&2
	exit 1
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
	cannot "This system has no apt-get." "$list"
have=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $list 2>/dev/null |
	sed -n 's/^ii *//p' | tr '\n' ' ')"
missing=
for p in $list; do
	case $have in
	*" $p "*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0
case $os in
'debian 12' | 'ubuntu 24.04') ;;
*) echo "note: tried on Debian 12 and Ubuntu 24.04, not on this system ($os)" >&2 ;;
esac

as=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null ||
		cannot "Not root and no sudo, so nothing can be installed." "$missing"
	as=sudo
fi
echo "installing:$missing" >&2
apt_get() {
	$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
		-o Acquire::Retries=3 "$@"
}
# stdout is for the caller's data; apt's chatter is kept only for a failure
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt_get update && apt_get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	cannot "apt-get could not install them." "$missing"
fi
