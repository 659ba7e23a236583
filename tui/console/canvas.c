/* SPDX-License-Identifier: BSD-2-Clause */
/* Drawing: sanitized, clipped, by role. */
#include "console/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sonde/text.h"

#define LINE_MAX_BYTES 4096

static const struct theme *theme; /* of the frame that is being drawn */

static const char *const glyphs[GLYPHS][2] = {
	[GLYPH_TEE] = { "├", "|" },  [GLYPH_ELBOW] = { "└", "`" },  [GLYPH_BAR] = { "│", "|" },
	[GLYPH_DASH] = { "─", "-" }, [GLYPH_FOLDED] = { "▸", "+" }, [GLYPH_OPEN] = { "▾", "-" },
	[GLYPH_UP] = { "▲", "^" },   [GLYPH_DOWN] = { "▼", "v" },   [GLYPH_CRUMB] = { "›", ">" },
	[GLYPH_DOT] = { "·", "." },  [GLYPH_TL] = { "┌", "+" },     [GLYPH_TR] = { "┐", "+" },
	[GLYPH_BL] = { "└", "+" },   [GLYPH_BR] = { "┘", "+" },
};

static const char *const sparks[2][9] = {
	{ " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	{ " ", ".", ":", "-", "=", "+", "*", "#", "@" },
};

void canvas_begin(const struct theme *t)
{
	theme = t;
	term_erase();
}

void canvas_end(void)
{
	term_flush();
}

/* How many of @cells at @y, @x are on the screen. */
static int clip(int y, int x, int cells)
{
	int rows, cols;

	term_size(&rows, &cols);
	if (y < 0 || y >= rows || x < 0 || x >= cols)
		return 0;
	return cells < cols - x ? cells : cols - x;
}

int canvas_text(int y, int x, int cells, enum role role, const char *p, size_t n)
{
	char line[LINE_MAX_BYTES];
	size_t used;

	cells = clip(y, x, cells);
	if (cells <= 0)
		return 0;
	used = sonde_text_show(line, sizeof(line), (size_t)cells, p, n,
			       term_is_ascii() ? SONDE_TEXT_ASCII : 0);
	term_put(y, x, &theme->styles[role], line);
	return (int)used;
}

int canvas_str(int y, int x, int cells, enum role role, const char *s)
{
	return canvas_text(y, x, cells, role, s, strlen(s));
}

int canvas_right(int y, int x, int cells, enum role role, const char *p, size_t n)
{
	size_t need = sonde_text_cells(p, n, term_is_ascii() ? SONDE_TEXT_ASCII : 0);

	if (need < (size_t)cells) {
		x += cells - (int)need;
		cells = (int)need;
	}
	return canvas_text(y, x, cells, role, p, n);
}

int canvas_fmt(int y, int x, int cells, enum role role, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_str(y, x, cells, role, text);
}

void canvas_fill(int y, int x, int cells, enum role role)
{
	char blanks[512];

	cells = clip(y, x, cells);
	while (cells > 0) {
		int n = cells < (int)sizeof(blanks) - 1 ? cells : (int)sizeof(blanks) - 1;

		memset(blanks, ' ', (size_t)n);
		blanks[n] = 0;
		term_put(y, x, &theme->styles[role], blanks);
		x += n;
		cells -= n;
	}
}

int canvas_glyph(int y, int x, enum role role, enum glyph g)
{
	if (clip(y, x, 1) <= 0)
		return 0;
	term_put(y, x, &theme->styles[role], glyphs[g][term_is_ascii()]);
	return 1;
}

void canvas_spark(int y, int x, int cells, enum role role, const char *digits, size_t n)
{
	size_t shown = n < (size_t)cells ? n : (size_t)cells;

	x += cells - (int)shown;
	for (size_t i = 0; i < shown; i++, x++) {
		char c = digits[n - shown + i];

		if (c >= '0' && c <= '8' && clip(y, x, 1) > 0)
			term_put(y, x, &theme->styles[role], sparks[term_is_ascii()][c - '0']);
	}
}

void canvas_box(int y, int x, int rows, int cols, enum role role, const char *title)
{
	for (int r = 0; r < rows; r++) {
		canvas_fill(y + r, x, cols, ROLE_TEXT);
		canvas_glyph(y + r, x, role,
			     r == 0          ? GLYPH_TL
			     : r == rows - 1 ? GLYPH_BL
					     : GLYPH_BAR);
		canvas_glyph(y + r, x + cols - 1, role,
			     r == 0          ? GLYPH_TR
			     : r == rows - 1 ? GLYPH_BR
					     : GLYPH_BAR);
	}
	for (int c = 1; c < cols - 1; c++) {
		canvas_glyph(y, x + c, role, GLYPH_DASH);
		canvas_glyph(y + rows - 1, x + c, role, GLYPH_DASH);
	}
	canvas_fmt(y, x + 2, cols - 4, ROLE_CRUMB, " %s ", title);
}
