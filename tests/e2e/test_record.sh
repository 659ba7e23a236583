# SPDX-License-Identifier: BSD-2-Clause
# title: a recording, read again, tells the same as the live stream did
. tests/e2e/lib.sh

begin
lab_pod shop server lab:1 echo-server -q 8080
lab_pod shop app lab:1 sleep 1000
events_start
start record record "$LAB/capture"
lab_exec app spawn -n 200 rec-mark shop/app
lab_exec app talk -e -b 300 -k 100 "$(lab_ip server)" 8080
sleep 0.5
stop record
events_stop
[ -s "$LAB/capture" ] || fail "there is no capture"
[ "$(stat -c %a "$LAB/capture")" = 600 ] || fail "others may read the capture"
"$SONDE" events --json --history "$LAB/capture" $OPTS >"$LAB/replay" 2>"$LAB/replay.err" ||
	fail "the capture was not read: $?"
check same "$LAB/events" "$LAB/replay" rec-mark shop/
# A cut one is read as far as it is sound, and that is said.
head -c $(($(stat -c %s "$LAB/capture") * 3 / 4)) "$LAB/capture" >"$LAB/cut"
"$SONDE" events --json --history "$LAB/cut" $OPTS >"$LAB/replay-cut" 2>"$LAB/cut.err"
[ -s "$LAB/replay-cut" ] && grep -qi 'cut\|end' "$LAB/cut.err" || fail "a cut capture"
expect 1 "$SONDE" events --json --history /etc/passwd $OPTS
expect 1 "$SONDE" events --json --history "$LAB/nowhere" $OPTS
expect 1 "$SONDE" record "$LAB/capture" --for 1s $OPTS		# never overwrites
