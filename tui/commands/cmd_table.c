/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde pods, ps, conns: one table now, or its changes as they come. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"

#define PENDING_MS 3000
#define WATCH_MAX  2000 /* rows whose rates are kept fresh */
#define ROUND_MS   1000 /* from one look at the table to the next */
#define SLICE_MS   100
#define DRAIN_MS   10000

static enum sonde_table table_of(const struct options *o)
{
	for (int t = 0; t < SONDE_TABLES; t++)
		if (!strcmp(sonde_table_name((enum sonde_table)t), o->command->name))
			return (enum sonde_table)t;
	return SONDE_PODS;
}

static int ask(struct sonde *s, const struct sonde_query *q, struct sonde_rows **ret)
{
	struct sonde_err err = { 0 };
	int r = sonde_query(s, q, ret, &err);

	if (r)
		say("%s", *err.text ? err.text : strerror(-r));
	return r == -EINVAL || r == -E2BIG ? EXIT_USAGE : exit_of(r);
}

static int print_json(struct sonde_rows *rows, size_t i, const struct columns *cols)
{
	const char *p;
	ptrdiff_t n = sonde_rows_json(rows, i, cols->chosen ? cols->f : NULL, cols->n, &p);

	return n < 0 ? (int)n : out_line(p, (size_t)n);
}

static int print_once(const struct options *o, struct sonde_rows *rows, const struct columns *cols)
{
	if (sonde_rows_incomplete(rows))
		say("%s", sonde_rows_incomplete(rows));
	if (!o->c.json) {
		print_rows(o, rows, cols);
		return 0;
	}
	for (size_t i = 0; i < sonde_rows_count(rows) && !out_failed(); i++) {
		int r = print_json(rows, i, cols);

		if (r && !out_failed()) {
			say("a row could not be printed: %s", strerror(-r));
			return EXIT_FAILED;
		}
	}
	return 0;
}

/* ── changes ─────────────────────────────────────────────────────────────── */

/* What was printed of each row: open addressing by id, made anew each round so that it never
 * outgrows the table. */
struct seen {
	struct {
		sonde_id id;
		uint64_t hash;
	} * slots;
	size_t mask;
};

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3ULL;
	return h;
}

static int seen_init(struct seen *seen, size_t rows)
{
	size_t n = 16;

	while (n < rows * 2)
		n *= 2;
	seen->slots = calloc(n, sizeof(*seen->slots));
	seen->mask = n - 1;
	return seen->slots ? 0 : -ENOMEM;
}

static size_t seen_slot(const struct seen *seen, sonde_id id)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15ULL >> 20) & seen->mask;

	while (seen->slots[i].id && seen->slots[i].id != id)
		i = (i + 1) & seen->mask;
	return i;
}

struct follow {
	const struct options *o;
	const struct columns *cols;
	struct seen seen;
	uint64_t printed;
};

static int follow_row(struct follow *f, struct sonde_rows *rows, size_t i, struct seen *now)
{
	bool json = f->o->c.json, chosen = f->cols->chosen || !json;
	sonde_id id = sonde_rows_id(rows, i);
	size_t slot = seen_slot(now, id), before = f->seen.slots ? seen_slot(&f->seen, id) : 0;
	const char *p;
	ptrdiff_t n = sonde_rows_json(rows, i, chosen ? f->cols->f : NULL, f->cols->n, &p);

	if (n < 0)
		return (int)n;
	now->slots[slot].id = id;
	now->slots[slot].hash = hash_bytes(p, (size_t)n);
	if (f->seen.slots && f->seen.slots[before].id == id &&
	    f->seen.slots[before].hash == now->slots[slot].hash)
		return 0;
	f->printed++;
	return json ? out_line(p, (size_t)n) : print_stream_row(f->cols, rows, i);
}

static int follow_rows(struct follow *f, struct sonde *s, struct sonde_rows *rows)
{
	size_t n = sonde_rows_count(rows);
	sonde_id watch[WATCH_MAX];
	struct seen now;
	int r;

	r = seen_init(&now, n);
	for (size_t i = 0; i < n && !r; i++) {
		if (i < WATCH_MAX)
			watch[i] = sonde_rows_id(rows, i);
		r = follow_row(f, rows, i, &now);
	}
	free(f->seen.slots);
	f->seen = now;
	sonde_watch(s, table_of(f->o), watch, n < WATCH_MAX ? n : WATCH_MAX);
	out_flush();
	return r;
}

/*
 * The stream's own summary tells what reached us and what was lost meanwhile; of it only "printed"
 * is ours: rows, not events.
 */
static int follow_summary(const struct follow *f, struct sonde_stream *st)
{
	static const char key[] = "\"printed\":";
	const char *p, *at, *rest;
	ptrdiff_t n = sonde_stream_summary(st, &p);
	char *text;
	int len;

	at = n < 0 ? NULL : strstr(p, key);
	if (!at) {
		say("there is no summary: %s", n < 0 ? strerror((int)-n) : "it is of another form");
		return EXIT_FAILED;
	}
	at += sizeof(key) - 1;
	rest = at + strspn(at, "0123456789");
	len = asprintf(&text, "%.*s%llu%s", (int)(at - p), p, (unsigned long long)f->printed, rest);
	if (len < 0) {
		say("not enough memory for the summary");
		return EXIT_FAILED;
	}
	if (f->o->c.json)
		out_line(text, (size_t)len);
	else
		say("%s", text);
	free(text);
	return 0;
}

/* Wait for the next round; events only pass to be counted. False: it is over. */
static bool follow_wait(struct sonde_stream *st, const struct deadline *end)
{
	struct deadline round = deadline_start(ROUND_MS * 1000000ULL);

	while (!stop_asked() && !deadline_over(end) && !out_failed()) {
		int ms = deadline_ms(end, deadline_ms(&round, SLICE_MS));

		if (deadline_over(&round))
			return true;
		if (sonde_stream_next(st, ms) < 0)
			return false;
	}
	return false;
}

static int follow_end(const struct follow *f, struct sonde_stream *st)
{
	struct deadline drain = deadline_start(DRAIN_MS * 1000000ULL);

	sonde_stream_end(st);
	while (sonde_stream_next(st, SLICE_MS) >= 0)
		if (deadline_over(&drain))
			break;
	return follow_summary(f, st);
}

static int follow(struct sonde *s, const struct options *o, const struct sonde_query *q,
		  const struct columns *cols)
{
	/* No event has this number: the stream is there for its counts alone. */
	struct sonde_query none = { .table = SONDE_EVENTS, .where = "evt.num = 0" };
	struct follow f = { .o = o, .cols = cols };
	struct deadline end = deadline_start(o->c.span);
	struct sonde_stream *st = NULL;
	struct sonde_err err = { 0 };
	int r = sonde_subscribe(s, &none, &st, &err);

	if (r) {
		say("%s", err.text);
		return exit_of(r);
	}
	if (!o->c.json)
		print_stream_head(o, cols);
	do {
		struct sonde_rows *rows = NULL;

		sonde_fd_clear(s);
		r = ask(s, q, &rows);
		if (!r && follow_rows(&f, s, rows) && !out_failed()) {
			say("not enough memory to follow");
			r = EXIT_FAILED;
		}
		sonde_rows_unref(rows);
	} while (!r && follow_wait(st, &end));
	if (!r && !out_failed())
		r = follow_end(&f, st);
	sonde_stream_free(st);
	free(f.seen.slots);
	return r;
}

/* ── the command ─────────────────────────────────────────────────────────── */

/* Rows of tables that a worker fetches may come late. */
static int ask_whole(struct sonde *s, const struct sonde_query *q, struct sonde_rows **ret)
{
	struct deadline end = deadline_start(PENDING_MS * 1000000ULL);
	struct pollfd fd = { .fd = sonde_fd(s), .events = POLLIN };

	for (;;) {
		int r;

		sonde_fd_clear(s);
		r = ask(s, q, ret);
		if (r || !sonde_rows_pending(*ret) || deadline_over(&end) || stop_asked())
			return r;
		sonde_rows_unref(*ret);
		*ret = NULL;
		poll(&fd, 1, deadline_ms(&end, 500));
	}
}

static int run(struct sonde *s, const struct options *o, const struct columns *cols)
{
	bool goes_on = o->c.follow || o->c.span;
	struct sonde_query q = {
		.table = table_of(o),
		.where = *o->c.where ? o->c.where : NULL,
		.sort = *o->c.sort ? o->c.sort : NULL,
		.no_gone = !goes_on,
	};
	struct sonde_rows *rows = NULL;
	int r = ask(s, &q, &rows); /* a wrong expression is told before the wait */

	sonde_rows_unref(rows);
	rows = NULL;
	if (!r)
		r = common_ready(s, goes_on);
	if (!r)
		r = common_pod(s, o->n_words ? o->words[0] : NULL, &q.pod);
	if (r)
		return r;
	if (goes_on)
		return follow(s, o, &q, cols);
	r = ask_whole(s, &q, &rows);
	if (!r)
		r = print_once(o, rows, cols);
	sonde_rows_unref(rows);
	return r;
}

int cmd_table(struct options *o)
{
	struct columns cols;
	struct sonde *s;
	int r = columns_read(o, table_of(o), &cols);

	if (r)
		return r;
	stop_catch();
	r = common_open(o, &s);
	if (r)
		return r;
	r = run(s, o, &cols);
	sonde_close(s);
	return out_end(r);
}
