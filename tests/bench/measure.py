# SPDX-License-Identifier: BSD-2-Clause
"""What tracing costs here, beside execsnoop and tcplife in the same run.

  measure.py storm | packets | live  [SECONDS [ROUNDS]]

Rounds of all variants alternate; each figure is the median of its variant's rounds.
A round has two loads: one with the kernel's run-time statistics off (throughput) and one
with them on (cost; they make each run of a program dearer). A round in which a tool lost
events is void and done again, twice at most.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import time

OUT = os.environ.get("O", "build")
SONDE = [OUT + "/sonde", "events", "--standalone"]
NOTHING = ["--where", "proc.pid = 0"]  # the engine at work, nothing printed
RUN = "/tmp/sonde-bench.%d" % os.getpid()
SHM = "/dev/shm/sonde-bench.%d" % os.getpid()
STATS = "/proc/sys/kernel/bpf_stats_enabled"
# They want tracefs; where it is not mounted they get one in a mount namespace of their own.
TRACEFS = ["unshare", "-m", "sh", "-c",
           "[ -d /sys/kernel/tracing/events ] || mount -t tracefs t /sys/kernel/tracing; "
           'exec "/usr/sbin/$0"']
VARIANTS = {
    "nothing": [],
    "sonde, no names": [SONDE + ["--no-names"] + NOTHING],
    "sonde": [SONDE + NOTHING],
    "sonde, JSON to tmpfs": [SONDE + ["--json"]],
    "execsnoop+tcplife": [TRACEFS + ["execsnoop"], TRACEFS + ["tcplife"]],
}


def v2_root():
    for line in open("/proc/self/mounts"):
        if line.split()[2] == "cgroup2":
            return line.split()[1]
    sys.exit("measure: no cgroup2 is mounted")


def stats(on):
    with open(STATS, "w") as f:
        f.write("1" if on else "0")


class Tool:
    """One tracer: started, waited for, asked what it used, ended by its id."""

    def __init__(self, argv):
        self.err_path = "%s/%s.err" % (
            RUN, os.path.basename(argv[0] if argv[0] == SONDE[0] else argv[-1]))
        extra = []
        if argv[0] == SONDE[0]:
            extra = ["--state-dir", RUN + "/state", "--run-dir", RUN + "/run",
                     "--bpf-dir", RUN + "/bpf", "--budget", "1000000"]
        self.err = open(self.err_path, "w+")
        # JSON ends with the summary, and says there what was lost
        self.path = "%s/events" % SHM if "--json" in argv else "/dev/null"
        self.out = open(self.path, "w")
        self.p = subprocess.Popen(argv + extra, stdout=self.out, stderr=self.err,
                                  stdin=subprocess.DEVNULL)
        self.sonde = bool(extra)

    def ready(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.p.poll() is None:
            if self.sonde and re.search("^ready$", self.errors(), re.M):
                return
            if not self.sonde and self.programs():
                time.sleep(0.3)  # they say nothing once attached
                return
            time.sleep(0.05)
        sys.exit("measure: %s is not ready: %s" % (self.p.args[0], self.errors()))

    def errors(self):
        return open(self.err_path).read()

    def programs(self):
        """{program id: (ns, runs, missed)} of the programs that it holds."""
        found, base = {}, "/proc/%d/fdinfo/" % self.p.pid
        for fd in os.listdir(base):
            try:
                text = open(base + fd).read()
            except OSError:
                continue
            f = dict(re.findall(r"^(\w+):\s+(\S+)$", text, re.M))
            if "prog_id" in f and "run_cnt" in f:
                found[int(f["prog_id"])] = (int(f["run_time_ns"]), int(f["run_cnt"]),
                                            int(f.get("recursion_misses", 0)))
        return found

    def cpu_ns(self):
        total, base = 0, "/proc/%d/task/" % self.p.pid
        for tid in os.listdir(base):
            try:
                total += int(open(base + tid + "/schedstat").read().split()[0])
            except OSError:
                pass
        return total

    def end(self):
        if self.p.poll() is None:
            self.p.send_signal(2)
        try:
            self.p.wait(20)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        self.err.close()
        self.out.close()

    def lost(self):
        """After end(): how many events it says it lost."""
        text = self.errors()
        if self.sonde and self.path != "/dev/null":
            with open(self.path, "rb") as f:
                f.seek(max(os.path.getsize(self.path) - 65536, 0))
                text = f.read().decode(errors="replace")
        if self.sonde:
            m = re.search(r'\{"type":"summary".*\}', text)
            if not m:
                sys.exit("measure: sonde gave no summary: " + text[-500:])
            self.summary = json.loads(m.group(0))
            return sum(self.summary["lost"].values()) + self.summary["sampled_out"]
        return sum(int(n) for n in re.findall(r"[Ll]ost (\d+) events", text))


def storm(kind, seconds):
    out = subprocess.run([OUT + "/tests/bench/storm", kind, v2_root(), str(seconds)],
                         check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)


def one_round(variant, kind, seconds):
    tools = [Tool(argv) for argv in VARIANTS[variant]]
    try:
        for t in tools:
            t.ready()
        fast = storm(kind, seconds / 2)
        stats(True)
        before = [(t.programs(), t.cpu_ns()) for t in tools]
        load = storm(kind, seconds / 2)
        after = [(t.programs(), t.cpu_ns()) for t in tools]
    finally:
        stats(False)
        for t in tools:
            t.end()
    bpf = runs = user = missed = 0
    per = {}
    for (p0, c0), (p1, c1) in zip(before, after):
        user += c1 - c0
        for i, (ns, n, miss) in p1.items():
            a = p0.get(i, (0, 0, 0))
            per[i] = (ns - a[0], n - a[1])
            bpf += ns - a[0]
            missed += miss - a[2]
    own = max(load["cpu_ns"] - bpf, 1)  # programs run in the load's own time
    return {"rate": fast["n"] / fast["seconds"], "bpf": bpf / load["n"],
            "user": user / load["n"], "own": own / load["n"],
            "cost": 100.0 * (bpf + user) / own, "programs": per, "n": load["n"],
            "cpu_unit": fast["cpu_ns"] / fast["n"],
            "lost": sum(t.lost() for t in tools), "missed": missed}


def rounds(variants, kind, seconds, count):
    got, void = {v: [] for v in variants}, 0
    for i in range(count):
        for v in variants:
            for _ in range(3):
                r = one_round(v, kind, seconds)
                if not r["lost"]:
                    got[v].append(r)
                    break
                void += 1
                print("void: %s lost %d events" % (v, r["lost"]), flush=True)
    print("rounds: %d of each, %.1f s each; void: %d; load average: %s" %
          (count, seconds, void, open("/proc/loadavg").read().split()[0]))
    return got


def median(rs, key):
    return statistics.median(r[key] for r in rs) if rs else float("nan")


def spread(rs, key):
    return "%.1f to %.1f" % (min(r[key] for r in rs), max(r[key] for r in rs)) if rs else "-"


def row_storm(seconds, count):
    got = rounds(list(VARIANTS), "forks", seconds, count)
    base = median(got["nothing"], "rate")
    print("%-26s %9s %6s %8s %10s %10s %10s %14s" %
          ("fork+exec+connect storm", "rounds/s", "slower", "cost %", "own us", "bpf us",
           "user us", "cost % spread"))
    for v, rs in got.items():
        print("%-26s %9.0f %6.3f %8.2f %10.1f %10.2f %10.2f %14s" %
              (v, median(rs, "rate"), base / median(rs, "rate"), median(rs, "cost"),
               median(rs, "own") / 1e3, median(rs, "bpf") / 1e3, median(rs, "user") / 1e3,
               spread(rs, "cost")))
    row_records(seconds / 2)


def names_of(ids):
    names = {}
    for i in ids:
        r = subprocess.run(["bpftool", "prog", "show", "id", str(i), "--json"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        names[i] = json.loads(r.stdout).get("name", "?") if r.returncode == 0 else "?"
    return names


def row_records(seconds):
    """Run time of each program, and over the records that were made."""
    t = Tool(SONDE + ["--json"])
    try:
        t.ready()
        time.sleep(0.5)
        began, idle = time.monotonic(), t.cpu_ns()
        time.sleep(2)
        print("no storm: sonde's threads take %.2f %% of a core" %
              ((t.cpu_ns() - idle) / (time.monotonic() - began) / 1e7))
        stats(True)
        a = t.programs()
        load = storm("forks", seconds)
        b = t.programs()
        names = names_of(b)
    finally:
        stats(False)
        t.end()
    if t.lost():
        print("void: lost %d" % t.lost())
        return
    made = {}
    for line in open(t.path):
        kind = json.loads(line)["type"]
        made[kind] = made.get(kind, 0) + 1
    print("a storm of %d rounds with %s" % (load["n"], ", ".join(
        "%s %d" % kv for kv in sorted(made.items()))))
    print("%-16s %10s %12s %8s" % ("program", "runs", "run time ms", "ns/run"))
    total = 0
    for i in sorted(b, key=lambda i: a.get(i, (0, 0, 0))[0] - b[i][0]):
        ns, n = (b[i][k] - a.get(i, (0, 0, 0))[k] for k in (0, 1))
        total += ns
        if n:
            print("%-16s %10d %12.2f %8.0f" % (names[i], n, ns / 1e6, ns / n))
    print("all programs: %.0f ns a record" % (total / max(sum(made.values()), 1)))


def row_packets(seconds, count):
    some = ["nothing", "sonde, no names", "sonde"]
    for kind, unit, scale in (("bulk", "GB/s", 1e-9), ("pings", "packets/s", 1)):
        got = rounds(some, kind, seconds, count)
        base, cpu = median(got["nothing"], "rate"), median(got["nothing"], "cpu_unit")
        print("%-26s %12s %6s %9s %8s" % (kind, unit, "slower", "CPU ratio", "cost %"))
        for v, rs in got.items():
            print("%-26s %12.2f %6.3f %9.3f %8.2f" %
                  (v, median(rs, "rate") * scale, base / median(rs, "rate"),
                   median(rs, "cpu_unit") / cpu, median(rs, "cost")))
    t = Tool(SONDE + NOTHING)
    try:
        t.ready()
        names = names_of(t.programs())
        for kind in ("bulk", "pings"):
            stats(True)
            a = t.programs()
            storm(kind, 1)
            b = t.programs()
            stats(False)
            for i in b:
                ns, n = (b[i][k] - a.get(i, (0, 0, 0))[k] for k in (0, 1))
                if n > 5000:
                    print("%-8s %-16s %10d runs %8.0f ns/run" % (kind, names[i], n, ns / n))
    finally:
        stats(False)
        t.end()


class Crowd:
    """@n sleeping processes in @groups cgroups, all of its own and ended by their ids."""

    def __init__(self, n, groups):
        self.dirs, self.pids = [], []
        self.top = "%s/sonde-bench-crowd-%d" % (v2_root(), os.getpid())
        try:
            os.mkdir(self.top)
            for g in range(groups):
                self.dirs.append("%s/g%d" % (self.top, g))
                os.mkdir(self.dirs[-1])
            for i in range(n):
                pid = os.posix_spawn("/bin/sleep", ["sleep", "300"], {})
                self.pids.append(pid)
                with open(self.dirs[i % groups] + "/cgroup.procs", "w") as f:
                    f.write(str(pid))
        except BaseException:
            self.end()
            raise

    def end(self):
        for pid in self.pids:
            os.kill(pid, 9)
        for pid in self.pids:
            os.waitpid(pid, 0)
        for d in self.dirs + [self.top]:
            os.rmdir(d)


def row_live(_seconds, count):
    """From the start of sonde to its first rows and to a complete picture."""
    for n in (0, 2000):
        crowd = Crowd(n, 100) if n else None
        took = {"events: ready": [], "ps: all printed": []}
        try:
            for _ in range(max(count, 3)):
                began = time.monotonic()
                t = Tool(SONDE + NOTHING)
                try:
                    t.ready()
                    took["events: ready"].append(time.monotonic() - began)
                finally:
                    t.end()
                began = time.monotonic()
                out = subprocess.run([SONDE[0], "ps", "--standalone", "--state-dir",
                                      RUN + "/state", "--run-dir", RUN + "/run"], check=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
                took["ps: all printed"].append(time.monotonic() - began)
        finally:
            if crowd:
                crowd.end()
        for what, each in took.items():
            print("%5d processes more (%d rows): %-16s median %.0f ms" % (
                n, out.count(b"\n") - 1, what, statistics.median(each) * 1e3))


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    before = open(STATS).read().strip()
    os.mkdir(RUN)
    os.mkdir(SHM)
    try:
        {"storm": row_storm, "packets": row_packets,
         "live": row_live}[sys.argv[1]](seconds, count)
    finally:
        stats(before == "1")
        subprocess.run(["rm", "-rf", RUN, SHM])


if __name__ == "__main__":
    main()
