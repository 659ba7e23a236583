/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal: the only unit that knows ncurses. It is opened once; whatever ends
 * the program gives the terminal back whole.
 *
 *   closed -> open    term_open()
 *   open   -> closed  term_close(), or the crash handler with a prebuilt string
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>

/* Keys that are no character; characters are their code point. */
enum term_key {
	TERM_KEY_UP = 0x110000,
	TERM_KEY_DOWN,
	TERM_KEY_LEFT,
	TERM_KEY_RIGHT,
	TERM_KEY_HOME,
	TERM_KEY_END,
	TERM_KEY_PGUP,
	TERM_KEY_PGDN,
	TERM_KEY_DELETE,
	TERM_KEY_BTAB,
	TERM_KEY_F1,
	TERM_KEY_F10 = TERM_KEY_F1 + 9,
	TERM_KEY_CLICK, /* x and y say where */
	TERM_KEY_WHEEL_UP,
	TERM_KEY_WHEEL_DOWN,
	TERM_KEY_RESIZE,
};
#define TERM_KEY_TAB       9
#define TERM_KEY_ENTER     10
#define TERM_KEY_ESC       27
#define TERM_KEY_BACKSPACE 127

struct term_event {
	int key;
	int y, x;
};

struct term_opts {
	bool ascii, no_mouse;
};

/*
 * Take the terminal. Writes a sentence to @note (or "") when something had to fall back: no
 * terminfo for TERM, no UTF-8. Returns 0, -ENOTTY, or -EINVAL when no terminal description works.
 */
int term_open(const struct term_opts *o, char *note, size_t size);
void term_close(void);

/* The descriptor to poll for input; the one that says a signal asks us to leave. */
int term_fd(void);
int term_signal_fd(void);

/* The next key that is there, or false. A lone Esc is told after 25 ms. */
bool term_next(struct term_event *ret);
/* Whether the terminal has gone away. */
bool term_is_gone(void);

void term_size(int *ret_rows, int *ret_cols);
bool term_is_ascii(void);
int term_colours(void); /* 0, 8, 16, 256 */

/* A style for colours -1 (default) to 255, brought down to what the terminal has. */
enum { TERM_BOLD = 1, TERM_DIM = 2, TERM_REVERSE = 4, TERM_UNDERLINE = 8 };
struct term_style {
	short fg, bg;
	unsigned attrs;
};

/* Draw safe text (canvas.c made it so). Nothing reaches the terminal before term_flush(). */
void term_put(int y, int x, const struct term_style *s, const char *text);
void term_erase(void);
void term_cursor(int y, int x); /* x -1: hidden */
void term_flush(void);
/* Repaint everything at the next flush: something else wrote to the terminal. */
void term_redraw(void);

/* Hand @n bytes to the clipboard of the terminal (OSC 52), at most 74,994 of them. 0 or -E2BIG. */
int term_copy(const char *p, size_t n);

#endif
