/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde events: the stream, live or from a capture, ended by its summary. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/common.h"

#define SLICE_MS 100
#define DRAIN_MS 10000 /* how long the rest may take once the end was asked for */

static int print_event(const struct options *o, struct sonde_stream *st, const struct columns *cols)
{
	const char *p;
	ptrdiff_t n;

	if (!o->c.json)
		return print_stream_event(cols, st);
	n = sonde_stream_json(st, cols->chosen ? cols->f : NULL, cols->n, &p);
	return n < 0 ? (int)n : out_line(p, (size_t)n);
}

/* The summary is data with --json, else a message: a table has no place for it. */
static int print_summary(const struct options *o, struct sonde_stream *st)
{
	const char *p;
	ptrdiff_t n = sonde_stream_summary(st, &p);

	if (n < 0) {
		say("there is no summary: %s", strerror((int)-n));
		return EXIT_FAILED;
	}
	if (o->c.json)
		out_line(p, (size_t)n);
	else
		say("%.*s", (int)n, p);
	return 0;
}

static int stream_all(const struct options *o, struct sonde_stream *st, const struct columns *cols)
{
	struct deadline end = deadline_start(o->c.span), drain = { 0 };
	bool ending = false;
	int r = 1;

	while (r != -ENODATA && !out_failed()) {
		if (!ending && (stop_asked() || deadline_over(&end))) {
			sonde_stream_end(st);
			drain = deadline_start(DRAIN_MS * 1000000ULL);
			ending = true;
		}
		if (ending && deadline_over(&drain)) {
			say("the rest of the events did not arrive in %d s", DRAIN_MS / 1000);
			return EXIT_FAILED;
		}
		r = sonde_stream_next(st, 0);
		if (r == 0) { /* nothing at hand: what was gathered goes out, then wait */
			out_flush();
			r = sonde_stream_next(st, deadline_ms(ending ? &drain : &end, SLICE_MS));
		}
		if (r == 1)
			r = print_event(o, st, cols);
		if (r < 0 && r != -ENODATA && !out_failed()) {
			say("the stream broke: %s", strerror(-r));
			return EXIT_FAILED;
		}
	}
	return out_failed() ? 0 : print_summary(o, st);
}

/* A capture may end before its time, or be damaged: that is said, what was sound has been printed.
 */
static void say_trouble(struct sonde *s)
{
	struct sonde_query q = { .table = SONDE_PODS };
	struct sonde_rows *rows = NULL;

	if (!sonde_query(s, &q, &rows, NULL) && sonde_rows_incomplete(rows))
		say("%s", sonde_rows_incomplete(rows));
	sonde_rows_unref(rows);
}

/* --where and the POD word together, as one expression. The caller frees it. NULL: no memory. */
static char *expression(const struct options *o, struct sonde *s, int *ret_code)
{
	const char *word = o->n_words ? o->words[0] : NULL, *where = o->c.where;
	struct sonde_rows *rows = NULL;
	struct sonde_query q = { .table = SONDE_PODS };
	struct sonde_value v = { .kind = SONDE_NULL };
	const char *join = *where ? " and (" : "", *end = *where ? ")" : "";
	char *text = NULL;
	ptrdiff_t at;
	sonde_id pod;

	*ret_code = 0;
	if (!word)
		return strdup(where);
	if (strpbrk(word, "\"\\'")) {
		say("'%s' is no pod", word);
		*ret_code = EXIT_FAILED;
		return NULL;
	}
	if (*o->c.history) { /* a capture knows its pods only once it was read */
		if (asprintf(&text,
			     "(sonde.pod = \"%s\" or k8s.pod.uid startswith \"%s\" or "
			     "container.full_id startswith \"%s\")%s%s%s",
			     word, word, word, join, where, end) < 0)
			text = NULL;
		return text;
	}
	*ret_code = common_pod(s, word, &pod);
	if (*ret_code || sonde_query(s, &q, &rows, NULL))
		return NULL;
	at = sonde_rows_find(rows, pod);
	if (at >= 0 && sonde_field_find(SONDE_PODS, "pod_uid"))
		sonde_rows_value(rows, (size_t)at, sonde_field_find(SONDE_PODS, "pod_uid"), &v);
	if (v.kind != SONDE_TEXT) {
		say("'%s' has no pod UID to follow", word);
		*ret_code = EXIT_FAILED;
	} else if (asprintf(&text, "k8s.pod.uid = \"%.*s\"%s%s%s", (int)v.text.n, v.text.p, join,
			    where, end) < 0) {
		text = NULL;
	}
	sonde_rows_unref(rows);
	return text;
}

static int open_stream(const struct options *o, struct sonde *s, struct sonde_stream **ret)
{
	struct sonde_query q = { .table = SONDE_EVENTS };
	struct sonde_err err = { 0 };
	int code, r;
	char *where = expression(o, s, &code);

	if (!where) {
		if (!code)
			say("not enough memory");
		return code ? code : EXIT_FAILED;
	}
	q.where = *where ? where : NULL;
	r = sonde_subscribe(s, &q, ret, &err);
	free(where);
	if (r)
		say("%s%s", r == -EINVAL || r == -E2BIG ? "--where: " : "", err.text);
	return r == -EINVAL || r == -E2BIG ? EXIT_USAGE : exit_of(r);
}

static void say_begin(void)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	say("nothing recorded before %02d:%02d:%02d UTC", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* What this stream cannot show, as the console says beside a table. */
static void say_incomplete(struct sonde *s)
{
	struct sonde_query q = { .table = SONDE_EVENTS };
	struct sonde_rows *rows = NULL;

	if (sonde_query(s, &q, &rows, NULL))
		return;
	if (sonde_rows_incomplete(rows))
		say("%s", sonde_rows_incomplete(rows));
	sonde_rows_unref(rows);
}

int cmd_events(struct options *o)
{
	struct sonde_stream *st = NULL;
	struct columns cols;
	struct sonde *s;
	int r = columns_read(o, SONDE_EVENTS, &cols);

	if (r)
		return r;
	stop_catch();
	r = common_open(o, &s);
	if (r)
		return r;
	/* A capture has no probes to wait for, and its events must not pass before we listen. */
	if (!*o->c.history) {
		say_begin();
		r = common_ready(s, false);
		say_incomplete(s);
	}
	if (!r)
		r = open_stream(o, s, &st);
	if (!r) {
		fputs("ready\n", stderr);
		if (!o->c.json)
			print_stream_head(o, &cols);
		r = stream_all(o, st, &cols);
		if (*o->c.history && !r) /* a cut capture is known as such at its end */
			say_incomplete(s);
		if (*o->c.history)
			say_trouble(s);
	}
	sonde_stream_free(st);
	sonde_close(s);
	return out_end(r);
}
