# SPDX-License-Identifier: BSD-2-Clause
"""Are the events of a recording those of the live stream beside it?

  check_same.py LIVE REPLAY TAG POD-PREFIX

Both were taken by engines of their own, so numbering, run and what happened at either end
of the recording may differ. Of the pods with that prefix, all between the first and the last
exec with TAG must be the same, to the nanosecond.
"""
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
    out = {}
    for r in rows:
        if min(marks) <= r["time"] <= max(marks):
            out[r["time"], r["type"], r.get("pid")] = {k: v for k, v in r.items() if k not in OWN}
    return out


live, replay = load(live_path), load(replay_path)
bad = [f"only live: {live[k]}" for k in live.keys() - replay.keys()]
bad += [f"only replayed: {replay[k]}" for k in replay.keys() - live.keys()]
for k in live.keys() & replay.keys():
    keys = {f for f in live[k].keys() | replay[k].keys() if live[k].get(f) != replay[k].get(f)}
    bad += [f"{k}: {f}: live {live[k].get(f)!r}, replayed {replay[k].get(f)!r}" for f in sorted(keys)]
print(f"{len(live)} live, {len(replay)} replayed, {len(bad)} differences")
if bad:
    sys.exit("\n".join(bad[:12]))
