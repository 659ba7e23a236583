#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Fetches one Debian cloud kernel into a folder: fetch.sh SUITE FOLDER.
# A private apt configuration is used; the machine's own is only read for its mirror.
# Leaves FOLDER/SUITE/vmlinuz and FOLDER/SUITE/release; does nothing when they are there.
set -eu

suite=$1
top=$(mkdir -p "$2" && cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
dir=$top/$suite
arch=$(dpkg --print-architecture)
[ -s "$dir/vmlinuz" ] && [ -s "$dir/release" ] && exit 0

tmp=$top/.$suite.$$
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/parts" "$tmp/deb" "$dir"
chmod -R a+rX "$tmp"
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] $("$here/mirror.sh") $suite main" >"$tmp/sources.list"
: >"$tmp/status"

apt() {
	tool=$1
	shift
	"$tool" -qq -o Dir::Etc::sourcelist="$tmp/sources.list" \
		-o Dir::Etc::sourceparts="$tmp/parts" -o Dir::Etc::preferencesparts="$tmp/parts" \
		-o Dir::State::lists="$tmp/lists" -o Dir::State::status="$tmp/status" \
		-o Dir::Cache="$tmp/cache" -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

apt apt-get update
# The meta package names the newest kernel of the suite.
image=$(apt apt-cache depends "linux-image-cloud-$arch" |
	sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
[ -n "$image" ] || {
	echo "$suite has no linux-image-cloud-$arch" >&2
	exit 1
}
(cd "$tmp/deb" && apt apt-get download "$image")
dpkg -x "$tmp"/deb/*.deb "$tmp/root"
cp "$tmp"/root/boot/vmlinuz-* "$dir/vmlinuz"
basename "$tmp"/root/boot/vmlinuz-* | sed 's/^vmlinuz-//' >"$dir/release"
