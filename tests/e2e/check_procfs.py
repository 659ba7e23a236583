# SPDX-License-Identifier: BSD-2-Clause
"""Does the table that sonde streams (`ps --follow --json`) equal procfs?

  check_procfs.py STREAM PODS SECONDS

PODS has a line "ns/pod UID [N]" for each pod of the lab, where nothing starts or ends
now: there the table must hold exactly the processes of the pod's cgroup. On the rest of
the node, which does not stand still for us, what lived all through the check must be there.
Tried again until SECONDS are over.
"""
import glob
import json
import os
import sys
import time

stream, pods_path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])


def node():
    """pid -> start time in ticks, for each process that is there (kernel threads left out)."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as f:
                rest = f.read().rpartition(b") ")[2].split()
        except OSError:
            continue
        if int(rest[1]) != 2 and name != "2" and rest[0] not in (b"Z", b"X"):
            found[int(name)] = int(rest[19])
    return found


def of_pod(uid):
    pids = set()
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/memory"):
        for path in glob.glob(f"{mount}/kubepods/**/pod{uid}/**/cgroup.procs", recursive=True):
            with open(path) as f:
                pids.update(map(int, f.read().split()))
    return pids


def table():
    """The last that was said of each pid."""
    last = {}
    with open(stream, "rb") as f:
        for line in f.read().split(b"\n")[:-1]:
            row = json.loads(line)
            if "pid" not in row:
                continue
            old = last.get(row["pid"])
            if old is None or (row.get("start") or "") >= (old.get("start") or ""):
                last[row["pid"]] = row
    return {pid: row for pid, row in last.items() if not row.get("gone_at")}


def compare(pods):
    wrong = []
    before, rows, after = node(), table(), node()
    by_pod = {}
    for pid, row in rows.items():
        by_pod.setdefault(row.get("pod"), set()).add(pid)
    for pod, uid in pods.items():
        want, got = of_pod(uid), by_pod.get(pod, set())
        if want != got:
            wrong.append(f"{pod}: procfs has {sorted(want)}, sonde has {sorted(got)}")
    missing = [p for p in before if after.get(p) == before[p] and p not in rows]
    # Just started: the table may say it a moment later, so only what is older counts.
    now = time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")
    missing = [p for p in missing if before[p] < now - 2 * os.sysconf("SC_CLK_TCK")]
    if missing:
        wrong.append(f"the table lacks {len(missing)} processes: {missing[:10]}")
    return wrong, len(rows)


def main():
    with open(pods_path, encoding="utf-8") as f:
        pods = {line.split()[0]: line.split()[1] for line in f}
    end = time.monotonic() + seconds
    while True:
        wrong, n = compare(pods)
        if not wrong:
            print(f"{n} processes, {len(pods)} pods: equal")
            return
        if time.monotonic() > end:
            sys.exit("\n".join(wrong[:20]))
        time.sleep(0.25)


main()
