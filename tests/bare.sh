#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Proves the README's two commands in a Debian 12 that has git and make and nothing else:
# a debootstrap root of its own, a clone of this commit, `make run` on a terminal until the
# console is there, `make test`. Shares the host's kernel, processes and cgroups, since that
# is what sonde looks at. Everything mounted is private to this run and goes with it.
#
#   tests/bare.sh [FOLDER]     keeps the root in FOLDER for the next run; else it is removed

set -u
cd "$(dirname "$0")/.." || exit 1
[ "$(id -u)" = 0 ] || { echo "bare: needs root" >&2; exit 3; }

top=$PWD
keep=${1:-}
root=${keep:-$(mktemp -d "${TMPDIR:-/tmp}/sonde-bare.XXXXXX")}
chmod 755 "$root" # others must get in, as on any system
cleanup() {
	[ -n "$keep" ] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

if [ ! -e "$root/etc/debian_version" ]; then
	mirror=$(tests/kernels/mirror.sh) || exit 1
	debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror" \
		>"$root.log" 2>&1 || { tail -n 5 "$root.log"; exit 1; }
	cp /etc/apt/apt.conf.d/*prox* "$root/etc/apt/apt.conf.d/" 2>/dev/null
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
rm -rf "$root/src" && git clone -q "$top" "$root/src" || exit 1

# Inside: build without BTF in sight, start the console, see its first line, leave, test.
cat >"$root/inside.sh" <<'END'
set -u
export HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TERM=xterm-256color
cd /src || exit 1
git config --global --add safe.directory /src
echo "bare: $(dpkg -l | grep -c ^ii) packages; gcc: $(command -v gcc || echo none)"
mkdir -p /empty && mount --bind /empty /sys/kernel/btf
began=$SECONDS
# "all" and not "run" while BTF is hidden: building must not need it
tests/deps.sh build && make -s all || exit 1
umount /sys/kernel/btf
echo "bare: built without BTF in $((SECONDS - began)) s"
make -s clean
began=$SECONDS
mkfifo /keys
(exec 3>/keys; i=0; until grep -qa 'ev/s' /screen 2>/dev/null || [ $i -ge 600 ]; do sleep 0.5; i=$((i + 1)); done; sleep 2; printf q >&3) &
script -qfec 'stty rows 40 cols 120; make run' /screen </keys >/dev/null
rc=$?
grep -qa 'ev/s' /screen || { echo "bare: the console did not come"; exit 1; }
echo "bare: make run: console after build, ended with $rc, $((SECONDS - began)) s in all"
[ $rc = 0 ] || exit 1
began=$SECONDS
make test
rc=$?
echo "bare: make test ended with $rc after $((SECONDS - began)) s"
exit $rc
END

# The host's log of apt is no business of the root, hence its own mounts from here on.
unshare --mount --propagation slave bash -c '
	root=$1
	mount --bind "$root" "$root" || exit 1
	mkdir -p "$root/old"
	for d in proc sys dev; do mount --rbind "/$d" "$root/$d" || exit 1; done
	mount -t tmpfs tmpfs "$root/run"
	cd "$root" && pivot_root . old || exit 1
	umount -l /old
	exec bash /inside.sh' bare "$root"
