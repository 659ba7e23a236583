# SPDX-License-Identifier: BSD-2-Clause
"""Are the events of a recording those of the live stream beside it?

  check_same.py LIVE REPLAY TAG POD-PREFIX

Both were taken by engines of their own, so numbering, run and what happened at either end
of the recording may differ. Of the pods with that prefix, all between the first and the last
exec with TAG must be the same.
"""
import base64
import collections
import json
import sys

live_path, replay_path, tag, prefix = sys.argv[1:]
OWN = ("seq", "boot", "origin")


def load(path):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    rows = [r for r in rows if (r.get("pod") or "").startswith(prefix)]
    marks = [r["time"] for r in rows if tag in (r.get("argv") or [])]
    if not marks:
        sys.exit(f"{path}: nothing with {tag}")
    out = collections.defaultdict(list)
    for r in rows:
        if min(marks) <= r["time"] <= max(marks):
            key = r["type"], r.get("pid"), r.get("local"), r.get("remote"), str(r.get("argv"))
            out[key].append({k: v for k, v in r.items() if k not in OWN})
    return out


def ns(text):
    """RFC 3339 with nanoseconds, as a number (of one day: tests do not run over midnight twice)."""
    h, m, s = text[11:-1].split(":")
    return (int(h) * 60 + int(m)) * 60_000_000_000 + int(float(s) * 1e9)


def differ(a, b):
    keys = {f for f in a.keys() | b.keys() if a.get(f) != b.get(f)}
    # Each engine has its own probes, which run one after the other, and reads the wall clock once.
    if "time" in keys and abs(ns(a["time"]) - ns(b["time"])) < 5_000_000:
        keys.remove("time")
    if "duration_ns" in keys and abs(a["duration_ns"] - b["duration_ns"]) < 5_000_000:
        keys.remove("duration_ns")
    for k in ("exec_id", "parent_exec_id"):
        if k in keys and a.get(k) and b.get(k) and same_image(a[k], b[k]):
            keys.remove(k)
    return sorted(keys)


images = {}


def same_image(a, b):
    """An image is named by node, exec time and pid: each of one side is one of the other."""
    one, other = (base64.b64decode(x).decode().rsplit(":", 2) for x in (a, b))
    return (one[0] == other[0] and one[2] == other[2] and images.setdefault(a, b) == b and
            images.setdefault(b, a) == a)


live, replay = load(live_path), load(replay_path)
bad = []
for k in sorted(live.keys() | replay.keys(), key=str):
    if len(live[k]) != len(replay[k]):
        bad.append(f"{k}: {len(live[k])} live, {len(replay[k])} replayed")
    for a, b in zip(live[k], replay[k]):
        bad += [f"{k}: {f}: live {a.get(f)!r}, replayed {b.get(f)!r}" for f in differ(a, b)]
print(f"{len(live)} live, {len(replay)} replayed, {len(bad)} differences")
if bad:
    sys.exit("\n".join(bad[:12]))
