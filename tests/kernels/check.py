#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reads what a guest printed on its serial line and says what holds: check.py SUITE RELEASE LOG."""
import json
import sys

suite, release, log = sys.argv[1:4]
parts, name = {}, None
with open(log, encoding="utf-8", errors="replace") as f:
    for line in f:
        line = line.rstrip("\r\n")
        if line.startswith("==begin "):
            name = line[8:]
            parts[name] = []
        elif line.startswith("==end "):
            name = None
        elif name:
            parts[name].append(line)


def rows(part):
    out = []
    for line in parts.get(part, []):
        try:
            out.append(json.loads(line))
        except ValueError:
            pass
    return out


events, doctor = rows("events"), rows("doctor")
summary = [e for e in events if e.get("type") == "summary"]


def of(kind, **want):
    return [e for e in events if e.get("type") == kind
            and all(e.get(k) == v for k, v in want.items())]


client = {"pod": "shop/client", "container": "main"}
server = {"pod": "shop/server", "container": "main"}
marks = [e for e in of("exec", **client) if "guest-mark" in (e.get("argv") or []) and
         e["argv"][0].endswith("blink")]
talked = of("connect", remote="127.0.0.1:8080", ret=0, **client)
closed = [e for e in of("close", remote="127.0.0.1:8080", **client) if e.get("bytes_out") == 1000]

checks = [
    ("the guest ran to its end", lambda: "made" in parts),
    ("doctor ends with 0", lambda: "exit 0" in parts["doctor.err"]),
    ("live tracing works", lambda: [d for d in doctor if d["check"] == "tracing"][0]["state"] == "ok"),
    ("no hook is missing", lambda: doctor and not [d for d in doctor if d["state"] == "missing"]),
    ("nothing was lost", lambda: summary and not any(summary[0]["lost"].values())),
    ("each of 20 processes is told, with its pod (systemd driver)", lambda: len(marks) == 20),
    ("and each end of them",
     lambda: {e["exec_id"] for e in marks} <= {e["exec_id"] for e in of("exit", exit_code=0, **client)}),
    ("fork is told", lambda: len(of("fork", **client)) >= 20),
    ("exit code", lambda: of("exit", exit_code=7, **client)),
    ("signal", lambda: of("exit", signal=9, **client)),
    ("connect", lambda: talked and talked[0]["name"] == "talk"),
    ("connect that was refused", lambda: of("connect", remote="127.0.0.1:9", ret=-111, **client)),
    ("accept, in the other pod (cgroupfs driver)", lambda: of("accept", name="echo-server", **server)),
    ("close with bytes both ways", lambda: closed and closed[0]["bytes_in"] >= 1000),
    ("dns answer", lambda: of("dns", query="api.shop.example", rcode="NOERROR", **client)[0]["answers"]
     == ["127.0.0.1"]),
    ("tls server name", lambda: of("tls", sni="sni.shop.example", **client)),
    ("udp peer", lambda: of("udp", remote="127.0.0.1:53", **client)),
    ("oom kill, in its pod", lambda: of("oom", pod="shop/server")),
    ("container start and stop", lambda: of("container_start") and of("container_stop")),
    ("ps names pod and container", lambda: [r for r in rows("ps") if r["pod"] == "shop/server"
                                            and r["name"] == "echo-server" and r["argv"]]),
    ("pods has both, by name", lambda: {"shop/server", "shop/client"} <= {r["pod"] for r in rows("pods")}),
    ("conns shows both ends", lambda: {r["pod"] for r in rows("conns")
                                       if r["state"] == "ESTABLISHED"} == {"shop/server", "shop/client"}),
]
failed = False
for title, check in checks:
    try:
        good = bool(check())
    except (KeyError, IndexError, TypeError):
        good = False
    failed = failed or not good
    print(f"{'ok   ' if good else 'FAIL '} {release}: {title}")
for d in doctor:
    print(f"      {d['check']:<30} {d['state']:<9} {d['detail']}")
if failed:
    for part in ("events.err", "doctor.err"):
        for line in parts.get(part, [])[-5:]:
            print(f"      {part}: {line}")
    with open(log, encoding="utf-8", errors="replace") as f:
        tail = f.read()[-1500:] if "made" not in parts else ""
    for line in tail.splitlines():
        print("      " + line)
