#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a guest sent, beside what its load did: check.py FOLDER, or --table FOLDER… for docs/kernels.md.

A hook counts as delivering when an event that only it can give is there, with the right pod.
"""
import json
import os
import sys

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/kernels.md")
UID = {k: f"{k}0000000-1111-4222-8333-444444444444" for k in "abcde"}
ID = {k: k + "0" * 61 + "fe" for k in "abcde"}


class Guest:
    def __init__(self, folder):
        self.folder = folder
        self.release = self.text("release").strip() or "?"
        self.events = self.rows("events")
        self.doctor = self.rows("doctor")

    def text(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def rows(self, name):
        rows = []
        for line in self.text(name).splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                rows.append({"type": "broken", "line": line})
        return rows

    def of(self, kind, **want):
        return [e for e in self.events
                if e.get("type") == kind and all(e.get(k) == v for k, v in want.items())]

    def port(self, name):
        words = self.text(name).split()
        return words[words.index("connected") + 1] if "connected" in words else "none"


def web(g, kind, **want):
    return g.of(kind, pod="shop/web", container="web", **want)


def refined(g):
    """The server's end of the connection is with a worker, not with the listener."""
    listener = int(g.text("listener.pid") or 0)
    return [e for e in g.of("close", pod="shop/api", remote=f"127.0.0.1:{g.port('web.talk')}")
            if e.get("pid") and e["pid"] != listener]


def udp(g, *args):
    """The peer of the datagrams that the process with these arguments sent."""
    pids = {e["pid"] for e in web(g, "exec", argv=["udp", "send", *args])}
    return [e for e in web(g, "udp", remote="127.0.0.1:9000" if "127.0.0.1" in args else "[::1]:9000")
            if e["pid"] in pids]


def dns(g, **want):
    return [e for e in web(g, "dns", query="store.example") if all(e.get(k) == v for k, v in want.items())]


# hook as doctor names it -> (what it must have given, in words, as a function)
HOOKS = {
    "process: sched_process_fork": ("fork", lambda g: web(g, "fork")),
    "process: sched_process_exec": ("exec with argv, exe, cwd", lambda g: [
        e for e in web(g, "exec", argv=["blink", "1000", "mark-exec", "two words"])
        if e["exe"] == "/bin/blink" and e["cwd"] == "/" and e["uid"] == 0]),
    "process: sched_process_exit": ("exit with code and with signal", lambda g:
        web(g, "exit", exit_code=7) and web(g, "exit", signal=9)),
    "process: oom mark_victim": ("oom", lambda g: g.of("oom", pod="shop/hog")),
    "process: cgroup_mkdir": ("container_start", lambda g: g.of("container_start", container_id=ID["a"])),
    "process: cgroup_rmdir": ("container_stop", lambda g: g.of("container_stop", container_id=ID["c"])),
    "network: inet_sock_set_state": ("connect, accept, listen or close, bytes, refusal, IPv6", lambda g:
        web(g, "connect", remote="127.0.0.1:8080", ret=0) and web(g, "connect", remote="[::1]:8081", ret=0)
        and web(g, "connect", remote="127.0.0.1:9", ret=-111)
        and g.of("accept", pod="shop/api", remote=f"127.0.0.1:{g.port('web.talk')}")
        and web(g, "close", local=f"127.0.0.1:{g.port('web.talk')}", bytes_out=5000, bytes_in=5009)),
    "network: tcp_rcv_space_adjust": ("the worker behind an accept", refined),
    "network: cgroup/connect4": ("udp, connected", lambda g: udp(g, "-c", "127.0.0.1", "9000", "connected")),
    "network: cgroup/connect6": ("udp, connected, IPv6", lambda g: udp(g, "-c", "::1", "9000", "connected")),
    "network: cgroup/sendmsg4": ("udp, unconnected", lambda g: udp(g, "127.0.0.1", "9000", "unconnected")),
    "network: cgroup/sendmsg6": ("udp, unconnected, IPv6", lambda g: udp(g, "::1", "9000", "unconnected")),
    "names: cgroup_skb/egress": ("tls with its server name", lambda g: web(g, "tls", sni="shop.example")),
    "names: cgroup_skb/ingress": ("dns with its answer", lambda g: [
        e for e in dns(g) if "192.0.2.7" in (e.get("answers") or [])]),
}


def summary(g):
    s = g.of("summary")
    return s and s[0]["received"] > 0 and not any(s[0]["lost"].values())


def storm(g):
    return [e for e in web(g, "exec") if "guest-storm" in e["argv"] and e["argv"][0] != "spawn"]


def old_connection(g):
    return [c for c in g.rows("conns") if c.get("pod") == "shop/api" and c.get("name") == "talk"
            and c.get("local") == f"127.0.0.1:{g.port('old.talk')}" and c.get("state") == "ESTABLISHED"]


# What has no hook of its own: (sentence, function)
OTHERS = [
    ("doctor says that live tracing works", lambda g: g.text("doctor.rc").strip() == "0"),
    ("no hook is refused", lambda g: len(g.doctor) > 0 and all(
        r["state"] == "ok" for r in g.doctor if r["check"].split(":")[0] in ("process", "network", "names"))),
    ("every hook of doctor has a rule here", lambda g: {
        r["check"] for r in g.doctor if ": " in r["check"]} == set(HOOKS)),
    ("the stream ended well and lost nothing", lambda g: g.text("events.rc").strip() == "0" and summary(g)),
    ("containerd, cgroupfs driver: pod, container, image", lambda g: web(
        g, "exec", pod_uid=UID["a"], container_id=ID["a"], image="registry.example/web:1")),
    ("containerd, systemd driver, there before", lambda g: g.of(
        "accept", pod="shop/api", pod_uid=UID["b"], container="api", container_id=ID["b"])),
    ("CRI-O, systemd driver", lambda g: [e for e in g.of(
        "exec", pod="shop/store", pod_uid=UID["c"], container="store", container_id=ID["c"])
        if "mark-crio" in e["argv"]]),
    ("no state on disk: the UID and a reason", lambda g: [e for e in g.of(
        "exec", pod=None, pod_uid=UID["d"], container_id=ID["d"])
        if "mark-bare" in e["argv"] and e.get("pod_reason")]),
    ("each of 20 quick processes, and its end", lambda g: len(storm(g)) == 20
        and {e["exec_id"] for e in storm(g)} <= {e["exec_id"] for e in web(g, "exit", exit_code=0)}),
    ("a leader that ends first is one exit", lambda g: len(web(g, "exit", name="leader")) == 1),
    ("iterators: a process from before has its pod", lambda g: [
        p for p in g.rows("ps") if p.get("pod") == "shop/api" and p["argv"] == ["echo-server", "-w", "2", "8080"]]),
    ("iterators: a connection from before has process and pod", old_connection),
    ("pods lists the five", lambda g: set(UID.values()) <= {p.get("pod_uid") for p in g.rows("pods")}),
    ("tables end well", lambda g: [g.text(n + ".rc").strip() for n in ("ps", "pods", "conns")] == ["0"] * 3),
]


def holds(fn, g):
    try:
        return bool(fn(g))
    except (KeyError, TypeError, ValueError) as e:
        print(f"# {type(e).__name__}: {e}", file=sys.stderr)
        return False


def documented(kernel):
    """What docs/kernels.md says of a kernel (5.10): the first cell of each row -> its cell."""
    cells, column = {}, None
    with open(DOC, encoding="utf-8") as f:
        for line in f:
            if not line.startswith("| "):
                column = None
                continue
            row = [c.strip() for c in line.strip().strip("|").split("|")]
            if column is None:
                names = [".".join(c.split(".")[:2]) for c in row]
                column = names.index(kernel) if kernel in names else -1
            elif column > 0:
                cells[row[0]] = row[column]
    return cells


def check_doc(g, seen):
    """The number of rows of the document that the run does not bear out."""
    cells = documented(".".join(g.release.split(".")[:2]))
    wrong = [k for k, r in seen.items() if (cells.get(k) in ("delivered", "yes")) != r]
    print("not ok" if wrong else "ok    ", "docs/kernels.md says the same of this kernel")
    for k in wrong:
        print(f"# documented as {cells.get(k)}: {k}")
    return len(wrong) > 0


def check(folder):
    g = Guest(folder)
    bad = 0
    seen = {}
    for name, (what, fn) in HOOKS.items():
        r = holds(fn, g)
        bad += not r
        seen[name] = r
        print("ok    " if r else "not ok", f"{name}: {what}")
    for what, fn in OTHERS:
        r = holds(fn, g)
        bad += not r
        seen[what] = r
        print("ok    " if r else "not ok", what)
    bad += check_doc(g, seen)
    if bad:
        for r in g.doctor:
            if r.get("state") != "ok":
                print("#", r.get("check"), r.get("state"), r.get("detail"), r.get("mend"))
        print("#", g.text("events.err")[-400:])
    return bad == 0


def table(folders):
    guests = [Guest(f) for f in folders]
    print("| hook | event | " + " | ".join(g.release.split("+")[0] for g in guests) + " |")
    print("| --- | --- |" + " --- |" * len(guests))
    for name, (what, fn) in HOOKS.items():
        print(f"| {name} | {what} | " + " | ".join("delivered" if holds(fn, g) else "**not**" for g in guests) + " |")
    print()
    print("| beside the hooks | " + " | ".join(g.release.split("+")[0] for g in guests) + " |")
    print("| --- |" + " --- |" * len(guests))
    for what, fn in OTHERS:
        print(f"| {what} | " + " | ".join("yes" if holds(fn, g) else "**no**" for g in guests) + " |")


if sys.argv[1] == "--table":
    table(sys.argv[2:])
else:
    sys.exit(0 if check(sys.argv[1]) else 1)
