# SPDX-License-Identifier: BSD-2-Clause
# title: who enters a container by nsenter or exec is shown in it, marked outside
. tests/e2e/lib.sh

begin
lab_pod shop app lab:1 sh -c 'while :; do blink 1000 inside-mark; sleep 0.1; done'
events_start
nsenter -t "$(lab_pid app)" -m -p -n /bin/blink 50000 nsenter-mark || fail "nsenter failed"
nsenter -t "$(lab_pid app)" -p /bin/sleep 0.05 || fail "nsenter into the pid namespace failed"
lab_exec app blink 50000 exec-mark || fail "runc exec failed"
sleep 0.3
events_stop
for mark in nsenter-mark exec-mark; do
	holds events 'one("exec", argv=["/bin/blink", "50000", A[0]])["pod"] == "shop/app"
		if A[0] == "nsenter-mark" else one("exec", argv=["blink", "50000", A[0]])["pod"] == "shop/app"' $mark
	holds events '[e for e in marked(A[0]) if e["argv"][0].endswith("blink")][0]["outside"] is True' $mark
done
holds events 'of("exec", pod="shop/app", argv=["/bin/sleep", "0.05"])[0]["outside"] is True'
holds events 'len(marked("inside-mark")) > 0 and not any(e.get("outside") for e in marked("inside-mark"))'
