# SPDX-License-Identifier: BSD-2-Clause
# title: exit codes tell a wrong call (2) from what is not there (1) and not permitted (3)
. tests/e2e/lib.sh

says() { grep -qi -- "$1" "$LAB/expect.err" || fail "no word of $1: $(cat "$LAB/expect.err")"; }

begin
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
cp "$SONDE" "$LAB/sonde.bin" && chmod 755 "$LAB" "$LAB/sonde.bin"	# where nobody may read it
expect 2 "$SONDE" events --jsno
says json
expect 2 "$SONDE" evnets
says events
expect 2 "$SONDE" ps --columns pid,nmae
says name
expect 2 "$SONDE" ps --sort cpu_pt
says cpu_pct
expect 2 "$SONDE" events --where 'proc.nmae = x' --for 1s
says proc.name
expect 2 "$SONDE" events --where 'proc.name = ' --for 1s
expect 2 "$SONDE" events --for soon
expect 2 "$SONDE" events --ring-kib 65
expect 2 "$SONDE" record
expect 0 "$SONDE" fields --json
"$PY" -c 'import json,sys; rows=[json.loads(l) for l in open(sys.argv[1])]; assert len(rows) > 50
assert {"proc.pid", "k8s.pod.name"} <= {r["name"] for r in rows}' "$LAB/expect.out" || fail "fields --json"
expect 0 "$SONDE" help
expect 0 "$SONDE" --version
expect 0 "$SONDE" doctor --json $OPTS
"$PY" -c 'import json,sys; rows=[json.loads(l) for l in open(sys.argv[1])]
assert rows and all(r["state"] in ("ok","degraded","missing") and r["check"] for r in rows)' \
	"$LAB/expect.out" || fail "doctor --json"
expect 0 "$SONDE" ps --where 'proc.name = "no such name"' --json $OPTS
[ ! -s "$LAB/expect.out" ] || fail "an empty table is empty"
for command in "events --for 1s" "record $LAB/never --for 1s" "ps --json" "pods" "conns"; do
	expect 3 $nobody "$LAB/sonde.bin" $command
	says root
done
expect 0 $nobody "$LAB/sonde.bin" fields
expect 0 "$SONDE" events --for 500ms --json $OPTS
[ "$(tail -1 "$LAB/expect.out" | grep -c '"type":"summary"')" = 1 ] || fail "--for ends with a summary"
grep -qx ready "$LAB/expect.err" || fail "no line ready on standard error"
