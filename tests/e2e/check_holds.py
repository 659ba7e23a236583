# SPDX-License-Identifier: BSD-2-Clause
"""Evaluate one expression over an NDJSON stream of sonde; see holds() in lib.sh."""
import json
import os
import sys


def load(path):
    """Rows, and the summary if the stream ended with one. Every line must be sound JSON."""
    rows, summary = [], None
    with open(path, "rb") as f:
        for n, line in enumerate(f, 1):
            try:
                row = json.loads(line.decode("utf-8"))
            except ValueError as e:
                sys.exit(f"{path}:{n}: {e}: {line[:200]!r}")
            if row.get("type") == "summary":
                summary = row
            else:
                rows.append(row)
    return rows, summary


def ours(rows):
    """Without the pods of other labs on this machine. LAB_UIDS is the list of ours."""
    try:
        with open(os.environ["LAB_UIDS"], encoding="utf-8") as f:
            uids = set(f.read().split())
    except (KeyError, OSError):
        return rows
    return [r for r in rows if not r.get("pod_uid") or r["pod_uid"] in uids]


def match(row, want):
    return all(row.get(k) == v for k, v in want.items())


def main():
    E, S = load(sys.argv[1])
    E = ours(E)
    A = sys.argv[3:]

    def of(kind=None, **want):
        return [r for r in E if (kind is None or r.get("type") == kind) and match(r, want)]

    def marked(tag, kind="exec"):
        """Execs in pods with a word in their argv (the lab's own commands on the node have it too)."""
        return [r for r in of(kind) if tag in (r.get("argv") or []) and r.get("pod_uid")]

    def one(kind=None, **want):
        got = of(kind, **want)
        assert len(got) == 1, f"{kind} {want}: {len(got)} instead of one"
        return got[0]

    try:
        ok = eval(f"({sys.argv[2]}\n)", {"E": E, "S": S, "A": A, "of": of, "one": one, "marked": marked,
                                "json": json})
    except (AssertionError, LookupError, TypeError) as e:
        ok = e
    if ok is not True and not (ok and not isinstance(ok, Exception)):
        sys.exit(f"got {ok!r}; of {len(E)} rows, the last of pods:\n{tail(E)}\n"
                 f"summary {json.dumps(S)[:500]}")


def tail(rows):
    """Enough to see what went wrong, not more."""
    dull = ("v", "node", "boot", "origin", "namespace", "container_id", "cwd", "uid", "gid", "seq",
            "workload", "image", "pod_uid", "exec_id", "parent_exec_id", "tid", "time", "exe")
    rows = [r for r in rows if r.get("pod") or r.get("pod_uid")][-12:]
    return "\n".join(json.dumps({k: v for k, v in r.items() if k not in dull})[:300] for r in rows)


if __name__ == "__main__":
    main()
