/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal by ncurses: opening, keys, styles, and giving it back whatever happens. */
#include "console/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define PAIRS_MAX    256
#define COPY_MAX     74994
#define ESC_DELAY_MS 25
#define SEQUENCE_MAX 32

/* There is one terminal, and signal handlers must find it. */
static struct {
	volatile sig_atomic_t open;
	SCREEN *screen;
	bool ascii;
	int colours;
	int signal_fd[2];
	struct termios saved;
	struct {
		short fg, bg;
	} pairs[PAIRS_MAX];
	int n_pairs;
} term = { .signal_fd = { -1, -1 } };

static char crash_stack[16384];

/* What brings any terminal back that ncurses can drive: mouse off, colours off, cursor on, main
 * screen. */
static const char reset_text[] = "\033[?1000l\033[?1002l\033[?1006l\033[0m\033[?25h\033[?1049l\r\n";

static void on_leave(int sig)
{
	char c = (char)sig;

	(void)!write(term.signal_fd[1], &c, 1);
}

/* Only what POSIX allows in a handler: the terminal first, then the signal as if we had never been
 * here. */
static void on_crash(int sig)
{
	if (term.open) {
		term.open = 0;
		(void)!write(STDOUT_FILENO, reset_text, sizeof(reset_text) - 1);
		tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	static const int leave[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	static const int crash[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };
	struct sigaction sa = { .sa_handler = on_leave };

	if (pipe2(term.signal_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		term.signal_fd[0] = term.signal_fd[1] = -1;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(leave) / sizeof(leave[0]); i++)
		sigaction(leave[i], &sa, NULL);
	sa.sa_handler = on_crash;
	sa.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
	/* A stack that ran over cannot carry the handler that gives the terminal back. */
	sigaltstack(&(const stack_t){ .ss_sp = crash_stack, .ss_size = sizeof(crash_stack) }, NULL);
	for (size_t i = 0; i < sizeof(crash) / sizeof(crash[0]); i++)
		sigaction(crash[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Whether the terminal is told to speak UTF-8. Over ssh LANG is often lost although the terminal
 * can. */
static bool locale_is_utf8(void)
{
	const char *lang[] = { getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG") };
	const char *name = getenv("TERM");
	bool told = false;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return true;
	for (int i = 0; i < 3 && !told; i++) { /* the first that is set decides */
		if (lang[i] && strstr(lang[i], "UTF-8"))
			return setlocale(LC_CTYPE, "C.UTF-8") !=
			       NULL; /* a locale that is not installed here */
		told = lang[i] && *lang[i];
	}
	if (told || !name || strncmp(name, "vt", 2) == 0 || strcmp(name, "dumb") == 0 ||
	    strcmp(name, "linux") == 0)
		return false;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

/* Descriptions that came along from the build, for roots that have none. */
static const struct {
	const char *name, *text;
} built_in[] = {
#include <terminfo_built.h>
	{ NULL, NULL },
};

/* By the system's description, else by ours. */
static SCREEN *open_as(const char *name)
{
	SCREEN *s = newterm(name, stdout, stdin);

	for (size_t i = 0; !s && built_in[i].name; i++) {
		if (strcmp(built_in[i].name, name) != 0)
			continue;
		setenv("TERMINFO", built_in[i].text, 1);
		s = newterm(name, stdout, stdin);
		unsetenv("TERMINFO");
	}
	return s;
}

static SCREEN *open_screen(char *note, size_t size)
{
	static const char *const others[] = { "xterm-256color", "xterm", "ansi", "vt100" };
	const char *name = getenv("TERM");
	SCREEN *s = name && *name ? open_as(name) : NULL;

	for (size_t i = 0; !s && i < sizeof(others) / sizeof(others[0]); i++) {
		s = open_as(others[i]);
		if (s)
			snprintf(note, size, "TERM %.40s is not known here; drawing as for %s",
				 name && *name ? name : "(not set)", others[i]);
	}
	return s;
}

static void start_colours(void)
{
	term.colours = 0;
	term.n_pairs = 1;
	if (getenv("NO_COLOR") && *getenv("NO_COLOR"))
		return;
	if (!has_colors() || start_color() == ERR)
		return;
	term.colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
	if (use_default_colors() == ERR)
		assume_default_colors(7, 0);
}

/*
 * What terminals send for the same keys beside what their description says: tmux, PuTTY and the
 * Linux console have their own Home, End and F1 to F5.
 */
static void more_sequences(void)
{
	static const struct {
		const char *bytes;
		int key;
	} list[] = {
		{ "\033[1~", KEY_HOME },  { "\033[7~", KEY_HOME },  { "\033[H", KEY_HOME },
		{ "\033OH", KEY_HOME },   { "\033[4~", KEY_END },   { "\033[8~", KEY_END },
		{ "\033[F", KEY_END },    { "\033OF", KEY_END },    { "\033[5~", KEY_PPAGE },
		{ "\033[6~", KEY_NPAGE }, { "\033[3~", KEY_DC },    { "\033[A", KEY_UP },
		{ "\033[B", KEY_DOWN },   { "\033[C", KEY_RIGHT },  { "\033[D", KEY_LEFT },
		{ "\033OA", KEY_UP },     { "\033OB", KEY_DOWN },   { "\033OC", KEY_RIGHT },
		{ "\033OD", KEY_LEFT },   { "\033OP", KEY_F(1) },   { "\033[11~", KEY_F(1) },
		{ "\033[[A", KEY_F(1) },  { "\033[15~", KEY_F(5) }, { "\033[Z", KEY_BTAB },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!key_defined(list[i].bytes))
			define_key(list[i].bytes, list[i].key);
}

int term_open(const struct term_opts *o, char *note, size_t size)
{
	note[0] = 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &term.saved) < 0)
		return -ENOTTY;
	term.ascii = !locale_is_utf8() || o->ascii;
	/* Line drawing as letters is what some terminals show for the alternate character set:
	 * never use it. */
	setenv("NCURSES_NO_UTF8_ACS", "1", 1);
	term.screen = open_screen(note, size);
	if (!term.screen)
		return -EINVAL;
	if (!cursor_address) { /* "dumb": nothing can be put in its place */
		endwin();
		delscreen(term.screen);
		term.screen = NULL;
		return -EINVAL;
	}
	catch_signals();
	term.open = 1;
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESC_DELAY_MS);
	more_sequences();
	curs_set(0);
	start_colours();
	if (o->no_mouse) { /* ncurses would take the first bytes of a click and leave us the rest */
		define_key(NULL, KEY_MOUSE);
	} else {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
	return 0;
}

void term_close(void)
{
	if (!term.open)
		return;
	term.open = 0;
	curs_set(1);
	endwin();
	delscreen(term.screen);
	term.screen = NULL;
	for (int i = 0; i < 2; i++) {
		if (term.signal_fd[i] >= 0)
			close(term.signal_fd[i]);
		term.signal_fd[i] = -1;
	}
}

int term_fd(void)
{
	return STDIN_FILENO;
}

int term_signal_fd(void)
{
	return term.signal_fd[0];
}

bool term_is_gone(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int n = 0;

	if (poll(&p, 1, 0) < 0)
		return false;
	/* Readable with nothing to read is the end of a terminal. */
	return (p.revents & (POLLHUP | POLLERR | POLLNVAL)) ||
	       ((p.revents & POLLIN) && ioctl(STDIN_FILENO, FIONREAD, &n) == 0 && n == 0);
}

static int mouse_key(struct term_event *ret)
{
	MEVENT m;

	if (getmouse(&m) != OK)
		return 0;
	ret->y = m.y;
	ret->x = m.x;
	if (m.bstate & BUTTON4_PRESSED)
		return TERM_KEY_WHEEL_UP;
	if (m.bstate & BUTTON5_PRESSED)
		return TERM_KEY_WHEEL_DOWN;
	return m.bstate & BUTTON1_PRESSED ? TERM_KEY_CLICK : 0;
}

static int special_key(wint_t c, struct term_event *ret)
{
	static const struct {
		int from, to;
	} keys[] = {
		{ KEY_UP, TERM_KEY_UP },         { KEY_DOWN, TERM_KEY_DOWN },
		{ KEY_LEFT, TERM_KEY_LEFT },     { KEY_RIGHT, TERM_KEY_RIGHT },
		{ KEY_HOME, TERM_KEY_HOME },     { KEY_END, TERM_KEY_END },
		{ KEY_PPAGE, TERM_KEY_PGUP },    { KEY_NPAGE, TERM_KEY_PGDN },
		{ KEY_DC, TERM_KEY_DELETE },     { KEY_BTAB, TERM_KEY_BTAB },
		{ KEY_ENTER, TERM_KEY_ENTER },   { KEY_BACKSPACE, TERM_KEY_BACKSPACE },
		{ KEY_RESIZE, TERM_KEY_RESIZE },
	};

	if (c == KEY_MOUSE)
		return mouse_key(ret);
	if (c >= KEY_F(1) && c <= KEY_F(10))
		return TERM_KEY_F1 + (int)(c - KEY_F(1));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((int)c == keys[i].from)
			return keys[i].to;
	return 0;
}

/* A sequence that nobody knows is one key that does nothing, and not the letters in it. */
static bool is_sequence(void)
{
	wint_t c, end = 0;
	int r = get_wch(&c);

	if (r == ERR)
		return false;
	if (r == KEY_CODE_YES || (c != '[' && c != 'O')) {
		if (r == KEY_CODE_YES)
			ungetch((int)c);
		else
			unget_wch((wchar_t)c);
		return false;
	}
	for (int i = 0; i < SEQUENCE_MAX && (end < 0x40 || end > 0x7e); i++)
		if (get_wch(&end) != OK)
			break;
	return true;
}

bool term_next(struct term_event *ret)
{
	wint_t c;
	int r;

	while ((r = get_wch(&c)) != ERR) {
		*ret = (struct term_event){ .key = (int)c };
		if (r == KEY_CODE_YES)
			ret->key = special_key(c, ret);
		else if (c == '\r')
			ret->key = TERM_KEY_ENTER;
		else if (c == 8)
			ret->key = TERM_KEY_BACKSPACE;
		else if (c == 27 && is_sequence())
			ret->key = 0;
		if (ret->key)
			return true;
	}
	return false;
}

void term_size(int *ret_rows, int *ret_cols)
{
	getmaxyx(stdscr, *ret_rows, *ret_cols);
}

bool term_is_ascii(void)
{
	return term.ascii;
}

int term_colours(void)
{
	return term.colours;
}

/* A colour of the 256 as one of the first 8; the bright ones are told by *@bright. */
static short to_8(short c, bool *bright)
{
	int r, g, b, most;

	if (c < 8)
		return c;
	if (c < 16) {
		*bright = true;
		return (short)(c - 8);
	}
	if (c >= 232)
		return c < 238 ? 0 : 7;
	c = (short)(c - 16);
	r = c / 36;
	g = c / 6 % 6;
	b = c % 6;
	most = r > g ? r : g;
	most = most > b ? most : b;
	if (!most)
		return 0;
	*bright = most >= 4;
	return (short)((r * 2 > most) | (g * 2 > most) << 1 | (b * 2 > most) << 2);
}

static int pair_of(short fg, short bg)
{
	for (int i = 1; i < term.n_pairs; i++)
		if (term.pairs[i].fg == fg && term.pairs[i].bg == bg)
			return i;
	if (term.n_pairs >= PAIRS_MAX || term.n_pairs >= COLOR_PAIRS ||
	    init_pair((short)term.n_pairs, fg, bg) == ERR)
		return 0;
	term.pairs[term.n_pairs].fg = fg;
	term.pairs[term.n_pairs].bg = bg;
	return term.n_pairs++;
}

static attr_t attrs_of(const struct term_style *s, int *ret_pair)
{
	short fg = s->fg, bg = s->bg;
	bool bright = false, ignored = false;
	attr_t a = 0;

	*ret_pair = 0;
	if (term.colours && term.colours < 16) {
		fg = fg < 0 ? fg : to_8(fg, &bright);
		bg = bg < 0 ? bg : to_8(bg, &ignored);
	} else if (term.colours == 16) {
		fg = fg > 15 ? to_8(fg, &bright) : fg;
		bg = bg > 15 ? to_8(bg, &ignored) : bg;
	}
	if (term.colours && (fg >= 0 || bg >= 0))
		*ret_pair = pair_of(fg, bg);
	if (s->attrs & TERM_BOLD || bright)
		a |= A_BOLD;
	if (s->attrs & TERM_DIM)
		a |= A_DIM;
	/* Without colours a background can only be shown by turning the text around. */
	if (s->attrs & TERM_REVERSE || (!term.colours && s->bg >= 0))
		a |= A_REVERSE;
	if (s->attrs & TERM_UNDERLINE)
		a |= A_UNDERLINE;
	return a;
}

void term_put(int y, int x, const struct term_style *s, const char *text)
{
	int pair;
	attr_t a = attrs_of(s, &pair);

	attr_set(a, (short)pair, NULL);
	mvaddstr(y, x, text);
}

void term_erase(void)
{
	attr_set(0, 0, NULL);
	erase();
}

void term_cursor(int y, int x)
{
	curs_set(x >= 0);
	if (x >= 0)
		move(y, x);
}

void term_flush(void)
{
	refresh();
}

void term_redraw(void)
{
	clearok(stdscr, TRUE);
}

static size_t base64(char *dst, const unsigned char *p, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		v |= i + 1 < n ? (unsigned)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		dst[at++] = digits[v >> 18];
		dst[at++] = digits[v >> 12 & 63];
		dst[at++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		dst[at++] = i + 2 < n ? digits[v & 63] : '=';
	}
	return at;
}

int term_copy(const char *p, size_t n)
{
	static const char begin[] = "\033]52;c;";
	size_t at = sizeof(begin) - 1;
	char *out;

	if (n > COPY_MAX)
		return -E2BIG;
	out = malloc(at + (n + 2) / 3 * 4 + 1);
	if (!out)
		return -ENOMEM;
	memcpy(out, begin, at);
	at += base64(out + at, (const unsigned char *)p, n);
	out[at++] = '\a';
	(void)!write(STDOUT_FILENO, out, at);
	free(out);
	return 0;
}
