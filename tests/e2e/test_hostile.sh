# SPDX-License-Identifier: BSD-2-Clause
# title: hostile arguments, names and paths come out as sound JSON without control characters
. tests/e2e/lib.sh

begin
lab_pod shop evil lab:1 sleep 1000
events_start
lab_exec evil hostile 200 >/dev/null || fail "hostile did not run"
sleep 0.3
events_stop
LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]' "$LAB/events" && fail "control bytes in the stream"
# Bidi, C1 and line separators must be \u escapes.
LC_ALL=C grep -nP '\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xc2[\x80-\x9f]' "$LAB/events" && fail "bidi in the stream"
holds events 'len({e["argv"][1] for e in of("exec", pod="shop/evil") if e["argv"][1:] and
	e["argv"][1].startswith("hostile-")}) == 20'
holds events 'marked("hostile-0")[0]["argv"][2] == "\x1b[2J\x1b[H\x1b[31mred"'
holds events '"argv" in marked("hostile-5")[0]["escaped"] and marked("hostile-5")[0]["argv"][2] == "abc\\xff\\xfe\\x80"'
holds events 'marked("hostile-10")[0]["argv"][2] == "\u4f60\u597d\u4e16\u754c"'
holds events 'marked("hostile-big")[0]["argv_cut"] is True and 3500 < sum(map(len, marked("hostile-big")[0]["argv"])) <= 4096'
for table in ps; do
	lab_exec_bg evil hostile 3000
	sleep 0.5
	"$SONDE" $table $OPTS >"$LAB/table" 2>&1 || fail "$table ended with $?"
	LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]' "$LAB/table" && fail "control bytes in the table"
	grep -q hostile-0 "$LAB/table" || fail "the table lacks them"
done
exit 0
