# SPDX-License-Identifier: BSD-2-Clause
"""Evaluate one expression over an NDJSON stream of sonde; see holds() in lib.sh."""
import json
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


def match(row, want):
    return all(row.get(k) == v for k, v in want.items())


class Short(list):
    """A list that stays readable when a check fails."""

    def __repr__(self):
        return f"{len(self)} rows: {list(self[:5])!r}"


def main():
    E, S = load(sys.argv[1])
    A = sys.argv[3:]

    def of(kind=None, **want):
        return Short(r for r in E if (kind is None or r.get("type") == kind) and match(r, want))

    def marked(tag, kind="exec"):
        """Execs with a word in their argv."""
        return Short(r for r in of(kind) if tag in (r.get("argv") or []))

    def one(kind=None, **want):
        got = of(kind, **want)
        assert len(got) == 1, f"{kind} {want}: {len(got)} instead of one: {got!r}"
        return got[0]

    try:
        ok = eval(f"({sys.argv[2]}\n)", {"E": E, "S": S, "A": A, "of": of, "one": one, "marked": marked,
                                "json": json})
    except AssertionError as e:
        sys.exit(f"{e}")
    if not ok:
        tail = "\n".join(json.dumps(r) for r in E[-15:])
        sys.exit(f"got {ok!r}; {len(E)} rows, the last:\n{tail}\nsummary {json.dumps(S)}")


if __name__ == "__main__":
    main()
