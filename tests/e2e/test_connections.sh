# SPDX-License-Identifier: BSD-2-Clause
# title: a connection is seen from both ends, with bytes, worker, and errno when it fails
. tests/e2e/lib.sh

begin
lab_pod shop server lab:1 echo-server -w 3 8080
lab_pod shop server6 lab:1 echo-server -6 -w 1 8081
lab_pod shop client lab:1 sleep 1000
lab_pod old client1 lab:1 sleep 1000
LAB_CGROUP=v1 lab_pod old server1 lab:1 echo-server -w 1 8082
events_start
server=$(lab_ip server)
out=$(lab_exec client talk -e -b 5000 -k 300 "$server" 8080) || fail "talk failed: $out"
port=$(echo "$out" | sed -n 's/^connected //p')
out6=$(lab_exec client talk -b 100 -k 300 "$(lab_ip6 server6)" 8081) || fail "talk over IPv6 failed"
port6=$(echo "$out6" | sed -n 's/^connected //p')
out1=$(lab_exec client1 talk -b 200 -k 300 "$(lab_ip server1)" 8082) || fail "talk to v1 failed"
port1=$(echo "$out1" | sed -n 's/^connected //p')
lab_exec client talk "$server" 9 && fail "nobody listens on port 9"
sleep 0.3
events_stop

here="$(lab_ip client):$port" there="$server:8080"
holds events 'one("connect", local=A[0], remote=A[1])["pod"] == "shop/client"' "$here" "$there"
holds events 'one("connect", local=A[0])["name"] == "talk" and one("connect", local=A[0])["ret"] == 0' "$here"
holds events 'one("accept", remote=A[0], local=A[1])["pod"] == "shop/server"' "$here" "$there"
# The close of each end has what went through it: "worker N\n" is 9 bytes.
holds events 'one("close", local=A[0], remote=A[1])["bytes_out"] == 5000' "$here" "$there"
holds events 'one("close", local=A[0], remote=A[1])["bytes_in"] == 5009' "$here" "$there"
holds events 'one("close", local=A[1], remote=A[0])["bytes_in"] == 5000' "$here" "$there"
holds events 'one("close", local=A[1], remote=A[0])["bytes_out"] == 5009' "$here" "$there"
holds events '0.2e9 < one("close", local=A[0], remote=A[1])["duration_ns"] < 5e9' "$here" "$there"
# The worker that said its number is the one that holds the connection, not the listener.
holds events 'one("close", local=A[1], remote=A[0])["pid"] != int(A[2])' "$here" "$there" "$(lab_pid server)"
holds events 'one("close", local=A[1], remote=A[0])["name"] == "echo-server"' "$here" "$there"

here6="[$(lab_ip6 client)]:$port6" there6="[$(lab_ip6 server6)]:8081"
holds events 'one("connect", local=A[0], remote=A[1])["pod"] == "shop/client"' "$here6" "$there6"
holds events 'one("accept", remote=A[0], local=A[1])["pod"] == "shop/server6"' "$here6" "$there6"

here1="$(lab_ip client1):$port1" there1="$(lab_ip server1):8082"
holds events 'one("connect", local=A[0], remote=A[1])["pod"] == "old/client1"' "$here1" "$there1"
holds events 'one("accept", remote=A[0], local=A[1])["pod"] == "old/server1"' "$here1" "$there1"

holds events 'one("connect", remote=A[0])["ret"] == -111' "$server:9"
holds events 'one("connect", remote=A[0])["pod"] == "shop/client"' "$server:9"
