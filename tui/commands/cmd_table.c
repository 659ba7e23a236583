/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde pods, ps, conns: one table now, or its changes as they come. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/common.h"

#define PENDING_MS 3000
#define WATCH_MAX  2000 /* rows whose rates are kept fresh */

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

/* What was printed of each row: open addressing by id, made anew each round so that it never outgrows the table. */
struct seen {
	struct {
		sonde_id id;
		uint64_t hash;
	} *slots;
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
	uint64_t printed, from_ns, to_ns;
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
	f->to_ns = sonde_rows_time(rows);
	if (!f->from_ns)
		f->from_ns = f->to_ns;
	out_flush();
	return r;
}

static void print_time(char *dst, size_t size, uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000ULL);
	struct tm tm;

	gmtime_r(&t, &tm);
	snprintf(dst, size, "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ns % 1000000000ULL));
}

static void follow_summary(const struct follow *f)
{
	char from[80], to[80], text[300];
	int n;

	print_time(from, sizeof(from), f->from_ns);
	print_time(to, sizeof(to), f->to_ns);
	n = snprintf(text, sizeof(text),
		     "{\"type\":\"summary\",\"table\":\"%s\",\"printed\":%llu,\"from\":\"%s\",\"to\":\"%s\"}",
		     f->o->command->name, (unsigned long long)f->printed, from, to);
	if (f->o->c.json)
		out_line(text, (size_t)n);
	else
		say("%s", text);
}

static int follow(struct sonde *s, const struct options *o, const struct sonde_query *q,
		  const struct columns *cols)
{
	struct follow f = { .o = o, .cols = cols };
	struct deadline end = deadline_start(o->c.span);
	struct pollfd fd = { .fd = sonde_fd(s), .events = POLLIN };
	int r = 0;

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
		if (!r && !stop_asked())
			poll(&fd, 1, deadline_ms(&end, 1000));
	} while (!r && !stop_asked() && !deadline_over(&end) && !out_failed());
	if (!r)
		follow_summary(&f);
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
