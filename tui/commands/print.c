/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables for people: aligned, made safe, as wide as the terminal, and as wide as they
 * need to be when nobody's terminal reads them.
 */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands/common.h"
#include "format.h"
#include "sonde/text.h"

#define GAP            2
#define FLEXIBLE       12 /* cells for a column that has no wish */
#define RAW_MAX        8192
#define LINE_MAX_BYTES (256 << 10)

struct layout {
	size_t width[64]; /* cells; 0: dropped */
	size_t last;      /* the last column that is shown is not padded */
	bool whole;       /* no terminal: nothing is cut, what is too long pushes the rest */
	unsigned flags;
};

size_t print_width(void)
{
	struct winsize ws;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return ws.ws_col;
}

static unsigned text_flags(const struct options *o)
{
	bool ascii = o->c.ascii || (isatty(STDOUT_FILENO) && strcmp(nl_langinfo(CODESET), "UTF-8"));

	return ascii ? SONDE_TEXT_ASCII : 0;
}

/* ── widths ──────────────────────────────────────────────────────────────── */

static size_t total(const struct layout *l, const struct columns *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += l->width[i] ? l->width[i] + GAP : 0;
	return sum ? sum - GAP : 0;
}

static size_t least(const struct sonde_field *f)
{
	size_t title = strlen(f->title);

	return f->width && f->width < title ? f->width : title;
}

/* The column that is to suffer next: by rank from the highest, of equals the last. SIZE_MAX: only
 * one is left. */
static size_t next_victim(const struct layout *l, const struct columns *c)
{
	size_t victim = SIZE_MAX, shown = 0;

	for (size_t i = 0; i < c->n; i++) {
		shown += l->width[i] > 0;
		if (l->width[i] && (victim == SIZE_MAX || c->f[i]->rank >= c->f[victim]->rank))
			victim = i;
	}
	return shown > 1 ? victim : SIZE_MAX;
}

/* What a column is content with when there is too little room; those without a wish take what is
 * left. */
static size_t content(const struct sonde_field *f)
{
	size_t n = f->width ? f->width : FLEXIBLE;

	return n < least(f) ? least(f) : n;
}

static void give_back(struct layout *l, const struct columns *c, const size_t *want, size_t room,
		      bool wished)
{
	for (size_t i = 0; i < c->n && total(l, c) < room; i++) {
		size_t left = room - total(l, c), more = want[i] - l->width[i];

		if (l->width[i] && !!c->f[i]->width == wished)
			l->width[i] += left < more ? left : more;
	}
}

/*
 * Make the columns fit @room cells: all shrink to what they are content with, then some go, by
 * rank; what is free then goes back, first to those that have no wish.
 */
static void fit(struct layout *l, const struct columns *c, size_t room)
{
	size_t want[64];

	memcpy(want, l->width, sizeof(want));
	if (total(l, c) <= room)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (l->width[i] > content(c->f[i]))
			l->width[i] = content(c->f[i]);
	while (total(l, c) > room) {
		size_t victim = next_victim(l, c);

		if (victim == SIZE_MAX)
			break;
		l->width[victim] = 0;
	}
	for (size_t i = 0; i < c->n; i++)
		if (l->width[i] > room)
			l->width[i] = room;
	give_back(l, c, want, room, false);
	give_back(l, c, want, room, true);
}

static void finish(struct layout *l, const struct options *o, const struct columns *c)
{
	size_t room = print_width();

	l->flags = text_flags(o);
	l->whole = !room;
	/* Columns that the user asked for are all shown, cut by the terminal if need be. */
	if (room && !c->chosen)
		fit(l, c, room);
	for (size_t i = 0; i < c->n; i++)
		if (l->width[i])
			l->last = i;
}

/* ── lines ───────────────────────────────────────────────────────────────── */

struct line {
	char p[LINE_MAX_BYTES];
	size_t n, cells;
};

static struct line line; /* too big for a stack; one thread prints */

static void pad(size_t cells)
{
	for (; line.cells < cells && line.n < sizeof(line.p); line.cells++)
		line.p[line.n++] = ' ';
}

/* One cell in its column, which begins at @start. */
static void put(const struct layout *l, size_t i, size_t start, const struct sonde_field *f,
		const char *p, size_t n)
{
	size_t width = l->width[i], cells = sonde_text_cells(p, n, l->flags);
	bool right = f->flags & SONDE_FIELD_RIGHT;

	if (start < line.cells + GAP && line.cells)
		start = line.cells + GAP;
	pad(right && cells < width ? start + width - cells : start);
	if (line.n < sizeof(line.p)) {
		line.cells +=
			sonde_text_show(line.p + line.n, sizeof(line.p) - line.n,
					l->whole && width < cells ? cells : width, p, n, l->flags);
		line.n += strlen(line.p + line.n);
	}
}

static int end_line(void)
{
	while (line.n && line.p[line.n - 1] == ' ')
		line.n--;
	return out_line(line.p, line.n);
}

static int put_head(const struct layout *l, const struct columns *c)
{
	size_t start = 0;

	line.n = line.cells = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!l->width[i])
			continue;
		put(l, i, start, c->f[i], c->f[i]->title, strlen(c->f[i]->title));
		start += l->width[i] + GAP;
	}
	return end_line();
}

/* Where values come from: a row of a table, or the event that a stream stands at. */
struct source {
	struct sonde_rows *rows;
	size_t row;
	struct sonde_stream *stream;
	uint64_t now_ns;
};

static size_t format_cell(const struct source *from, const struct sonde_field *f, char *raw,
			  size_t size)
{
	struct sonde_value v = { .kind = SONDE_ABSENT };

	/* A text lives for a few calls only: each cell is taken, drawn and forgotten. */
	if (from->rows)
		sonde_rows_value(from->rows, from->row, f, &v);
	else
		sonde_stream_value(from->stream, f, &v);
	return format_value(raw, size, &v, f, from->now_ns);
}

static int put_values(const struct layout *l, const struct columns *c, const struct source *from)
{
	char raw[RAW_MAX];
	size_t start = 0;

	line.n = line.cells = 0;
	for (size_t i = 0; i < c->n; i++) {
		size_t n;

		if (!l->width[i])
			continue;
		n = format_cell(from, c->f[i], raw, sizeof(raw));
		put(l, i, start, c->f[i], raw, n);
		start += l->width[i] + GAP;
	}
	return end_line();
}

/* ── a table at once ─────────────────────────────────────────────────────── */

static void measure(struct sonde_rows *rows, const struct columns *c, struct layout *l)
{
	struct source from = { .rows = rows, .now_ns = sonde_rows_time(rows) };
	char raw[RAW_MAX];

	for (size_t k = 0; k < c->n; k++) {
		l->width[k] = strlen(c->f[k]->title);
		for (from.row = 0; from.row < sonde_rows_count(rows); from.row++) {
			size_t n = format_cell(&from, c->f[k], raw, sizeof(raw));
			size_t cells = sonde_text_cells(raw, n, l->flags);

			if (cells > l->width[k])
				l->width[k] = cells;
		}
	}
}

int print_rows(const struct options *o, struct sonde_rows *rows, const struct columns *cols)
{
	struct source from = { .rows = rows, .now_ns = sonde_rows_time(rows) };
	struct layout l = { .flags = text_flags(o) };

	measure(rows, cols, &l);
	finish(&l, o, cols);
	put_head(&l, cols);
	for (; from.row < sonde_rows_count(rows) && !out_failed(); from.row++)
		put_values(&l, cols, &from);
	return out_flush();
}

/* ── a stream ────────────────────────────────────────────────────────────── */

static struct layout stream; /* made with the head */

int print_stream_head(const struct options *o, const struct columns *cols)
{
	size_t room = print_width();

	stream = (struct layout){ 0 };
	for (size_t i = 0; i < cols->n; i++) {
		size_t title = strlen(cols->f[i]->title);

		stream.width[i] = cols->f[i]->width ? cols->f[i]->width : 20;
		if (stream.width[i] < title)
			stream.width[i] = title;
	}
	finish(&stream, o, cols);
	/* What is left goes to the last column. */
	if (room > total(&stream, cols))
		stream.width[stream.last] += room - total(&stream, cols);
	put_head(&stream, cols);
	return out_flush();
}

int print_stream_event(const struct columns *cols, struct sonde_stream *st)
{
	struct source from = { .stream = st };

	return put_values(&stream, cols, &from);
}

int print_stream_row(const struct columns *cols, struct sonde_rows *rows, size_t row)
{
	struct source from = { .rows = rows, .row = row, .now_ns = sonde_rows_time(rows) };

	return put_values(&stream, cols, &from);
}
