# SPDX-License-Identifier: BSD-2-Clause
"""Was every process of a storm seen, as what it was, where it was?

  check_storm.py EVENTS MADE TAG          none may be missing
  check_storm.py EVENTS MADE TAG lossy    for each pod and type: made = received + sampled out + lost

MADE has a line "ns/pod UID N" for each pod: N processes were made there, each of which is
one fork, one exec with TAG, the pod's name and a number in its argv, and one exit.
"""
import collections
import json
import sys

events_path, made_path, tag, *rest = sys.argv[1:]
lossy = rest == ["lossy"]
TYPES = ("fork", "exec", "exit")
bad = []


def complain(text):
    bad.append(text)


def read():
    events, summary = [], None
    with open(events_path, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            if row["type"] == "summary":
                summary = row
            else:
                events.append(row)
    if summary is None:
        sys.exit("the stream ended without a summary")
    with open(made_path, encoding="utf-8") as f:
        made = {pod: (uid, int(n)) for pod, uid, n in (line.split() for line in f)}
    return events, summary, made


def attribution(events):
    """Each exec carries the name of the pod that it was made in."""
    runs = {}
    for e in events:
        argv = e.get("argv") or []
        if e["type"] != "exec" or len(argv) < 5 or argv[2] != tag:
            continue
        if e.get("pod") != argv[3] or e.get("container") != "main":
            complain(f"exec of {argv[3]} was given to {e.get('pod')}/{e.get('container')}")
        if (argv[3], argv[4]) in runs:
            complain(f"exec {argv[4]} of {argv[3]} twice")
        runs[argv[3], argv[4]] = e
    return runs


def complete(events, summary, made, runs):
    per_pod = collections.Counter(pod for pod, _ in runs)
    for pod, (_, n) in made.items():
        if per_pod[pod] != n:
            complain(f"{pod}: {n} made, {per_pod[pod]} exec events")
    exits = collections.defaultdict(list)
    for e in events:
        if e["type"] == "exit":
            exits[e.get("exec_id")].append(e)
    for (pod, seq), run in runs.items():
        got = exits.get(run["exec_id"], [])
        if len(got) != 1:
            complain(f"exit of {pod} {seq}: {len(got)} events")
        elif got[0].get("pod") != pod or got[0].get("exit_code") != 0 or got[0]["pid"] != run["pid"]:
            complain(f"exit of {pod} {seq} is {json.dumps(got[0])}")
        elif not 500_000 < got[0].get("duration_ns", 0) < 60_000_000_000:
            complain(f"exit of {pod} {seq} ran for {got[0].get('duration_ns')} ns")
    if any(summary["lost"].values()) or summary["sampled_out"] or summary["lost_by"]:
        complain(f"lost: {json.dumps(summary)[:400]}")
    print(f"{len(runs)} execs, {sum(map(len, exits.values()))} exits, made {sum(n for _, n in made.values())}")


def exact(events, summary, made):
    received = collections.Counter((e.get("pod_uid"), e["type"]) for e in events)
    lost = collections.Counter()
    for row in summary["lost_by"]:
        lost[row.get("pod_uid"), row["type"]] += row["n"]
    total = collections.Counter()
    for pod, (uid, n) in made.items():
        for kind in TYPES:
            got, gone = received[uid, kind], lost[uid, kind]
            total[kind, "received"] += got
            total[kind, "lost"] += gone
            if got + gone != n:
                complain(f"{pod} {kind}: {n} made, {got} received + {gone} lost = {got + gone}")
    for kind in TYPES:
        if not total[kind, "received"] or not total[kind, "lost"]:
            complain(f"{kind}: this was no test: {total[kind, 'received']} received, "
                     f"{total[kind, 'lost']} lost")
    if summary["received"] < len(events):
        complain(f"received {summary['received']}, but {len(events)} were printed")
    print({f"{k} {w}": n for (k, w), n in sorted(total.items())},
          "of", sum(n for _, n in made.values()), "made;", json.dumps(summary["lost"]))


def main():
    events, summary, made = read()
    runs = attribution(events)
    if lossy:
        exact(events, summary, made)
    else:
        complete(events, summary, made, runs)
    for line in bad[:20]:
        print(line, file=sys.stderr)
    if len(bad) > 20:
        print(f"… and {len(bad) - 20} more", file=sys.stderr)
    sys.exit(1 if bad else 0)


main()
