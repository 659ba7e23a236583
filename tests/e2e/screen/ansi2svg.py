#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A screen as tmux tells it (capture-pane -e) as an SVG with its colours.

   ansi2svg.py TITLE COLS ROWS <screen >picture.svg
"""
import re
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL_W, CELL_H, PAD, TOP = 8, 18, 14, 34
SIZE = 13.29  # a cell of 8 in most fonts; where it is not, textLength mends it
BACK, TEXT = "#14181f", "#d5d9e0"
BASE = ["#2a2f3a", "#f0696c", "#8fc97a", "#e5c07b", "#6aa8f0", "#c58af0", "#5cc5cf", "#d5d9e0",
        "#6b7383", "#ff8b8d", "#b1e59d", "#f5d899", "#92c3ff", "#dcaeff", "#86e2ea", "#ffffff"]


def colour(n):
    """One of the 256 as #rrggbb."""
    if n < 16:
        return BASE[n]
    if n >= 232:
        v = 8 + (n - 232) * 10
        return f"#{v:02x}{v:02x}{v:02x}"
    n -= 16
    return "#" + "".join(f"{55 + 40 * v if v else 0:02x}" for v in (n // 36, n // 6 % 6, n % 6))


class Style:
    def __init__(self):
        self.clear()

    def clear(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.under = self.turned = False

    def take(self, codes):
        codes = [int(c or 0) for c in codes.split(";")] if codes else [0]
        while codes:
            c = codes.pop(0)
            if c == 0:
                self.clear()
            elif c == 1:
                self.bold = True
            elif c == 2:
                self.dim = True
            elif c == 4:
                self.under = True
            elif c == 7:
                self.turned = True
            elif c == 22:
                self.bold = self.dim = False
            elif c == 24:
                self.under = False
            elif c == 27:
                self.turned = False
            elif 30 <= c <= 37 or 90 <= c <= 97:
                self.fg = colour(c - 30 if c < 90 else c - 82)
            elif 40 <= c <= 47 or 100 <= c <= 107:
                self.bg = colour(c - 40 if c < 100 else c - 92)
            elif c in (38, 48):
                kind = codes.pop(0)
                if kind == 5:
                    value = colour(codes.pop(0))
                else:
                    value = "#%02x%02x%02x" % (codes.pop(0), codes.pop(0), codes.pop(0))
                if c == 38:
                    self.fg = value
                else:
                    self.bg = value
            elif c == 39:
                self.fg = None
            elif c == 49:
                self.bg = None

    def key(self):
        fg, bg = self.fg or TEXT, self.bg
        if self.turned:
            fg, bg = bg or BACK, self.fg or TEXT
        return fg, bg, self.bold, self.dim, self.under


def width(c):
    if unicodedata.combining(c) or c == "\u200d":
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def runs(lines):
    """(row, column, cells, text, style key) for each stretch of one style."""
    style = Style()
    for y, line in enumerate(lines):
        x, text, start = 0, "", 0
        for part in re.split(r"(\x1b\[[0-9;]*m|\x0e|\x0f)", line):
            if part.startswith("\x1b"):
                if text:
                    yield y, start, x - start, text, style.key()
                style.take(part[2:-1])
                text, start = "", x
            elif part not in ("\x0e", "\x0f"):
                text += part
                x += sum(width(c) for c in part)
        if text:
            yield y, start, x - start, text, style.key()


def words(x, text):
    """A text without the blanks at its ends and in long gaps, each part with its column."""
    for m in re.finditer(r"\S+(?: \S+)*", text):
        yield x + sum(width(c) for c in text[:m.start()]), m.group()


def main():
    title, cols, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    lines = sys.stdin.read().split("\n")[:rows]
    w, h = cols * CELL_W + 2 * PAD, rows * CELL_H + TOP + PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
           f'viewBox="0 0 {w} {h}" role="img" aria-label="{escape(title)}">',
           f"<title>{escape(title)}</title>",
           f'<rect width="{w}" height="{h}" rx="8" fill="{BACK}"/>',
           '<g fill="#6b7383"><circle cx="20" cy="17" r="5"/><circle cx="37" cy="17" r="5"/>'
           '<circle cx="54" cy="17" r="5"/></g>',
           '<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="%s" ' % SIZE +
           'xml:space="preserve">',
           f'<text x="{w // 2}" y="21" text-anchor="middle" fill="#6b7383">{escape(title)}</text>']
    texts = []
    for y, x, cells, text, (fg, bg, bold, dim, under) in runs(lines):
        if bg and bg != BACK:
            out.append(f'<rect x="{PAD + x * CELL_W}" y="{TOP + y * CELL_H}" '
                       f'width="{cells * CELL_W}" height="{CELL_H}" fill="{bg}"/>')
        more = ' font-weight="bold"' if bold else ""
        more += ' opacity=".6"' if dim else ""
        more += ' text-decoration="underline"' if under else ""
        for at, word in words(x, text):
            n = sum(width(c) for c in word)
            texts.append(f'<text x="{PAD + at * CELL_W}" y="{TOP + y * CELL_H + 13}" '
                         f'textLength="{n * CELL_W}" fill="{fg}"{more}>{escape(word)}</text>')
    print("\n".join(out + texts + ["</g>", "</svg>"]))


main()
