# SPDX-License-Identifier: BSD-2-Clause
# title: UDP peers have their process, and names come from DNS answers and the TLS hello
. tests/e2e/lib.sh

begin
# Somewhere that is no pod, so that only DNS and the handshake can name it.
nsenter -t "$LAB_SWITCH" -n -- "$LAB_BIN/echo-server" -q 443 >/dev/null 2>&1 &
lab_own $!
lab_pod kube-system dns lab:1 dns serve "api.shop.example=$LAB_GW"
lab_pod shop udp lab:1 udp serve 999
lab_pod shop client lab:1 sleep 1000
events_start
from=$(lab_exec client udp send -n 3 "$(lab_ip udp)" 999 hello-udp) || fail "no answer: $from"
lab_exec client udp send -c -n 2 "$(lab_ip6 udp)" 999 hello-udp >/dev/null || fail "no answer over IPv6"
addr=$(lab_exec client dns ask -c "$(lab_ip dns)" api.shop.example) || fail "no DNS answer"
[ "$addr" = "$LAB_GW" ] || fail "the name server said $addr"
lab_exec client dns ask "$(lab_ip dns)" nowhere.shop.example
lab_exec client talk -b 10 -k 200 "$addr" 443 >/dev/null
lab_exec client hello -k 200 "$addr" 443 sni.shop.example
sleep 0.3
events_stop

holds events 'of("udp", remote=A[0], pod="shop/client", name="udp")' "$(lab_ip udp):999"
holds events 'of("udp", remote=A[0], pod="shop/client", name="udp")' "[$(lab_ip6 udp)]:999"
holds events 'one("dns", query="api.shop.example", pod="shop/client")["answers"] == [A[0]]' "$addr"
holds events 'one("dns", query="api.shop.example", pod="shop/client")["qtype"] == "A"'
holds events 'one("dns", query="nowhere.shop.example", pod="shop/client")["rcode"] == "NXDOMAIN"'
holds events 'one("tls", pod="shop/client")["sni"] == "sni.shop.example"'
holds events 'one("tls", pod="shop/client")["remote"] == A[0]' "$addr:443"
holds events 'any(e.get("remote_name") == "api.shop.example" and e["name_source"] == "dns"
	for e in of("connect", remote=A[0]) + of("close", remote=A[0]))' "$addr:443"
holds events 'any(e.get("remote_name") == "sni.shop.example" and e["name_source"] == "sni"
	for e in of("close", remote=A[0]))' "$addr:443"
