/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way to the screen. Whatever is drawn is made safe, clipped to its cells
 * and coloured by role; nobody else calls the terminal.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include "console/theme.h"

/* Begin a frame: everything blank, drawn with @theme until the next one. */
void canvas_begin(const struct theme *theme);
void canvas_end(void);

/*
 * Write @n bytes of hostile text in at most @cells columns at @y, @x. Returns the columns used.
 * What lies outside the screen is not drawn.
 */
int canvas_text(int y, int x, int cells, enum role role, const char *p, size_t n);
/* The same for a NUL-terminated text. */
int canvas_str(int y, int x, int cells, enum role role, const char *s);
/* Right-aligned in exactly @cells columns. */
int canvas_right(int y, int x, int cells, enum role role, const char *p, size_t n);
int canvas_fmt(int y, int x, int cells, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* @cells blanks. */
void canvas_fill(int y, int x, int cells, enum role role);

/* Shapes that have an ASCII twin. */
enum glyph {
	GLYPH_TEE,
	GLYPH_ELBOW,
	GLYPH_BAR,
	GLYPH_DASH,
	GLYPH_FOLDED,
	GLYPH_OPEN,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_CRUMB,
	GLYPH_DOT,
	GLYPH_TL,
	GLYPH_TR,
	GLYPH_BL,
	GLYPH_BR,
	GLYPHS
};
int canvas_glyph(int y, int x, enum role role, enum glyph g);
/* A sparkline of digits '0' to '8', the last @cells of them, right-aligned. */
void canvas_spark(int y, int x, int cells, enum role role, const char *digits, size_t n);
/* A framed window, its inside blank. */
void canvas_box(int y, int x, int rows, int cols, enum role role, const char *title);

#endif
