# SPDX-License-Identifier: BSD-2-Clause
# title: the lab leaves nothing behind, not even when it is killed, and two run side by side
. tests/e2e/lib.sh

traces() { # DIR UIDS: whatever is left of a lab
	local uid
	ls -d "$1" 2>/dev/null
	grep -o " $1[^ ]*" /proc/self/mounts
	grep -lsa "$1/" /proc/[0-9]*/cmdline
	for uid in $2; do
		find /sys/fs/cgroup -type d -name "pod$uid" 2>/dev/null
	done
}

one_lab() { # NAME HOW: a lab in a shell of its own
	env -u LAB bash -c '. tests/lab/lab.sh
		lab_up && lab_pod shop web lab:1 echo-server -w 1 80 && lab_pod shop cli lab:1 sleep 1000 || exit 1
		echo "$LAB" >"$1.dir"
		cat "$LAB/uids" >"$1.uids"
		lab_exec cli talk -b 10 -e "$(lab_ip web)" 80 >"$1.out" || exit 1
		[ "$2" != killed ] || { kill -KILL $$; }
		[ "$2" != term ] || { kill -TERM $$; sleep 5; }
		[ "$2" != open ] || sleep 2' one_lab "$@"
}

begin
one_lab "$LAB/a" ended || fail "a lab that ends"
one_lab "$LAB/b" open &
one_lab "$LAB/c" open || fail "a lab beside another"
wait $! || fail "a lab beside another"
one_lab "$LAB/d" term
one_lab "$LAB/e" killed 2>/dev/null
for name in a b c d; do
	left=$(traces "$(cat "$LAB/$name.dir")" "$(cat "$LAB/$name.uids")")
	[ -z "$left" ] || fail "lab $name left $left"
	grep -q '^got 1' "$LAB/$name.out" || fail "the pods of lab $name did not talk"
done
[ -n "$(traces "$(cat "$LAB/e.dir")" "$(cat "$LAB/e.uids")")" ] || fail "the killed lab was no test"
lab_sweep 2>/dev/null
left=$(traces "$(cat "$LAB/e.dir")" "$(cat "$LAB/e.uids")")
[ -z "$left" ] || fail "the sweep left $left"
